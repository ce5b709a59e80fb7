import { TRAFFIC_FIGURES, trafficPer, withTraffic } from './traffic.js';
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
    'the name and released it: the time, and what that takes of requests and changes.',
  figures: [
    { key: 'drainedMs', title: 'ms', better: 'less', digits: 1, plotted: true },
    { key: 'clientUs', title: 'client CPU, us a waiter', better: 'less', digits: 1 },
    { key: 'serverUs', title: 'server CPU, us a waiter', better: 'less', digits: 1 },
    ...TRAFFIC_FIGURES,
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
        const beforeUs = await waiter.call('cpu');
        const [{ releasedMs, granted }, traffic] = await withTraffic(stage, [holder, waiter], async () => {
          const [released, all] = await Promise.all([
            holder.call('release', { space, name }),
            waiter.call('granted'),
          ]);
          return { releasedMs: released, granted: all };
        });
        const { cpuUs } = traffic.share;
        const endMs = Math.max(...granted.map((each) => each.releasedMs ?? Number.NaN));
        return {
          drainedMs: endMs - releasedMs,
          clientUs: ((await waiter.call('cpu')) - beforeUs) / WAITERS,
          serverUs: cpuUs === undefined ? undefined : cpuUs / WAITERS,
          ...trafficPer(WAITERS, traffic),
        };
      },
    };
  },
};
