import { HARNESS } from '../history.js';
import { concerns, groupByName, recordsOf, type Granted, type Reading, type Span } from '../reading.js';
import type { Violation } from '../violation.js';

/** A process that is silent for longer when its turn comes may be taken for dead (800 ms, as documented). */
const COSTLY_PAUSE_MS = 300;
/** A turn that came in a fault can be lost a little after it. */
const AFTERMATH_MS = 1_500;
/** State that was set back can give a process turns it has had already, until those have run out. */
const LOSS_AFTERMATH_MS = 10_000;

export interface FifoCheck {
  readonly violations: readonly Violation[];
  /** Pairs of requests whose order at the server is known. */
  readonly compared: number;
}

/**
 * Grants of a name follow the order in which the server took the requests in, however many can hold it together. That order is known where one request was confirmed
 * to be waiting before the other was sent. One whose process was paused, cut off or met by a fault of the service while
 * it waited may have lost its place, and is not compared.
 */
export function checkFifo(run: Reading): FifoCheck {
  const violations: Violation[] = [];
  let compared = 0;
  for (const [name, leases] of groupByName(run.grants)) {
    const waited = leases.filter((lease) => lease.waiting !== undefined && !mayHaveLostItsPlace(lease, run));
    waited.sort((a, b) => a.granted.atMs - b.granted.atMs);
    const arrivals = [...waited].sort((a, b) => (a.waiting?.atMs ?? 0) - (b.waiting?.atMs ?? 0));
    let next = 0;
    let ahead: Granted[] = [];
    for (const lease of [...leases].sort((a, b) => a.requested.atMs - b.requested.atMs)) {
      const sentMs = lease.requested.atMs;
      for (let one = arrivals[next]; one !== undefined && (one.waiting?.atMs ?? 0) < sentMs;) {
        ahead.push(one);
        one = arrivals[++next];
      }
      ahead = ahead.filter(({ granted }) => granted.atMs > sentMs);
      // A thief passes all who wait, and who adopts a lease has waited before.
      if (lease.requested.isSteal || lease.origin !== undefined) continue;
      compared += ahead.length;
      for (const overtaken of ahead) {
        if (overtaken.granted.token > lease.granted.token) violations.push(violation(name, overtaken, lease));
      }
    }
  }
  return { violations, compared };
}

function mayHaveLostItsPlace(lease: Granted, run: Reading): boolean {
  const wait: Span = { fromMs: lease.requested.atMs, toMs: lease.granted.atMs };
  const isHit = (span: Span, aftermathMs: number): boolean =>
    span.fromMs <= wait.toMs && span.toMs + aftermathMs >= wait.fromMs;
  const isPaused = [lease.process, HARNESS].some((process) =>
    (run.pauses.get(process) ?? []).some(
      (pause) => pause.toMs - pause.fromMs > COSTLY_PAUSE_MS && isHit(pause, AFTERMATH_MS),
    ),
  );
  if (isPaused || mayHaveBeenRobbed(lease, wait, run)) return true;
  return run.faults.some(
    (fault) =>
      // The clock of a process is no reason to lose a place.
      fault.kind !== 'step-clock' &&
      concerns(fault, lease.process) &&
      isHit(fault, fault.lostSinceMs === undefined ? AFTERMATH_MS : LOSS_AFTERMATH_MS),
  );
}

/** Of a grant that it had not heard of yet: then it asked for another, at the end of the queue. */
function mayHaveBeenRobbed({ names }: Granted, wait: Span, { thieves }: Reading): boolean {
  return names.some((name) =>
    thieves.get(name)?.some(({ requested, granted }) => {
      const endMs = granted?.atMs ?? Infinity;
      return requested.atMs <= wait.toMs && endMs >= wait.fromMs;
    }),
  );
}

function violation(name: string, overtaken: Granted, by: Granted): Violation {
  const what = `"${name}": ${by.id} was granted before ${overtaken.id}, which had been waiting when it was sent`;
  return { rule: 'fifo', what, records: [...recordsOf(overtaken), ...recordsOf(by)] };
}
