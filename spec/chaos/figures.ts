import { FAULT_TITLES, GLOBAL_FAULTS, type FaultKind } from './fault-kinds.js';
import { HARNESS } from './history.js';
import type { Verdict } from './check-history.js';
import {
  concerns,
  earliestMs,
  eventsNamed,
  lingers,
  type Fault,
  type Reading,
  type Request,
} from './reading.js';
import { RULES, type Rule } from './violation.js';

type Counts = Record<string, number>;

export interface FaultFigures {
  readonly kind: FaultKind;
  readonly injected: number;
  /** What users saw within a few seconds, and no newer fault explains. */
  readonly seen: Counts;
}

/** Of one run, or of several together. */
export interface Figures {
  readonly runs: number;
  readonly seconds: number;
  /** Runs that ended early: a node went on without a change, and from there on the nodes may differ. */
  readonly runsOfDifferingNodes: number;
  readonly processes: number;
  readonly requests: number;
  readonly grants: number;
  /** The same by what was asked for. */
  readonly granted: Counts;
  readonly lost: Counts;
  readonly rejected: Counts;
  readonly releasesNotHeld: number;
  readonly releasesUnanswered: number;
  /** Writes with an older token after a newer, which only fencing stops. */
  readonly staleWritesRefused: number;
  readonly pairsInOrder: number;
  readonly handedOn: number;
  readonly adopted: number;
  readonly watches: number;
  readonly seenByWatches: number;
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
const WAITED_TOO_LONG = 'acquire rejected: LOCK_TIMEOUT';

export function figuresOf({ run, violations, pairsInOrder, seenByWatches }: Verdict): Figures {
  const { records } = run;
  const [requests] = partition(run.requests);
  const [grants, adopted] = partition(run.grants);
  const lasted = (records.at(-1)?.atMs ?? 0) - (records[0]?.atMs ?? 0);
  const faults = withoutConsequences(run.faults);
  const attributed = attribute(run, faults);
  return {
    runs: 1,
    seconds: Math.round(lasted / 1000),
    runsOfDifferingNodes: run.differMs < Infinity ? 1 : 0,
    processes: eventsNamed(records, 'started').length,
    requests: requests.length,
    grants: grants.length,
    granted: count(grants.map(kindOf)),
    lost: count(run.grants.flatMap(({ aborted }) => (aborted === undefined ? [] : [aborted.reason]))),
    rejected: count(requests.flatMap(({ rejected }) => (rejected === undefined ? [] : [rejected.code]))),
    releasesNotHeld: grants.filter(({ released }) => released?.result === false).length,
    releasesUnanswered: grants.filter(({ released }) => typeof released?.result === 'string').length,
    staleWritesRefused: eventsNamed(records, 'wrote').filter(({ isAccepted }) => !isAccepted).length,
    pairsInOrder,
    handedOn: grants.filter(({ handedOn }) => handedOn?.result === true).length,
    adopted: adopted.length,
    watches: run.watches.length,
    seenByWatches,
    faults: (Object.keys(FAULT_TITLES) as FaultKind[]).flatMap((kind) => {
      const injected = faults.filter((fault) => fault.kind === kind).length;
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

function kindOf(request: Request): string {
  const { names, limit, isSteal, minHoldMs } = request.requested;
  const kind = limit === 1 ? 'lock' : limit === null ? 'shared lock' : 'permits';
  const whole = names.length > 1 ? `${kind} of several names` : kind;
  if (isSteal) return `${whole}, stolen`;
  if (minHoldMs > 0) return `${whole}, with minHold`;
  return lingers(request) ? `${whole}, with linger` : whole;
}

/** Those that asked for a lock, and those that went on with another's lease. */
function partition<Item extends Request>(items: readonly Item[]): [asked: Item[], adopting: Item[]] {
  return [
    items.filter(({ origin }) => origin === undefined),
    items.filter(({ origin }) => origin !== undefined),
  ];
}

/** A standstill counts where nothing had been done to the service, and once for all nodes. */
function withoutConsequences(faults: readonly Fault[]): readonly Fault[] {
  const service = faults.filter(({ kind }) => GLOBAL_FAULTS.has(kind) && kind !== 'standstill');
  let lastMs = -Infinity;
  return faults.filter((fault) => {
    if (fault.kind !== 'standstill') return true;
    const isConsequence = service.some(
      (cause) => earliestMs(cause) <= fault.toMs && cause.toMs + EXPLAINS_MS >= fault.fromMs,
    );
    const isNew = fault.fromMs > lastMs;
    if (!isConsequence) lastMs = Math.max(lastMs, fault.toMs);
    return !isConsequence && isNew;
  });
}

type Cause = FaultKind | 'starved' | undefined;

/** What each user saw, by the kind of the newest fault that explains it. */
function attribute(run: Reading, all: readonly Fault[]): Map<Cause, string[]> {
  const seen = new Map<Cause, string[]>();
  const faults = all.filter(({ kind }) => kind !== 'step-clock');
  for (const request of run.requests) {
    for (const { atMs, what } of seenBy(request)) {
      const mine = newestBefore(
        faults.filter((fault) => concerns(fault, request.process)),
        atMs,
      );
      // Waiting can take too long by what is done to whoever holds.
      const fault = mine ?? (what === WAITED_TOO_LONG ? newestBefore(faults, atMs) : undefined);
      const cause = fault?.kind ?? (wasStarved(run, request.process, atMs) ? 'starved' : undefined);
      const same = seen.get(cause);
      if (same === undefined) seen.set(cause, [what]);
      else same.push(what);
    }
  }
  return seen;
}

/** What came unasked: a caller that would not wait, or cancelled, got what it asked for; a thief what it took. */
function seenBy(request: Request): { atMs: number; what: string }[] {
  const { aborted, rejected, released, handedOn, requested, origin } = request;
  const seen: { atMs: number; what: string }[] = [];
  // Whoever asks not to be renewed has a lease that may end under its work.
  if (aborted !== undefined && requested.autoRenew && aborted.reason !== 'stolen')
    seen.push({ atMs: aborted.atMs, what: `lease lost: ${aborted.reason}` });
  const isAskedFor =
    rejected?.code === 'busy' ||
    rejected?.code === 'TimeoutError' ||
    rejected?.code === 'LOCK_LOST' ||
    (rejected?.code === 'LOCK_TIMEOUT' && (requested.waitTimeoutMs ?? Infinity) <= 1_000);
  if (rejected !== undefined && !isAskedFor)
    seen.push({
      atMs: rejected.atMs,
      what: `${origin === undefined ? 'acquire' : 'adopt'} rejected: ${rejected.code}`,
    });
  if (typeof handedOn?.result === 'string' && handedOn.result !== 'LOCK_LOST')
    seen.push({ atMs: handedOn.atMs, what: `serialize rejected: ${handedOn.result}` });
  if (typeof released?.result === 'string')
    seen.push({ atMs: released.atMs, what: `release rejected: ${released.result}` });
  return seen;
}

function newestBefore(faults: readonly Fault[], atMs: number): Fault | undefined {
  return faults.findLast((fault) => earliestMs(fault) <= atMs && fault.toMs + EXPLAINS_MS >= atMs);
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
