import { allFit } from '../fit.js';
import { HARNESS } from '../history.js';
import { deadlineMs } from '../lease-span.js';
import {
  concerns,
  groupByName,
  labelOf,
  recordsOf,
  wasGranted,
  type Granted,
  type Reading,
  type Request,
  type Span,
} from '../reading.js';
import { longestWithout } from '../spans.js';
import type { Violation } from '../violation.js';

/**
 * Nothing is in the way of a request for longer than it takes to find out that several are dead. Those who had the lock
 * granted unseen take 3 s of ttl, those who were next 2 s each, and the sweeper a second.
 */
const PATIENCE: Patience = { idleMs: 10_000, aftermathMs: 5_000 };

/** How long a request may be left waiting that nobody is in the way of. */
export interface Patience {
  readonly idleMs: number;
  /** How long a fault is felt. */
  readonly aftermathMs: number;
}

/** By name. */
interface Traffic {
  readonly grants: ReadonlyMap<string, readonly Granted[]>;
  readonly waiting: ReadonlyMap<string, readonly Request[]>;
}

/** Nobody waits for long whom nobody is in the way of: no holder of its names, and no request that came before it. */
export function checkIdle(run: Reading, patience = PATIENCE): Violation[] {
  const { idleMs: mostMs, aftermathMs } = patience;
  const waiting = run.requests.filter((request) => request.waiting !== undefined);
  const traffic = { grants: groupByName(run.grants), waiting: groupByName(waiting) };
  return waiting.flatMap((request) => {
    const wait = waitOf(request, run);
    if (wait.toMs - wait.fromMs <= mostMs) return [];
    const obstacles = [
      ...troublesOf(request, aftermathMs, run),
      ...holdersInTheWay(request, wait, traffic, run),
      ...requestsBefore(request, wait, traffic, run),
      ...leasesUnseen(request, run),
    ];
    const idleMs = longestWithout(wait, obstacles);
    if (idleMs <= mostMs) return [];
    const what = `${labelOf(request)}: nothing was in the way of ${request.id} for ${Math.round(idleMs)} ms`;
    return [{ rule: 'wake-up', what, records: recordsOf(request) } satisfies Violation];
  });
}

function waitOf({ process, waiting, granted, rejected }: Request, run: Reading): Span {
  const endMs = run.deaths.get(process) ?? run.endMs;
  return { fromMs: waiting?.atMs ?? endMs, toMs: granted?.atMs ?? rejected?.atMs ?? endMs };
}

/** When its process did not run, or something was wrong with the service. */
function troublesOf({ process }: Request, aftermathMs: number, run: Reading): Span[] {
  return [
    ...run.faults.filter((fault) => fault.kind !== 'step-clock' && concerns(fault, process)),
    ...[process, HARNESS].flatMap((paused) => run.pauses.get(paused) ?? []),
  ].map(({ fromMs, toMs }) => ({ fromMs, toMs: toMs + aftermathMs }));
}

/** When what others held of one of its names, for all we know, left no room for it. */
function holdersInTheWay(request: Request, wait: Span, { grants }: Traffic, run: Reading): Span[] {
  return request.names.flatMap((name) => {
    const held = (grants.get(name) ?? [])
      .filter((lease) => lease !== request)
      .map((lease) => ({
        lease,
        fromMs: lease.granted.atMs,
        toMs: inTheWayUntilMs(lease, run),
      }))
      .filter(({ fromMs, toMs }) => fromMs < wait.toMs && toMs > wait.fromMs);
    const changesMs = held.flatMap(({ fromMs, toMs }) => [fromMs, toMs]).sort((a, b) => a - b);
    return changesMs.flatMap((fromMs, i): Span[] => {
      const toMs = changesMs[i + 1] ?? fromMs;
      const there = held.filter((span) => span.fromMs <= fromMs && span.toMs > fromMs);
      return allFit([...there.map(({ lease }) => lease), request]) ? [] : [{ fromMs, toMs }];
    });
  });
}

function inTheWayUntilMs(lease: Granted, { deaths }: Reading): number {
  const { requested, granted, released, handingOn, handedOn } = lease;
  const adopted = lease.adoptions.find(wasGranted);
  if (adopted !== undefined) return adopted.granted.atMs;
  if (handedOn?.result === true) return (handingOn?.atMs ?? handedOn.atMs) + requested.ttlMs;
  const keptMs = released?.result === true ? granted.atMs + requested.minHoldMs : 0;
  // Who died before it heard that its grant was acknowledged knew of less than its ttl.
  const unheardMs = deaths.has(lease.process) ? granted.atMs + requested.ttlMs : 0;
  return Math.max(released?.atMs ?? Math.max(deadlineMs(lease), unheardMs), keptMs);
}

/** A process that died before it had an answer may have been granted what it asked for. */
function leasesUnseen(request: Request, { requests, deaths }: Reading): Span[] {
  return requests
    .filter(({ names, waiting, granted, rejected }) => {
      const isAnswered = (waiting ?? granted ?? rejected) !== undefined;
      return !isAnswered && names.some((name) => request.names.includes(name));
    })
    .flatMap(({ process, requested }) => {
      const diedMs = deaths.get(process);
      return diedMs === undefined ? [] : [{ fromMs: requested.atMs, toMs: diedMs + requested.ttlMs }];
    });
}

/**
 * When one that may have come before it waited for one of its names: perhaps for another of its own that was not free.
 * Which of two came first is not known before the answer to one of them.
 */
function requestsBefore(request: Request, wait: Span, { waiting }: Traffic, run: Reading): Span[] {
  return request.names.flatMap((name) =>
    (waiting.get(name) ?? [])
      .filter((other) => other !== request && other.requested.atMs < (request.waiting?.atMs ?? Infinity))
      .map((other) => waitOf(other, run))
      .filter(({ fromMs, toMs }) => fromMs < wait.toMs && toMs > wait.fromMs),
  );
}
