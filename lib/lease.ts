import type { Duration } from './options/duration.js';

/**
 * One grant of a lock: held until it is released or lost.
 *
 * `signal` aborts when the lease is lost. It does so no later than the lease ends by the local monotonic clock. The
 * lease counts from before the request was sent. No answer of the server is needed for it. It does not abort by a
 * release. A lease is not a transaction: work that must not happen twice passes `fencingToken` to whatever it writes
 * to.
 *
 * @example
 * await using lease = await lock.acquire();
 * await fetch(url, { signal: lease.signal, headers: { 'x-fencing-token': `${lease.fencingToken}` } });
 */
export interface Lease {
  /** The lock's name; of several, the first. */
  readonly name: string;
  /** All names it is a lease of. */
  readonly names: readonly string[];
  /** Greater than that of every earlier grant of each of its names; a safe integer. */
  readonly fencingToken: number;
  /** The token for each name. */
  readonly fencingTokens: ReadonlyMap<string, number>;
  /** Aborts when the lease is lost; `signal.reason` is a `LockLostError`. It does not abort when you release the lease. */
  readonly signal: AbortSignal;
  /** Whether the lease is neither released, nor handed on, nor lost. */
  readonly isHeld: boolean;
  /** When the lease ends unless it is renewed, by this machine's clock: to show, not to reckon with. */
  readonly expiresAt: Date;

  /** Milliseconds until the lease ends unless it is renewed; 0 once it has ended. */
  remaining(): number;

  /**
   * Makes the lease end so long from now (default: its ttl), but not beyond `maxHold`.
   *
   * @throws LockNotHeldError after a release, LockLostError if the lease is lost, LockConnectionError if no answer
   *   came. Without an answer the lease stands as it did, or ends by the shorter ttl.
   */
  extend(ttl?: Duration): Promise<void>;

  /**
   * Gives the lock back. Resolves `true` if it was held until now, `false` if it had been lost before. Repeating it does
   * nothing and gives the same answer.
   *
   * @throws LockConnectionError if no answer came: the lock is free by the end of the lease at the latest. `release`
   *   may be tried again
   */
  release(): Promise<boolean>;

  /**
   * Ends the lease here without a release, for another process to go on with: `manager.adopt(text)`, once. Renews it
   * before, so that a whole ttl is left for the way; what is not adopted by then expires. The text is the right to the
   * lock: keep it as you keep a password.
   *
   * @throws LockNotHeldError, LockLostError, LockConnectionError as {@link extend}: the lease then stands as it did
   */
  serialize(): Promise<string>;

  /** As {@link release}; never rejects: a failure is told as the `error` event. */
  [Symbol.asyncDispose](): Promise<void>;
}
