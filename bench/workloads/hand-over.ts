import { countHandOvers, countInversions, countOverlaps, jainIndex, type Turn } from '../statistics.js';
import type { ServerShare } from '../stage.js';
import type { Contention } from '../worker/operations.js';
import type { Round, Workload } from './workload.js';

const NAME = 'contended';
/** So that every process has its order before the time begins. */
const LEAD_MS = 100;
/** Each process has only a share of the grants: until Node has compiled what they call takes longer than elsewhere. */
const WARM_UP_MS = 10_000;

/** W3: how fast a name goes from process to process, in whose order, and what each grant costs. */
export const handOver: Workload = {
  id: 'w3',
  title: 'W3: eight processes, one name',
  text:
    'Eight processes acquire one name, release it at once, and ask again. A hand-over is a grant to another process ' +
    'than the one before. An inversion is a grant that overtook a request sent at least 2 ms before it was asked for.',
  figures: [
    { key: 'handOversPerSecond', title: 'hand-overs/s', better: 'more', plotted: true },
    { key: 'grantsPerSecond', title: 'grants/s', better: 'more' },
    { key: 'inversions', title: 'inversions in 1,000 grants', better: 'less', digits: 1 },
    { key: 'jain', title: "Jain's index", better: 'more', digits: 4 },
    { key: 'overlaps', title: 'two holders at once', better: 'less' },
    { key: 'requests', title: 'requests a grant', better: 'less', digits: 2 },
    { key: 'changes', title: 'changes a grant', better: 'less', digits: 2 },
    { key: 'pushes', title: 'pushes a grant', better: 'less', digits: 2 },
    { key: 'clientUs', title: 'client CPU, us a grant', better: 'less', digits: 1 },
    { key: 'serverUs', title: 'server CPU, us a grant', better: 'less', digits: 1 },
  ],
  start: async (stage) => {
    // The first alone: whatever has to be set up is there when the others come.
    const workers = [await stage.worker()];
    const others = Array.from({ length: stage.processes - 1 }, () => stage.worker());
    workers.push(...(await Promise.all(others)));
    const contend = (durationMs: number): Promise<Contention[]> => {
      const args = { space: stage.space, name: NAME, startMs: stage.nowMs() + LEAD_MS, durationMs };
      return Promise.all(workers.map((worker) => worker.call('contend', args)));
    };
    await contend(WARM_UP_MS);
    return {
      round: async () => {
        const [contentions, share] = await stage.served(() => contend(stage.durationMs));
        return figures(contentions, share, stage.durationMs);
      },
    };
  },
};

function figures(contentions: readonly Contention[], share: ServerShare, durationMs: number): Round {
  const turns = contentions.flatMap((contention, process) =>
    contention.turns.map(([askedMs, sentMs, grantedMs, releasedMs]): Turn => {
      return { process, askedMs, sentMs, grantedMs, releasedMs };
    }),
  );
  const startMs = Math.min(...contentions.flatMap(({ turns: [first] }) => first?.[0] ?? []));
  // Those who waited at the end have their turn too; the time is up by then.
  const inTime = turns.filter(({ grantedMs }) => grantedMs <= startMs + durationMs);
  const perGrant = (total: number | null | undefined): number | undefined =>
    total == null ? undefined : total / turns.length;
  const sum = (of: (contention: Contention) => number | null): number | undefined => {
    const parts = contentions.map(of);
    return parts.includes(null) ? undefined : parts.reduce<number>((total, part) => total + (part ?? 0), 0);
  };
  return {
    handOversPerSecond: (countHandOvers(inTime) / durationMs) * 1_000,
    grantsPerSecond: (inTime.length / durationMs) * 1_000,
    inversions: (countInversions(turns) / turns.length) * 1_000,
    jain: jainIndex(contentions.map((_, index) => inTime.filter(({ process }) => process === index).length)),
    overlaps: countOverlaps(turns),
    requests: perGrant(sum(({ requests }) => requests)),
    changes: perGrant(share.changes),
    pushes: perGrant(sum(({ pushes }) => pushes)),
    clientUs: perGrant(sum(({ cpuUs }) => cpuUs)),
    serverUs: perGrant(share.cpuUs),
  };
}
