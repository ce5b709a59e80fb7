import type { HistoryRecord } from '../history.js';
import { liveUntilMs } from '../lease-span.js';
import { groupBy, recordsOf, type Granted, type Reading } from '../reading.js';
import type { Violation } from '../violation.js';

/**
 * In the order of the tokens, which is the server's: a lease is over before the next is granted. What a holder has been
 * told counts as true until the server may have forgotten it.
 */
export function checkOneHolder(run: Reading): Violation[] {
  return [...groupBy(run.grants, ({ name }) => name).values()].flatMap((leases) => checkName(leases, run));
}

function checkName(leases: readonly Granted[], run: Reading): Violation[] {
  const violations: Violation[] = [];
  const ordered = [...leases].sort((a, b) => a.granted.token - b.granted.token);
  /** Of all so far, the one that lives longest. */
  let longest: { readonly lease: Granted; readonly untilMs: number } | undefined;
  for (const lease of ordered) {
    if (longest !== undefined && lease.granted.atMs < longest.untilMs) {
      violations.push(violation(longest.lease, lease, longest.untilMs));
    }
    const untilMs = liveUntilMs(lease, run);
    if (longest === undefined || untilMs > longest.untilMs) longest = { lease, untilMs };
  }
  return violations;
}

function violation(first: Granted, second: Granted, untilMs: number): Violation {
  const byMs = (untilMs - second.granted.atMs).toFixed(1);
  const records: HistoryRecord[] = [...recordsOf(first), ...recordsOf(second)];
  return {
    rule: 'one-holder',
    what: `"${first.name}": ${second.id} was granted ${byMs} ms before the lease of ${first.id} could end`,
    records,
  };
}
