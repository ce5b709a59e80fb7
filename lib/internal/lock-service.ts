import { settledWithin } from '../async/within.js';
import { LockConnectionError, LockError } from '../errors.js';
import type { TicketStatus } from '../schema/ticket-status.js';
import type { HeldLease, LeaseKeeper } from './held-lease.js';
import type { ResolvedManagerOptions } from './manager-options.js';
import { LockProcedures, type RunProcedure } from '../schema/lock-procedures.js';
import { setUp } from '../schema/setup.js';
import { Inbox } from './inbox.js';
import { randomId } from './random-id.js';
import { Renewer } from './renewer.js';
import { Calls } from '../connection/calls.js';
import { ServerClock } from './server-clock.js';
import { Nodes } from '../connection/nodes.js';
import { Session, type SessionListener } from '../connection/session.js';
import type { Ticket } from './ticket.js';
import { WatchList } from './watch-list.js';

export type ServiceListener = Pick<SessionListener, 'connected' | 'disconnected' | 'reconnecting'>;

const WITHDRAW_AGAIN_MS = 100;
const WITHDRAW_LIMIT_MS = 60_000;

/** What the locks of one manager share: the connection, the setup, the inbox, the renewals, the leases held. */
export class LockService implements LeaseKeeper {
  readonly procedures: LockProcedures;
  readonly inbox: Inbox;
  readonly watches: WatchList;
  readonly renewer: Renewer;
  readonly clockSkewMs: number;
  readonly #session: Session;
  readonly #calls: Calls;
  /** Withdrawals that nobody waits for. */
  readonly #loose = new Set<Promise<unknown>>();
  readonly #requestTimeoutMs: number;
  /** How to let go of the connection when a lease ends. */
  readonly #heldBy = new Map<Ticket, () => void>();
  #closing: Promise<void> | undefined;
  readonly #listener: ServiceListener;

