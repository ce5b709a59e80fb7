import { hostname } from 'node:os';
import { inspect, type InspectOptionsStylized } from 'node:util';
import { checkSection, DistributedLock, type ResolveOptions } from './distributed-lock.js';
import { channels } from './diagnostics/channels.js';
import { Emitter } from './emitter.js';
import type { ErrorEvent, LockManagerEvents, ReconnectingEvent } from './events.js';
import { MANAGER_EVENTS } from './known-events.js';
import { tellSafely } from './manager/event-relay.js';
import { adoptedLease } from './manager/adoption.js';
import { LateCore } from './manager/late-core.js';
import { withOwnError } from './manager/own-error.js';
import { randomId } from './manager/random-id.js';
import { shown } from './manager/shown.js';
import type { Lease } from './lease.js';
import { lockSnapshot, type LockSnapshot } from './lock-info.js';
import type { LockWatch } from './lock-watch.js';
import { invalid } from './options/checked.js';
import { checkedName, checkedNames } from './options/names.js';
import { checkedPage, type Page } from './options/page.js';
import { checkedSemaphore, resolveLockOptions, semaphoreResolver } from './options/resolved-lock-options.js';
import { resolveDrainOptions, resolveManagerOptions } from './options/resolved-manager-options.js';
import type { AdoptOptions, LockOptions, SemaphoreOptions } from './options/lock-options.js';
import type { DrainOptions, LockManagerOptions } from './options/manager-options.js';

/**
 * The way to distributed locks on one collection of ThingsDB. It holds the connection, sets the collection up at first
 * use, and hands out locks. One for each process is enough; make it once and inject it where it is needed.
 *
 * @example
 * const manager = new LockManager({ url: 'thingsdb://127.0.0.1:9200', auth: { username: 'admin', password: 'pass' } });
 * await manager.get('my-lock').runExclusive(async (lease) => {
 *   await writeReport({ signal: lease.signal, token: lease.fencingToken });
 * });
 * await manager.close();
 */
export class LockManager extends Emitter<LockManagerEvents> {
  readonly #core: LateCore;
  readonly #defaults: LockOptions;

