import { SHARED_LIMIT } from './schema/constants.js';
import type { QueuePage } from './schema/lock-procedures.js';
import type { QueueEntry } from './schema/queue-entry.js';

/** Who holds or waits for a name: what the server tells to anybody who may use the locks. */
export interface LockInfo {
  readonly name: string;
  readonly mode: 'exclusive' | 'shared' | 'semaphore';
  /** How many permits of a semaphore it holds or wants; otherwise 1. */
  readonly count: number;
  /** How many there are, by this request; otherwise 1. */
  readonly permits: number;
  /** The label of who asked. */
  readonly owner: string;
  /** When it was granted, or came into the queue, by the server's clock. */
  readonly since: Date;
}

export interface HeldInfo extends LockInfo {
  readonly fencingToken: number;
  /** Milliseconds until the lease ends unless it is renewed. */
  readonly remaining: number;
  /** Its process may keep it between uses (`linger`): perhaps nobody works under it now. */
  readonly lingers: boolean;
}

export interface PendingInfo extends LockInfo {
  /** Requests ahead for this name, holders included. One for several names may have none here, and wait elsewhere. */
  readonly position: number;
}

/** The locks of a moment, in the order of the queues. */
export interface LockSnapshot {
  readonly held: readonly HeldInfo[];
  readonly pending: readonly PendingInfo[];
  /** Go on with `query({ after: next })`; `undefined` when these were the last. */
  readonly next?: string | undefined;
}

export function lockSnapshot({ entries, next }: QueuePage): LockSnapshot {
  return {
    held: entries
      .filter(({ isHeld }) => isHeld)
      .map((entry) => ({
        ...infoOf(entry),
        fencingToken: entry.token,
        remaining: Math.max(0, entry.leftMs),
        lingers: entry.lingers,
      })),
    pending: entries
      .filter(({ isHeld }) => !isHeld)
      .map((entry) => ({ ...infoOf(entry), position: entry.ahead })),
    next,
  };
}

function infoOf({ want, sinceMs, ...entry }: QueueEntry): LockInfo {
  return { ...requestInfo({ ...entry, units: want }), since: new Date(sinceMs) };
}

/** What a request is for, in the words of its caller. @param request as it is stated to the server */
export function requestInfo({ name, units, limit, owner }: StatedRequest): Omit<LockInfo, 'since'> {
  const mode = modeOf(limit);
  const isSemaphore = mode === 'semaphore';
  return { name, mode, count: isSemaphore ? units : 1, permits: isSemaphore ? limit : 1, owner };
}

interface StatedRequest {
  readonly name: string;
  readonly units: number;
  readonly limit: number;
  readonly owner: string;
}

/** @param limit as a request states it */
export function modeOf(limit: number): LockInfo['mode'] {
  if (limit === 1) return 'exclusive';
  return limit === SHARED_LIMIT ? 'shared' : 'semaphore';
}
