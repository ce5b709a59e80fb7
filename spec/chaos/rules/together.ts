import { allFit } from '../fit.js';
import { liveUntilMs, mayBeForgotten, provenMs } from '../lease-span.js';
import { groupByName, labelOf, recordsOf, wasGranted, type Granted, type Reading } from '../reading.js';
import { thiefOf } from '../theft.js';
import type { Violation } from '../violation.js';

/** Renewals are noted with a time to go that is rounded. */
const ROUNDED_MS = 5;

interface Live {
  readonly lease: Granted;
  readonly untilMs: number;
}

/**
 * All leases of a name that live when another is granted fit together with it. The order is that of the tokens, which
 * is the server's. What a holder has been told counts as true until the server may have forgotten it.
 */
export function checkTogether(run: Reading): Violation[] {
  return [
    ...[...groupByName(run.grants)].flatMap(([name, leases]) => checkName(name, leases, run)),
    ...run.grants.flatMap((lease) => checkTheft(lease, run)),
    ...run.grants.flatMap((lease) => checkAdoptions(lease, run)),
    ...run.grants.flatMap(checkRevivals),
  ];
}

/** A victim's lease is not renewed, nor confirmed, once the thief has the lock. */
function checkTheft(lease: Granted, run: Reading): Violation[] {
  const thief = thiefOf(lease, run);
  if (thief === undefined || mayBeForgotten(thief, run)) return [];
  const lateMs = provenMs(lease) - thief.granted.atMs;
  if (lateMs <= ROUNDED_MS) return [];
  const what = `${labelOf(lease)}: ${lease.id} was held ${lateMs.toFixed(1)} ms after ${thief.id} had stolen it`;
  return [{ rule: 'together', what, records: [...recordsOf(lease), ...recordsOf(thief)] }];
}

/** One goes on with a lease that was handed on, and no second. */
function checkAdoptions(lease: Granted, run: Reading): Violation[] {
  const adopted = lease.adoptions.filter(wasGranted);
  const lasting = adopted.filter((adoption) => !mayBeForgotten(adoption, run));
  if (adopted.length <= 1 || lasting.length === 0) return [];
  const what = `${labelOf(lease)}: the lease of ${lease.id} was adopted ${adopted.length} times`;
  return [{ rule: 'together', what, records: [lease, ...adopted].flatMap(recordsOf) }];
}

/** Nobody goes on with a lease that was over before it was asked for. */
function checkRevivals(lease: Granted): Violation[] {
  const { handedOn, adoptions, requested } = lease;
  if (handedOn?.result !== true) return [];
  const endMs = handedOn.atMs + requested.ttlMs;
  return adoptions.filter(wasGranted).flatMap((adoption) => {
    const lateMs = adoption.requested.atMs - endMs;
    if (lateMs <= ROUNDED_MS) return [];
    const what = `${labelOf(lease)}: the lease of ${lease.id} was adopted by ${adoption.id} ${lateMs.toFixed(1)} ms after its end`;
    return [
      { rule: 'together', what, records: [...recordsOf(lease), ...recordsOf(adoption)] } satisfies Violation,
    ];
  });
}

function checkName(name: string, leases: readonly Granted[], run: Reading): Violation[] {
  const violations: Violation[] = [];
  const ordered = [...leases].sort((a, b) => a.granted.token - b.granted.token);
  const nextMs = earliestFrom(ordered);
  let live: Live[] = [];
  ordered.forEach((lease, i) => {
    // Granted before it by their tokens, and not over when it was told: they were there when it was granted.
    const beside = eachOnce(live.filter(({ untilMs }) => untilMs > lease.granted.atMs));
    if (!allFit([...beside.map((one) => one.lease), lease])) violations.push(violation(name, beside, lease));
    live.push({ lease, untilMs: liveUntilMs(lease, run) });
    live = live.filter(({ untilMs }) => untilMs > (nextMs[i + 1] ?? Infinity));
  });
  return violations;
}

/** A lease that was handed on and adopted keeps its token: it is one lease, whoever has it. */
function eachOnce(live: readonly Live[]): Live[] {
  return [...new Map(live.map((one) => [one.lease.granted.token, one])).values()];
}

/** By place: the earliest that this one or any after it was told of its grant. */
function earliestFrom(leases: readonly Granted[]): number[] {
  const earliest: number[] = [];
  for (let i = leases.length - 1; i >= 0; i--) {
    earliest[i] = Math.min(leases[i]?.granted.atMs ?? Infinity, earliest[i + 1] ?? Infinity);
  }
  return earliest;
}

function violation(name: string, beside: readonly Live[], lease: Granted): Violation {
  const others = beside
    .map(
      ({ lease: { id }, untilMs }) =>
        `${id} (which could end ${(untilMs - lease.granted.atMs).toFixed(1)} ms later)`,
    )
    .join(', ');
  const what = `"${name}": ${lease.id} was granted beside ${others}`;
  return { rule: 'together', what, records: [...beside.map((one) => one.lease), lease].flatMap(recordsOf) };
}
