import type { Workload } from './workload.js';
import { PACE_FIGURES, paceRound, pairs } from './pace.js';

const TASKS = 64;
const WARM_UP_MS = 500;

type Description = Pick<Workload, 'id' | 'title' | 'text' | 'onCluster'>;

function manyTasks(description: Description): Workload {
  return {
    ...description,
    figures: PACE_FIGURES,
    start: async (stage) => {
      const worker = await stage.worker();
      const args = { space: stage.space, tasks: TASKS, durationMs: stage.durationMs };
      await worker.call('pairs', { ...args, durationMs: WARM_UP_MS });
      return { round: async () => paceRound([await pairs(stage, worker, args)]) };
    },
  };
}

/** W2: what locks cost of which many are asked for at once. */
export const manyNames = manyTasks({
  id: 'w2',
  title: 'W2: 64 tasks, 64 free names, one connection',
  text: 'Each of 64 tasks of one process acquires and releases a name of its own, again and again.',
});

/** W7: the same through one preferred node of three. */
export const threeNodes = manyTasks({
  id: 'w7',
  title: 'W7: 64 tasks, 64 free names, three nodes',
  text: 'W2 on a cluster of three nodes on this machine: all three are given as url, and the first is used.',
  onCluster: true,
});
