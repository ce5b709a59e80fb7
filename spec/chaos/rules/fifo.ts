import { isDisturbed } from '../disturbance.js';
import { allFit } from '../fit.js';
import { HARNESS } from '../history.js';
import { deadlineMs } from '../lease-span.js';
import {
  concerns,
  groupByName,
  lingers,
  recordsOf,
  wasGranted,
  type Fault,
  type Granted,
  type Reading,
  type Request,
  type Span,
} from '../reading.js';
import { isRetaken } from '../retaken.js';
import { LATE_MS } from '../theft.js';
import type { Violation } from '../violation.js';

/** A process that is silent for longer when its turn comes may be taken for dead (800 ms, as documented). */
const COSTLY_PAUSE_MS = 300;
/** A turn that came in a fault can be lost a little after it. */
export const AFTERMATH_MS = 1_500;
/**
 * State that was set back gives a process turns that it has had already. Each of them makes the process look silent for
 * a moment when it comes. With a long queue that was seen 12 s after the loss.
 */
const LOSS_AFTERMATH_MS = 20_000;
/** So long a silent process keeps its places (10 s, as documented), with some room. */
const KEPT_MS = 8_000;
/** Faults of the process alone, or of the one way to the one server: nothing is lost at the server. */
const HARMLESS_TO_PLACES: ReadonlySet<Fault['kind']> = new Set([
  ...(['stop-holder', 'stop-waiter', 'stop-any', 'cut', 'half-open', 'silence', 'delay'] as const),
  ...(['freeze-server', 'freeze-network', 'restart'] as const),
]);

/** A process that keeps a lease has been asked for it by then: a question that is lost is repeated after 0.9 s. */
const QUESTION_MS = 1_500;

export interface FifoCheck {
  readonly violations: readonly Violation[];
  /** Pairs of requests whose order at the server is known. */
  readonly compared: number;
}

/** A pause of a process, or a fault that it was met by, that may have kept it from being granted its turn. */
interface Disturbance extends Span {
  readonly costsPlaces: boolean;
  readonly aftermathMs: number;
}

/** One that waited, with what got in its way. */
interface Waiter {
  readonly lease: Granted;
  readonly disturbances: readonly Disturbance[];
}

/**
 * Grants of a name follow the order in which the server took the requests in, however many can hold it together. That
 * order is known where one request was confirmed to be waiting before the other was sent.
 *
 * - A process that does not answer loses its turn: others pass it for as long as it is disturbed. It keeps its place,
 *   so that nobody passes it later. An exception is one that was disturbed for so long that a grant may have come and
 *   gone meanwhile.
 * - State that the server has lost may cost a place.
 * - A thief may have robbed it of a grant that it had not heard of: then it asked for another place, behind those who came
 *   by then. So it is only where nobody else had the lock for certain, whom the thief has robbed instead.
 */
export function checkFifo(run: Reading, aftermathMs: number): FifoCheck {
  const violations: Violation[] = [];
  let compared = 0;
  for (const [name, leases] of groupByName(run.grants)) {
    // Who may keep a lease may have waited in its own process: that is no place in the queue.
    const arrivals = leases
      .filter((lease) => lease.waiting !== undefined && !lingers(lease))
      .map((lease): Waiter => ({ lease, disturbances: disturbancesOf(lease, aftermathMs, run) }))
      .filter(({ disturbances }) => !disturbances.some(({ costsPlaces }) => costsPlaces))
      .sort((a, b) => waitingMs(a) - waitingMs(b));
    let next = 0;
    let ahead: Waiter[] = [];
    for (const lease of [...leases].sort((a, b) => a.requested.atMs - b.requested.atMs)) {
      const sentMs = lease.requested.atMs;
      for (let one = arrivals[next]; one !== undefined && waitingMs(one) < sentMs; one = arrivals[++next])
        ahead.push(one);
      ahead = ahead.filter((one) => one.lease.granted.atMs > sentMs);
      // A thief passes all who wait, and who adopts a lease has waited before.
      if (lease.requested.isSteal || lease.origin !== undefined) continue;
      for (const waiter of ahead) {
        const isPassed = waiter.lease.granted.token > lease.granted.token;
        if (isPassed && mayBePassed(waiter, lease, run)) continue;
        if (isPassed && isUnasked(lease, waiter.lease, leases, run)) continue;
        compared++;
        if (isPassed) violations.push(violation(name, waiter.lease, lease));
      }
    }
  }
  return { violations, compared };
}

/** Its process took a lease again that it had kept, and may not have known yet that somebody waited for it. */
function isUnasked(lease: Granted, overtaken: Granted, leases: readonly Granted[], run: Reading): boolean {
  if (!isRetaken(lease, leases)) return false;
  const span = { fromMs: overtaken.waiting?.atMs ?? 0, toMs: lease.granted.atMs };
  return span.toMs - span.fromMs <= QUESTION_MS || isDisturbed(lease.process, span, run);
}

