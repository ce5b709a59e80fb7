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
  | 'LOCK_LIMIT'
  | 'LOCK_CONNECTION'
  | 'LOCK_CLOSED'
  | 'LOCK_PERMISSION'
  | 'LOCK_SETUP'
  | 'LOCK_PROTOCOL'
  | 'LOCK_STALE_TOKEN';

/**
 * The base of them all. `cause` holds the server's or the socket's error where there was one. For a `switch` over `code`
 * that TypeScript narrows, ask {@link isLockError}.
 */
export abstract class LockError extends Error {
  abstract readonly code: LockErrorCode;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    Object.defineProperty(this, MARK, { value: new.target.code });
  }

  /** The code that the instances of this class carry; `undefined` on {@link LockError} itself: any of them. */
  static readonly code: LockErrorCode | undefined = undefined;

  /** Holds for the errors of another copy of this package too. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    const mark = markOf(value);
    if (mark === undefined) return false;
    // A class that a user derives from one of ours has no code of its own. Only its own instances are of it.
    if (!Object.hasOwn(this, 'code')) return Function.prototype[Symbol.hasInstance].call(this, value);
    return this.code === undefined || this.code === mark;
  }

  static {
    nameInstances(this, 'LockError');
  }
}

function markOf(value: unknown): LockErrorCode | undefined {
  return (value as { [MARK]?: LockErrorCode } | null | undefined)?.[MARK];
}

/**
 * Minifiers and bundlers rename classes, so `name` is given as text. On the prototype it is there when the stack is written.
 * Of the class it is what Node prints of an error that nobody catches.
 */
function nameInstances(of: { readonly prototype: LockError }, name: string): void {
  Object.defineProperty(of.prototype, 'name', { value: name, writable: true, configurable: true });
  Object.defineProperty(of, 'name', { value: name, configurable: true });
}

/** Whether an error is one of this library, of whatever copy of it. A `switch` over its `code` then knows its class. */
export function isLockError(error: unknown): error is AnyLockError {
  return markOf(error) !== undefined;
}

/** The classes of error, to be told apart by `code`. */
export type AnyLockError =
  | LockTimeoutError
  | LockLostError
  | LockNotHeldError
  | LockAmbiguousError
  | LockDeadlockError
  | LockOptionsError
  | LockLimitError
  | LockConnectionError
  | LockClosedError
  | LockPermissionError
  | LockSetupError
  | LockProtocolError
  | StaleTokenError;

/** What is known of who is in the way of a request that was given up. Each fact only as far as it is known. */
export interface WaitFacts {
  /** Requests ahead, holders included: 1 was next. */
  readonly position?: number | undefined;
  /** The label of who holds the lock; of several, the first. */
  readonly holder?: string | undefined;
  /** When the holder got the lock, by the server's clock. */
  readonly heldSince?: Date | undefined;
}

/**
 * The lock was not granted within `waitTimeout`. The request has been withdrawn: it will not be granted later.
 * `cause` is a `LockConnectionError` if the server could not be reached, or has not answered: then nobody may hold it.
 */
export class LockTimeoutError extends LockError implements WaitFacts {
  static override readonly code = 'LOCK_TIMEOUT';
  readonly code = LockTimeoutError.code;
  readonly position: number | undefined;
  readonly holder: string | undefined;
  readonly heldSince: Date | undefined;

  /** @param facts `advice`: what to do about it */
  constructor(
    readonly lockName: string,
    readonly waitedMs: number,
    facts: ErrorOptions & WaitFacts & { readonly advice?: string | undefined } = {},
  ) {
    const { cause, position, holder, heldSince, advice } = facts;
    const parts = [
      `lock ${JSON.stringify(lockName)} was not granted within ${Math.round(waitedMs)} ms`,
      cause instanceof LockError ? `the server was out of reach: ${cause.message}` : '',
      position === undefined ? '' : `${position} ahead of it`,
      holder === undefined ? '' : `held by ${JSON.stringify(holder)}${sinceText(heldSince)}`,
      advice ?? '',
    ];
    super(parts.filter((part) => part !== '').join('; '), 'cause' in facts ? { cause } : undefined);
    this.position = position;
    this.holder = holder;
    this.heldSince = heldSince;
  }

  static {
    nameInstances(this, 'LockTimeoutError');
  }
}

function sinceText(since: Date | undefined): string {
  return since === undefined ? '' : ` since ${since.toISOString()}`;
}

