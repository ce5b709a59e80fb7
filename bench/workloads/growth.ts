import { quantile } from '../statistics.js';
import type { Stage } from '../stage.js';
import type { BenchWorker } from '../worker/bench-worker.js';
import { pairs } from './pace.js';
import { trafficPer, withTraffic } from './traffic.js';
import type { Figure, Workload } from './workload.js';

const MOST_HELD = 100_000;
const MOST_QUEUED = 10_000;
const HELD = [10, 1_000, MOST_HELD] as const;
const QUEUED = [10, 1_000, MOST_QUEUED] as const;
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
    'of passing a name on, behind which 10, 1,000 or 10,000 requests wait: a release, the grant of the next, a new request. ' +
    'Requests and changes are those with 100,000 held, and with 10,000 queued.',
  figures: [
    { key: 'heldRatio', title: '100,000 held / 10', better: 'less', digits: 2, plotted: true },
    { key: 'queuedRatio', title: '10,000 queued / 10', better: 'less', digits: 2, plotted: true },
    ...HELD.map((count) => us(`held${count}Us`, `${count.toLocaleString('en-US')} held, us`)),
    ...QUEUED.map((count) => us(`queued${count}Us`, `${count.toLocaleString('en-US')} queued, us`)),
    { key: 'requests', title: 'requests a pair', better: 'less', digits: 2 },
    { key: 'changes', title: 'changes a pair', better: 'less', digits: 2 },
    { key: 'passRequests', title: 'requests a pass', better: 'less', digits: 2 },
    { key: 'passChanges', title: 'changes a pass', better: 'less', digits: 2 },
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
        let costs: Record<string, number | undefined> = {};
        const heldUs = await mirrored(held, async (space) => {
          const durationMs = stage.durationMs / HELD.length / 2;
          const [pace, share] = await pairs(stage, worker, { space, tasks: 1, durationMs });
          const traffic = { requests: pace.requests ?? undefined, share };
          if (space === held.get(MOST_HELD)) costs = { ...costs, ...trafficPer(pace.pairs, traffic) };
          return pace.p50Us;
        });
        const queuedUs = await mirrored(queued, async (space) => {
          const pass = () => worker.call('passOn', { space, name: PASSED, times: PASSES });
          const [timesUs, traffic] = await withTraffic(stage, [worker], pass, space);
          if (space === queued.get(MOST_QUEUED)) {
            const { requests: passRequests, changes: passChanges } = trafficPer(PASSES, traffic);
            costs = { ...costs, passRequests, passChanges };
          }
          return quantile(Float64Array.from(timesUs).sort(), 0.5);
        });
        const round: Record<string, number | undefined> = {
          ...costs,
          heldRatio: (heldUs.get(MOST_HELD) ?? Number.NaN) / (heldUs.get(10) ?? Number.NaN),
          queuedRatio: (queuedUs.get(MOST_QUEUED) ?? Number.NaN) / (queuedUs.get(10) ?? Number.NaN),
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
