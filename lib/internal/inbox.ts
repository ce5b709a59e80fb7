import { PackageType } from '../client/package-type.js';
import { LockConnectionError } from '../errors.js';
import type { LockProcedures, Told } from '../schema/lock-procedures.js';
import { takenAway, type TicketStatus } from '../schema/ticket-status.js';
import { joinNewRoom, type JoinRoom } from '../connection/join-room.js';
import type { ServerClock } from './server-clock.js';
import type { HeldLease } from './held-lease.js';
import { grantOf, Ticket, type Wish } from './ticket.js';
import { WaitingLines } from './waiting-lines.js';

/** Waiters further back ask a little later: when those ahead live, they have settled the matter by then. */
const STAGGER_MS = 5;
const MOST_STAGGER_MS = 80;
/** After a question that failed. */
const ASK_AGAIN_MS = 1_000;

interface Holding {
  readonly ticket: Ticket;
  readonly lease: HeldLease;
}

/**
 * A manager's waiting requests, and its leases: their grants, and what others do to them, are pushed into one room,
 * which is joined when the first of them is there. Nothing is polled: besides a push, a waiter asks only when the holder's lease should have ended, and only the first
 * of each name.
 */
export class Inbox {
  readonly #procedures: LockProcedures;
  readonly #clock: ServerClock;
  readonly #join: JoinRoom;
  readonly #refuse: (ticket: Ticket) => void;
  readonly #tickets = new Map<number, Ticket>();
  readonly #lines = new WaitingLines((first) => void this.#check([first], false));
  readonly #held = new Map<number, Holding>();
  /** Given up, but not known to be withdrawn. */
  readonly #leaving = new Map<number, Ticket>();
  #numbers = 0;
  #roomId: number | undefined;

  /** @param refuse tells the server that a grant is not wanted any more */
  constructor(
    procedures: LockProcedures,
    clock: ServerClock,
    join: JoinRoom,
    refuse: (ticket: Ticket) => void,
  ) {
    this.#procedures = procedures;
    this.#clock = clock;
    this.#join = join;
    this.#refuse = refuse;
  }

