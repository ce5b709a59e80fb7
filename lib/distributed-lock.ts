import { inspect, type InspectOptionsStylized } from 'node:util';
import { Emitter } from './emitter.js';
import { LockAmbiguousError, LockNotHeldError } from './errors.js';
import type { LockEvents } from './events.js';
import type { Lease } from './lease.js';
import { LOCK_EVENTS } from './known-events.js';
import { acquire, termsOf } from './manager/acquisition.js';
import { EventRelay, type LockEmitter, type LockTeller } from './manager/event-relay.js';
import { HeldLease, type OwnLease } from './manager/held-lease.js';
import type { LockCore } from './manager/manager-core.js';
import { busyError, labelOf } from './manager/outcomes.js';
import { withOwnError } from './manager/own-error.js';
import { heldAgain, refuseDeadlock } from './manager/reentry.js';
import { insideOf, leasesAround } from './manager/sections.js';
import { shown, shownNames } from './manager/shown.js';
import { invalid } from './options/checked.js';
import type { Duration } from './options/duration.js';
import type { LockOptions } from './options/lock-options.js';
import type { ResolvedLockOptions } from './options/resolved-lock-options.js';
import type { Terms } from './request/request.js';

/** Checks options in layers, the later over the earlier. @throws LockOptionsError @internal */
export type ResolveOptions = (...layers: readonly (LockOptions | undefined)[]) => ResolvedLockOptions;

/** So many turns of the microtask queue a rejection may take to the `finally` of whoever awaits it. */
const TURNS_TO_FINALLY = 32;

/** An `acquire` that has failed. Its caller may call `release` in a `finally`, without having anything to release. */
class FailedAcquire {
  readonly error: unknown;
  /** Whether that `finally` may be running. */
  isNow = true;

  constructor(error: unknown) {
    this.error = error;
    void this.#pass();
  }

  async #pass(): Promise<void> {
    for (let turn = 0; turn < TURNS_TO_FINALLY; turn++) await Promise.resolve();
    this.isNow = false;
  }
}

/**
 * A lock by its name, or by several names that are locked together: all of them or none. Made by `manager.get(name)`,
 * as often and wherever it is needed. Two of the same name exclude each other like two processes do. So do two calls of
 * `acquire` on one of them. A semaphore (`manager.semaphore`) is one that as many can hold as it has permits.
 *
 * The server never lets two hold the lock at once. It cannot stop a holder that goes on after its lease has ended. The
 * lease's `signal` and `fencingToken` are for that.
 */
export class DistributedLock extends Emitter<LockEvents> {
  /** Of several names the first. */
  readonly name: string;
  readonly names: readonly string[];
  readonly #core: LockCore;
  readonly #resolveOptions: ResolveOptions;
  readonly #layers: readonly LockOptions[];
  readonly #options: ResolvedLockOptions;
  /** What is asked for with these options, made once. */
  #terms: Terms | undefined;
  #tryTerms: Terms | undefined;
  readonly #teller: LockTeller;
  /** What `acquire` and `tryAcquire` of this object gave, and nobody has released yet; the newest last. */
  #leases: OwnLease[] = [];
  /** Those of `runExclusive`, which releases them itself. */
  #running: Set<OwnLease> | undefined;
  /** Of the last `acquire`, if it has failed and nobody has called `release` since. */
  #failure: FailedAcquire | undefined;

  /** @internal */
  constructor(
    core: LockCore,
    names: readonly string[],
    resolveOptions: ResolveOptions,
    layers: readonly LockOptions[],
    manager: LockEmitter,
  ) {
    super(LOCK_EVENTS);
    this.name = names[0] as string;
    this.names = names;
    this.#core = core;
    this.#resolveOptions = resolveOptions;
    this.#layers = layers;
    this.#teller = new EventRelay(core.info, this, manager);
    // Wrong options are told where they are written, not at first use.
    this.#options = resolveOptions(...layers);
  }

