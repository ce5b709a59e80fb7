import { LockConnectionError, LockError } from '../errors.js';
import type { TicketStatus } from '../schema/ticket-status.js';
import type { HeldLease, LeaseKeeper } from './held-lease.js';
import type { ResolvedManagerOptions } from './manager-options.js';
import { LockProcedures, type RunProcedure } from '../schema/lock-procedures.js';
import { Inbox } from './inbox.js';
import { randomId } from './random-id.js';
import { Renewer } from './renewer.js';
import { Requests } from './requests.js';
import { ServerClock } from './server-clock.js';
import { Session, type SessionListener } from './session.js';
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
  readonly #requests: Requests;
  /** Withdrawals that nobody waits for. */
  readonly #loose = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;
  readonly #listener: ServiceListener;

  constructor(options: ResolvedManagerOptions, owner: string, listener: ServiceListener) {
    this.#listener = listener;
    this.clockSkewMs = options.clockSkew;
    this.#session = new Session(options, {
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
      isNeeded: () => this.#requests.areOpen || this.inbox.isNeeded || !this.watches.isEmpty,
    });
    this.#requests = new Requests(this.#session, options);
    const clock = new ServerClock();
    const run: RunProcedure = (procedure, args) => this.#requests.run(procedure, args);
    this.procedures = new LockProcedures(run, clock, { inbox: randomId(), owner });
    const join = (roomId: number): Promise<boolean> => this.#requests.join(roomId);
    this.inbox = new Inbox(this.procedures, clock, join, (ticket) =>
      this.loose(this.procedures.withdraw([ticket.id])),
    );
    this.watches = new WatchList(
      this.procedures,
      join,
      (roomId) => this.loose(this.#requests.leave(roomId)),
      () => this.hold(),
    );
    this.renewer = new Renewer(this.procedures);
  }

  /** Connected, authenticated and set up. */
  async ready(): Promise<void> {
    await this.#requests.ready();
  }

  /** Throws if the manager is closed: said before anything is sent. */
  assertOpen(): void {
    if (this.#closing !== undefined) throw closedError();
  }

  /** Keeps the process alive, and an eye on the connection, while somebody waits. Returns how to let go. */
  hold(): () => void {
    return this.#session.hold();
  }

  began(lease: HeldLease, ticket: Ticket): void {
    this.inbox.holds(ticket, lease);
  }

  ended(ticket: Ticket): void {
    this.inbox.holdsNoMore(ticket);
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

  /** Releases what is held, withdraws what waits, disconnects. Settles within two request time-outs. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const reason = closedError();
    this.inbox.fail(reason);
    this.watches.closeAll();
    const closed = this.inbox.leases.map((lease) => lease.close(reason));
    try {
      await Promise.allSettled(closed);
      // A manager that has sent nothing has nothing to take back, and need not connect for it.
      if (this.#requests.wereMade) await this.procedures.close();
      await Promise.all(this.#loose);
    } catch (error) {
      // Unreachable: the server ends it all by itself, by the leases' ttl.
      if (!(error instanceof LockError)) throw error;
    } finally {
      await this.#session.close(reason);
    }
  }

  /** `undefined` when the answer may be that to a repeat, after the first had ended it. */
  async #wasHeld(end: () => Promise<boolean[]>): Promise<boolean | undefined> {
    const { repeats } = this.#requests;
    const [wasHeld] = await end();
    return wasHeld === true || (repeats === this.#requests.repeats ? false : undefined);
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
