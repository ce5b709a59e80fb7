import { hostname } from 'node:os';
import { EventEmitter } from 'eventemitter3';
import { DistributedLock } from './distributed-lock.js';
import type { LockManagerEvents } from './events.js';
import { tellEach, type LockEmitter } from './internal/event-relay.js';
import { LockService } from './internal/lock-service.js';
import { checkedName, resolveManagerOptions, type LockManagerOptions, type LockOptions } from './options.js';

/**
 * The way to distributed locks on one collection of ThingsDB: holds the connection, sets the collection up at first
 * use, and hands out locks. One for each process is enough; make it once and inject it where it is needed.
 *
 * @example
 * const manager = new LockManager({ url: 'ws://127.0.0.1:9270', auth: { username: 'admin', password: 'pass' } });
 * await manager.get('my-lock').runExclusive(async (lease) => {
 *   await writeReport({ signal: lease.signal, token: lease.fencingToken });
 * });
 * await manager.close();
 */
export class LockManager extends EventEmitter<LockManagerEvents> {
  readonly #service: LockService;
  readonly #defaults: LockOptions;

  /** Connects to nothing yet. @throws LockOptionsError */
  constructor(options: LockManagerOptions) {
    super();
    const resolved = resolveManagerOptions(options);
    this.#defaults = resolved.defaults;
    this.#service = new LockService(resolved, resolved.owner ?? `${hostname()}:${process.pid}`, {
      connected: () => tellEach(this, 'connected', []),
      reconnecting: (event) => tellEach(this, 'reconnecting', [event]),
      disconnected: (reason) => tellEach(this, 'disconnected', [{ reason }]),
    });
  }

  /**
   * The lock of this name: any text of 1 to 255 bytes in UTF-8. Costs nothing and may be called anywhere.
   * @throws LockOptionsError for a bad name or option; nothing is sent
   */
  get(name: string, options?: LockOptions): DistributedLock {
    const layers = options === undefined ? [this.#defaults] : [this.#defaults, options];
    return new DistributedLock(this.#service, checkedName(name), layers, this as unknown as LockEmitter);
  }

  /** Whether anybody holds the lock, by the server's word. @throws LockConnectionError if it has none */
  isLocked(name: string): Promise<boolean> {
    return this.get(name).isLocked();
  }

  /**
   * Connects, and brings the collection to this version's schema: makes it if it is absent, takes it over in place if
   * the Python lock has set it up. Runs by itself at first use; call it where an administrator's rights are at hand.
   *
   * @throws LockSetupError, LockPermissionError, LockConnectionError
   */
  async setup(): Promise<void> {
    this.#service.assertOpen();
    await this.#service.ready();
  }

  /**
   * Releases every lock that is held, withdraws every request that waits (they reject with `LockConnectionError`), and
   * disconnects. The signals of leases that were still held abort. Never rejects; bounded by the request time-out.
   */
  close(): Promise<void> {
    return this.#service.close();
  }

  /** As {@link close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