  /** @internal */
  [inspect.custom](depth: number, options: InspectOptionsStylized): string {
    return shown('DistributedLock', { ...shownNames(this.names), ...this.#core.info }, depth, options);
  }

  /** Whether a lease acquired through this object is held now; of others see {@link isLocked}. */
  get isHeld(): boolean {
    return (
      this.#leases.some((lease) => lease.isHeld) || [...(this.#running ?? [])].some((lease) => lease.isHeld)
    );
  }

  /**
   * Waits for the lock, first come first served, and takes it.
   *
   * @throws LockTimeoutError when `waitTimeout` is over, `signal.reason` when the signal aborts: the request is then
   *   withdrawn and never granted. LockDeadlockError inside `runExclusive` of a lock that this one excludes.
   *   LockConnectionError when the server cannot be reached or the connection is lost while waiting. LockOptionsError,
   *   LockPermissionError, LockSetupError.
   */
  async acquire(options?: LockOptions): Promise<Lease> {
    try {
      return this.#owned(await this.#take(this.#resolve(options)));
    } catch (error) {
      this.#failure = new FailedAcquire(error);
      throw error;
    }
  }

  /** Takes the lock if it is free, `null` if it is not. Never waits; a refusal costs the server no change. */
  async tryAcquire(options?: LockOptions): Promise<Lease | null> {
    try {
      const lease = await this.#try(this.#resolve(options));
      return lease && this.#owned(lease);
    } catch (error) {
      this.#failure = new FailedAcquire(error);
      throw error;
    }
  }

  /**
   * Runs `fn` while holding the lock, and releases it, whatever comes of `fn`.
   *
   * Settles as `fn` does, with one exception. If the lease was lost before `fn` succeeded, it rejects with
   * `LockLostError`, because its work was not exclusive. An error of `fn` itself always comes through. A release that
   * could not be confirmed is told as the `error` event.
   *
   * @throws what {@link acquire} throws, then `fn` was not called
   */
  async runExclusive<T>(fn: (lease: Lease) => Promise<T> | T, options?: LockOptions): Promise<T> {
    checkSection(fn, options);
    return this.#run(await this.#take(this.#resolve(options)), fn);
  }

  /**
   * As {@link runExclusive} if the lock is free; `null`, without a call of `fn`, if it is not. Never waits.
   * @throws what {@link tryAcquire} throws, then `fn` was not called
   */
  async tryRunExclusive<T>(fn: (lease: Lease) => Promise<T> | T, options?: LockOptions): Promise<T | null> {
    checkSection(fn, options);
    const lease = await this.#try(this.#resolve(options));
    return lease === null ? null : this.#run(lease, fn);
  }

  /**
   * Releases what was acquired through this object by `acquire` or `tryAcquire`; see `lease.release`. `false` if it had
   * been lost, or if `acquire` has just failed: a `finally` that releases does not hide why. For the simple case of one
   * lease at a time: who has the lease releases that.
   *
   * @throws LockNotHeldError if there is nothing to release. LockAmbiguousError if several leases are not released yet,
   *   lost ones included, or one beside an `acquire` that has just failed. Which is meant cannot be known, so none is
   *   released.
   */
  async release(): Promise<boolean> {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined && this.#open().length === 0) return false;
    if (failure?.isNow === true) throw new LockAmbiguousError(labelOf(this.names), { cause: failure.error });
    return this.#current().release();
  }

  /**
   * Extends what was acquired through this object; see `lease.extend`.
   * @throws LockNotHeldError, LockAmbiguousError as {@link release}
   */
  async extend(ttl?: Duration): Promise<void> {
    await this.#current().extend(ttl);
  }

  /**
   * Whether anybody holds the lock, or one of its names, by the server's word. On a cluster the node that answers may be a
   * moment behind.
   * @throws LockConnectionError if there is no answer
   */
  async isLocked(): Promise<boolean> {
    const answers = await this.#core.whenLoaded(({ procedures }) =>
      withOwnError(Promise.all(this.names.map((name) => procedures.isLocked(name)))),
    );
    return answers.includes(true);
  }

  #resolve(options: LockOptions | undefined): ResolvedLockOptions {
    return options === undefined ? this.#options : this.#resolveOptions(...this.#layers, options);
  }