  constructor(options: ResolvedManagerOptions, owner: string, listener: ServiceListener) {
    this.#listener = listener;
    this.clockSkewMs = options.clockSkew;
    this.#session = new Session(new Nodes(options), options.requestTimeout, {
      connected: () => this.#connected(),
      pushed: (type, body) => {
        this.inbox.pushed(type, body);
        this.watches.pushed(type, body);
      },
      disconnected: (reason) => {
        this.inbox.disconnected();
        this.watches.disconnected();
        listener.disconnected(reason);
      },
      reconnecting: (event) => listener.reconnecting(event),
      failed: (reason) => this.inbox.fail(reason),
    });
    const { collection, prefix } = options;
    this.#calls = new Calls(this.#session, {
      ...options,
      setUp: (connection) => setUp(connection, collection, prefix),
    });
    this.#requestTimeoutMs = options.requestTimeout;
    const clock = new ServerClock();
    const run: RunProcedure = (procedure, args, how) => this.#calls.run(procedure, args, how);
    this.procedures = new LockProcedures(run, clock, { inbox: randomId(), owner });
    const join = (roomId: number): Promise<boolean> => this.#calls.join(roomId);
    this.inbox = new Inbox(this.procedures, clock, join, (ticket) =>
      this.loose(this.procedures.withdraw([ticket.id])),
    );
    this.watches = new WatchList(
      this.procedures,
      join,
      (roomId) => this.loose(this.#calls.leave(roomId)),
      () => this.hold(),
    );
    this.renewer = new Renewer(this.procedures);
  }

  /** Connected, authenticated and set up. */
  async ready(): Promise<void> {
    await this.#calls.ready();
  }

  /** Throws if the manager is closed: said before anything is sent. */
  assertOpen(): void {
    if (this.#closing !== undefined) throw closedError();
  }

  /** Keeps the process alive, and an eye on the connection, while somebody waits. Returns how to let go. */
  hold(): () => void {
    return this.#session.keepAlive();
  }

  began(lease: HeldLease, ticket: Ticket): void {
    this.inbox.holds(ticket, lease);
    this.#heldBy.set(ticket, this.#session.keepAlive(ticket.ttlMs));
  }

  ended(ticket: Ticket): void {
    this.inbox.holdsNoMore(ticket);
    this.#heldBy.get(ticket)?.();
    this.#heldBy.delete(ticket);
  }

  /** Why no answer is to be had from the server now; `undefined` while it answers. */
  get trouble(): LockError | undefined {
    return this.#session.trouble;
  }

  enterRoom(roomId: number): void {
    this.inbox.enterRoom(roomId);
  }

  release(ticket: Ticket): Promise<boolean | undefined> {
    // Of a request that was sent on a connection that was lost a copy may still arrive: it must find itself withdrawn.
    return this.#wasHeld(() =>
      ticket.mayReturn ? this.procedures.withdraw([ticket.id]) : this.procedures.release([ticket.id]),
    );
  }

  keep(ticket: Ticket, ms: number): Promise<boolean | undefined> {
    return this.#wasHeld(() => this.procedures.keep([[ticket.id, ms]]));
  }

  /** Sees to it that the request is not granted, until that is answered; after a minute the server may have forgotten. */
  async withdraw(ticket: Ticket): Promise<void> {
    const endMs = performance.now() + WITHDRAW_LIMIT_MS;
    this.inbox.leaves(ticket);
    try {
      for (;;) {
        try {
          await this.release(ticket);
          return;
        } catch (error) {
          const isHopeless = this.#closing !== undefined || performance.now() > endMs;
          if (isHopeless || !(error instanceof LockConnectionError)) throw error;
          await new Promise((resolve) => setTimeout(resolve, WITHDRAW_AGAIN_MS).unref());
        }
      }
    } finally {
      this.inbox.left(ticket);
    }
  }

  async handOn(ticket: Ticket, ttlMs: number): Promise<TicketStatus> {
    const [status] = (await this.procedures.handOn([[ticket.id, ttlMs]])).value;
    return status as TicketStatus;
  }

  async check(ticket: Ticket): Promise<TicketStatus> {
    const [status] = (await this.procedures.check([ticket.id], true)).value;
    return status as TicketStatus;
  }

  /** Runs something that nobody waits for; {@link close} does, within its bound. */
  loose(task: Promise<unknown>): void {
    const tracked = task.catch(() => undefined).finally(() => this.#loose.delete(tracked));
    this.#loose.add(tracked);
  }

  /** Releases what is held, withdraws what waits, disconnects. Settles within the request time-out. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const endMs = performance.now() + this.#requestTimeoutMs;
    const reason = closedError();
    this.inbox.fail(reason);
    this.watches.closeAll();
    const closed = this.inbox.leases.map((lease) => lease.close(reason));
    try {
      await settledWithin(this.#takenBack(closed), endMs - performance.now());
    } finally {
      await this.#session.close(reason, Math.max(0, endMs - performance.now()));
    }
  }

  async #takenBack(closed: readonly Promise<void>[]): Promise<void> {
    await Promise.allSettled(closed);
    try {
      // A manager that has sent nothing has nothing to take back, and need not connect for it.
      if (this.#calls.wereMade) await this.procedures.close();
    } catch (error) {
      // Unreachable: the server ends it all by itself, by the leases' ttl.
      if (!(error instanceof LockError)) throw error;
    }
    await Promise.all(this.#loose);
  }

  /** `undefined` when the answer may be that to a repeat, after the first had ended it. */
  async #wasHeld(end: () => Promise<boolean[]>): Promise<boolean | undefined> {
    const { repeats } = this.#calls;
    const [wasHeld] = await end();
    return wasHeld === true || (repeats === this.#calls.repeats ? false : undefined);
  }

  /** What was pushed, and perhaps what was stored, is lost: everything that is waited for or held is asked about. */
  #connected(): void {
    // First of all: a request that nobody stands behind would have its process taken for dead when it is granted.
    const leaving = this.inbox.leaving;
    if (leaving.length > 0) this.loose(this.procedures.withdraw(leaving.map(({ id }) => id)));
    this.inbox.reconnected();
    this.watches.reconnected();
    for (const lease of this.inbox.leases) lease.confirm();
    this.#listener.connected();
  }
}

function closedError(): LockConnectionError {
  return new LockConnectionError('the lock manager is closed');
}
