import { deadlineMs, latestRingMs } from '../lease-span.js';
import { labelOf, recordsOf, type Granted, type Reading } from '../reading.js';
import type { Violation } from '../violation.js';

/** A holder that has not given its lease back is told by the lease's end, as soon as its process runs. */
export function checkSignals(run: Reading): Violation[] {
  return run.grants.flatMap((lease) => {
    const endMs = deadlineMs(lease);
    const limitMs = latestRingMs(endMs, run.pauses.get(lease.process));
    const settledMs = Math.min(lease.aborted?.atMs ?? Infinity, lease.releasing?.atMs ?? Infinity);
    if (settledMs <= limitMs || isOver(lease, limitMs, run)) return [];
    const lateMs = settledMs === Infinity ? 'never' : `${(settledMs - endMs).toFixed(1)} ms late`;
    const what = `${labelOf(lease)}: the signal of ${lease.id} came ${lateMs}`;
    return [{ rule: 'signal', what, records: recordsOf(lease) } satisfies Violation];
  });
}

/** Its process was dead by then, or the history ends before. */
function isOver({ process }: Granted, limitMs: number, run: Reading): boolean {
  return (run.deaths.get(process) ?? run.endMs) <= limitMs;
}
