import type { ServerShare, Stage } from '../stage.js';
import type { BenchWorker } from '../worker/bench-worker.js';
import type { TrafficSoFar } from '../worker/operations.js';
import type { Figure } from './workload.js';

/** What work has asked of the server, told of it, and cost it. */
export interface Traffic {
  /** Undefined where a system does not count them. */
  readonly requests: number | undefined;
  readonly share: ServerShare;
}

/** Does it, and tells what all these workers have asked and were told meanwhile, by their sessions in the space. */
export async function withTraffic<T>(
  stage: Stage,
  workers: readonly BenchWorker[],
  work: () => Promise<T>,
  space = stage.space,
): Promise<readonly [T, Traffic]> {
  const all = (): Promise<(TrafficSoFar | null)[]> =>
    Promise.all(workers.map((worker) => worker.call('traffic', { space })));
  const before = await all();
  const [result, share] = await stage.served(work);
  const after = await all();
  const more = (): number | undefined => {
    let sum = 0;
    for (const [i, one] of after.entries()) {
      const was = before[i];
      if (one == null || was == null) return undefined;
      sum += one.requests - was.requests;
    }
    return sum;
  };
  return [result, { requests: more(), share }];
}

export const TRAFFIC_FIGURES: readonly Figure[] = [
  { key: 'requests', title: 'requests a grant', better: 'less', digits: 2 },
  { key: 'changes', title: 'changes a grant', better: 'less', digits: 2 },
];

/** As {@link TRAFFIC_FIGURES} name it. */
export function trafficPer(grants: number, { requests, share }: Traffic): Record<string, number | undefined> {
  const per = (total: number | undefined): number | undefined =>
    total === undefined ? undefined : total / grants;
  return { requests: per(requests), changes: per(share.changes) };
}
