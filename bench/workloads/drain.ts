import type { Workload } from './workload.js';

const WAITERS = 100;
/** Until all who were asked for stand in the queue. What does not show that it waits is given the same time. */
const SETTLE_MS = 400;
const HOLD = { ttlMs: 60_000, renew: true };

/** W4: how long a queue takes that stands behind a holder. */
export const drain: Workload = {
  id: 'w4',
  title: 'W4: 100 waiters of one process drained',
  text:
    'A process holds a name; 100 tasks of another one wait for it. From its release until the last of them has had ' +
    'the name and released it.',
  figures: [
    { key: 'drainedMs', title: 'ms', better: 'less', digits: 1, plotted: true },
    { key: 'clientUs', title: 'client CPU, us a waiter', better: 'less', digits: 1 },
    { key: 'serverUs', title: 'server CPU, us a waiter', better: 'less', digits: 1 },
  ],
  start: async (stage) => {
    const holder = await stage.worker();
    const waiter = await stage.worker(stage.system.oneWaitPerSession === true ? WAITERS : 1);
    const { space } = stage;
    let name = '';
    const names = Array.from({ length: WAITERS }, () => '');
    let count = 0;
    return {
      round: async () => {
        name = `queue ${count++}`;
        await holder.call('hold', { space, names: [name], ...HOLD });
        await waiter.call('ask', { space, names: names.fill(name), ...HOLD, thenRelease: true });
        await stage.sleep(SETTLE_MS);
        const cpuUs = await waiter.call('cpu');
        const [{ releasedMs, granted }, share] = await stage.served(async () => {
          const [released, all] = await Promise.all([
            holder.call('release', { space, name }),
            waiter.call('granted'),
          ]);
          return { releasedMs: released, granted: all };
        });
        const endMs = Math.max(...granted.map((each) => each.releasedMs ?? Number.NaN));
        return {
          drainedMs: endMs - releasedMs,
          clientUs: ((await waiter.call('cpu')) - cpuUs) / WAITERS,
          serverUs: share.cpuUs === undefined ? undefined : share.cpuUs / WAITERS,
        };
      },
    };
  },
};
