import { deadlineMs, mayBeForgotten } from '../lease-span.js';
import { labelOf, recordsOf, type Reading } from '../reading.js';
import type { Violation } from '../violation.js';

/** A lease may be over so much earlier for its holder: timers are set early, and clocks of nodes differ. */
const EARLY_MS = 25;

/** The server ends no lease before its time, unless it has forgotten it. */
export function checkEarlyEnds(run: Reading): Violation[] {
  return run.grants.flatMap((lease) => {
    const { aborted } = lease;
    if (aborted === undefined) return [];
    const earlyMs = deadlineMs(lease) - aborted.atMs;
    if (earlyMs <= EARLY_MS || mayBeForgotten(lease, run)) return [];
    const what = `${labelOf(lease)}: ${lease.id} was lost (${aborted.reason}) ${earlyMs.toFixed(1)} ms before its end`;
    return [{ rule: 'early-end', what, records: recordsOf(lease) } satisfies Violation];
  });
}
