/**
 * Every error this library throws: one class for each case that a caller treats differently, each with a stable
 * `code`. `instanceof` holds across two copies of the module (one in your bundle, one in a dependency's).
 */

const MARK = Symbol.for('thingsdb-lock.error');

/** The stable codes, one a class. */
export type LockErrorCode =
  | 'LOCK_TIMEOUT'
  | 'LOCK_LOST'
  | 'LOCK_NOT_HELD'
  | 'LOCK_AMBIGUOUS'
  | 'LOCK_DEADLOCK'
  | 'LOCK_OPTIONS'
  | 'LOCK_CONNECTION'
  | 'LOCK_PERMISSION'
  | 'LOCK_SETUP'
  | 'LOCK_PROTOCOL'
  | 'LOCK_STALE_TOKEN';

/** The base of them all. `cause` holds the server's or the socket's error where there was one. */
export abstract class LockError extends Error {
  abstract readonly code: LockErrorCode;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    Object.defineProperty(this, MARK, { value: new.target.code });
  }

  /** The code that the instances of this class carry; `undefined` on {@link LockError} itself: any of them. */
  static readonly code: LockErrorCode | undefined = undefined;

  /** Holds for the errors of another copy of this package too. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    const mark = (value as { [MARK]?: LockErrorCode } | null | undefined)?.[MARK];
    if (mark === undefined) return false;
    // A class that a user derives from one of ours has no code of its own: only its own instances are of it.
    if (!Object.hasOwn(this, 'code')) return Function.prototype[Symbol.hasInstance].call(this, value);
    return this.code === undefined || this.code === mark;
  }
}

/**
 * The lock was not granted within `waitTimeout`. The request has been withdrawn: it will not be granted later.
 * `cause` is a `LockConnectionError` if the server could not be reached, or has not answered: then nobody may hold it.
 */
export class LockTimeoutError extends LockError {
  static override readonly code = 'LOCK_TIMEOUT';
  readonly code = LockTimeoutError.code;

  constructor(
    readonly lockName: string,
    readonly waitedMs: number,
    options?: ErrorOptions,
  ) {
    const { cause } = options ?? {};
    const why = cause instanceof LockError ? `; the server was out of reach: ${cause.message}` : '';
    super(
      `lock ${JSON.stringify(lockName)} was not granted within ${Math.round(waitedMs)} ms${why}`,
      options,
    );
  }
}

/** Why a lease ended without being released. */
export type LostReason = 'expired' | 'stolen' | 'force-released' | 'forgotten-by-server';

/** The lease is over although nobody released it; what it protected may be in another's hands. */
export class LockLostError extends LockError {
  static override readonly code = 'LOCK_LOST';
  readonly code = LockLostError.code;

  constructor(
    readonly lockName: string,
    readonly reason: LostReason,
    readonly fencingToken: number,
    options?: ErrorOptions,
  ) {
    super(`lock ${JSON.stringify(lockName)} was lost: ${reason}`, options);
  }
}

/** `release` or `extend` on a lock that this object does not hold. Nothing was sent. */
export class LockNotHeldError extends LockError {
  static override readonly code = 'LOCK_NOT_HELD';
  readonly code = LockNotHeldError.code;

  constructor(readonly lockName: string) {
    super(`lock ${JSON.stringify(lockName)} is not held by this object`);
  }
}

/**
 * `release` or `extend` on a lock through which several leases were acquired that nobody has released yet, those that were
 * lost included. Which of them is the caller's cannot be known: nothing was sent. Call it on the lease.
 */
export class LockAmbiguousError extends LockError {
  static override readonly code = 'LOCK_AMBIGUOUS';
  readonly code = LockAmbiguousError.code;

  constructor(readonly lockName: string) {
    super(
      `several leases of lock ${JSON.stringify(lockName)} were acquired through this object and not released: ` +
        'which is meant cannot be known; use the lease that acquire() gave',
    );
  }
}

/**
 * The lock would wait for itself: the caller runs inside `runExclusive` of a lock that this one excludes. Nothing was
 * sent. The option `reentrant` makes it count instead.
 */
export class LockDeadlockError extends LockError {
  static override readonly code = 'LOCK_DEADLOCK';
  readonly code = LockDeadlockError.code;

  constructor(readonly lockName: string) {
    super(
      `lock ${JSON.stringify(lockName)} is held by the runExclusive() that the caller runs inside of, and would wait for it. ` +
        'Use the lease that was passed in, or { reentrant: true }; for work that may wait until that has ended: outside(fn)',
    );
  }
}

/** A name or an option is not usable; the message holds the value. Nothing was sent. */
export class LockOptionsError extends LockError {
  static override readonly code = 'LOCK_OPTIONS';
  readonly code = LockOptionsError.code;
}

/**
 * The server could not be reached, did not answer within `requestTimeout`, or the manager is closed.
 * Whether the request took effect is unknown; a lease that may have been granted ends by its ttl at the latest.
 */
export class LockConnectionError extends LockError {
  static override readonly code = 'LOCK_CONNECTION';
  readonly code = LockConnectionError.code;
}

/** The credentials are wrong or the user lacks a right; the message says which. Trying again does not help. */
export class LockPermissionError extends LockError {
  static override readonly code = 'LOCK_PERMISSION';
  readonly code = LockPermissionError.code;
}

/** The collection cannot be used: it is absent and may not be made, or holds a schema this version does not know. */
export class LockSetupError extends LockError {
  static override readonly code = 'LOCK_SETUP';
  readonly code = LockSetupError.code;
}

/** The server answered something this version does not understand. A bug, or not a ThingsDB server. */
export class LockProtocolError extends LockError {
  static override readonly code = 'LOCK_PROTOCOL';
  readonly code = LockProtocolError.code;
}

/**
 * A `FencingGuard` was shown a fencing token older than the newest it has seen: whoever brought it has lost the lock, and
 * another has been granted it since. Nothing was written.
 */
export class StaleTokenError extends LockError {
  static override readonly code = 'LOCK_STALE_TOKEN';
  readonly code = StaleTokenError.code;

  constructor(
    readonly lockName: string,
    /** The one that was refused. */
    readonly token: number,
    /** The newest that the guard has seen of this name. */
    readonly newest: number,
    options?: ErrorOptions,
  ) {
    super(`fencing token ${token} of lock ${JSON.stringify(lockName)} is older than ${newest}`, options);
  }
}
