import { isDisturbed } from '../disturbance.js';
import { deadlineMs, latestRingMs, mayBeForgotten } from '../lease-span.js';
import { labelOf, recordsOf, type Granted, type Reading } from '../reading.js';
import { thiefOf } from '../theft.js';
import type { Violation } from '../violation.js';

/** So long after the theft its victim knows, where nothing is in the way. */
const TOLD_MS = 1_000;

/**
 * A holder that has not let go is told by the lease's end, as soon as its process runs. Of a theft it is told at once.
 */
export function checkSignals(run: Reading): Violation[] {
  return run.grants.flatMap((lease) => {
    const knownMs = Math.min(deadlineMs(lease), toldOfTheftMs(lease, run));
    // One that is over when its holder has it is told of from then on.
    const endMs = Math.max(knownMs, lease.granted.atMs);
    const limitMs = latestRingMs(endMs, run.pauses.get(lease.process));
    const settledMs = settled(lease);
    if (settledMs <= limitMs || isOver(lease, limitMs, run)) return [];
    const lateMs = settledMs === Infinity ? 'never' : `${(settledMs - endMs).toFixed(1)} ms late`;
    const what = `${labelOf(lease)}: the signal of ${lease.id} came ${lateMs}`;
    return [{ rule: 'signal', what, records: recordsOf(lease) } satisfies Violation];
  });
}

function settled({ aborted, releasing, handingOn, handedOn }: Granted): number {
  const handedOnMs = handedOn?.result === true ? handingOn?.atMs : undefined;
  return Math.min(aborted?.atMs ?? Infinity, releasing?.atMs ?? Infinity, handedOnMs ?? Infinity);
}

/** When it knows that it was stolen at the latest; Infinity if it was not, or not undisturbed. */
function toldOfTheftMs(lease: Granted, run: Reading): number {
  const thief = thiefOf(lease, run);
  if (thief === undefined || mayBeForgotten(thief, run)) return Infinity;
  const telling = { fromMs: thief.requested.atMs, toMs: thief.granted.atMs + TOLD_MS };
  return isDisturbed(lease.process, telling, run) ? Infinity : telling.toMs;
}

/** Its process was dead by then, or the history ends before. */
function isOver({ process }: Granted, limitMs: number, run: Reading): boolean {
  return (run.deaths.get(process) ?? run.endMs) <= limitMs;
}
