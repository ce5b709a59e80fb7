import { FAULT_TITLES, type FaultKind } from './fault-kinds.js';
import type { FaultFigures, Figures } from './figures.js';

type Counts = Readonly<Record<string, number>>;

/** The figures of several runs together; of one, its own. @throws an error when there are none */
export function sumFigures(all: readonly Figures[]): Figures {
  return all.reduce((one, other) => ({
    runs: one.runs + other.runs,
    seconds: one.seconds + other.seconds,
    runsOfDifferingNodes: one.runsOfDifferingNodes + other.runsOfDifferingNodes,
    processes: one.processes + other.processes,
    requests: one.requests + other.requests,
    grants: one.grants + other.grants,
    granted: sumCounts(one.granted, other.granted),
    lost: sumCounts(one.lost, other.lost),
    rejected: sumCounts(one.rejected, other.rejected),
    releasesNotHeld: one.releasesNotHeld + other.releasesNotHeld,
    releasesUnanswered: one.releasesUnanswered + other.releasesUnanswered,
    staleWritesRefused: one.staleWritesRefused + other.staleWritesRefused,
    pairsInOrder: one.pairsInOrder + other.pairsInOrder,
    handedOn: one.handedOn + other.handedOn,
    adopted: one.adopted + other.adopted,
    watches: one.watches + other.watches,
    seenByWatches: one.seenByWatches + other.seenByWatches,
    faults: sumFaults(one.faults, other.faults),
    seenWhileStarved: sumCounts(one.seenWhileStarved, other.seenWhileStarved),
    seenWithoutFault: sumCounts(one.seenWithoutFault, other.seenWithoutFault),
    violations: sumCounts(one.violations, other.violations) as Figures['violations'],
  }));
}

function sumCounts(one: Counts, other: Counts): Record<string, number> {
  const sum = { ...one };
  for (const [what, times] of Object.entries(other)) sum[what] = (sum[what] ?? 0) + times;
  return sum;
}

function sumFaults(one: readonly FaultFigures[], other: readonly FaultFigures[]): FaultFigures[] {
  const sum = new Map<FaultKind, FaultFigures>(one.map((figures) => [figures.kind, figures]));
  for (const { kind, injected, seen } of other) {
    const before = sum.get(kind);
    sum.set(kind, {
      kind,
      injected: (before?.injected ?? 0) + injected,
      seen: sumCounts(before?.seen ?? {}, seen),
    });
  }
  return (Object.keys(FAULT_TITLES) as FaultKind[]).flatMap((kind) => sum.get(kind) ?? []);
}
