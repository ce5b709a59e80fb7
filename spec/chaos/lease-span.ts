import type { Fault, Granted, Reading, Span } from './reading.js';

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
export function givenUpMs(lease: Granted): number {
  return Math.min(lease.releasing?.atMs ?? Infinity, lease.aborted?.atMs ?? Infinity);
}

/**
 * Until when the server cannot have given the lock to another: by all that its holder was told, except what the server
 * may have forgotten since. That of a holder that is dead too: the server cannot know.
 */
export function liveUntilMs(lease: Granted, run: Reading): number {
  const losses = run.faults.filter(({ lostSinceMs }) => lostSinceMs !== undefined);
  const promisedMs = Math.max(
    ...evidenceOf(lease).map((evidence) => standsUntilMs(evidence, lease, losses, run)),
  );
  return Math.min(promisedMs, givenUpMs(lease));
}

function evidenceOf(lease: Granted): Evidence[] {
  const { granted, renewed, released, releasing } = lease;
  // One with nothing left was over at some time before: it says nothing of that time.
  const told = [granted, ...renewed].filter(({ remainingMs }) => remainingMs > 0);
  const evidence = told.map(({ atMs, remainingMs }) => ({ atMs, untilMs: atMs + remainingMs }));
  // The server's word that it had not ended.
  if (released?.result === true && releasing !== undefined) {
    evidence.push({ atMs: releasing.atMs, untilMs: releasing.atMs });
  }
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

/** Whether the server may have forgotten the lease, or a renewal of it. */
export function mayBeForgotten(lease: Granted, run: Reading): boolean {
  return run.faults.some((fault) =>
    [lease.granted, ...lease.renewed].some(({ atMs }) => isInLoss(atMs, lease, fault, run)),
  );
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