  /** A new ticket, known here before it is sent: its grant may be pushed before the answer to its request. */
  open(wish: Wish): Ticket {
    const ticket = new Ticket(++this.#numbers, wish);
    this.#tickets.set(ticket.number, ticket);
    return ticket;
  }

  /** Forgets a ticket, however it ended. */
  close(ticket: Ticket): void {
    this.#tickets.delete(ticket.number);
    this.#lines.leave(ticket);
  }

  /** A ticket has become a lease: what is told of it goes there. */
  holds(ticket: Ticket, lease: HeldLease): void {
    this.#held.set(ticket.number, { ticket, lease });
  }

  /** The lease has ended. */
  holdsNoMore(ticket: Ticket): void {
    this.#held.delete(ticket.number);
  }

  get leaving(): readonly Ticket[] {
    return [...this.#leaving.values()];
  }

  /** Its withdrawal is under way: should it be granted first, that is answered at once, and not by silence. */
  leaves(ticket: Ticket): void {
    this.#leaving.set(ticket.number, ticket);
  }

  left(ticket: Ticket): void {
    this.#leaving.delete(ticket.number);
  }

  /**
   * Takes in what the server says of a ticket that is open here.
   * @param isSure by a change: then it has taken the question for the answer to a grant
   */
  update(ticket: Ticket, told: Told<TicketStatus>, isSure: boolean): void {
    if (ticket.isSettled || !this.#tickets.has(ticket.number)) return;
    const status = told.value;
    switch (status.state) {
      case 'held':
        ticket.grant(grantOf({ ...told, value: status }, !isSure));
        return;
      case 'waiting':
        this.#askAt(ticket, told.receivedMs + (status.due - status.at) / 1000 + staggerMs(status.ahead));
        this.#lines.enter(ticket);
        this.enterRoom(status.room);
        return;
      case 'gone':
      case 'busy':
        // Granted, and taken away before it was told here: the server does not take that id in again.
        if (status.state === 'gone' && status.why !== undefined) ticket.startAnew();
        // Its process was taken for dead, or the server has lost state: it goes to the end of the queue.
        void this.#attempt([ticket], async () =>
          this.update(ticket, await this.#procedures.acquire(ticket), true),
        );
        return;
    }
  }

  /** Takes in a pushed message, of whatever room. */
  pushed(type: number, body: unknown): void {
    const { id, event, args } = (body ?? {}) as { id?: unknown; event?: unknown; args?: unknown };
    if (id === undefined || id !== this.#roomId) return;
    if (type === PackageType.roomDelete) {
      // Unused for long, or the server went back to an older state: joined again with the next request that waits.
      this.#roomId = undefined;
      void this.#check(this.#waiting(), true);
      for (const lease of this.leases) lease.confirm();
    } else if (type === PackageType.roomEmit && Array.isArray(args)) {
      this.#told(event, args as [number, ...number[]]);
    }
  }

  /** Whether somebody waits or holds. */
  get isNeeded(): boolean {
    return !this.#lines.areEmpty || this.#held.size > 0;
  }

  get leases(): HeldLease[] {
    return [...this.#held.values()].map(({ lease }) => lease);
  }

  /** The connection is gone, and with it the place in the room; the places in the queues are not. */
  disconnected(): void {
    this.#roomId = undefined;
    for (const ticket of this.#tickets.values()) ticket.mayReturn = true;
  }

  /** Whatever was pushed meanwhile is lost: asks for all in one request, whose answers name the room to join. */
  reconnected(): void {
    void this.#check(this.#waiting(), true);
  }

  /** There is no way any more to be told. */
  fail(reason: unknown): void {
    this.#roomId = undefined;
    for (const ticket of [...this.#tickets.values()]) ticket.fail(reason);
  }

  /** The server knows when the ticket was first to ask, and tells it of what ends earlier: that time is kept. */
  #askAt(ticket: Ticket, atMs: number): void {
    const isSet = ticket.asksAtMs !== Infinity && ticket.asksAtMs > performance.now();
    ticket.asksAtMs = isSet ? Math.min(ticket.asksAtMs, atMs) : atMs;
  }

  #told(event: unknown, args: readonly [number, ...number[]]): void {
    if (event === 'check') {
      void this.#check(this.#waiting(), true);
      return;
    }
    const [number] = args;
    if (event === 'lost') this.#lost(number, args[1]);
    if (event === 'asked') this.#held.get(number)?.lease.asked(String(args[1]));
    const given = this.#leaving.get(number);
    if (given !== undefined && event === 'granted') this.#refuse(given);
    const ticket = this.#tickets.get(number);
    if (ticket === undefined || ticket.isSettled) return;
    if (event === 'granted') {
      const [, token = NaN, at = NaN, due = NaN] = args;
      this.#granted(ticket, token, at, due);
    } else if (event === 'watch') {
      const [, at = NaN, until = NaN] = args;
      ticket.asksAtMs = performance.now() + (until - at) / 1000;
      this.#lines.arm(ticket);
    }
  }

  /** What is pushed comes in order, so the grant was here before; but perhaps nobody has had time to take it. */
  #lost(number: number, why: unknown): void {
    const reason = takenAway(why);
    if (reason === undefined) return;
    const ticket = this.#tickets.get(number);
    if (ticket !== undefined) ticket.takenAway = reason;
    this.#held.get(number)?.lease.lose(reason);
  }

  #granted(ticket: Ticket, fencingToken: number, at: number, due: number): void {
    const leaseMs = (due - at) / 1000;
    // The message may have lain in a buffer while this process was stopped: how old it is shows on the server's clock.
    const deadlineMs = Math.min(performance.now() + leaseMs, this.#clock.earliest(due));
    if (deadlineMs > performance.now()) {
      const grantedMs = deadlineMs - leaseMs;
      ticket.grant({ fencingToken, grantedMs, deadlineMs, isProvisional: true, room: undefined });
    } else {
      void this.#check([ticket], true);
    }
  }

  #waiting(): Ticket[] {
    return this.#lines.tickets;
  }

  async #check(tickets: readonly Ticket[], isSure: boolean): Promise<void> {
    if (tickets.length === 0) return;
    await this.#attempt(tickets, async () => {
      const ids = tickets.map((ticket) => ticket.id);
      const told = await this.#procedures.check(ids, isSure);
      tickets.forEach((ticket, i) => {
        const value = told.value[i];
        // What is said of an id that it had before is old news.
        if (value !== undefined && ticket.id === ids[i]) this.update(ticket, { ...told, value }, isSure);
      });
    });
  }

  /** What no answer came to is asked again later; what the server refuses ends the waiting. */
  async #attempt(tickets: readonly Ticket[], action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      for (const ticket of tickets) {
        if (ticket.isSettled || !this.#tickets.has(ticket.number)) continue;
        if (error instanceof LockConnectionError) {
          ticket.asksAtMs = performance.now() + ASK_AGAIN_MS;
          this.#lines.enter(ticket);
        } else {
          ticket.fail(error);
        }
      }
    }
  }

  /** Joins the room if it is not the one we are in. */
  enterRoom(roomId: number): void {
    // 0: of a lease that is on its way to another process, and so in nobody's room.
    if (roomId === 0 || this.#roomId === roomId) return;
    this.#roomId = roomId;
    void this.#enter(roomId);
  }

  async #enter(roomId: number): Promise<void> {
    await this.#attempt(this.#waiting(), () => this.#joinRoom(roomId));
    // What was told before we were in.
    await Promise.all([this.#check(this.#waiting(), true), this.#checkHeld()]);
  }

  async #checkHeld(): Promise<void> {
    const held = [...this.#held.values()];
    if (held.length === 0 || this.#roomId === undefined) return;
    await this.#attempt([], async () => {
      const told = await this.#procedures.check(held.map(({ ticket }) => ticket.id));
      held.forEach(({ ticket, lease }, i) => {
        const status = told.value[i];
        if (status === undefined || !this.#held.has(ticket.number)) return;
        // This was but a read: a node that lags may not know the lease yet.
        if (status.state === 'gone' && status.why === undefined) lease.confirm();
        else lease.hear(status);
      });
    });
  }

  async #joinRoom(roomId: number): Promise<void> {
    try {
      await joinNewRoom(this.#join, roomId);
    } catch (error) {
      // The next answer that names the room tries again.
      if (this.#roomId === roomId) this.#roomId = undefined;
      throw error;
    }
  }
}

function staggerMs(ahead: number): number {
  return Math.min(MOST_STAGGER_MS, STAGGER_MS * (ahead - 1));
}
