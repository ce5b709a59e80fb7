import type { Workload } from './workload.js';

const LEASES = 1_000;
const LEASE = { ttlMs: 30_000, renew: true };
/** As long as the ttl: every lease is renewed as often as it is in its ttl. */
const OBSERVED_MS = 30_000;

/** W9: what it costs that a process goes on holding. */
export const renewal: Workload = {
  id: 'w9',
  ofWholeLocks: true,
  title: 'W9: 1,000 leases renewed by one process',
  text: 'One process holds 1,000 names with a ttl of 30 s and renews them: what that takes in 30 s. Counted, so once.',
  figures: [
    { key: 'changesPerSecond', title: 'changes/s', better: 'less', digits: 2, plotted: true },
    { key: 'requestsPerSecond', title: 'requests/s', better: 'less', digits: 2 },
    { key: 'clientMs', title: 'client CPU, ms a second', better: 'less', digits: 2 },
    { key: 'serverMs', title: 'server CPU, ms a second', better: 'less', digits: 2 },
  ],
  mostRounds: 1,
  unfit: ({ isOurs }) => (isOurs === true ? undefined : 'others renew each lease by itself, or none'),
  start: async (stage) => {
    const { space } = stage;
    const worker = await stage.worker();
    const names = Array.from({ length: LEASES }, (_, index) => `renewed ${index}`);
    return {
      round: async () => {
        // The node counts the changes of all that use it: no other system holds its leases meanwhile.
        await worker.call('hold', { space, names, ...LEASE });
        const before = { cpuUs: await worker.call('cpu'), traffic: await worker.call('traffic', { space }) };
        const [, share] = await stage.served(() => stage.sleep(OBSERVED_MS));
        const after = { cpuUs: await worker.call('cpu'), traffic: await worker.call('traffic', { space }) };
        await Promise.all(names.map((name) => worker.call('release', { space, name })));
        const perSecond = (total: number): number => (total / OBSERVED_MS) * 1_000;
        return {
          changesPerSecond: share.changes === undefined ? undefined : perSecond(share.changes),
          requestsPerSecond:
            after.traffic === null || before.traffic === null
              ? undefined
              : perSecond(after.traffic.requests - before.traffic.requests),
          clientMs: perSecond((after.cpuUs - before.cpuUs) / 1_000),
          serverMs: share.cpuUs === undefined ? undefined : perSecond(share.cpuUs / 1_000),
        };
      },
    };
  },
};
