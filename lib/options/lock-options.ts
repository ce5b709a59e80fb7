import type { Duration } from './duration.js';

/** How a lock is acquired and held. Given to `manager.get` they hold for that lock, given to a call for that call. */
export interface LockOptions {
  /**
   * How long a lease lasts unless it is renewed, at least 100 ms, at most 24.8 days. After a crash of the holder the
   * lock is free again this long after its last renewal. Default 60 s.
   */
  readonly ttl?: Duration | undefined;
  /**
   * Renew the lease at every third of its ttl until it is released. `false` gives the meaning of the Python lock: the
   * ttl is the longest that the lock can be held. Default true.
   */
  readonly autoRenew?: boolean | undefined;
  /** The longest that the lock can be held, however often it is renewed. Default: no such limit. */
  readonly maxHold?: Duration | undefined;
  /**
   * The longest to wait for the lock, `Infinity` allowed. Then `acquire` rejects with `LockTimeoutError` and never
   * holds the lock. 0 does not wait. Default: the number of requests ahead, times the ttl, as the Python lock does.
   */
  readonly waitTimeout?: Duration | undefined;
  /**
   * The lock stays taken for at least so long from its grant, even if it is released earlier. For jobs that are to run
   * once, however the clocks of those who start them differ. A crash ends it with the ttl. Default 0.
   */
  readonly minHold?: Duration | undefined;
  /**
   * How long a lock stays with this process after a release. A task of this process takes it again meanwhile without
   * the server. It is given up as soon as somebody else waits for it, or at the end of the running section. Other
   * processes may see it held while nobody works under it. Sections in a row may share a fencing token. Not with
   * `autoRenew: false`. Default 0.
   */
  readonly linger?: Duration | undefined;
  /** `'shared'`: together with others that are shared too. Default `'exclusive'`. */
  readonly mode?: 'exclusive' | 'shared' | undefined;
  /** How many permits of a semaphore to take. Default 1. Not for locks. */
  readonly count?: number | undefined;
  /**
   * Takes the lock at once, before all who wait: whoever holds it loses it, and is told (`stolen`). For exclusive locks.
   * Default false.
   */
  readonly steal?: boolean | undefined;
  /**
   * Inside `runExclusive` of the same lock: counts one more holder, instead of rejecting with `LockDeadlockError`. A
   * shared lock inside of itself needs it too if writers may come in between. Without it, the inner one would wait
   * behind them. Default false.
   */
  readonly reentrant?: boolean | undefined;
  /**
   * Lets a caller who has waited in only once the server itself has confirmed the grant, one round trip later. For
   * collections that others than the holders of locks may JOIN or QUERY. They can read what proves a pushed grant.
   * Default false.
   */
  readonly confirmGrants?: boolean | undefined;
  /** Cancels the waiting: `acquire` rejects with `signal.reason`. Once the lock is held it has no effect. */
  readonly signal?: AbortSignal | undefined;
}

/** How a semaphore is used. */
export interface SemaphoreOptions extends Omit<LockOptions, 'mode' | 'steal'> {
  /**
   * How many permits there are: the same number in all programs. While they differ, the least number counts of those who
   * hold permits and of whoever asks.
   */
  readonly permits: number;
}

/** How an adopted lease is held; its ttl is what it was, unless it is given. */
export type AdoptOptions = Pick<LockOptions, 'ttl' | 'autoRenew' | 'maxHold' | 'minHold'>;

/** Those of the lock options that may hold for all locks alike. */
export type LockDefaults = Pick<
  LockOptions,
  'ttl' | 'autoRenew' | 'maxHold' | 'waitTimeout' | 'reentrant' | 'confirmGrants' | 'linger'
>;