  /** Connects to nothing yet. @throws LockOptionsError */
  constructor(options: LockManagerOptions) {
    super(MANAGER_EVENTS);
    const resolved = resolveManagerOptions(options);
    this.#defaults = resolved.defaults;
    this.#core = new LateCore(resolved, resolved.owner ?? `${hostname()}:${process.pid}`, {
      connected: () => this.#tell('connected', []),
      reconnecting: (event) => this.#reconnecting(event),
      disconnected: (reason) => this.#tell('disconnected', [{ reason }]),
    });
  }

  /**
   * The lock of this name: any text of 1 to 255 bytes in UTF-8. Or of up to 64 names, which are locked together: all or
   * none, in whatever order they are given. Costs nothing and may be called anywhere.
   * @throws LockOptionsError for a bad name or option; nothing is sent
   */
  get(names: string | readonly string[], options?: LockOptions): DistributedLock {
    return this.#lock(checkedNames(names), resolveLockOptions, options);
  }

  /**
   * A lock that several can hold, up to so many permits together. They get it in the order in which they came. A lock
   * of the same name excludes it.
   * @throws LockOptionsError for a bad name or option; nothing is sent
   */
  semaphore(name: string, options: SemaphoreOptions): DistributedLock {
    const { limit, others } = checkedSemaphore(options);
    return this.#lock([checkedName(name)], semaphoreResolver(limit), others);
  }

  /** As `get(names, options).acquire()`. */
  async acquire(names: string | readonly string[], options?: LockOptions): Promise<Lease> {
    return this.get(names, options).acquire();
  }

  /** As `get(names, options).tryAcquire()`. */
  async tryAcquire(names: string | readonly string[], options?: LockOptions): Promise<Lease | null> {
    return this.get(names, options).tryAcquire();
  }

  /** As `get(names, options).runExclusive(fn)`. */
  async runExclusive<T>(
    names: string | readonly string[],
    fn: (lease: Lease) => Promise<T> | T,
    options?: LockOptions,
  ): Promise<T> {
    checkSection(fn, options);
    return this.get(names, options).runExclusive(fn);
  }

  /** As `get(names, options).tryRunExclusive(fn)`. */
  async tryRunExclusive<T>(
    names: string | readonly string[],
    fn: (lease: Lease) => Promise<T> | T,
    options?: LockOptions,
  ): Promise<T | null> {
    checkSection(fn, options);
    return this.get(names, options).tryRunExclusive(fn);
  }

  /**
   * Whether anybody holds the lock, by the server's word. On a cluster the node that answers may be a moment behind.
   * @throws LockConnectionError if there is no answer
   */
  isLocked(name: string): Promise<boolean>;
  async isLocked(name: string, ...more: readonly unknown[]): Promise<boolean> {
    refuseMore('isLocked', more);
    return this.get(name).isLocked();
  }

  /**
   * Who holds and who waits, of one name or of a page of all names in order. By default the first 100. On a cluster the
   * node that answers may be a moment behind.
   * @throws LockOptionsError, LockConnectionError if the server does not answer
   */
  query(which?: string | Page): Promise<LockSnapshot>;
  async query(which: string | Page = {}, ...more: readonly unknown[]): Promise<LockSnapshot> {
    refuseMore('query', more);
    const { after, limit } = typeof which === 'string' ? {} : checkedPage(which);
    const name = typeof which === 'string' ? checkedName(which) : null;
    const answer = this.#core.whenLoaded(({ procedures }) => procedures.query(name, after, limit));
    return lockSnapshot(await withOwnError(answer));
  }

  /**
   * Live events of whoever holds or waits for this name, until the watch is closed. Resolves when it sees everything from
   * then on.
   * @throws LockOptionsError, LockConnectionError; LockLimitError where as many names are watched as may be
   */
  watch(name: string): Promise<LockWatch>;
  /**
   * The same of all names. While somebody watches so, each change of a lock costs the server a message; its bounds are in
   * docs/EVENTS.md.
   * @throws LockConnectionError
   */
  watch(): Promise<LockWatch<undefined>>;
  // Only no argument is all names: one that is undefined by mistake is refused.
  async watch(...names: readonly unknown[]): Promise<LockWatch<string | undefined>> {
    const [first, ...more] = names;
    refuseMore('watch', more);
    const name = names.length === 0 ? undefined : checkedName(first as string);
    return withOwnError(this.#core.whenLoaded(({ watches }) => watches.open(name)));
  }

  /**
   * Takes the lock away from whoever holds it: they are told (`force-released`), the next in line gets it. For people who
   * know that a holder is not worth waiting for. Resolves with the number of leases that were ended.
   * @throws LockOptionsError, LockConnectionError
   */
  forceRelease(name: string): Promise<number>;
  async forceRelease(name: string, ...more: readonly unknown[]): Promise<number> {
    refuseMore('forceRelease', more);
    const checked = checkedName(name);
    return withOwnError(
      this.#core.whenLoaded(({ procedures }) => procedures.forceRelease(checked, randomId())),
    );
  }

  /**
   * Asks those who hold the lock to release it: an event `releaseRequested` at each; what they do is theirs. Resolves
   * with how many were asked; Python programs cannot be.
   * @throws LockOptionsError, LockConnectionError
   */
  requestRelease(name: string): Promise<number>;
  async requestRelease(name: string, ...more: readonly unknown[]): Promise<number> {
    refuseMore('requestRelease', more);
    const checked = checkedName(name);
    return withOwnError(this.#core.whenLoaded(({ procedures }) => procedures.requestRelease(checked)));
  }

  /**
   * Goes on with a lease that another process has serialized; of several that try the first. Its time counts from now.
   * @throws LockOptionsError if it is no such text; LockLostError if the lease is over, or was adopted before;
   *   LockConnectionError
   */
  async adopt(serialized: string, options?: AdoptOptions): Promise<Lease> {
    this.#core.assertOpen();
    const layers = { defaults: this.#defaults, options };
    return adoptedLease(this.#core, serialized, layers, this);
  }

  /**
   * Connects, and brings the collection to this version's schema. Makes it if it is absent; takes it over in place if
   * the Python lock has set it up. Runs by itself at first use; call it where an administrator's rights are at hand.
   *
   * @throws LockSetupError, LockPermissionError, LockConnectionError
   */
  async setup(): Promise<void> {
    await withOwnError(this.#core.whenLoaded((core) => core.ready()));
  }

  /**
   * For a service that shuts down: takes nothing new, waits for what runs, then closes as {@link close} does.
   *
   * At once, `acquire` and `adopt` reject with `LockClosedError`, and so do requests that wait. What runs inside of a
   * `runExclusive` may still acquire what it needs. Each holder is told `releaseRequested`, by this manager's own label:
   * a leader, which would hold for ever, ends by that. Resolves `true` when every lease has ended by itself. Resolves
   * `false` when `waitTimeout` was over first (default: `Infinity`), so that leases were released by closing. Never
   * rejects for what the server does.
   *
   * @throws LockOptionsError
   */
  async drain(options?: DrainOptions): Promise<boolean> {
    return this.#core.drain(resolveDrainOptions(options).waitTimeoutMs);
  }

  /** Whether it takes anything new: not any more from the beginning of {@link drain} or {@link close} on. */
  get state(): 'open' | 'draining' | 'closed' {
    return this.#core.state;
  }

  /**
   * Releases every lock that is held, withdraws every request that waits (they reject with `LockClosedError`), and
   * disconnects. The signals of leases that were still held abort: their reason is a `LockLostError` with the reason
   * `closed`. Never rejects; bounded by the request time-out.
   */
  close(): Promise<void> {
    return this.#core.close();
  }

  /** @internal */
  [inspect.custom](depth: number, options: InspectOptionsStylized): string {
    const { info, state } = this.#core;
    return shown('LockManager', { ...info, state }, depth, options);
  }

  #lock(
    names: readonly string[],
    resolve: ResolveOptions,
    options: LockOptions | undefined,
  ): DistributedLock {
    const layers = options === undefined ? [this.#defaults] : [this.#defaults, options];
    return new DistributedLock(this.#core, names, resolve, layers, this);
  }

  #reconnecting(event: ReconnectingEvent): void {
    const { reconnect } = channels;
    if (reconnect.hasSubscribers) reconnect.publish({ manager: this.#core.info, ...event });
    this.#tell('reconnecting', [event]);
  }

  #tell<E extends keyof LockManagerEvents>(event: E, payload: LockManagerEvents[E]): void {
    tellSafely(this, event, payload, (error): [ErrorEvent] => [{ error }]);
  }

  /** As {@link close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** A name that is passed over would look free, or be watched by nobody. @throws LockOptionsError */
function refuseMore(method: string, more: readonly unknown[]): void {
  const [first] = more;
  if (first === undefined) return;
  const listen = method === 'watch' ? ', and its events are heard by .on(event, listener)' : '';
  throw invalid('second argument', first, `${method}() is of one name${listen}: call it for each`);
}
