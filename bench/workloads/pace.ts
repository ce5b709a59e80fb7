import type { ServerShare, Stage } from '../stage.js';
import type { BenchWorker } from '../worker/bench-worker.js';
import type { Pace, PairsArgs } from '../worker/operations.js';
import type { Figure } from './workload.js';

/** What pairs of acquire and release cost, from one measurement of them or several. */
export const PACE_FIGURES: readonly Figure[] = [
  { key: 'pairsPerSecond', title: 'pairs/s', better: 'more', plotted: true },
  { key: 'p50Us', title: 'p50, us', better: 'less' },
  { key: 'p99Us', title: 'p99, us', better: 'less' },
  { key: 'clientUs', title: 'client CPU, us a pair', better: 'less', digits: 1 },
  { key: 'serverUs', title: 'server CPU, us a pair', better: 'less', digits: 1 },
  { key: 'cpuUs', title: 'CPU of both, us a pair', better: 'less', digits: 1, plotted: true },
  { key: 'requests', title: 'requests a pair', better: 'less', digits: 2 },
  { key: 'changes', title: 'changes a pair', better: 'less', digits: 2 },
];

export type ServedPace = readonly [Pace, ServerShare];

export function pairs(stage: Stage, worker: BenchWorker, args: PairsArgs): Promise<ServedPace> {
  return stage.served(() => worker.call('pairs', args));
}

export function paceRound(paces: readonly ServedPace[]): Record<string, number | undefined> {
  const sum = (of: (pace: ServedPace) => number | null | undefined): number | undefined => {
    const parts = paces.map(of);
    return parts.some((part) => part == null) ? undefined : parts.reduce<number>((a, b) => a + (b ?? 0), 0);
  };
  const count = sum(([{ pairs }]) => pairs) ?? Number.NaN;
  const perPair = (total: number | undefined): number | undefined =>
    total === undefined ? undefined : total / count;
  const mean = (of: (pace: Pace) => number): number =>
    paces.reduce((total, [pace]) => total + of(pace), 0) / paces.length;
  const clientUs = perPair(sum(([{ cpuUs }]) => cpuUs));
  const serverUs = perPair(sum(([, { cpuUs }]) => cpuUs));
  return {
    pairsPerSecond: (count / (sum(([{ elapsedMs }]) => elapsedMs) ?? Number.NaN)) * 1_000,
    p50Us: mean(({ p50Us }) => p50Us),
    p99Us: mean(({ p99Us }) => p99Us),
    clientUs,
    serverUs,
    cpuUs: clientUs === undefined || serverUs === undefined ? undefined : clientUs + serverUs,
    requests: perPair(sum(([{ requests }]) => requests)),
    changes: perPair(sum(([, { changes }]) => changes)),
  };
}
