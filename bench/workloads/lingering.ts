import { PACE_FIGURES, paceRound, pairs } from './pace.js';
import type { Workload } from './workload.js';

const LINGER_MS = 1_000;
const WARM_UP_MS = 200;

/** W10: what a lock costs that stays with its process between uses. */
export const lingering: Workload = {
  id: 'w10',
  title: 'W10: one task, one free name that lingers',
  text: 'W1 with `linger: 1s`: a released lease may be taken again by its process without the server.',
  figures: PACE_FIGURES,
  unfit: ({ isOurs }) => (isOurs === true ? undefined : 'it has nothing of the kind'),
  start: async (stage) => {
    const worker = await stage.worker();
    const args = { space: stage.space, tasks: 1, lingerMs: LINGER_MS, durationMs: stage.durationMs };
    await worker.call('pairs', { ...args, durationMs: WARM_UP_MS });
    return { round: async () => paceRound([await pairs(stage, worker, args)]) };
  },
};
