/**
 * What the procedures of the schema do, without how: the specification of the queue. No task, no index, no batching;
 * `at` is the server's time of a call, all times are microseconds.
 */

import type { Holder, Inbox, LockState, Message, Queue, Request, Status, Ticket } from './lock-state.js';
import { copyOf, emptyState } from './lock-state.js';

/** How long a process has to answer a grant that was pushed to it. */
const CLAIM_US = 800_000;
/** An inbox that no request has used between two looks, so far apart, is removed. */
const IDLE_US = 60_000_000;
/** So long a request that was withdrawn is not taken in, should it still arrive. */
export const REMEMBER_US = 60_000_000;

const GONE = 0;
const WAITING = 1;
const HELD = 2;
const BUSY = 3;
export const ID_IN_USE = -101;
export const NO_SUCH_ROOM = -54;

export class LockModel {
  #state: LockState;
  #told: Message[] = [];

  constructor(lastToken: number) {
    this.#state = emptyState(lastToken);
  }

  // --- what clients call ---

  /** lock_acquire (`mayWait`) and lock_try; a repeat with the same id finds what the first made. */
  request(at: number, request: Request, mayWait: boolean): Status | number {
    const { id: key, name, number, inbox, ttlMs } = request;
    const known = this.ticket(key);
    if (known && known.name !== name) return ID_IN_USE;
    if (this.#state.withdrawn.has(key) && (mayWait || !this.isBusy(at, name))) return [GONE, at];
    this.#settle(at, name);
    const same = this.ticket(key);
    if (same) return this.#status(at, same);
    const { holder } = this.#queue(name);
    if (holder && !mayWait) return [BUSY, at, holder.lease.due];
    this.#open(at, inbox);
    return this.#status(at, this.#enter(at, { key, name, number, ttlUs: ttlMs * 1000, inbox }));
  }

  /** lock_check */
  check(at: number, keys: readonly string[]): Status[] {
    return keys.map((key) => {
      this.#settle(at, this.ticket(key)?.name);
      const ticket = this.ticket(key);
      return ticket ? this.#status(at, ticket) : [GONE, at];
    });
  }

  /** lock_extend: renews from now, never revives; the answer to a pushed grant too. */
  extend(at: number, leases: readonly (readonly [key: string, ttlMs: number])[]): Status[] {
    return leases.map(([key, ttlMs]) => {
      const ticket = this.ticket(key);
      const lease = ticket?.lease;
      if (!ticket || !lease || lease.due <= at) return [GONE, at];
      lease.due = at + ttlMs * 1000;
      lease.isClaimed = true;
      this.#forewarn(at, ticket.name, lease.due);
      return [HELD, at, lease.due, lease.token];
    });
  }

  /** lock_release: releases or withdraws; tells what each was until now. */
  release(at: number, keys: readonly string[]): number[] {
    return keys.map((key) => {
      this.#settle(at, this.ticket(key)?.name);
      const ticket = this.ticket(key);
      if (!ticket) return GONE;
      if (!ticket.lease) {
        this.#withdraw(at, ticket);
        return WAITING;
      }
      this.#queue(ticket.name).holder = null;
      this.#grantNext(at, ticket.name);
      return HELD;
    });
  }

  /** lock_withdraw: for requests that may still be on their way. */
  withdraw(at: number, keys: readonly string[]): number[] {
    const { withdrawn } = this.#state;
    for (const key of keys) if (!withdrawn.has(key)) withdrawn.set(key, at + REMEMBER_US);
    return this.release(at, keys);
  }

  /** lock_locked, and Python's locked */
  isLocked(at: number, name: string): boolean {
    this.#settle(at, name);
    return this.#queue(name).holder !== null;
  }

  /** lock_close: first what waits, then what holds; `order` is the one in which the server goes through either. */
  close(at: number, inbox: string, order: readonly string[]): void {
    for (const isHeld of [false, true]) {
      this.release(
        at,
        order.filter((key) => Boolean(this.ticket(key)?.lease) === isHeld),
      );
    }
    this.#state.inboxes.delete(inbox);
  }

  /** Python's acquire, whose room the server has just made: `[immediately, requests ahead]` */
  pythonAcquire(at: number, name: string, timeoutS: number, key: string): [boolean, number] {
    this.#settle(at, name);
    const { holder, waiting } = this.#queue(name);
    const ahead = (holder ? 1 : 0) + waiting.length;
    this.#enter(at, { key, name, number: 0, ttlUs: timeoutS * 1e6, inbox: null });
    return [ahead === 0, ahead];
  }

  /** Python's test: false too for a room that is somebody's inbox. */
  pythonTest(key: string, isRoom: boolean): boolean | number {
    const ticket = this.ticket(key);
    return ticket || isRoom ? Boolean(ticket?.lease) : NO_SUCH_ROOM;
  }

  /** Python's release, of the holder or of a waiter; of another name's request it does nothing. */
  pythonRelease(at: number, name: string, key: string): void {
    if (this.ticket(key)?.name === name) this.release(at, [key]);
  }

  /** Time has passed and the server looks: whatever is due ends, in an `order` that is the server's choice. */
  sweep(at: number, order: readonly string[]): void {
    for (const key of order) {
      const inbox = this.#state.inboxes.get(key);
      if (inbox && inbox.due <= at) this.#lookAfter(at, key, inbox);
      else this.#settle(at, this.ticket(key)?.name);
    }
    for (const [key, until] of this.#state.withdrawn) if (until <= at) this.#state.withdrawn.delete(key);
  }

  // --- what a test asks of the model ---

  ticket(key: string): Ticket | undefined {
    return this.tickets().find((ticket) => ticket.key === key);
  }

  tickets(): Ticket[] {
    return [...this.#state.queues.values()].flatMap(({ holder, waiting }) =>
      holder ? [holder, ...waiting] : waiting,
    );
  }

  holder(name: string): Holder | null {
    return this.#queue(name).holder;
  }

  /** When something that is now there ends or is looked after. */
  dueTimes(): number[] {
    const leases = this.tickets().flatMap(({ lease }) => (lease ? [lease.due] : []));
    const { inboxes, withdrawn } = this.#state;
    return [...leases, ...[...inboxes.values()].map(({ due }) => due), ...withdrawn.values()];
  }

  isBusy(at: number, name: string): boolean {
    return this.holder(name) !== null && !this.hasExpired(at, name);
  }

  hasExpired(at: number, name: string | undefined): boolean {
    const holder = name === undefined ? null : this.#queue(name).holder;
    return holder !== null && holder.lease.due <= at;
  }

  /** What has been told since this was last asked. */
  takeTold(): Message[] {
    return this.#told.splice(0);
  }

  get state(): Readonly<LockState> {
    return this.#state;
  }

  snapshot(): unknown {
    return copyOf(this.#state);
  }

  restore(snapshot: unknown): void {
    this.#state = copyOf(snapshot as LockState);
  }

  // --- the rules ---

  #queue(name: string): Queue {
    return this.#state.queues.get(name) ?? { holder: null, waiting: [] };
  }

  /** First come, first granted; who comes in answer to a request of its own needs not answer. */
  #enter(at: number, request: Pick<Ticket, 'key' | 'name' | 'number' | 'ttlUs' | 'inbox'>): Ticket {
    const ticket: Ticket = { ...request, entry: (this.#state.entries += 1), asksAt: 0, lease: null };
    const queue = this.#queue(ticket.name);
    this.#state.queues.set(ticket.name, queue);
    if (queue.holder) {
      if (ticket.inbox !== null) ticket.asksAt = queue.holder.lease.due;
      queue.waiting.push(ticket);
    } else {
      queue.holder = this.#granted(at, ticket, at + ticket.ttlUs, true);
    }
    return ticket;
  }

  /** A lease ends when it is due and not before; a grant that was not answered shows that its process is dead. */
  #settle(at: number, name: string | undefined): void {
    if (name === undefined || !this.hasExpired(at, name)) return;
    const { holder } = this.#queue(name);
    if (!holder) return;
    this.#queue(name).holder = null;
    if (!holder.lease.isClaimed && holder.inbox !== null) this.#bury(at, holder.inbox);
    this.#grantNext(at, name);
  }

  /** The head of the queue is granted and told, nobody else; the next in line is told if it must ask earlier. */
  #grantNext(at: number, name: string): void {
    const queue = this.#queue(name);
    const next = queue.waiting.shift();
    if (!next) return;
    if (next.inbox === null) {
      queue.holder = this.#granted(at, next, at + next.ttlUs, true);
      this.#tell(next.key, 'go');
    } else {
      const { lease } = (queue.holder = this.#granted(at, next, at + Math.min(next.ttlUs, CLAIM_US), false));
      this.#tell(next.inbox, 'granted', next.number, lease.token, at, lease.due);
    }
    this.#forewarn(at, name, at + next.ttlUs);
  }

  /** Tokens grow over all names, and with the clock, so that they go on growing from an older state. */
  #granted(at: number, ticket: Ticket, due: number, isClaimed: boolean): Holder {
    const token = Math.max(this.#state.lastToken + 1, at);
    this.#state.lastToken = token;
    return Object.assign(ticket, { lease: { token, due, isClaimed } });
  }

  #forewarn(at: number, name: string, until: number): void {
    const next = this.#queue(name).waiting[0];
    if (!next || next.inbox === null) return;
    // What it was told has passed: it has asked since, and only it knows the answer.
    if (until >= next.asksAt && next.asksAt >= at) return;
    next.asksAt = until;
    this.#tell(next.inbox, 'watch', next.number, at, until);
  }

  /** All that a dead process waits for is withdrawn at once; one that was only slow is told, and asks again. */
  #bury(at: number, inbox: string): void {
    const dead = this.tickets().filter((ticket) => ticket.inbox === inbox && !ticket.lease);
    for (const ticket of dead.sort((a, b) => a.entry - b.entry)) this.#withdraw(at, ticket);
    this.#tell(inbox, 'check');
  }