function waitingMs({ lease }: Waiter): number {
  return lease.waiting?.atMs ?? 0;
}

function disturbancesOf(lease: Granted, usualMs: number, run: Reading): Disturbance[] {
  const wait: Span = { fromMs: lease.requested.atMs, toMs: lease.granted.atMs };
  const pauses = [lease.process, HARNESS]
    .flatMap((process) => run.pauses.get(process) ?? [])
    .filter((pause) => pause.toMs - pause.fromMs > COSTLY_PAUSE_MS)
    .map((pause) => ({ ...pause, kind: 'stop-waiter' as const, lostSinceMs: undefined }));
  // The clock of a process is no reason to lose anything.
  const faults = run.faults.filter((fault) => fault.kind !== 'step-clock' && concerns(fault, lease.process));
  const hits = [...pauses, ...faults]
    .map((one) => ({ ...one, aftermathMs: one.lostSinceMs === undefined ? usualMs : LOSS_AFTERMATH_MS }))
    .filter(({ fromMs, toMs, aftermathMs }) => fromMs <= wait.toMs && toMs + aftermathMs >= wait.fromMs);
  // Several that follow each other are as one.
  const fromMs = Math.min(...hits.map((one) => one.fromMs));
  const untilMs = Math.max(...hits.map((one) => one.toMs + one.aftermathMs));
  const isShort = untilMs - fromMs < Math.min(KEPT_MS, lease.requested.ttlMs);
  return hits.map(({ kind, lostSinceMs, aftermathMs, ...span }) => ({
    ...{ fromMs: span.fromMs, toMs: span.toMs, aftermathMs },
    costsPlaces: lostSinceMs !== undefined || !HARMLESS_TO_PLACES.has(kind) || !isShort,
  }));
}

function mayBePassed({ lease, disturbances }: Waiter, by: Granted, run: Reading): boolean {
  const grantedMs = by.granted.atMs;
  const isTurn = disturbances.some(
    ({ fromMs, toMs, aftermathMs }) => grantedMs >= fromMs && grantedMs <= toMs + aftermathMs,
  );
  if (isTurn) return true;
  // It was granted in that time, and noted it later.
  const telling = { fromMs: by.requested.atMs, toMs: grantedMs };
  if (disturbances.length > 0 && isDisturbed(by.process, telling, run)) return true;
  return thievesOf(lease, run).some((thief) => mayHaveRobbed(thief, lease, by, run));
}

function thievesOf({ names }: Granted, { thieves }: Reading): Request[] {
  return names.flatMap((name) => thieves.get(name) ?? []);
}

/** Of a grant that it had not heard of yet, so that it asked for another behind `by`. */
function mayHaveRobbed(thief: Request, lease: Granted, by: Granted, run: Reading): boolean {
  const theft = theftOf(thief, run);
  const isWaiting = theft.fromMs <= lease.granted.atMs && theft.toMs >= lease.requested.atMs;
  const isBefore = by.requested.atMs <= theft.toMs + AFTERMATH_MS;
  return isWaiting && isBefore && !isRobbedInstead(thief, theft, lease, run);
}

/** When it has happened: one that was not granted may have come through late. */
function theftOf({ requested, granted, rejected, process }: Request, { deaths }: Reading): Span {
  const endMs = (rejected?.atMs ?? deaths.get(process) ?? Infinity) + LATE_MS;
  return { fromMs: requested.atMs, toMs: granted?.atMs ?? endMs };
}

/** Whether somebody else had the lock for all that time, until the thief took it: then the waiter was not granted it. */
function isRobbedInstead(thief: Request, theft: Span, lease: Granted, run: Reading): boolean {
  return run.grants.some(
    (holder) =>
      holder !== lease &&
      holder !== thief &&
      holder.names.some((name) => lease.names.includes(name)) &&
      !allFit([holder, lease]) &&
      holder.granted.atMs <= theft.fromMs &&
      heldUntilMs(holder) >= theft.toMs,
  );
}

/** By all that it noted; that it was stolen ends nothing before the theft. */
function heldUntilMs(holder: Granted): number {
  const { releasing, handingOn, aborted, adoptions } = holder;
  const abortedMs = aborted?.reason === 'stolen' ? Infinity : aborted?.atMs;
  const ends = [releasing?.atMs, adoptions.some(wasGranted) ? handingOn?.atMs : undefined, abortedMs];
  return Math.min(deadlineMs(holder), ...ends.map((atMs) => atMs ?? Infinity));
}

function violation(name: string, overtaken: Granted, by: Granted): Violation {
  const what = `"${name}": ${by.id} was granted before ${overtaken.id}, which had been waiting when it was sent`;
  return { rule: 'fifo', what, records: [...recordsOf(overtaken), ...recordsOf(by)] };
}