/** Why a lease ended without being released by its holder. `closed` is told by the signal alone: see `close()`. */
export type LostReason = 'expired' | 'stolen' | 'force-released' | 'forgotten-by-server' | 'closed';

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

  static {
    nameInstances(this, 'LockLostError');
  }
}

/** `release` or `extend` on a lock that this object does not hold. Nothing was sent. */
export class LockNotHeldError extends LockError {
  static override readonly code = 'LOCK_NOT_HELD';
  readonly code = LockNotHeldError.code;

  constructor(readonly lockName: string) {
    super(
      `lock ${JSON.stringify(lockName)} is not held: it was released before, or never acquired through this object`,
    );
  }

  static {
    nameInstances(this, 'LockNotHeldError');
  }
}

/**
 * `release` or `extend` on a lock through which several leases were acquired and not released yet. Lost leases count.
 * Which of them is the caller's cannot be known: nothing was sent. Call it on the lease.
 */
export class LockAmbiguousError extends LockError {
  static override readonly code = 'LOCK_AMBIGUOUS';
  readonly code = LockAmbiguousError.code;

  constructor(
    readonly lockName: string,
    options?: ErrorOptions,
  ) {
    super(options?.cause === undefined ? severalLeases(lockName) : failedBeside(lockName), options);
  }

  static {
    nameInstances(this, 'LockAmbiguousError');
  }
}

function severalLeases(lockName: string): string {
  return (
    `several leases of lock ${JSON.stringify(lockName)} were acquired through this object and not released: ` +
    'which is meant cannot be known; use the lease that acquire() gave'
  );
}

function failedBeside(lockName: string): string {
  return (
    `an acquire() of lock ${JSON.stringify(lockName)} has just failed, and another lease was acquired through the same ` +
    'object: which is meant cannot be known; use the lease that acquire() gave'
  );
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

  static {
    nameInstances(this, 'LockDeadlockError');
  }
}

/** A name or an option is not usable; the message holds the value. Nothing was sent. */
export class LockOptionsError extends LockError {
  static override readonly code = 'LOCK_OPTIONS';
  readonly code = LockOptionsError.code;

  static {
    nameInstances(this, 'LockOptionsError');
  }
}

/**
 * More of something was asked for than is kept: names that are watched. Nothing was changed, and trying again helps once
 * others have gone.
 */
export class LockLimitError extends LockError {
  static override readonly code = 'LOCK_LIMIT';
  readonly code = LockLimitError.code;

  static {
    nameInstances(this, 'LockLimitError');
  }
}

/**
 * The server could not be reached, or did not answer within `requestTimeout`. Whether the request took effect is
 * unknown. A lease that may have been granted ends by its ttl at the latest.
 */
export class LockConnectionError extends LockError {
  static override readonly code = 'LOCK_CONNECTION';
  readonly code = LockConnectionError.code;

  static {
    nameInstances(this, 'LockConnectionError');
  }
}

/** The manager is closed, or closes. Nothing was sent; trying again does not help. Not a `LockConnectionError`. */
export class LockClosedError extends LockError {
  static override readonly code = 'LOCK_CLOSED';
  readonly code = LockClosedError.code;

  constructor(message = 'the lock manager is closed', options?: ErrorOptions) {
    super(message, options);
  }

  static {
    nameInstances(this, 'LockClosedError');
  }
}

/** The credentials are wrong or the user lacks a right; the message says which. Trying again does not help. */
export class LockPermissionError extends LockError {
  static override readonly code = 'LOCK_PERMISSION';
  readonly code = LockPermissionError.code;

  static {
    nameInstances(this, 'LockPermissionError');
  }
}

/** The collection cannot be used. It is absent and may not be made, or holds a schema this version does not know. */
export class LockSetupError extends LockError {
  static override readonly code = 'LOCK_SETUP';
  readonly code = LockSetupError.code;

  static {
    nameInstances(this, 'LockSetupError');
  }
}

/** The server answered something this version does not understand. A bug, or not a ThingsDB server. */
export class LockProtocolError extends LockError {
  static override readonly code = 'LOCK_PROTOCOL';
  readonly code = LockProtocolError.code;

  static {
    nameInstances(this, 'LockProtocolError');
  }
}

/**
 * A `FencingGuard` was shown a fencing token older than the newest it has seen. Whoever brought it has lost the lock,
 * and another has been granted it since. Nothing was written.
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

  static {
    nameInstances(this, 'StaleTokenError');
  }
}
