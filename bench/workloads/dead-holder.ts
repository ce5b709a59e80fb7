import type { BenchWorker } from '../worker/bench-worker.js';
import type { Stage } from '../stage.js';
import { TRAFFIC_FIGURES, trafficPer, withTraffic } from './traffic.js';
import type { Workload } from './workload.js';

const TTL_MS = 2_000;
const HOLD = { ttlMs: TTL_MS, renew: false };
/** Several names in one round, so far apart that they end at different moments of the server's second. */
const NAMES = 5;
const APART_MS = 130;
const LONG = { ttlMs: 60_000, renew: true };
const DEAD_NAMES = 3;
const SETTLE_MS = 200;

/** W5: how long others wait for the dead. */
export const deadHolder: Workload = {
  id: 'w5',
  ofWholeLocks: true,
  title: 'W5: a killed holder, and a killed waiter',
  text:
    'A process holds five names (one for the Python lock), unrenewed with a ttl of 2 s, and is killed; another one waits for them: ms from the end ' +
    'of the ttl, counted from the answer to acquire, to its grant. Then a process is killed that waits in ' +
    'front of another one (its ttl is 2 s too): ms from the release of the holder to the grant of the other. Requests are ' +
    'those of the processes that wait and live, changes are all from the first request to the last release.',
  figures: [
    { key: 'beyondTtlMs', title: 'beyond the ttl, ms', better: 'less', plotted: true },
    { key: 'afterKillMs', title: 'after the kill, ms' },
    { key: 'deadWaiterMs', title: 'behind a dead waiter, ms', better: 'less', plotted: true },
    ...TRAFFIC_FIGURES,
  ],
  start: async (stage) => {
    const sessions = stage.system.oneWaitPerSession === true ? NAMES : 1;
    const [first, second] = [await stage.worker(sessions), await stage.worker(sessions)];
    let round = 0;
    return {
      round: async () => {
        const isAlone = stage.system.oneContendedName === true;
        const names = numbered(`dead holder ${round}`, isAlone ? 1 : NAMES);
        const others = numbered(`dead waiter ${round}`, isAlone ? 1 : DEAD_NAMES);
        round++;
        const [times, traffic] = await withTraffic(stage, [first, second], async () => {
          // Nearly all of the time is spent waiting, so both may go on at once.
          const holder = behindDeadHolder(stage, first, names);
          if (isAlone) await holder;
          const [ends, deadWaiterMs] = await Promise.all([holder, behindDeadWaiter(stage, second, others)]);
          return { ...ends, deadWaiterMs };
        });
        return { ...times, ...trafficPer(names.length + others.length, traffic) };
      },
    };
  },
};

function numbered(label: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${label} ${index}`);
}

async function behindDeadHolder(
  stage: Stage,
  waiter: BenchWorker,
  names: readonly string[],
): Promise<{ beyondTtlMs?: number[]; afterKillMs: number[] }> {
  const { space } = stage;
  const holder = await stage.worker();
  const endsMs: number[] = [];
  for (const name of names) {
    const [heldMs = Number.NaN] = await holder.call('hold', { space, names: [name], ...HOLD });
    endsMs.push(heldMs + TTL_MS);
    await stage.sleep(APART_MS);
  }
  await waiter.call('ask', { space, names, ...LONG, thenRelease: true });
  await stage.sleep(SETTLE_MS);
  const killedMs = stage.nowMs();
  await holder.kill();
  const granted = await waiter.call('granted');
  const afterKillMs = granted.map(({ grantedMs }) => grantedMs - killedMs);
  if (stage.system.endsWithConnection === true) return { afterKillMs };
  return {
    beyondTtlMs: granted.map(({ grantedMs }, index) => grantedMs - (endsMs[index] ?? 0)),
    afterKillMs,
  };
}

async function behindDeadWaiter(
  stage: Stage,
  waiter: BenchWorker,
  names: readonly string[],
): Promise<number[]> {
  const { space } = stage;
  const holder = await stage.worker();
  await holder.call('hold', { space, names, ...LONG });
  const dead = await stage.worker(stage.system.oneWaitPerSession === true ? names.length : 1);
  await dead.call('ask', { space, names, ...HOLD, thenRelease: true });
  await stage.sleep(SETTLE_MS);
  await waiter.call('ask', { space, names, ...LONG, thenRelease: true });
  await stage.sleep(SETTLE_MS);
  await dead.kill();
  const [releasedMs, granted] = await Promise.all([
    Promise.all(names.map((name) => holder.call('release', { space, name }))),
    waiter.call('granted'),
  ]);
  await holder.close();
  return granted.map(({ grantedMs }, index) => grantedMs - (releasedMs[index] ?? Number.NaN));
}
