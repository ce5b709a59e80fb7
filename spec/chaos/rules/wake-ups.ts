import { HARNESS } from '../history.js';
import { deadlineMs } from '../lease-span.js';
import {
  concerns,
  eventsNamed,
  groupBy,
  recordsOf,
  type Granted,
  type Reading,
  type Request,
  type Span,
} from '../reading.js';
import type { Violation } from '../violation.js';

/**
 * A lock that is free while somebody waits for it, for longer than it takes to find out that several are dead: those who
 * had it granted unseen (3 s of ttl), who were next (2 s each), and a second for the sweeper.
 */
const IDLE_MS = 10_000;
const AFTERMATH_MS = 5_000;
/** Until a node that does not answer any more is known to have crashed. */
const CRASH_SEEN_MS = 12_000;

/** No request is left behind: each is settled, the last of each survivor is granted, no lock lies idle before a queue. */
export function checkWakeUps(run: Reading): Violation[] {
  return [...checkSettled(run), ...checkFinal(run), ...checkIdle(run)];
}

function checkSettled(run: Reading): Violation[] {
  const drained = new Set(eventsNamed(run.records, 'drained').map(({ process }) => process));
  return run.requests.flatMap((request) => {
    const { process, granted, rejected, released } = request;
    if (rejected !== undefined || released !== undefined) return [];
    // The dead settle nothing.
    if (!drained.has(process) && (run.deaths.get(process) ?? Infinity) < run.faultsOverMs) return [];
    const what = `${request.id} was ${granted === undefined ? 'neither granted nor rejected' : 'not released'} when all had come to rest`;
    return [violation(request, what)];
  });
}

/** Only a node that crashes by itself can get between a survivor and its last locks, and it tries again then. */
function checkFinal(run: Reading): Violation[] {
  const crashes = run.faults.filter(({ kind }) => kind === 'node-crashed');
  const finals = run.requests.filter(({ requested }) => requested.isFinal);
  return [...groupBy(finals, ({ process, name }) => `${process} ${name}`).values()].flatMap((tries) =>
    tries.flatMap((request, i) => {
      if (request.rejected === undefined) return [];
      const { atMs } = request.rejected;
      const isLast = i === tries.length - 1;
      const isExcused = crashes.some(
        ({ fromMs, toMs }) => fromMs <= atMs + CRASH_SEEN_MS && toMs + AFTERMATH_MS >= atMs,
      );
      if (isExcused && !isLast) return [];
      return [violation(request, `${request.id} was rejected although all faults were over`)];
    }),
  );
}

function checkIdle(run: Reading): Violation[] {
  const waiting = groupBy(
    run.requests.filter((request) => request.waiting !== undefined),
    ({ name }) => name,
  );
  return [...waiting].flatMap(([name, requests]) => {
    const gaps = idleGaps(
      run.grants.filter((lease) => lease.name === name),
      run,
    );
    return gaps.flatMap((gap) => {
      const stuck = requests.find((request) => waitedMs(request, gap, run) > IDLE_MS);
      if (stuck === undefined) return [];
      const what = `"${name}" was free for ${Math.round(gap.toMs - gap.fromMs)} ms while ${stuck.id} was waiting`;
      return [violation(stuck, what)];
    });
  });
}

/** The times in which nobody held the lock for all we know, if they are long. */
function idleGaps(leases: readonly Granted[], run: Reading): Span[] {
  const gaps: Span[] = [];
  let heldUntilMs = run.records[0]?.atMs ?? 0;
  const note = (toMs: number): void => {
    if (toMs - heldUntilMs > IDLE_MS) gaps.push({ fromMs: heldUntilMs, toMs });
  };
  for (const lease of [...leases].sort((a, b) => a.granted.atMs - b.granted.atMs)) {
    note(lease.granted.atMs);
    heldUntilMs = Math.max(heldUntilMs, lease.released?.atMs ?? deadlineMs(lease));
  }
  note(run.endMs);
  return gaps;
}

/** How long it waited in that gap while its process ran and nothing was wrong with the service. */
function waitedMs(request: Request, gap: Span, run: Reading): number {
  const { process, waiting, granted, rejected } = request;
  const diedMs = run.deaths.get(process) ?? run.endMs;
  const fromMs = Math.max(gap.fromMs, waiting?.atMs ?? Infinity);
  const toMs = Math.min(gap.toMs, granted?.atMs ?? rejected?.atMs ?? diedMs);
  const troubles = [
    ...run.faults.filter((fault) => fault.kind !== 'step-clock' && concerns(fault, process)),
    ...[process, HARNESS].flatMap((paused) => run.pauses.get(paused) ?? []),
  ].map((span) => ({ fromMs: span.fromMs, toMs: span.toMs + AFTERMATH_MS }));
  return longestWithout({ fromMs, toMs }, troubles);
}

/** The longest part of a span that none of the others touches. */
function longestWithout({ fromMs, toMs }: Span, others: readonly Span[]): number {
  let longestMs = 0;
  let quietSinceMs = fromMs;
  for (const other of [...others].sort((a, b) => a.fromMs - b.fromMs)) {
    longestMs = Math.max(longestMs, Math.min(other.fromMs, toMs) - quietSinceMs);
    quietSinceMs = Math.max(quietSinceMs, other.toMs);
  }
  return Math.max(longestMs, toMs - quietSinceMs);
}

function violation(request: Request, what: string): Violation {
  return { rule: 'wake-up', what, records: recordsOf(request) };
}