  /** Whoever is next now must know when to ask, unless it is about to be granted. */
  #withdraw(at: number, ticket: Ticket): void {
    const queue = this.#queue(ticket.name);
    const wasNext = queue.waiting[0] === ticket;
    queue.waiting = queue.waiting.filter((other) => other !== ticket);
    if (wasNext && queue.holder) this.#forewarn(at, ticket.name, queue.holder.lease.due);
  }

  #open(at: number, id: string): void {
    const inbox = this.#state.inboxes.get(id);
    if (inbox) inbox.isUsed = true;
    else this.#state.inboxes.set(id, { isUsed: true, due: at + IDLE_US });
  }

  #lookAfter(at: number, id: string, inbox: Inbox): void {
    if (!inbox.isUsed && !this.tickets().some((ticket) => ticket.inbox === id)) {
      this.#state.inboxes.delete(id);
      return;
    }
    inbox.isUsed = false;
    inbox.due = at + IDLE_US;
  }

  #status(at: number, ticket: Ticket): Status {
    const { holder, waiting } = this.#queue(ticket.name);
    const inbox = ticket.inbox ?? '';
    if (ticket.lease) return [HELD, at, ticket.lease.due, ticket.lease.token, 0, inbox];
    return [WAITING, at, holder?.lease.due ?? NaN, 0, 1 + waiting.indexOf(ticket), inbox];
  }

  #tell(to: string, event: string, ...args: number[]): void {
    this.#told.push({ to, event, args });
  }
}
