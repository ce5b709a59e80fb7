import type { Workload } from './workload.js';

const HELD = 10_000;
const WAITERS = 5_000;
/** Names that one operation acquires, and waiters whose requests may be on their way at once. */
const AT_ONCE = 1_000;
const KEPT = { ttlMs: 6 * 3_600_000, renew: false };
const BARRIER = 'behind the waiters';

/** W8: what is held, and what waits, takes up. */
export const memory: Workload = {
  id: 'w8',
  ofWholeLocks: true,
  title: 'W8: memory',
  text:
    'One process acquires 10,000 names more, then 5,000 waiters of another one queue up for one name: bytes of each, by ' +
    "the resident memory of the server and, after collecting garbage, the process's heap. Nothing is freed between the rounds. A server that " +
    'ran before may have memory to spare, and then tells too little: let the harness start it.',
  figures: [
    { key: 'serverHeldBytes', title: 'server, a held lock', better: 'less', plotted: true },
    { key: 'serverWaiterBytes', title: 'server, a waiter', better: 'less', plotted: true },
    { key: 'clientLeaseBytes', title: 'client, a lease', better: 'less', plotted: true },
    { key: 'clientWaiterBytes', title: 'client, a waiter', better: 'less' },
  ],
  unfit: ({ usesThingsDB }) =>
    usesThingsDB === true
      ? undefined
      : 'its waiters poll, or need a connection each: there is nothing to compare',
  start: async (stage) => {
    const { space } = stage;
    const [holder, waiter] = [await stage.worker(), await stage.worker()];
    let round = 0;
    const hold = async (count: number, label: string): Promise<void> => {
      for (let from = 0; from < count; from += AT_ONCE) {
        const names = Array.from({ length: AT_ONCE }, (_, index) => `${label} ${from + index}`);
        await holder.call('hold', { space, names, ...KEPT });
      }
    };
    const ask = async (count: number, name: string): Promise<void> => {
      await holder.call('hold', { space, names: [name], ...KEPT });
      const names = Array.from({ length: AT_ONCE }, () => name);
      for (let asked = 0; asked < count; asked += AT_ONCE) {
        await waiter.call('ask', { space, names, ...KEPT, thenRelease: true });
        // A server answers a connection in order: with this one all of them stand in the queue.
        await waiter.call('hold', { space, names: [BARRIER], ...KEPT });
        await waiter.call('release', { space, name: BARRIER });
      }
    };
    await hold(AT_ONCE, 'first');
    await ask(AT_ONCE, 'first waited for');
    return {
      round: async () => {
        const before = { server: stage.serverRssBytes(), holder: await holder.call('memory') };
        await hold(HELD, `round ${round}`);
        const between = { server: stage.serverRssBytes(), holder: await holder.call('memory') };
        const waiterBefore = await waiter.call('memory');
        await ask(WAITERS, `waited for in ${round++}`);
        const waiterAfter = await waiter.call('memory');
        return {
          serverHeldBytes: each(between.server, before.server, HELD),
          serverWaiterBytes: each(stage.serverRssBytes(), between.server, WAITERS),
          clientLeaseBytes: each(between.holder.heapBytes, before.holder.heapBytes, HELD),
          clientWaiterBytes: each(waiterAfter.heapBytes, waiterBefore.heapBytes, WAITERS),
        };
      },
    };
  },
};

function each(
  after: number | null | undefined,
  before: number | null | undefined,
  count: number,
): number | undefined {
  return after == null || before == null ? undefined : (after - before) / count;
}
