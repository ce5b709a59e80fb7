import { EventEmitter } from 'eventemitter3';
import { LockNotHeldError, LockTimeoutError } from './errors.js';
import type { LockEvents } from './events.js';
import { Acquisition } from './internal/acquisition.js';
import { relayTo, type LockEmitter, type TellLock } from './internal/event-relay.js';
import type { LockService } from './internal/lock-service.js';
import { HeldLease, type OwnLease } from './internal/held-lease.js';
import { heldAgain, insideOf, refuseDeadlock } from './internal/reentry.js';
import { labelOf } from './internal/ticket.js';
import type { Lease } from './lease.js';
import type { Duration, LockOptions } from './options.js';
import type { ResolvedLockOptions } from './internal/lock-options.js';

/** Checks options in layers, the later over the earlier. @throws LockOptionsError */
export type ResolveOptions = (...layers: readonly (LockOptions | undefined)[]) => ResolvedLockOptions;

/**
 * A lock by its name, or by several names that are locked together: all of them or none. Made by `manager.get(name)`,
 * as often and wherever it is needed: two of the same name exclude each other like two processes do, and so do two calls
 * of `acquire` on one of them. A semaphore (`manager.semaphore`) is one that as many can hold as it has permits.
 *
 * The server never lets two hold the lock at once. What it cannot do is stop a holder that goes on after its lease has
 * ended: that is what the lease's `signal` and `fencingToken` are for.
 */
export class DistributedLock extends EventEmitter<LockEvents> {
  /** Of several names the first. */
  readonly name: string;
  readonly names: readonly string[];
  readonly #service: LockService;
  readonly #resolveOptions: ResolveOptions;
  readonly #layers: readonly LockOptions[];
  readonly #options: ResolvedLockOptions;
  readonly #tell: TellLock;
  /** What was acquired through this object and may still have to be released, the newest last. */
  #leases: OwnLease[] = [];

  /** @internal */
  constructor(
    service: LockService,
    names: readonly string[],
    resolveOptions: ResolveOptions,
    layers: readonly LockOptions[],
    manager: LockEmitter,
  ) {
    super();
    this.name = names[0] as string;
    this.names = names;
    this.#service = service;
    this.#resolveOptions = resolveOptions;
    this.#layers = layers;
    this.#tell = relayTo(this, manager);
    // Wrong options are told where they are written, not at first use.
    this.#options = resolveOptions(...layers);
  }

  /** Whether a lease acquired through this object is held now; of others see {@link isLocked}. */
  get isHeld(): boolean {
    return this.#leases.some((lease) => lease.isHeld);
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
    const resolved = this.#resolve(options);
    if (resolved.waitTimeoutMs === 0) {
      const lease = await this.#try(resolved);
      if (lease === null) throw new LockTimeoutError(labelOf(this.names), 0);
      return lease;
    }
    return this.#acquire(resolved);
  }

  /** Takes the lock if it is free, `null` if it is not. Never waits; a refusal costs the server no change. */
  async tryAcquire(options?: LockOptions): Promise<Lease | null> {
    return this.#try(this.#resolve(options));
  }

  /**
   * Runs `fn` while holding the lock, and releases it, whatever comes of `fn`.
   *
   * Settles as `fn` does, with one exception: when `fn` has succeeded but the lease was lost before it had, it rejects
   * with `LockLostError`, as its work was not exclusive to the end. An error of `fn` itself always comes through. A
   * release that could not be confirmed is told as the `error` event.
   *
   * @throws what {@link acquire} throws, then `fn` was not called
   */
  async runExclusive<T>(fn: (lease: Lease) => Promise<T> | T, options?: LockOptions): Promise<T> {
    const lease = await this.acquire(options);
    let result: T;
    try {
      result = await (lease instanceof HeldLease
        ? insideOf(this.#service, lease, () => fn(lease))
        : fn(lease));
    } finally {
      await lease[Symbol.asyncDispose]();
    }
    lease.signal.throwIfAborted();
    return result;
  }

  /**
   * Releases what was acquired through this object, the newest first; see `lease.release`.
   * @throws LockNotHeldError if nothing was, or it has been released already
   */
  async release(): Promise<boolean> {
    return this.#current().release();
  }

  /**
   * Extends what was acquired last through this object; see `lease.extend`.
   * @throws LockNotHeldError if nothing was, or it has been released already
   */
  async extend(ttl?: Duration): Promise<void> {
    await this.#current().extend(ttl);
  }

  /** Whether anybody holds the lock, or one of its names, by the server's word. @throws LockConnectionError if it has none */
  async isLocked(): Promise<boolean> {
    this.#service.assertOpen();
    const answers = await Promise.all(this.names.map((name) => this.#service.procedures.isLocked(name)));
    return answers.includes(true);
  }

  #resolve(options: LockOptions | undefined): ResolvedLockOptions {
    return options === undefined ? this.#options : this.#resolveOptions(...this.#layers, options);
  }

  async #acquire(options: ResolvedLockOptions): Promise<Lease> {
    const again = heldAgain(this.#service, this.names, options);
    if (again !== undefined) return this.#owned(again);
    refuseDeadlock(this.#service, this.names, options);
    return this.#owned(await this.#acquisition(options).acquire());
  }

  /** Never waits, so not for itself either. */
  async #try(options: ResolvedLockOptions): Promise<Lease | null> {
    const again = heldAgain(this.#service, this.names, options);
    const lease = again ?? (await this.#acquisition(options).try());
    return lease && this.#owned(lease);
  }

  #acquisition(options: ResolvedLockOptions): Acquisition {
    return new Acquisition(this.#service, this.names, options, this.#tell);
  }

  #owned(lease: OwnLease): Lease {
    this.#leases = [...this.#leases.filter(({ isHeld }) => isHeld), lease];
    return lease;
  }

  #current(): Lease {
    const lease = this.#leases.findLast(({ isReleased }) => !isReleased);
    if (lease === undefined) throw new LockNotHeldError(labelOf(this.names));
    return lease;
  }
}
