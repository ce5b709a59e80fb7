import { Alarm } from '../async/alarm.js';
import { settledWithin } from '../async/within.js';
import type { ManagerInfo } from '../diagnostics/messages.js';
import { Calls } from '../connection/calls.js';
import { Nodes } from '../connection/nodes.js';
import { Nudger } from '../connection/nudger.js';
import { Session, type SessionListener } from '../connection/session.js';
import { LockClosedError, LockError } from '../errors.js';
import type { ResolvedManagerOptions } from '../options/resolved-manager-options.js';
import type { Terms } from '../request/request.js';
import { announcedBatch, LockProcedures, type RunProcedure } from '../schema/lock-procedures.js';
import type { RoomId } from '../schema/replies.js';
import { setUp } from '../schema/setup.js';
import { SystemClock } from './clock.js';
import { Desk } from './desk.js';
import { Driver } from './driver.js';
import type { LockTeller } from './event-relay.js';
import { HeldLease, type Waited } from './held-lease.js';
import { LeasePools } from './lease-pools.js';
import type { LocalWaiter } from './local-waiter.js';
import { randomId } from './random-id.js';
import { isInside } from './sections.js';
import { WatchList } from './watch-list.js';

export type ManagerListener = Pick<SessionListener, 'connected' | 'disconnected' | 'reconnecting'>;

/** What the terms of all requests of a manager have in common. */
export type SharedTerms = Pick<Terms, 'clockSkewMs' | 'doubtMs'>;

/** What a lock needs of its manager. */
export interface LockCore {
  readonly info: ManagerInfo;
  readonly shared: SharedTerms;
  /** What gets locks, if it is loaded and nobody waits for that. @throws if the manager is closed */
  readonly loaded: OpenCore | undefined;
  /** Gives it to `use` in the order of the calls: at once if it is loaded. @throws if it cannot be, or the manager is closed */
  whenLoaded<T>(use: (core: OpenCore) => T | Promise<T>): Promise<T>;
}

/** What gets locks. */
export interface OpenCore {
  readonly procedures: Pick<LockProcedures, 'isLocked'>;
  /** Sends a request. Whoever it is for awaits its `outcome`. */
  open(terms: Terms, teller: LockTeller): HeldLease;
  /** As {@link open}, for a lock that may linger; see `LeasePool.acquire`. */
  acquire(terms: Terms, teller: LockTeller): HeldLease | LocalWaiter | undefined;
}

/** What the locks of one manager share: the connection, the desk of their requests, the watches, and how it ends. */
export class ManagerCore implements OpenCore {
  readonly #info: ManagerInfo;
  readonly procedures: LockProcedures;
  readonly watches: WatchList;
  readonly #desk: Desk;
  readonly #pools: LeasePools;
  readonly #driver: Driver;
  readonly #session: Session;
  readonly #nudger: Nudger;
  readonly #calls: Calls;
  readonly #limitMs: number;
  #closing: Promise<void> | undefined;
  #isDraining = false;
  /** Something was held, or waited, when it was closed. */
  #wasCutShort = false;

