import { EventEmitter } from 'eventemitter3';
import { LockNotHeldError, LockTimeoutError } from './errors.js';
import type { LockEvents } from './events.js';
import { Acquisition } from './internal/acquisition.js';
import { relayTo, type LockEmitter, type TellLock } from './internal/event-relay.js';
import type { LockService } from './internal/lock-service.js';
import type { Lease } from './lease.js';
import { resolveLockOptions, type Duration, type LockOptions, type ResolvedLockOptions } from './options.js';

/**
 * A lock by its name. Made by `manager.get(name)`, as often and wherever it is needed: two of the same name exclude
 * each other like two processes do, and so do two calls of `acquire` on one of them.
 *
 * The server never lets two hold the lock at once. What it cannot do is stop a holder that goes on after its lease has
 * ended: that is what the lease's `signal` and `fencingToken` are for.
 */
export class DistributedLock extends EventEmitter<LockEvents> {
  readonly name: string;
  readonly #service: LockService;
  readonly #layers: readonly LockOptions[];
  readonly #options: ResolvedLockOptions;
  readonly #tell: TellLock;
  #lease: Lease | undefined;

  /** @internal */
  constructor(service: LockService, name: string, layers: readonly LockOptions[], manager: LockEmitter) {
    super();
    this.name = name;
    this.#service = service;
    this.#layers = layers;
    this.#tell = relayTo(this, manager);
    // Wrong options are told where they are written, not at first use.
    this.#options = resolveLockOptions(...layers);
  }

  /** Whether a lease acquired through this object is held now; of others see {@link isLocked}. */
  get isHeld(): boolean {
    return this.#lease?.isHeld ?? false;
  }

  /**
   * Waits for the lock, first come first served, and takes it.
   *
   * @throws LockTimeoutError when `waitTimeout` is over, `signal.reason` when the signal aborts: the request is then
   *   withdrawn and never granted. LockConnectionError when the server cannot be reached or the connection is lost
   *   while waiting. LockOptionsError, LockPermissionError, LockSetupError.
   */
  async acquire(options?: LockOptions): Promise<Lease> {
    const resolved = this.#resolve(options);
    if (resolved.waitTimeoutMs === 0) {
      const lease = await this.#try(resolved);
      if (lease === null) throw new LockTimeoutError(this.name, 0);
      return lease;
    }
    return this.#hold(await this.#acquisition(resolved).acquire());
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
      result = await fn(lease);
    } finally {
      await lease[Symbol.asyncDispose]();
    }
    lease.signal.throwIfAborted();
    return result;
  }

  /**
   * Releases what was acquired through this object; see `lease.release`.
   * @throws LockNotHeldError if nothing was, or it has been released already
   */
  async release(): Promise<boolean> {
    return this.#current().release();
  }

  /**
   * Extends what was acquired through this object; see `lease.extend`.
   * @throws LockNotHeldError if nothing was, or it has been released already
   */
  async extend(ttl?: Duration): Promise<void> {
    await this.#current().extend(ttl);
  }

  /** Whether anybody holds the lock, by the server's word. @throws LockConnectionError if it has none */
  async isLocked(): Promise<boolean> {
    this.#service.assertOpen();
    return this.#service.procedures.isLocked(this.name);
  }

  #resolve(options: LockOptions | undefined): ResolvedLockOptions {
    return options === undefined ? this.#options : resolveLockOptions(...this.#layers, options);
  }

  #acquisition(options: ResolvedLockOptions): Acquisition {
    return new Acquisition(this.#service, this.name, options, this.#tell);
  }

  async #try(options: ResolvedLockOptions): Promise<Lease | null> {
    const lease = await this.#acquisition(options).try();
    return lease && this.#hold(lease);
  }

  #hold(lease: Lease): Lease {
    this.#lease = lease;
    return lease;
  }

  #current(): Lease {
    if (this.#lease === undefined || this.#lease.isReleased) throw new LockNotHeldError(this.name);
    return this.#lease;
  }
}
