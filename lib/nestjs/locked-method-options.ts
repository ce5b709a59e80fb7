import type { LockOptions } from '../options/lock-options.js';

/** A lock's name, or several names that are locked together. */
export type LockNames = string | readonly string[];

/** How the lock of a method is acquired and held; see {@link LockOptions}. */
export interface LockedMethodOptions extends Omit<LockOptions, 'mode' | 'count' | 'signal'> {
  /** The name of the manager, if the application has several. Default: the one without a name. */
  readonly manager?: string | undefined;
  /**
   * `true`: when the lock is not free, the call does nothing and resolves `undefined`. For jobs that one of many processes does.
   * Not with `waitTimeout`, as nobody waits. Default false.
   */
  readonly skipIfTaken?: boolean | undefined;
}

/** For methods that may do nothing instead. */
export interface SkippingMethodOptions extends Omit<LockedMethodOptions, 'waitTimeout'> {
  readonly skipIfTaken: true;
}
