import { isDisturbed } from '../disturbance.js';
import { fit, type Share } from '../fit.js';
import type { RecordOf } from '../history.js';
import { deadlineMs, wasInLoss } from '../lease-span.js';
import {
  groupBy,
  groupByName,
  lingers,
  recordsOf,
  type Granted,
  type Reading,
  type Request,
  type Span,
  type Watch,
} from '../reading.js';
import { stolenFromMs } from '../theft.js';
import type { Violation } from '../violation.js';

type Told = RecordOf<'told'>;

/** So long after a grant, or after an end, it has been told where nothing is in the way. */
const GRANT_TOLD_MS = 1_000;
const END_TOLD_MS = 4_000;
/**
 * Each node tells of the changes that it has made. What two of them tell can come so much later than what came after
 * it.
 */
const DISORDER_MS = 1_000;

export interface WatchCheck {
  readonly violations: readonly Violation[];
  /** Grants and ends that had to be told, and were. */
  readonly seen: number;
}

/** What is known of one name. */
interface Known {
  readonly requests: readonly Request[];
  /** By token: the lease, and those that went on with it. */
  readonly leases: ReadonlyMap<number, readonly Granted[]>;
  readonly thieves: readonly Request[];
}

/**
 * What a watch tells is what happened, in the order of the server, which is seen nowhere else; of several nodes in
 * about that order. All who hold at once fit together. Where nothing is in the way nothing is left out.
 */
export function checkWatches(run: Reading): WatchCheck {
  const requests = groupByName(run.requests);
  const grants = groupByName(run.grants);
  const violations: Violation[] = [];
  let seen = 0;
  for (const watch of run.watches) {
    const known = {
      requests: requests.get(watch.name) ?? [],
      leases: groupBy(grants.get(watch.name) ?? [], ({ granted }) => granted.token),
      thieves: run.thieves.get(watch.name) ?? [],
    };
    const due = dueOf(watch, known, run);
    const missed = due.filter((event) => !isTold(event, watch));
    seen += due.length - missed.length;
    violations.push(
      ...checkOrder(watch, known, run.nodes === 1),
      ...watch.told.flatMap((told) => checkTold(told, watch, known, run)),
      ...missed.map(({ lease, what }) => violation(watch, `${lease.id} ${what} untold`, recordsOf(lease))),
    );
  }
  return { violations, seen };
}

/** What is held as the watch has been told, since it last had to say that it may have missed something. */
class Held {
  readonly #watch: Watch;
  readonly #isOrdered: boolean;
  #held = new Map<number, Told>();
  #ended = new Map<number, Told>();
  #newest: Told | undefined;

  constructor(watch: Watch, isOrdered: boolean) {
    this.#watch = watch;
    this.#isOrdered = isOrdered;
  }

  forget(): void {
    this.#held = new Map();
    this.#ended = new Map();
  }

  /** Whether it is told for the first time. */
  end(told: Told): boolean {
    const isNew = !this.#ended.has(told.token);
    this.#held.delete(told.token);
    this.#ended.set(told.token, told);
    return isNew;
  }

  /** Whether it is newer than all before. */
  isNewer(told: Told): boolean {
    const newest = this.#newest;
    if (newest === undefined || told.token > newest.token) {
      this.#newest = told;
      return true;
    }
    return !this.#isOrdered && told.token < newest.token && told.atMs - newest.atMs <= DISORDER_MS;
  }

