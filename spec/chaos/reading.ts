import { GLOBAL_FAULTS, type FaultKind } from './fault-kinds.js';
import type { EventName, HistoryRecord, RecordOf } from './history.js';

/** From, to, on the clock of the history. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Fault extends Span {
  readonly kind: FaultKind;
  readonly target: string | undefined;
  readonly detail: string | undefined;
  /** What the server took in since then may be forgotten; `undefined` when it loses nothing. */
  readonly lostSinceMs: number | undefined;
  readonly record: HistoryRecord;
}

/** One acquire with all that came of it. */
export interface Request {
  readonly id: string;
  readonly process: string;
  readonly names: readonly string[];
  readonly requested: RecordOf<'requested'>;
  waiting?: RecordOf<'waiting'>;
  rejected?: RecordOf<'rejected'>;
  granted?: RecordOf<'granted'>;
  readonly renewed: RecordOf<'renewed'>[];
  entered?: RecordOf<'section-entered'>;
  left?: RecordOf<'section-left'>;
  aborted?: RecordOf<'signal-aborted'>;
  handingOn?: RecordOf<'handing-on'>;
  handedOn?: RecordOf<'handed-on'>;
  releasing?: RecordOf<'releasing'>;
  released?: RecordOf<'released'>;
  /** The request whose lease this one goes on with. */
  readonly origin: Request | undefined;
  /** Those that tried to go on with it when it was handed on. */
  readonly adoptions: Request[];
}

/** One watch of a name, from when it was live. */
export interface Watch {
  readonly id: string;
  readonly process: string;
  readonly name: string;
  readonly watching: RecordOf<'watching'>;
  readonly told: RecordOf<'told'>[];
  readonly resumed: RecordOf<'watch-resumed'>[];
  closed?: RecordOf<'watch-closed'>;
}

export type Granted = Request & { readonly granted: RecordOf<'granted'> };

export function wasGranted(request: Request | undefined): request is Granted {
  return request?.granted !== undefined;
}

/** Whether its process may keep the lease after the release: its release says nothing of the server. */
export function lingers({ requested }: Request): boolean {
  return (requested.lingerMs ?? 0) > 0;
}

/** A history, put together by what it is about. */
export interface Reading {
  readonly records: readonly HistoryRecord[];
  readonly requests: readonly Request[];
  readonly grants: readonly Granted[];
  /** By name: the requests that steal it. */
  readonly thieves: ReadonlyMap<string, readonly Request[]>;
  readonly watches: readonly Watch[];
  readonly faults: readonly Fault[];
  /** By process: when it did not run, by its own watch or because it was stopped. */
  readonly pauses: ReadonlyMap<string, readonly Span[]>;
  /** When a process was killed, or ended. */
  readonly deaths: ReadonlyMap<string, number>;
  readonly nodes: number;
  /** From when on the nodes may have stored different things; Infinity: never. */
  readonly differMs: number;
  readonly faultsOverMs: number;
  readonly endMs: number;
}

/** @param all in the order of time; what was noted after the nodes began to differ is left out */
export function readRun(all: readonly HistoryRecord[]): Reading {
  const differMs = Math.min(...eventsNamed(all, 'nodes-differ').map(({ sinceMs }) => sinceMs));
  const records = differMs === Infinity ? all : all.filter(({ atMs }) => atMs <= differMs);
  const requests = readRequests(records);
  const faults = readFaults(records);
  return {
    records,
    requests,
    grants: requests.filter(wasGranted),
    thieves: groupByName(requests.filter(({ requested }) => requested.isSteal)),
    watches: readWatches(records),
    faults,
    pauses: readPauses(records, faults),
    deaths: readDeaths(records, faults, differMs),
    nodes: eventsNamed(records, 'served-by')[0]?.nodes ?? 1,
    differMs,
    faultsOverMs: records.find(({ event }) => event === 'faults-over')?.atMs ?? Infinity,
    endMs: records.at(-1)?.atMs ?? 0,
  };
}

export function eventsNamed<Name extends EventName>(
  records: readonly HistoryRecord[],
  name: Name,
): RecordOf<Name>[] {
  return records.filter((record): record is RecordOf<Name> => record.event === name);
}

/** Everything noted of a request. */
export function recordsOf(request: Request): HistoryRecord[] {
  const { requested, waiting, rejected, granted, renewed, entered, left, aborted, ...end } = request;
  const { handingOn, handedOn, releasing, released } = end;
  const of = [requested, waiting, granted, ...renewed, entered, left, aborted, handingOn, handedOn];
  return [...of, releasing, released, rejected]
    .filter((record) => record !== undefined)
    .sort((a, b) => a.atMs - b.atMs);
}

export function groupBy<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}

/** By name, for each of its names. */
export function groupByName<Item extends Request>(requests: readonly Item[]): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const request of requests) {
    for (const name of request.names) {
      const group = groups.get(name);
      if (group === undefined) groups.set(name, [request]);
      else group.push(request);
    }
  }
  return groups;
}