  constructor(options: ResolvedManagerOptions, info: ManagerInfo, listener: ManagerListener) {
    this.#limitMs = options.requestTimeout;
    this.#info = info;
    const nodes = new Nodes(options);
    this.#session = new Session(nodes, options.requestTimeout, this.#sessionListener(listener));
    const { collection, prefix, owner } = info;
    const identity = { inbox: randomId(), owner };
    this.#nudger = this.#nudgerOf(nodes);
    this.#calls = new Calls(this.#session, {
      ...options,
      announced: announcedBatch(identity),
      setUp: (connection) => setUp(connection, collection, prefix),
    });
    const run: RunProcedure = (procedure, args, how) => this.#calls.run(procedure, args, how);
    this.procedures = new LockProcedures(run, identity);
    const join = (roomId: RoomId): Promise<boolean> => this.#calls.join(roomId);
    this.#driver = new Driver(this.procedures, {
      join,
      keepAlive: (ttlMs) => this.#session.keepAlive(ttlMs),
      trouble: () => this.#session.trouble,
      nudges: this.#nudger,
      isSearching: () => this.#session.isSearching,
    });
    this.#desk = new Desk(this.#driver, { clock: new SystemClock(), timer: new Alarm(), newId: randomId });
    this.#driver.serve(this.#desk);
    this.#pools = new LeasePools(this.#desk, this.#send.bind(this), () => isInside(this.#info));
    this.watches = new WatchList(
      this.procedures,
      join,
      // What cannot be left is heard of no more: nobody looks for its room.
      (roomId) => void this.#calls.leave(roomId).catch(() => undefined),
      () => this.#session.keepAlive(),
    );
  }

  #nudgerOf(nodes: Nodes): Nudger {
    return new Nudger({
      nodes,
      inUse: () => this.#session.index,
      send: (connection, room) => connection.emit(`//${this.#info.collection}`, room, 'nudge'),
    });
  }

  get state(): 'open' | 'draining' | 'closed' {
    if (this.#closing !== undefined) return 'closed';
    return this.#isDraining ? 'draining' : 'open';
  }

  /** Connected, authenticated and set up. */
  async ready(): Promise<void> {
    await this.#calls.ready();
  }

  assertOpen(): void {
    if (this.#closing !== undefined) throw new LockClosedError();
  }

  open(terms: Terms, teller: LockTeller): HeldLease {
    this.assertOpen();
    this.#assertTaking();
    return this.#pools.open(terms, teller);
  }

  acquire(terms: Terms, teller: LockTeller): HeldLease | LocalWaiter | undefined {
    this.assertOpen();
    this.#assertTaking();
    return this.#pools.acquire(terms, teller);
  }

  /** Takes nothing new, waits for what runs for so long, and closes. Whether all of it has ended by itself. */
  async drain(waitMs: number): Promise<boolean> {
    const isFirst = !this.#isDraining;
    this.#isDraining = true;
    this.#pools.drain(drainingError());
    // What a section waits for is part of what runs.
    this.#desk.giveUpWaiting(
      drainingError(),
      (listener) => listener instanceof HeldLease && listener.isInner,
    );
    // A leader, which holds for as long as it can, learns by this that it is to end.
    if (isFirst) this.#desk.askHolders(this.#info.owner);
    await settledWithin(this.#desk.idle(), waitMs);
    await this.close();
    return !this.#wasCutShort;
  }

  #assertTaking(): void {
    if (this.#isDraining && !isInside(this.#info)) throw drainingError();
  }

  #send(terms: Terms, teller: LockTeller, waited?: Waited): HeldLease {
    return new HeldLease(this.#desk, terms, teller, waited, waited?.isInner ?? isInside(this.#info));
  }

  /** Releases what is held, withdraws what waits, disconnects. Settles within the request time-out. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const endMs = performance.now() + this.#limitMs;
    this.#wasCutShort = this.#desk.isNeeded;
    const reason = new LockClosedError();
    this.#pools.close(reason);
    this.#desk.close(reason);
    this.watches.closeAll();
    try {
      // Without a connection nothing is sent from here on, so that there is nothing to take back if nothing was.
      const mayHaveSent = this.#calls.wereSent || this.#session.current !== undefined;
      if (mayHaveSent) await settledWithin(this.#takeBack(), this.#limitMs);
    } finally {
      this.#desk.stop();
      this.#driver.stop();
      const leftMs = Math.max(0, endMs - performance.now());
      await Promise.all([this.#nudger.close(reason, leftMs), this.#session.close(reason, leftMs)]);
    }
  }

  async #takeBack(): Promise<void> {
    try {
      await this.#driver.quiet();
      // A manager that has sent nothing has nothing to take back, and need not connect for it.
      if (this.#calls.wereSent) await this.procedures.close();
    } catch (error) {
      // Unreachable: the server ends it all by itself, by the leases' ttl.
      if (!(error instanceof LockError)) throw error;
    }
  }

  #sessionListener(listener: ManagerListener): SessionListener {
    return {
      connected: () => {
        this.#desk.connected();
        this.watches.reconnected();
        listener.connected();
      },
      pushed: (type, body) => {
        this.#driver.pushed(type, body);
        this.watches.pushed(type, body);
      },
      disconnected: (reason) => {
        this.#desk.disconnected();
        this.watches.disconnected();
        listener.disconnected(reason);
      },
      reconnecting: (event) => listener.reconnecting(event),
      failed: (reason) => this.#desk.cutOff(reason),
    };
  }
}

function drainingError(): LockClosedError {
  return new LockClosedError('the lock manager drains before it closes: it takes nothing new');
}