  #take(options: ResolvedLockOptions): OwnLease | Promise<OwnLease> {
    if (options.waitTimeoutMs === 0) return this.#takeAtOnce(options);
    const again = heldAgain(this.#core.info, this.names, options);
    if (again !== undefined) return again;
    refuseDeadlock(this.#core.info, this.names, options);
    return this.#get('acquire', options) as Promise<HeldLease>;
  }

  async #takeAtOnce(options: ResolvedLockOptions): Promise<OwnLease> {
    const lease = await this.#try(options);
    if (lease === null) throw busyError(this.names);
    return lease;
  }

  /** Never waits, so not for itself either. */
  #try(options: ResolvedLockOptions): OwnLease | Promise<OwnLease | null> {
    return heldAgain(this.#core.info, this.names, options) ?? this.#get('try', options);
  }

  #get(how: 'acquire' | 'try', options: ResolvedLockOptions): Promise<HeldLease | null> {
    return acquire(this.#core, this.#termsOf(how, options), options.signal, this.#teller);
  }

  #termsOf(how: 'acquire' | 'try', options: ResolvedLockOptions): Terms {
    if (options !== this.#options) return termsOf(this.#core, this.names, how, options);
    if (how === 'try') return (this.#tryTerms ??= termsOf(this.#core, this.names, how, options));
    return (this.#terms ??= termsOf(this.#core, this.names, how, options));
  }

  /** Runs `fn` as a section of the lease, and releases it. */
  async #run<T>(lease: OwnLease, fn: (lease: Lease) => Promise<T> | T): Promise<T> {
    let result: T;
    this.#running ??= new Set();
    this.#running.add(lease);
    try {
      result = await (lease instanceof HeldLease
        ? insideOf(this.#core.info, lease, () => fn(lease))
        : fn(lease));
    } finally {
      this.#running.delete(lease);
      await lease[Symbol.asyncDispose]();
    }
    lease.signal.throwIfAborted();
    return result;
  }

  #owned(lease: OwnLease): Lease {
    if (this.#leases.every(({ isReleased }) => isReleased)) {
      this.#leases = [lease];
      return lease;
    }
    const open = this.#leases.filter(({ isReleased }) => !isReleased);
    // Of those that were lost and never released two are as good as many: which is meant cannot be known.
    const lost = open.filter(({ isHeld }) => !isHeld).slice(-2);
    this.#leases = [...open.filter((one) => one.isHeld || lost.includes(one)), lease];
    if (this.#failure?.isNow === false) this.#failure = undefined;
    return lease;
  }

  /** What the caller may mean: nobody has released it yet. */
  #open(): OwnLease[] {
    const open = this.#leases.filter(({ isReleased }) => !isReleased);
    // The section that the caller is inside of is known to be the caller's.
    const around = leasesAround(this.#core.info).find((lease) => this.#running?.has(lease));
    if (around !== undefined) open.unshift(around);
    return open;
  }

  #current(): Lease {
    const open = this.#open();
    const newest = open.at(-1);
    if (newest === undefined) throw new LockNotHeldError(labelOf(this.names));
    // Holds of one lease, one inside the other, are one caller's.
    if (open.some(({ root }) => root !== newest.root)) throw new LockAmbiguousError(labelOf(this.names));
    return newest;
  }
}

/**
 * Before the lock is taken: nobody is to wait for a section that cannot run.
 * @throws LockOptionsError for what is no function
 * @internal
 */
export function checkSection(fn: unknown, options: unknown): void {
  if (typeof fn === 'function') return;
  const why =
    typeof options === 'function'
      ? 'the function comes before the options'
      : 'expected a function that runs under the lock, and after it the options';
  throw invalid('section', fn, why);
}
