import { checkEarlyEnds } from './rules/early-ends.js';
import { AFTERMATH_MS, checkFifo } from './rules/fifo.js';
import { checkLeft } from './rules/left.js';
import { checkOutcomes } from './rules/outcomes.js';
import { checkResource } from './rules/resource.js';
import { checkSections } from './rules/sections.js';
import { checkSignals } from './rules/signals.js';
import { checkTogether } from './rules/together.js';
import { checkTokens } from './rules/tokens.js';
import { checkWakeUps } from './rules/wake-ups.js';
import { checkWatches } from './rules/watches.js';
import { readRun, type Reading } from './reading.js';
import type { HistoryRecord } from './history.js';
import type { Violation } from './violation.js';

export interface Verdict {
  readonly run: Reading;
  readonly violations: readonly Violation[];
  /** Pairs of requests whose order at the server is known, and was kept. */
  readonly pairsInOrder: number;
  /** Grants and ends that watches had to tell, and did. */
  readonly seenByWatches: number;
}

/**
 * Whether what the processes noted can be: by the documented guarantees alone, without any knowledge of how they are
 * kept.
 *
 * @param records in the order of time
 * @param aftermathMs how long a fault can cost a turn after its end: a process has to run, and to be connected again
 */
export function checkHistory(records: readonly HistoryRecord[], aftermathMs = AFTERMATH_MS): Verdict {
  const run = readRun(records);
  const fifo = checkFifo(run, aftermathMs);
  const watches = checkWatches(run);
  const violations = [
    ...checkTogether(run),
    ...checkSections(run),
    ...checkTokens(run),
    ...checkResource(run),
    ...fifo.violations,
    ...checkWakeUps(run),
    ...checkSignals(run),
    ...checkEarlyEnds(run),
    ...checkOutcomes(run),
    ...watches.violations,
    ...checkLeft(run),
  ];
  const pairsInOrder = fifo.compared - fifo.violations.length;
  return { run, violations, pairsInOrder, seenByWatches: watches.seen };
}
