import type { LockError, LostReason } from './errors.js';

/** What a lock tells. Every event is told after the state has changed: a listener sees what is true now. */
export interface LockEvents {
  /** The lock was not free: the request is in the queue. */
  waiting: [event: WaitingEvent];
  acquired: [event: AcquiredEvent];
  /** The lease was renewed, by itself or by `extend`. */
  extended: [event: ExtendedEvent];
  released: [event: HolderEvent];
  /** The lease ran out: `lost` with the reason `expired` follows. */
  expired: [event: HolderEvent];
  /** The lease ended without being released; its signal has been aborted. */
  lost: [event: LostEvent];
  /** The lease was serialized: another process may go on with it. */
  handedOn: [event: HolderEvent];
  /** Somebody asks the holder to release, or its manager drains; nothing happens unless it does. */
  releaseRequested: [event: ReleaseRequestedEvent];
  /** Something failed that has no caller to reject to: a renewal, a release after `runExclusive`, a listener. */
  error: [event: ErrorEvent];
}

/** What a manager tells: the events of all its locks, and of its connection. */
export interface LockManagerEvents extends LockEvents {
  connected: [];
  disconnected: [event: DisconnectedEvent];
  /**
   * A further try to connect begins in `delayMs`. Tries go on while a call, a wait, a lease or a watch needs the
   * connection.
   */
  reconnecting: [event: ReconnectingEvent];
}

/** What every event about a lock says. */
export interface LockEvent {
  /** The lock's name; of several, the first. */
  readonly name: string;
  readonly names: readonly string[];
}

export interface WaitingEvent extends LockEvent {
  /** Requests ahead, holder included: 1 is next. */
  readonly position: number;
}

export interface HolderEvent extends LockEvent {
  readonly fencingToken: number;
}

export interface AcquiredEvent extends HolderEvent {
  /** From the call to the grant, in milliseconds. */
  readonly waitedMs: number;
}

export interface ExtendedEvent extends HolderEvent {
  readonly expiresAt: Date;
}

export interface LostEvent extends HolderEvent {
  readonly reason: LostReason;
}

export interface ReleaseRequestedEvent extends HolderEvent {
  /** The label of who asks. */
  readonly by: string;
}

/** Something failed that has no caller to reject to. */
export interface ErrorEvent {
  /** The lock it concerns, if it concerns one. */
  readonly name?: string | undefined;
  readonly error: unknown;
}

/** When the next try to connect begins, and why there has to be one. */
export interface ReconnectingEvent {
  /** 1 for the first try after a loss. */
  readonly attempt: number;
  readonly delayMs: number;
  /** How the connection was lost, or why the last try has failed. */
  readonly reason: LockError;
}

/** How the connection was lost. */
export interface DisconnectedEvent {
  readonly reason: LockError;
}
