import { quantile } from '../statistics.js';
import type { Stage } from '../stage.js';
import type { BenchWorker } from '../worker/bench-worker.js';
import type { Figure, Workload } from './workload.js';

const HELD = [10, 1_000, 100_000] as const;
const QUEUED = [10, 1_000, 10_000] as const;
/** Names that one operation acquires. */
const AT_ONCE = 1_000;
const KEPT = { ttlMs: 6 * 3_600_000, renew: false };
const PASSED = 'passed on';
const PASSES = 100;

const us = (key: string, title: string): Figure => ({ key, title, better: 'less' });

/** W6: whether much that is held, or waits, makes the rest slower. */
export const growth: Workload = {
  id: 'w6',
  ofWholeLocks: true,
  title: 'W6: growth',
  text:
    'p50 of acquire and release of a free name in a collection where 10, 1,000 or 100,000 other names are held; and p50 ' +
    'of passing a name on, behind which 10, 1,000 or 10,000 requests wait: a release, the grant of the next, a new request.',
  figures: [
    { key: 'heldRatio', title: '100,000 held / 10', better: 'less', digits: 2, plotted: true },
    { key: 'queuedRatio', title: '10,000 queued / 10', better: 'less', digits: 2, plotted: true },
    ...HELD.map((count) => us(`held${count}Us`, `${count.toLocaleString('en-US')} held, us`)),
    ...QUEUED.map((count) => us(`queued${count}Us`, `${count.toLocaleString('en-US')} queued, us`)),
  ],
  unfit: ({ usesThingsDB }) =>
    usesThingsDB === true
      ? undefined
      : 'its server has no spaces apart: all of them would be measured together',
  start: async (stage) => {
    const worker = await stage.worker();
    const held = new Map<number, string>();
    const queued = new Map<number, string>();
    for (const count of HELD) held.set(count, await spaceWithHeld(stage, worker, count));
    for (const count of QUEUED) {
      const space = await stage.openSpace(worker);
      await worker.call('queueUp', { space, name: PASSED, waiters: count });
      queued.set(count, space);
    }
    return {
      round: async () => {
        const heldUs = await mirrored(held, async (space) => {
          const durationMs = stage.durationMs / HELD.length / 2;
          return (await worker.call('pairs', { space, tasks: 1, durationMs })).p50Us;
        });
        const queuedUs = await mirrored(queued, async (space) => {
          const timesUs = await worker.call('passOn', { space, name: PASSED, times: PASSES });
          return quantile(Float64Array.from(timesUs).sort(), 0.5);
        });
        const round: Record<string, number> = {
          heldRatio: (heldUs.get(100_000) ?? Number.NaN) / (heldUs.get(10) ?? Number.NaN),
          queuedRatio: (queuedUs.get(10_000) ?? Number.NaN) / (queuedUs.get(10) ?? Number.NaN),
        };
        for (const [count, time] of heldUs) round[`held${count}Us`] = time;
        for (const [count, time] of queuedUs) round[`queued${count}Us`] = time;
        return round;
      },
    };
  },
};

async function spaceWithHeld(stage: Stage, worker: BenchWorker, count: number): Promise<string> {
  const space = await stage.openSpace(worker);
  for (let from = 0; from < count; from += AT_ONCE) {
    const length = Math.min(AT_ONCE, count - from);
    const names = Array.from({ length }, (_, index) => `held ${from + index}`);
    await worker.call('hold', { space, names, ...KEPT });
  }
  return space;
}

/** Each twice, there and back, so that none is always measured later than another. */
async function mirrored(
  spaces: ReadonlyMap<number, string>,
  timeUs: (space: string) => Promise<number>,
): Promise<Map<number, number>> {
  const sums = new Map<number, number>();
  const there = [...spaces];
  for (const [count, space] of [...there, ...there.reverse()]) {
    sums.set(count, (sums.get(count) ?? 0) + (await timeUs(space)) / 2);
  }
  return sums;
}
