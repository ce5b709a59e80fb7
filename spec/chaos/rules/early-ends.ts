import { isDisturbed } from '../disturbance.js';
import { deadlineMs, mayBeForgotten } from '../lease-span.js';
import {
  concerns,
  labelOf,
  recordsOf,
  wasGranted,
  type Granted,
  type Reading,
  type Request,
} from '../reading.js';
import { stolenFromMs } from '../theft.js';
import type { Violation } from '../violation.js';

/** A lease may be over so much earlier for its holder: timers are set early, and clocks of nodes differ. */
const EARLY_MS = 25;

/** The server ends no lease before its time, unless it has forgotten it, or somebody has stolen it. */
export function checkEarlyEnds(run: Reading): Violation[] {
  return [...checkLosses(run), ...run.requests.flatMap((request) => checkAdoption(request, run))];
}

function checkLosses(run: Reading): Violation[] {
  return run.grants.flatMap((lease) => {
    const { aborted } = lease;
    if (aborted === undefined) return [];
    const earlyMs = deadlineMs(lease) - aborted.atMs;
    if (earlyMs <= EARLY_MS || mayBeForgotten(lease, run) || isStolen(lease, aborted, run)) return [];
    if (isDoubted(lease, aborted, run)) return [];
    const what = `${labelOf(lease)}: ${lease.id} was lost (${aborted.reason}) ${earlyMs.toFixed(1)} ms before its end`;
    return [{ rule: 'early-end', what, records: recordsOf(lease) } satisfies Violation];
  });
}

/** Its wall clock was set, so that the machine may have slept, and no server could be asked whether the lease still is. */
function isDoubted({ process, granted }: Granted, { atMs }: { atMs: number }, run: Reading): boolean {
  return run.faults.some(
    (step) =>
      step.kind === 'step-clock' &&
      concerns(step, process) &&
      step.fromMs >= granted.atMs &&
      step.fromMs <= atMs &&
      isDisturbed(process, { fromMs: step.fromMs, toMs: atMs }, run),
  );
}

/** By then, and told as what it was; whoever had no server to ask may not know more than that it is gone. */
function isStolen(lease: Granted, { atMs, reason }: { atMs: number; reason: string }, run: Reading): boolean {
  const fromMs = stolenFromMs(lease, run);
  return fromMs <= atMs && (reason === 'stolen' || isDisturbed(lease.process, { fromMs, toMs: atMs }, run));
}

/** What was handed on is there for a ttl, for the first who adopts it. */
function checkAdoption(request: Request, run: Reading): Violation[] {
  const { origin: lease, rejected } = request;
  if (!wasGranted(lease) || rejected?.code !== 'LOCK_LOST') return [];
  const untilMs = (lease.handingOn?.atMs ?? 0) + lease.requested.ttlMs - EARLY_MS;
  const others = lease.adoptions.filter((other) => other !== request);
  const isTaken = others.some(({ requested }) => requested.atMs <= rejected.atMs);
  const isGone = isTaken || stolenFromMs(lease, run) <= rejected.atMs || mayBeForgotten(lease, run);
  if (rejected.atMs >= untilMs || isGone) return [];
  const what = `${labelOf(lease)}: ${request.id} could not adopt the lease of ${lease.id}: ${rejected.message}`;
  return [{ rule: 'early-end', what, records: [...recordsOf(lease), ...recordsOf(request)] }];
}
