import type { ExtendedEvent, LostEvent, ReconnectingEvent, WaitingEvent } from '../events.js';
import type { LockInfo } from '../lock-info.js';

/** Which manager a message is about: the same object in all messages of one manager. */
export interface ManagerInfo {
  /** The collection that holds its locks. */
  readonly collection: string;
  /** What its procedures begin with; usually empty. */
  readonly prefix: string;
  /** Its label for people. */
  readonly owner: string;
}

/** What every message about a lock says. */
export interface LockMessage {
  readonly manager: ManagerInfo;
  /** The lock's name; of several, the first. */
  readonly name: string;
  readonly names: readonly string[];
}

/**
 * One call of `acquire`, `tryAcquire` or `adopt`: the same object in all messages about it. The fields fill as it goes on.
 * `asyncEnd` is published when it settles: then either `result` or `error` is set.
 */
export interface AcquireTrace extends LockMessage {
  readonly how: 'acquire' | 'try' | 'steal' | 'adopt';
  readonly mode: LockInfo['mode'];
  /** How many permits of a semaphore it wants; else 1. */
  readonly count: number;
  /** Requests ahead when it came into the queue, the holder included; `undefined` if it did not have to wait. */
  readonly position: number | undefined;
  /** From the grant on. */
  readonly fencingToken: number | undefined;
  /** From the call to its end, in milliseconds. */
  readonly waitedMs: number | undefined;
  /** `busy`: `tryAcquire` found the lock taken. */
  readonly result: 'acquired' | 'busy' | undefined;
  /** What the call rejects with. */
  readonly error: unknown;
}

/**
 * One lease, from its grant to its end: the same object in all messages about it. `asyncEnd` is published when the lease
 * has ended: then either `result` or `error` is set.
 */
export interface HoldTrace extends LockMessage {
  /** The call that got the lease. */
  readonly acquire: AcquireTrace;
  readonly fencingToken: number;
  /** How often the lease was renewed so far. */
  readonly renewals: number;
  /** From the grant to the end, in milliseconds. */
  readonly heldMs: number | undefined;
  readonly result: 'released' | 'handed-on' | undefined;
  /** A `LockLostError` if the lease was lost; what `release` rejects with, if no answer to it came. */
  readonly error: unknown;
}

/** One release of a lease. `asyncEnd` is published when it settles: then either `result` or `error` is set. */
export interface ReleaseTrace extends LockMessage {
  readonly hold: HoldTrace;
  /** Whether the lock was held until then. */
  readonly result: boolean | undefined;
  readonly error: unknown;
}

/** A request has come into the queue. */
export interface WaitingMessage extends WaitingEvent {
  readonly manager: ManagerInfo;
}

/** A lease has ended without a release. */
export interface LostMessage extends LostEvent {
  readonly manager: ManagerInfo;
}

/** A lease was renewed. */
export interface RenewalMessage extends ExtendedEvent {
  readonly manager: ManagerInfo;
}

/** A try to connect again begins soon. */
export interface ReconnectMessage extends ReconnectingEvent {
  readonly manager: ManagerInfo;
}

/** The tracing channels of `node:diagnostics_channel`, by their names. */
export interface LockTracingChannels {
  'thingsdb-lock:acquire': AcquireTrace;
  'thingsdb-lock:hold': HoldTrace;
  'thingsdb-lock:release': ReleaseTrace;
}

/** The plain channels of `node:diagnostics_channel`, by their names. */
export interface LockChannels {
  'thingsdb-lock:waiting': WaitingMessage;
  'thingsdb-lock:lost': LostMessage;
  'thingsdb-lock:renewal': RenewalMessage;
  'thingsdb-lock:reconnect': ReconnectMessage;
}