  /** All that are held at once from now on. */
  add(told: Told): Told[] {
    const isOver = !this.#isOrdered && this.#ended.has(told.token);
    if (isOver) return [];
    for (const one of this.#held.values()) if (this.#endsAtOnce(one, told)) this.#held.delete(one.token);
    this.#held.set(told.token, told);
    return [...this.#held.values()];
  }

  #endsAtOnce({ token }: Told, { atMs }: Told): boolean {
    const end = this.#watch.told.find((one) => one.token === token && one.what !== 'acquired');
    return !this.#isOrdered && end !== undefined && end.atMs - atMs <= DISORDER_MS;
  }
}

function checkOrder(watch: Watch, known: Known, isOrdered: boolean): Violation[] {
  const violations: Violation[] = [];
  const held = new Held(watch, isOrdered);
  let resumed = 0;
  for (const told of watch.told) {
    // What has ended meanwhile is not known.
    for (; (watch.resumed[resumed]?.atMs ?? Infinity) <= told.atMs; resumed++) held.forget();
    const { token, what } = told;
    if (what !== 'acquired') {
      if (!held.end(told)) violations.push(violation(watch, `${token} ended twice`, [told]));
      continue;
    }
    if (!held.isNewer(told)) violations.push(violation(watch, `${token} was not the newest`, [told]));
    const together = held.add(told);
    if (fit(together.map((one) => shareOf(one, known)))) continue;
    const tokens = together.map((one) => one.token).join(' and ');
    violations.push({ ...violation(watch, `${tokens} were held at once`, together), rule: 'together' });
  }
  return violations;
}

function shareOf({ token, mode, want }: Told, { leases }: Known): Share {
  const lease = leases.get(token)?.[0];
  if (lease !== undefined) return lease.requested;
  // How many permits there are is not told.
  return { want, limit: mode === 'exclusive' ? 1 : null };
}

/** Whether it can be, by all that those concerned have noted. */
function checkTold(told: Told, watch: Watch, known: Known, run: Reading): Violation[] {
  const { token, owner, what, reason, atMs } = told;
  const leases = known.leases.get(token) ?? [];
  const wrong: string[] = [];
  // A grant that nobody was told of: of one who was killed, or cut off.
  const candidates =
    leases.length > 0 ? leases.flatMap((lease) => [lease, ...lease.adoptions]) : known.requests;
  const isOwned = candidates.some(({ process, requested }) => process === owner && requested.atMs <= atMs);
  if (!isOwned) wrong.push(`is not of ${owner}`);
  const [lease] = leases;
  if (lease !== undefined && !isOfKind(told, lease)) wrong.push(`is not ${told.want} of a ${told.mode} lock`);
  if (what === 'lost' && (reason !== 'stolen' || !mayBeStolen(told, leases, known, run)))
    wrong.push(`was lost by nobody's doing: ${reason}`);
  const keeper = leases.find((one) => isReleasedFor(one, what, run));
  if (keeper !== undefined) wrong.push(`had ended otherwise when ${keeper.id} released it`);
  const shown = [told, ...leases.flatMap(recordsOf)];
  return wrong.map((why) => violation(watch, `${what} was told of ${token}, which ${why}`, shown));
}

function isOfKind({ mode, want }: Told, { requested }: Granted): boolean {
  const { limit } = requested;
  const kind = limit === 1 ? 'exclusive' : limit === null ? 'shared' : 'semaphore';
  return mode === kind && want === requested.want;
}

function mayBeStolen({ atMs, owner }: Told, leases: readonly Granted[], known: Known, run: Reading): boolean {
  if (leases.length > 0) return leases.some((lease) => stolenFromMs(lease, run) <= atMs);
  // By way of another name that went with it: its owner never knew of the grant.
  const names = known.requests.filter(({ process }) => process === owner).flatMap((request) => request.names);
  const thieves = [...known.thieves, ...names.flatMap((name) => run.thieves.get(name) ?? [])];
  return thieves.some(({ requested }) => requested.atMs <= atMs);
}

/** Whether its release was confirmed, and the server has not lost that. */
function isReleasedFor(lease: Granted, what: Told['what'], run: Reading): boolean {
  const { released, requested } = lease;
  if (released?.result !== true || (what !== 'expired' && what !== 'lost')) return false;
  // Its process kept it, or may have.
  if (lingers(lease)) return false;
  // What is kept beyond its release can be stolen.
  if (what === 'lost' && requested.minHoldMs > 0) return false;
  return !wasInLoss(released.atMs, lease, run);
}

interface Due {
  readonly lease: Granted;
  readonly what: 'was granted' | 'ended';
  readonly byMs: number;
}

/** What the watch had to tell: of leases that came and went undisturbed while it was there. */
function dueOf(watch: Watch, { leases }: Known, run: Reading): Due[] {
  return [...leases.values()].flatMap(([lease]) => {
    if (lease === undefined || lease.origin !== undefined) return [];
    const { requested, granted } = lease;
    const due: Due[] = [];
    const toldMs = granted.atMs + GRANT_TOLD_MS;
    if (!isCovered(watch, { fromMs: requested.atMs, toMs: toldMs }, run)) return [];
    due.push({ lease, what: 'was granted', byMs: toldMs });
    const endMs = endOf(lease);
    const byMs = (endMs ?? 0) + END_TOLD_MS;
    const span = { fromMs: requested.atMs, toMs: byMs };
    if (endMs !== undefined && isCovered(watch, span, run) && !isDisturbed(lease.process, span, run))
      due.push({ lease, what: 'ended', byMs });
    return due;
  });
}

/** When it was over for its holder; `undefined` if another went on with it, or nothing is known. */
function endOf(lease: Granted): number | undefined {
  const { granted, requested, released, aborted, handedOn } = lease;
  if (handedOn !== undefined || lingers(lease)) return undefined;
  if (released?.result === true) return Math.max(released.atMs, granted.atMs + requested.minHoldMs);
  return aborted === undefined ? undefined : Math.max(aborted.atMs, deadlineMs(lease));
}

function isCovered(watch: Watch, span: Span, run: Reading): boolean {
  const endMs = Math.min(watch.closed?.atMs ?? run.endMs, run.deaths.get(watch.process) ?? Infinity);
  if (span.fromMs <= watch.watching.atMs || span.toMs >= endMs) return false;
  const isResumed = watch.resumed.some(
    ({ atMs }) => atMs >= span.fromMs - END_TOLD_MS && atMs <= span.toMs + END_TOLD_MS,
  );
  return !isResumed && !isDisturbed(watch.process, span, run);
}

function isTold({ lease, what, byMs }: Due, { told }: Watch): boolean {
  return told.some(
    (one) =>
      one.token === lease.granted.token &&
      (one.what === 'acquired') === (what === 'was granted') &&
      one.atMs <= byMs,
  );
}

function violation({ name, id, watching }: Watch, what: string, records: Violation['records']): Violation {
  return { rule: 'watch', what: `"${name}": ${id}: ${what}`, records: [watching, ...records] };
}
