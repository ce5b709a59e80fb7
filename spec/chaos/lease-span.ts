import { ACKNOWLEDGE_MS } from '../../lib/schema/constants.js';
import { lingers, type Fault, type Granted, type Reading, type Span } from './reading.js';
import { stolenFromMs } from './theft.js';

/** What a busy event loop may add before a timer's callback runs. */
export const EVENT_LOOP_MS = 50;

/** What a process knew at some time: its lease lasts until then. */
interface Evidence {
  readonly atMs: number;
  readonly untilMs: number;
}

/** When the lease ends by the last its holder was told. */
export function deadlineMs({ granted, renewed }: Granted): number {
  const last = renewed.at(-1) ?? granted;
  return last.atMs + last.remainingMs;
}

/** When the holder ceased to be one by its own doing; Infinity if it did not. */
function givenUpMs(lease: Granted): number {
  return Math.min(lease.releasing?.atMs ?? Infinity, lease.aborted?.atMs ?? Infinity, goneOnMs(lease));
}

/** When another process has gone on with it, or may have. */
function goneOnMs({ handedOn, adoptions }: Granted): number {
  if (handedOn?.result !== true) return Infinity;
  const adopted = adoptions.flatMap(({ granted }) => (granted === undefined ? [] : [granted]));
  // One that had no answer may have moved it, and given it back.
  const moves = adopted.length > 0 ? adopted : adoptions.map(({ requested }) => requested);
  return Math.min(...moves.map(({ atMs }) => atMs));
}

/**
 * Until when the server cannot have given the lock to another. All counts that its holder was told, except what the
 * server may have forgotten since. That of a holder that is dead too: the server cannot know.
 */
export function liveUntilMs(lease: Granted, run: Reading): number {
  const losses = run.faults.filter(({ lostSinceMs }) => lostSinceMs !== undefined);
  const stands = (evidence: Evidence): number => standsUntilMs(evidence, lease, losses, run);
  const heldMs = Math.min(Math.max(...evidenceOf(lease).map(stands)), givenUpMs(lease));
  const kept = keptBeyondRelease(lease, run);
  const untilMs = kept === undefined ? heldMs : Math.max(heldMs, stands(kept));
  return Math.min(untilMs, stolenFromMs(lease, run));
}

/** The server's word that the lock stays taken beyond the release. */
function keptBeyondRelease({ process, granted, released, requested }: Granted, run: Reading) {
  if (released?.result !== true || requested.minHoldMs === 0) return undefined;
  // It counts from the grant, which its process may have noted later than it had it.
  const grant = { fromMs: granted.atMs - EVENT_LOOP_MS, toMs: granted.atMs };
  const pauses = (run.pauses.get(process) ?? []).filter((pause) => overlaps(pause, grant));
  const fromMs = Math.min(grant.fromMs, ...pauses.map((pause) => pause.fromMs));
  return { atMs: released.atMs, untilMs: fromMs + requested.minHoldMs };
}

/** The latest that the server has surely had it in its holder's hands: it said so, or renewed it after that. */
export function provenMs(lease: Granted): number {
  const { requested, waiting, renewed, handingOn, handedOn, releasing, released } = lease;
  // A grant that is pushed lasts until it has to be acknowledged, which can be longer than its ttl.
  const isPushed = waiting !== undefined && renewed.length === 0;
  return Math.max(
    deadlineMs(lease) - (isPushed ? Math.max(requested.ttlMs, ACKNOWLEDGE_MS) : requested.ttlMs),
    released?.result === true && !lingers(lease) ? (releasing?.atMs ?? 0) : 0,
    handedOn?.result === true ? (handingOn?.atMs ?? 0) : 0,
  );
}

function evidenceOf(lease: Granted): Evidence[] {
  const { granted, renewed, released, releasing, handingOn, handedOn, requested } = lease;
  // One with nothing left was over at some time before: it says nothing of that time.
  const told = [granted, ...renewed].filter(({ remainingMs }) => remainingMs > 0);
  const evidence = told.map(({ atMs, remainingMs }) => ({ atMs, untilMs: atMs + remainingMs }));
  // The server's word that it had not ended.
  if (released?.result === true && releasing !== undefined && !lingers(lease)) {
    evidence.push({ atMs: releasing.atMs, untilMs: releasing.atMs });
  }
  // A whole ttl is left for whoever goes on with it.
  if (handedOn?.result === true && handingOn !== undefined)
    evidence.push({ atMs: handedOn.atMs, untilMs: handingOn.atMs + requested.ttlMs });
  return evidence;
}

function standsUntilMs(
  { atMs, untilMs }: Evidence,
  lease: Granted,
  losses: readonly Fault[],
  run: Reading,
): number {
  const killedMs = losses.filter((loss) => isInLoss(atMs, lease, loss, run)).map(({ fromMs }) => fromMs);
  return Math.min(untilMs, ...killedMs);
}

/** Whether the server may have forgotten what it told the holder at that time. */
function isInLoss(atMs: number, { process }: Granted, loss: Fault, run: Reading): boolean {
  // An answer can be read some time after the server that gave it is gone.
  const lastReadMs = pausedUntilMs(run.pauses.get(process), loss) + EVENT_LOOP_MS;
  return atMs >= (loss.lostSinceMs ?? Infinity) && atMs <= lastReadMs;
}

/** Whether the server may have forgotten what it told the lease's holder at that time. */
export function wasInLoss(atMs: number, lease: Granted, run: Reading): boolean {
  return run.faults.some((fault) => isInLoss(atMs, lease, fault, run));
}

/** Whether the server may have forgotten the lease, or a renewal of it. */
export function mayBeForgotten(lease: Granted, run: Reading): boolean {
  const told = [lease.granted, ...lease.renewed, lease.handedOn].filter((record) => record !== undefined);
  return told.some(({ atMs }) => wasInLoss(atMs, lease, run));
}

/** The end of the span, or of the pause that lasts beyond it. */
function pausedUntilMs(pauses: readonly Span[] = [], { fromMs, toMs }: Span): number {
  return Math.max(
    toMs,
    ...pauses.filter((pause) => overlaps(pause, { fromMs, toMs })).map((pause) => pause.toMs),
  );
}

export function overlaps(one: Span, other: Span): boolean {
  return one.fromMs <= other.toMs && other.fromMs <= one.toMs;
}

/** So late a timer set to `atMs` can ring in this process: later by the pauses that it fell into, and a little. */
export function latestRingMs(atMs: number, pauses: readonly Span[] = []): number {
  let limitMs = atMs + EVENT_LOOP_MS;
  for (const { fromMs, toMs } of pauses) {
    if (fromMs <= limitMs && toMs >= atMs) limitMs = Math.max(limitMs, toMs + EVENT_LOOP_MS);
  }
  return limitMs;
}
