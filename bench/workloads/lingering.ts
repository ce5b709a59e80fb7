import { PACE_FIGURES, paceRound, pairs } from './pace.js';
import type { Workload } from './workload.js';

const LINGER_MS = 1_000;
const WARM_UP_MS = 500;

type Description = Pick<Workload, 'id' | 'title' | 'text' | 'onCluster' | 'ofWholeLocks'>;

function lingeringTasks(tasks: number, description: Description): Workload {
  return {
    ...description,
    figures: PACE_FIGURES,
    unfit: ({ isOurs }) => (isOurs === true ? undefined : 'it has nothing of the kind'),
    start: async (stage) => {
      const worker = await stage.worker();
      const args = { space: stage.space, tasks, lingerMs: LINGER_MS, durationMs: stage.durationMs };
      await worker.call('pairs', { ...args, durationMs: WARM_UP_MS });
      return { round: async () => paceRound([await pairs(stage, worker, args)]) };
    },
  };
}

/** W10: what a lock costs that stays with its process between uses. */
export const lingering = lingeringTasks(1, {
  id: 'w10',
  ofWholeLocks: true,
  title: 'W10: one task, one free name that lingers',
  text: 'W1 with `linger: 1s`: a released lease may be taken again by its process without the server.',
});

/** W11: the same for many names on a cluster, where each change would take long. */
export const lingeringOnThreeNodes = lingeringTasks(64, {
  id: 'w11',
  ofWholeLocks: true,
  title: 'W11: 64 tasks, 64 free names that linger, three nodes',
  text: 'W7 with `linger: 1s`.',
  onCluster: true,
});
