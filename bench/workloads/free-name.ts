import type { Workload } from './workload.js';
import { PACE_FIGURES, paceRound, pairs, type ServedPace } from './pace.js';

/** A quarter of a round's time each. Pairs and bare changes take turns, so that the ratio is of the same moments. */
const SHARE = 0.5;
const WARM_UP_MS = 500;

/** W1: what a lock costs that nobody else wants. */
export const freeName: Workload = {
  id: 'w1',
  title: 'W1: one task, one free name',
  text:
    'One task acquires and releases one name, again and again. The ratio is to the p50 of two bare changes ' +
    '(ThingsDB: a procedure that sets a number; Redis: SET; etcd: a put) in turn with it on the same connection.',
  figures: [
    ...PACE_FIGURES,
    { key: 'bareP50Us', title: 'two bare changes, p50, us' },
    { key: 'ratio', title: 'p50 / two bare changes', better: 'less', digits: 2 },
  ],
  start: async (stage) => {
    const worker = await stage.worker();
    const args = { space: stage.space, tasks: 1, durationMs: WARM_UP_MS };
    await worker.call('pairs', args);
    await worker.call('bareChanges', args);
    const timed = { ...args, durationMs: stage.durationMs * SHARE };
    return {
      round: async () => {
        const paces: ServedPace[] = [];
        const bareUs: number[] = [];
        for (let part = 0; part < 2; part++) {
          paces.push(await pairs(stage, worker, timed));
          const bare = await worker.call('bareChanges', { ...timed, durationMs: timed.durationMs / 2 });
          if (bare !== null) bareUs.push(bare.p50Us);
        }
        const round = paceRound(paces);
        if (bareUs.length === 0) return round;
        const bareP50Us = bareUs.reduce((sum, us) => sum + us, 0) / bareUs.length;
        return { ...round, bareP50Us, ratio: (round['p50Us'] ?? Number.NaN) / bareP50Us };
      },
    };
  },
};