/** What it is for, for people. */
export function labelOf({ names }: Request): string {
  return names.map((name) => `"${name}"`).join(' + ');
}

/** Until a node that does not answer any more is known to have crashed. */
const CRASH_SEEN_MS = 12_000;

/** The earliest that it can have had an effect: before it was noticed, if it came by itself. */
export function earliestMs({ kind, fromMs }: Fault): number {
  return kind === 'node-crashed' ? fromMs - CRASH_SEEN_MS : fromMs;
}

/** Whether it concerns this process: done to it, or to all. */
export function concerns({ target, kind }: Fault, process: string): boolean {
  return target === process || GLOBAL_FAULTS.has(kind);
}

function readRequests(records: readonly HistoryRecord[]): Request[] {
  const requests = new Map<string, Request>();
  for (const record of records) {
    if (record.event === 'requested') {
      const { request: id, process, names, adopts } = record;
      const origin = adopts === null ? undefined : requests.get(adopts);
      const request = { id, process, names, requested: record, renewed: [], origin, adoptions: [] };
      origin?.adoptions.push(request);
      requests.set(id, request);
    } else if ('request' in record) {
      const request = requests.get(record.request);
      if (request === undefined) throw new Error(`${record.event} of an unknown request ${record.request}`);
      add(request, record);
    }
  }
  return [...requests.values()];
}

type OfRequest = Exclude<Extract<HistoryRecord, { readonly request: string }>, { event: 'requested' }>;

function add(request: Request, record: OfRequest): void {
  switch (record.event) {
    case 'renewed':
      request.renewed.push(record);
      return;
    case 'waiting':
      // Told again when it has to go to the end of the queue: the place it was first told of counts.
      request.waiting ??= record;
      return;
    case 'rejected':
      request.rejected = record;
      return;
    case 'granted':
      request.granted = record;
      return;
    case 'section-entered':
      request.entered = record;
      return;
    case 'section-left':
      request.left = record;
      return;
    case 'signal-aborted':
      request.aborted = record;
      return;
    case 'handing-on':
      request.handingOn = record;
      return;
    case 'handed-on':
      request.handedOn = record;
      return;
    case 'releasing':
      request.releasing = record;
      return;
    case 'released':
      request.released = record;
      return;
  }
}

function readWatches(records: readonly HistoryRecord[]): Watch[] {
  const watches = new Map<string, Watch>();
  for (const record of records) {
    if (!('watch' in record)) continue;
    const { watch: id, process } = record;
    if (record.event === 'watching')
      watches.set(id, { id, process, name: record.name, watching: record, told: [], resumed: [] });
    const watch = watches.get(id);
    if (record.event === 'told') watch?.told.push(record);
    if (record.event === 'watch-resumed') watch?.resumed.push(record);
    if (record.event === 'watch-closed' && watch !== undefined) watch.closed = record;
  }
  return [...watches.values()];
}

function readFaults(records: readonly HistoryRecord[]): Fault[] {
  const ends = new Map(eventsNamed(records, 'fault-ended').map(({ fault, atMs }) => [fault, atMs]));
  return eventsNamed(records, 'fault-began').map((record) => ({
    kind: record.kind,
    target: record.target,
    detail: record.detail,
    lostSinceMs: record.lostSinceMs,
    fromMs: record.atMs,
    toMs: ends.get(record.fault) ?? Infinity,
    record,
  }));
}

function readPauses(records: readonly HistoryRecord[], faults: readonly Fault[]): Map<string, Span[]> {
  const pauses = new Map<string, Span[]>();
  const note = (process: string, { fromMs, toMs }: Span): void => {
    const spans = pauses.get(process);
    if (spans === undefined) pauses.set(process, [{ fromMs, toMs }]);
    else spans.push({ fromMs, toMs });
  };
  for (const { process, fromMs, toMs } of eventsNamed(records, 'stalled')) note(process, { fromMs, toMs });
  for (const fault of faults) {
    if (fault.target !== undefined && fault.kind.startsWith('stop-')) note(fault.target, fault);
  }
  for (const spans of pauses.values()) spans.sort((a, b) => a.fromMs - b.fromMs);
  return pauses;
}

/** Where the nodes began to differ the history ends for everybody, as a death ends it. */
function readDeaths(
  records: readonly HistoryRecord[],
  faults: readonly Fault[],
  differMs: number,
): Map<string, number> {
  const deaths = new Map<string, number>();
  const note = (process: string, atMs: number): void => {
    deaths.set(process, Math.min(deaths.get(process) ?? Infinity, atMs));
  };
  for (const { target, kind, fromMs } of faults) {
    if (target !== undefined && kind.startsWith('kill-')) note(target, fromMs);
  }
  for (const { target, atMs } of eventsNamed(records, 'exited')) note(target, atMs);
  if (differMs < Infinity) for (const { process } of eventsNamed(records, 'started')) note(process, differMs);
  return deaths;
}
