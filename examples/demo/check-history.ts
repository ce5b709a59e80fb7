import type { HistoryRecord } from './history.js';

/** One grant, for as long as somebody relied on it. */
export interface Hold {
  readonly process: string;
  readonly fencingToken: number;
  readonly startMs: number;
  readonly endMs: number;
  /** `unfinished`: its process noted no end, most likely because it was killed. */
  readonly end: 'released' | 'lost' | 'unfinished';
}

export type Fault =
  | { readonly kind: 'overlap'; readonly first: Hold; readonly second: Hold }
  /** Somebody replaced another value than the one that was read, and undid what lay between. */
  | { readonly kind: 'lost-update'; readonly by: string; readonly what: string }
  /** A later grant without a greater fencing token: whoever checks tokens could not tell the two apart. */
  | { readonly kind: 'token-order'; readonly first: Hold; readonly second: Hold }
  | { readonly kind: 'unguarded-write'; readonly by: string; readonly atMs: number };

export interface Verdict {
  readonly holds: readonly Hold[];
  readonly faults: readonly Fault[];
  /** How many of the updates that were written are missing from what the file holds in the end. */
  readonly lostUpdates: number;
}

/** What the shared file held before the first process ran, and after the last had ended. */
export interface Counter {
  readonly initial: number;
  readonly final: number;
}

/** Finds every breach of mutual exclusion in what the processes noted. */
export function checkHistory(history: readonly HistoryRecord[], counter: Counter): Verdict {
  const ordered = [...history].sort((a, b) => a.atMs - b.atMs);
  const { holds, unguarded } = readHolds(ordered);
  const stale = staleWrites(ordered, counter);
  return {
    holds,
    faults: [...overlaps(holds), ...stale, ...tokenFaults(holds), ...unguarded],
    lostUpdates: stale.length === 0 ? 0 : missingUpdates(ordered, counter),
  };
}

/** The closing line. */
export function summary({ holds, faults, lostUpdates }: Verdict): string {
  const overlapCount = faults.filter(({ kind }) => kind === 'overlap').length;
  return `grants=${holds.length} overlaps=${overlapCount} lost-updates=${lostUpdates}`;
}

/** A fault for people; `originMs` is where their time starts. */
export function describeFault(fault: Fault, originMs: number): string {
  const at = (ms: number): string => `${((ms - originMs) / 1000).toFixed(3)} s`;
  const span = (hold: Hold): string => `${hold.process} (${at(hold.startMs)} to ${at(hold.endMs)})`;
  switch (fault.kind) {
    case 'overlap':
      return `overlap: ${span(fault.first)} and ${span(fault.second)} held the lock at once`;
    case 'lost-update':
      return `lost update: ${fault.by} ${fault.what}`;
    case 'token-order': {
      const { first, second } = fault;
      return `fencing token ${second.fencingToken} of ${span(second)} is not above ${first.fencingToken} of ${span(first)}`;
    }
    case 'unguarded-write':
      return `unguarded write: ${fault.by} wrote at ${at(fault.atMs)} without holding the lock`;
  }
}

interface OpenHold extends Hold {
  endMs: number;
  end: Hold['end'];
}

/**
 * A hold starts when its process knows of the grant. It ends where that process stopped relying on it, before its
 * release or when it learned of the loss. Where no end was noted, the server owed the lock to that process until its
 * lease's end, dead or not. So the hold lasts to the last deadline that was known; the server's own is never earlier.
 * If something was done under it later, it lasts until then.
 */
function readHolds(ordered: readonly HistoryRecord[]): { holds: Hold[]; unguarded: Fault[] } {
  const holds: Hold[] = [];
  const unguarded: Fault[] = [];
  const open = new Map<string, OpenHold>();
  const close = (record: HistoryRecord, end: Hold['end']): void => {
    const hold = open.get(record.process);
    if (hold !== undefined) Object.assign(hold, { endMs: record.atMs, end });
    open.delete(record.process);
  };
  for (const record of ordered) {
    const { process, atMs } = record;
    const hold = open.get(process);
    switch (record.event) {
      case 'acquired': {
        const { fencingToken, deadlineMs } = record;
        const begun: OpenHold = {
          process,
          fencingToken,
          startMs: atMs,
          endMs: deadlineMs,
          end: 'unfinished',
        };
        holds.push(begun);
        open.set(process, begun);
        break;
      }
      case 'extended':
        if (hold !== undefined) hold.endMs = record.deadlineMs;
        break;
      case 'read':
      case 'wrote':
        if (hold !== undefined) hold.endMs = Math.max(hold.endMs, atMs);
        else if (record.event === 'wrote') unguarded.push({ kind: 'unguarded-write', by: process, atMs });
        break;
      case 'releasing':
        close(record, 'released');
        break;
      case 'lost':
        close(record, 'lost');
        break;
      case 'started':
      case 'requested':
      case 'killed':
        break;
    }
  }
  return { holds, unguarded };
}

function overlaps(holds: readonly Hold[]): Fault[] {
  // In order of their start: once one starts after the end of the first, so do all that follow.
  return holds.flatMap((first, i) => {
    const next = holds.slice(i + 1);
    const clear = next.findIndex((second) => second.startMs >= first.endMs);
    return next
      .slice(0, clear === -1 ? undefined : clear)
      .map((second): Fault => ({ kind: 'overlap', first, second }));
  });
}

function tokenFaults(holds: readonly Hold[]): Fault[] {
  const faults: Fault[] = [];
  let greatest: Hold | undefined;
  for (const hold of holds) {
    if (greatest !== undefined && !(hold.fencingToken > greatest.fencingToken))
      faults.push({ kind: 'token-order', first: greatest, second: hold });
    else greatest = hold;
  }
  return faults;
}

/**
 * Each update has to start from what the one before it left. The file has to end with the last. Whoever started from
 * another value has undone the updates in between.
 */
function staleWrites(ordered: readonly HistoryRecord[], { initial, final }: Counter): Fault[] {
  const faults: Fault[] = [];
  let current = initial;
  for (const record of ordered) {
    if (record.event !== 'wrote') continue;
    if (record.read !== current) {
      const what = `wrote ${record.value} having read ${record.read} when the counter was ${current}`;
      faults.push({ kind: 'lost-update', by: record.process, what });
    }
    current = record.value;
  }
  if (final !== current) {
    faults.push({ kind: 'lost-update', by: 'the file', what: `holds ${final} in the end, not ${current}` });
  }
  return faults;
}

/**
 * What survives of the updates is what the counter has grown by. That is not the sum of what each stale write undid, as
 * a later one may bring that back. Never 0: this is asked only when an update was undone.
 */
function missingUpdates(ordered: readonly HistoryRecord[], { initial, final }: Counter): number {
  const written = ordered.filter(({ event }) => event === 'wrote').length;
  // A file that holds no number has lost them all.
  const survived = Number.isInteger(final) ? final - initial : 0;
  return Math.max(1, written - survived);
}
