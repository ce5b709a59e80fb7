import { PackageType } from '../client/package-type.js';
import { LockConnectionError } from '../errors.js';
import type { LockProcedures, Told } from '../schema/lock-procedures.js';
import type { TicketStatus } from '../schema/ticket-status.js';
import { Alarm } from './alarm.js';
import type { ServerClock } from './server-clock.js';
import { grantOf, Ticket } from './ticket.js';

/** Joins a room by its id; `false` when the node does not know it. */
export type JoinRoom = (roomId: number) => Promise<boolean>;

/** The requests of this manager that wait for one name, first come first, and when to ask after them. */
interface Line {
  readonly tickets: Set<Ticket>;
  readonly alarm: Alarm;
}

/** Waiters further back ask a little later: when those ahead live, they have settled the matter by then. */
const STAGGER_MS = 5;
const MOST_STAGGER_MS = 80;
/** After a question that failed. */
const ASK_AGAIN_MS = 1_000;
const JOIN_TRIES = 20;
const JOIN_DELAY_MS = 50;

/**
 * A manager's waiting requests. Their grants are pushed into one room, which is joined when the first request waits.
 * Nothing is polled: besides a push, a waiter asks only when the holder's lease should have ended, and only the first
 * of each name.
 */
export class Inbox {
  readonly #procedures: LockProcedures;
  readonly #clock: ServerClock;
  readonly #join: JoinRoom;
  readonly #refuse: (ticket: Ticket) => void;
  readonly #tickets = new Map<number, Ticket>();
  readonly #lines = new Map<string, Line>();
  /** Given up, but not known to be withdrawn. */
  readonly #leaving = new Map<number, Ticket>();
  #numbers = 0;
  #roomId: number | undefined;
  #joining: Promise<void> | undefined;

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
  open(name: string, ttlMs: number): Ticket {
    const ticket = new Ticket(name, ++this.#numbers, ttlMs);
    this.#tickets.set(ticket.number, ticket);
    return ticket;
  }

  /** Forgets a ticket, however it ended. */
  close(ticket: Ticket): void {
    this.#tickets.delete(ticket.number);
    this.#leaveLine(ticket);
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

  /** Takes in what the server says of a ticket that is open here. */
  update(ticket: Ticket, told: Told<TicketStatus>): void {
    if (ticket.isSettled || !this.#tickets.has(ticket.number)) return;
    const status = told.value;
    switch (status.state) {
      case 'held':
        ticket.grant(grantOf({ ...told, value: status }, true));
        return;
      case 'waiting':
        this.#askAt(ticket, told.receivedMs + (status.due - status.at) / 1000 + staggerMs(status.ahead));
        this.#enterLine(ticket);
        void this.#enterRoom(status.room);
        return;
      case 'gone':
      case 'busy':
        // Its process was taken for dead, or the server has lost state: it goes to the end of the queue, with its id.
        void this.#attempt([ticket], async () => this.update(ticket, await this.#procedures.acquire(ticket)));
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
    } else if (type === PackageType.roomEmit && Array.isArray(args)) {
      this.#told(event, args as number[]);
    }
  }

  get hasWaiting(): boolean {
    return this.#lines.size > 0;
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

  #told(event: unknown, args: readonly number[]): void {
    if (event === 'check') {
      void this.#check(this.#waiting(), true);
      return;
    }
    const number = args[0] ?? NaN;
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
      this.#arm(ticket.name);
    }
  }

  #granted(ticket: Ticket, fencingToken: number, at: number, due: number): void {
    const leaseMs = (due - at) / 1000;
    // The message may have lain in a buffer while this process was stopped: how old it is shows on the server's clock.
    const deadlineMs = Math.min(performance.now() + leaseMs, this.#clock.earliest(due));
    if (deadlineMs > performance.now()) {
      ticket.grant({ fencingToken, grantedMs: deadlineMs - leaseMs, deadlineMs, isProvisional: true });
    } else {
      void this.#check([ticket], true);
    }
  }

  #waiting(): Ticket[] {
    return [...this.#lines.values()].flatMap((line) => [...line.tickets]);
  }

  async #check(tickets: readonly Ticket[], isSure: boolean): Promise<void> {
    if (tickets.length === 0) return;
    await this.#attempt(tickets, async () => {
      const told = await this.#procedures.check(
        tickets.map((ticket) => ticket.id),
        isSure,
      );
      tickets.forEach((ticket, i) => {
        const value = told.value[i];
        if (value !== undefined) this.update(ticket, { ...told, value });
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
          this.#enterLine(ticket);
        } else {
          ticket.fail(error);
        }
      }
    }
  }

  async #enterRoom(roomId: number): Promise<void> {
    if (this.#roomId === roomId) return this.#joining;
    this.#roomId = roomId;
    this.#joining = this.#attempt(this.#waiting(), () => this.#joinRoom(roomId));
    await this.#joining;
    // What was told before we were in.
    await this.#check(this.#waiting(), true);
  }

  async #joinRoom(roomId: number): Promise<void> {
    try {
      for (let tries = 1; !(await this.#join(roomId)); tries++) {
        // A node of a cluster may learn of a new room a moment later than another.
        if (tries === JOIN_TRIES) throw new LockConnectionError(`room ${roomId} is not known to this node`);
        await new Promise((resolve) => setTimeout(resolve, JOIN_DELAY_MS));
      }
    } catch (error) {
      // The next answer that names the room tries again.
      if (this.#roomId === roomId) this.#roomId = undefined;
      throw error;
    }
  }

  #enterLine(ticket: Ticket): void {
    let line = this.#lines.get(ticket.name);
    if (line === undefined) this.#lines.set(ticket.name, (line = { tickets: new Set(), alarm: new Alarm() }));
    line.tickets.add(ticket);
    this.#arm(ticket.name);
  }

  #leaveLine(ticket: Ticket): void {
    const line = this.#lines.get(ticket.name);
    if (line === undefined || !line.tickets.delete(ticket)) return;
    const [next] = line.tickets;
    if (next === undefined) {
      line.alarm.clear();
      this.#lines.delete(ticket.name);
    } else {
      // The first has asked for all: what it was told last is newer than what the next was told when it came.
      const isAsking = ticket.asksAtMs === Infinity;
      next.asksAtMs = isAsking ? performance.now() : Math.max(ticket.asksAtMs, next.asksAtMs);
      this.#arm(ticket.name);
    }
  }

  #arm(name: string): void {
    const line = this.#lines.get(name);
    const [first] = line?.tickets ?? [];
    if (line === undefined || first === undefined) return;
    line.alarm.set(first.asksAtMs, () => {
      // Until the answer sets it anew.
      first.asksAtMs = Infinity;
      void this.#check([first], false);
    });
  }
}

function staggerMs(ahead: number): number {
  return Math.min(MOST_STAGGER_MS, STAGGER_MS * (ahead - 1));
}
