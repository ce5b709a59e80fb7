import { FAULT_TITLES, type FaultKind } from './fault-kinds.js';
import { HARNESS } from './history.js';
import type { Verdict } from './check-history.js';
import { concerns, eventsNamed, type Fault, type Reading, type Request } from './reading.js';
import { RULES, type Rule } from './violation.js';

type Counts = Record<string, number>;

export interface FaultFigures {
  readonly kind: FaultKind;
  readonly injected: number;
  /** What users saw within a few seconds, and no newer fault explains. */
  readonly seen: Counts;
}

export interface Figures {
  readonly seconds: number;
  readonly processes: number;
  readonly requests: number;
  readonly grants: number;
  readonly lost: Counts;
  readonly rejected: Counts;
  readonly releasesNotHeld: number;
  readonly releasesUnanswered: number;
  /** Writes with an older token after a newer, which only fencing stops. */
  readonly staleWritesRefused: number;
  readonly pairsInOrder: number;
  readonly faults: readonly FaultFigures[];
  /** What users saw with no fault near, in processes that the machine gave no processor just then. */
  readonly seenWhileStarved: Counts;
  /** What they saw with nothing to explain it. */
  readonly seenWithoutFault: Counts;
  readonly violations: Readonly<Record<Rule, number>>;
}

/** So long after its end a fault still explains what a user sees: a ttl, a time-out, and connecting again. */
const EXPLAINS_MS = 5_000;
const STARVED_MS = 100;

export function figuresOf({ run, violations, pairsInOrder }: Verdict): Figures {
  const { records, requests, grants } = run;
  const lasted = (records.at(-1)?.atMs ?? 0) - (records[0]?.atMs ?? 0);
  const attributed = attribute(run);
  return {
    seconds: Math.round(lasted / 1000),
    processes: eventsNamed(records, 'started').length,
    requests: requests.length,
    grants: grants.length,
    lost: count(grants.flatMap(({ aborted }) => (aborted === undefined ? [] : [aborted.reason]))),
    rejected: count(requests.flatMap(({ rejected }) => (rejected === undefined ? [] : [rejected.code]))),
    releasesNotHeld: grants.filter(({ released }) => released?.result === false).length,
    releasesUnanswered: grants.filter(({ released }) => typeof released?.result === 'string').length,
    staleWritesRefused: eventsNamed(records, 'wrote').filter(({ isAccepted }) => !isAccepted).length,
    pairsInOrder,
    faults: (Object.keys(FAULT_TITLES) as FaultKind[]).flatMap((kind) => {
      const injected = run.faults.filter((fault) => fault.kind === kind).length;
      return injected === 0 ? [] : [{ kind, injected, seen: count(attributed.get(kind) ?? []) }];
    }),
    seenWhileStarved: count(attributed.get('starved') ?? []),
    seenWithoutFault: count(attributed.get(undefined) ?? []),
    violations: Object.fromEntries(
      (Object.keys(RULES) as Rule[]).map((rule) => [
        rule,
        violations.filter((violation) => violation.rule === rule).length,
      ]),
    ) as Record<Rule, number>,
  };
}

type Cause = FaultKind | 'starved' | undefined;

/** What each user saw, by the kind of the newest fault that explains it. */
function attribute(run: Reading): Map<Cause, string[]> {
  const seen = new Map<Cause, string[]>();
  const faults = run.faults.filter(({ kind }) => kind !== 'step-clock');
  for (const request of run.requests) {
    for (const { atMs, what } of seenBy(request)) {
      const fault = newestBefore(faults, request.process, atMs)?.kind;
      const cause = fault ?? (wasStarved(run, request.process, atMs) ? 'starved' : undefined);
      const same = seen.get(cause);
      if (same === undefined) seen.set(cause, [what]);
      else same.push(what);
    }
  }
  return seen;
}

/** What came unasked: a caller that would not wait, or cancelled, got what it asked for. */
function seenBy({ aborted, rejected, released, requested }: Request): { atMs: number; what: string }[] {
  const seen: { atMs: number; what: string }[] = [];
  // Whoever asks not to be renewed has a lease that may end under its work.
  if (aborted !== undefined && requested.autoRenew)
    seen.push({ atMs: aborted.atMs, what: `lease lost: ${aborted.reason}` });
  const isAskedFor =
    rejected?.code === 'busy' ||
    rejected?.code === 'TimeoutError' ||
    (rejected?.code === 'LOCK_TIMEOUT' && (requested.waitTimeoutMs ?? Infinity) <= 1_000);
  if (rejected !== undefined && !isAskedFor)
    seen.push({ atMs: rejected.atMs, what: `acquire rejected: ${rejected.code}` });
  if (typeof released?.result === 'string')
    seen.push({ atMs: released.atMs, what: `release rejected: ${released.result}` });
  return seen;
}

function newestBefore(faults: readonly Fault[], process: string, atMs: number): Fault | undefined {
  return faults.findLast(
    (fault) => fault.fromMs <= atMs && fault.toMs + EXPLAINS_MS >= atMs && concerns(fault, process),
  );
}

/** Whether its event loop, or that of the embedded server and the proxies, stood still for long enough to tell. */
function wasStarved({ pauses }: Reading, process: string, atMs: number): boolean {
  return [process, HARNESS].some((name) =>
    (pauses.get(name) ?? []).some(
      ({ fromMs, toMs }) => toMs - fromMs > STARVED_MS && fromMs <= atMs && toMs + EXPLAINS_MS >= atMs,
    ),
  );
}

function count(items: readonly string[]): Counts {
  const counts: Counts = {};
  for (const item of [...items].sort()) counts[item] = (counts[item] ?? 0) + 1;
  return counts;
}
