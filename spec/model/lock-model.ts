/**
 * What the procedures of the schema do, without how: the specification of the queue. No task, no index, no batching;
 * `at` is the server's time of a call, all times are microseconds.
 */

import type { Choices } from './choices.js';
import { holdersOf, inTheWay, isFree, isKeptWaiting, waitingFor } from './lines.js';
import type { Heir, Holder, Inbox, LockState, Message, Request, Status, Ticket, Wish } from './lock-state.js';
import { copyOf, keptKey } from './lock-state.js';
import { PROBE_US, QueueRules } from './queue-rules.js';
import { aheadOf, entriesOf, namesAfter } from './queue-view.js';
import { isSane } from './wish.js';

/** An inbox that no request has used between two looks, so far apart, is removed. */
const IDLE_US = 60_000_000;
/** So long a name is watched, unless that is asked for again. */
export const WATCH_US = 120_000_000;

const GONE = 0;
const WAITING = 1;
const HELD = 2;
const BUSY = 3;
const STOLEN = 1;
const FORCE_RELEASED = 2;
const BAD_ARGUMENT = -100;
const ID_IN_USE = -101;
const FENCED = -103;
const NO_SUCH_ROOM = -54;

/** What is to be done when not everything is free. */
export type How = 'wait' | 'try' | 'steal';

export class LockModel {
  readonly #rules: QueueRules;

  constructor(lastToken: number) {
    this.#rules = new QueueRules(lastToken);
  }

  // --- what clients call ---

  /** lock_acquire and lock_try; a repeat with the same id finds what the first made. */
  request(at: number, request: Request, how: How): Status | number {
    if (!isSane(request)) return BAD_ARGUMENT;
    if (this.#isOfOthers(request)) return ID_IN_USE;
    if (how === 'try' && this.isBusy(at, request)) return this.#busy(at, request);
    if (this.#isSpent(request.key)) return this.#gone(at, request.key);
    this.#rules.settle(at, request.names);
    const same = this.ticket(request.key);
    if (same) {
      this.#rules.claim(at, same);
      return this.#status(at, same);
    }
    if (how === 'try' && !isFree(this.state, request)) return this.#busy(at, request);
    this.#enter(at, request, how);
    return this.#state(at, request.key);
  }

  /** lock_check: whoever asks shows that it lives; with `isSure`, or where that changes something anyway. */
  check(at: number, keys: readonly string[], isSure: boolean): Status[] {
    const isChange =
      isSure ||
      this.isStale(
        at,
        keys.flatMap((key) => this.ticket(key)?.names ?? []),
      );
    return keys.map((key) => {
      const ticket = this.ticket(key);
      if (ticket && isChange) {
        this.#rules.seen(at, ticket);
        this.#rules.look(at, ticket.names);
        const left = this.ticket(key);
        if (left) this.#rules.claim(at, left);
      }
      return this.#state(at, key);
    });
  }

  /** lock_extend: renews from now, never revives; the answer to a pushed grant too. */
  extend(
    at: number,
    leases: readonly (readonly [key: string, ttlMs: number])[],
    inbox?: Ticket['inbox'],
  ): Status[] {
    return leases.map(([key, ttlMs]) => {
      const holder = this.#live(at, key);
      if (!holder) return this.#gone(at, key);
      const { lease } = holder;
      lease.due = at + ttlMs * 1000;
      lease.isClaimed = true;
      if (inbox !== undefined) holder.inbox = inbox;
      this.#rules.warn(at);
      return this.#status(at, holder);
    });
  }

  /** lock_hand_on: renewed once more, and nobody's until it is adopted. */
  handOn(at: number, leases: readonly (readonly [key: string, ttlMs: number])[]): Status[] {
    return this.extend(at, leases, null);
  }

  /** lock_keep: the holder gives it up, but nobody gets it for so long. */
  keep(at: number, leases: readonly (readonly [key: string, ms: number])[]): number[] {
    return leases.map(([key, ms]) => {
      if (this.ticket(keptKey(key))) return HELD;
      const holder = this.#live(at, key);
      if (!holder) return GONE;
      this.#rules.remember(at, key, 0);
      holder.key = keptKey(key);
      holder.inbox = null;
      holder.lease.due = at + ms * 1000;
      holder.lease.isClaimed = true;
      this.#rules.warn(at);
      return HELD;
    });
  }

  /** lock_adopt: the lease is another's from now on, under an id that the one before does not know; repeatable. */
  adopt(at: number, key: string, heir: Heir): Status | number {
    const ticket = this.ticket(key);
    const moved = this.ticket(heir.key);
    if (!ticket) {
      return moved ? this.#status(at, moved) : this.#gone(at, this.#isSpent(heir.key) ? heir.key : key);
    }
    if (moved) return ID_IN_USE;
    if (this.#isSpent(heir.key)) return this.#gone(at, heir.key);
    const holder = this.#live(at, key);
    if (!holder) return this.#gone(at, key);
    this.#rules.remember(at, key, 0);
    this.#open(at, heir.inbox);
    holder.lease.isClaimed = true;
    return this.#status(at, Object.assign(holder, heir));
  }

  /** lock_release: releases or withdraws; tells what each was until now. */
  release(at: number, keys: readonly string[]): number[] {
    return keys.map((key) => {
      this.#rules.settle(at, this.ticket(key)?.names ?? []);
      const ticket = this.ticket(key);
      if (!ticket) return GONE;
      this.#rules.end(at, ticket);
      return ticket.lease ? HELD : WAITING;
    });
  }

  /** lock_withdraw: for requests that may still be on their way. */
  withdraw(at: number, keys: readonly string[]): number[] {
    return keys.flatMap((key) => {
      this.#rules.remember(at, key, 0);
      return this.release(at, [key]);
    });
  }

  /** lock_force_release: whoever holds, holds no more; those who wait go on. */
  forceRelease(at: number, name: string): number {
    this.#rules.settle(at, [name]);
    const victims = this.#rules.evict(at, [name], FORCE_RELEASED);
    this.#rules.grantHeads(at);
    return victims;
  }

  /** lock_ask: those who can be told are asked to release. */
  ask(at: number, name: string, by: string): number {
    const asked = this.holders(name).filter(({ inbox, lease }) => inbox !== null && lease.due > at);
    for (const { inbox, number } of asked) this.#rules.tell(inbox ?? '', 'asked', number, by);
    return asked.length;
  }

  /** lock_fence: nothing, if a lease with this token is live. */
  fence(at: number, name: string, token: number): null | number {
    const isLive = this.holders(name).some(({ lease }) => lease.token === token && lease.due > at);
    return isLive ? null : FENCED;
  }

  /** lock_watch: what happens to these names is told in a room each from now on. */
  watch(at: number, names: readonly string[]): void {
    for (const name of names) this.state.watches.set(name, at + WATCH_US);
  }

  /** lock_query of one name, or of a page of names: `[at, the last name if there are more, entries]` */
  query(at: number, name: string | null, after: string, count: number): unknown {
    const names = this.queried(name, after, count);
    const isMore = name === null && namesAfter(this.state, after).length > count;
    this.#rules.look(at, names);
    return [at, isMore ? names.at(-1) : null, names.flatMap((one) => entriesOf(this.state, one))];
  }

  /** lock_locked, and Python's locked */
  isLocked(at: number, name: string): boolean {
    if (this.holders(name).length > 0 && !this.isHeld(at, name)) this.#rules.look(at, [name]);
    return this.holders(name).length > 0;
  }

  /** lock_close: first what waits, then what holds; `order` is the one in which the server goes through either. */
  close(at: number, inbox: string, order: readonly string[]): void {
    for (const isHeld of [false, true]) {
      this.release(
        at,
        order.filter((key) => Boolean(this.ticket(key)?.lease) === isHeld),
      );
    }
    this.state.inboxes.delete(inbox);
  }

  /** Python's acquire, whose room the server has just made: `[immediately, requests ahead]` */
  pythonAcquire(at: number, name: string, timeoutS: number, key: string): [boolean, number] {
    this.#rules.settle(at, [name]);
    const ahead = this.holders(name).length + waitingFor(this.state, name).length;
    const wish = { names: [name], want: 1, limit: 1 };
    const isNext = isFree(this.state, wish);
    const ticket = this.#rules.enter(
      { ...wish, key, number: 0, ttlUs: timeoutS * 1e6, owner: 'python-thingsdb', inbox: null },
      at,
    );
    if (isNext) this.#rules.hold(at, ticket, at + ticket.ttlUs, true);
    return [isNext, ahead];
  }

  /** Python's test: false too for a room that is somebody's inbox. */
  pythonTest(key: string, isRoom: boolean): boolean | number {
    const ticket = this.ticket(key);
    return ticket || isRoom ? Boolean(ticket?.lease) : NO_SUCH_ROOM;
  }

  /** Python's release, of the holder or of a waiter; of another name's request it does nothing. */
  pythonRelease(at: number, name: string, key: string): void {
    if (this.ticket(key)?.names[0] === name) this.release(at, [key]);
  }

  /** Time has passed and the server looks: whatever is due ends, in an `order` that is the server's choice. */
  sweep(at: number, order: readonly string[]): void {
    const { inboxes, withdrawn, watches } = this.state;
    for (const key of order) {
      const inbox = inboxes.get(key);
      const ticket = this.ticket(key);
      const name = key.replace(/^watch:/, '');
      if (inbox && inbox.due <= at) this.#lookAfter(at, key, inbox);
      else if (ticket?.lease && ticket.lease.due <= at) this.#rules.look(at, ticket.names);
      else if (name !== key && Number(watches.get(name)) <= at) watches.delete(name);
    }
    for (const [key, { until }] of withdrawn) if (until <= at) withdrawn.delete(key);
  }

  // --- what a test asks of the model ---

  ticket(key: string): Ticket | undefined {
    return this.#rules.ticket(key);
  }

  tickets(): readonly Ticket[] {
    return this.state.tickets;
  }

  holders(name: string): Holder[] {
    return holdersOf(this.state, name);
  }

  /** Whether a lease on it is live. */
  isHeld(at: number, name: string): boolean {
    return this.holders(name).some(({ lease }) => lease.due > at);
  }

  /** When something that is now there ends or is looked after. */
  dueTimes(): number[] {
    const { tickets, inboxes, withdrawn, watches } = this.state;
    return [
      ...tickets.flatMap(({ lease }) => (lease ? [lease.due] : [])),
      ...[...inboxes.values()].map(({ due }) => due),
      ...[...withdrawn.values()].map(({ until }) => until),
      ...watches.values(),
    ];
  }

  /** Whether {@link request} would be turned away with nothing changed. */
  isBusy(at: number, { key, ...wish }: Wish & { readonly key: string }): boolean {
    return !this.ticket(key) && !this.hasExpired(at, wish.names) && !isFree(this.state, wish);
  }

  /** Whether {@link request} is refused. */
  isRefused(request: Request): boolean {
    return !isSane(request) || this.#isOfOthers(request);
  }

  hasExpired(at: number, names: readonly string[] = []): boolean {
    return this.#rules.expired(at, names).length > 0;
  }

  /** Whether a question about these names changes something. */
  isStale(at: number, names: readonly string[]): boolean {
    return this.#rules.isStale(at, names);
  }

  /** The names that {@link query} tells of. */
  queried(name: string | null, after: string, count: number): string[] {
    return name === null ? namesAfter(this.state, after).slice(0, count) : [name];
  }

  /** What has been told since this was last asked. */
  takeTold(): Message[] {
    return this.#rules.takeTold();
  }

  /** In the next call or sweep, where there is a choice it is as the server's. */
  follow(choices: Choices): void {
    this.#rules.choices = choices;
  }

  get state(): LockState {
    return this.#rules.state;
  }

  snapshot(): unknown {
    return copyOf(this.state);
  }

  restore(snapshot: unknown): void {
    this.#rules.state = copyOf(snapshot as LockState);
  }

  // --- what several of them need ---

  #live(at: number, key: string): Holder | undefined {
    const ticket = this.ticket(key);
    return ticket?.lease && ticket.lease.due > at ? (ticket as Holder) : undefined;
  }

  #isOfOthers({ key, names }: Request): boolean {
    const known = this.ticket(key);
    return known !== undefined && JSON.stringify(known.names) !== JSON.stringify(names);
  }

  /** It was ended for good: by its own, against its will, or given up while it stays. */
  #isSpent(key: string): boolean {
    return this.state.withdrawn.has(key) || this.ticket(keptKey(key)) !== undefined;
  }

  #enter(at: number, { ttlMs, ...request }: Request, how: How): void {
    const rules = this.#rules;
    if (how === 'steal') rules.evict(at, request.names, STOLEN);
    const isGranted = how === 'steal' || isFree(this.state, request);
    this.#open(at, request.inbox);
    const ticket = rules.enter({ ...request, ttlUs: ttlMs * 1000 }, at);
    rules.seen(at, ticket);
    if (isGranted) rules.hold(at, ticket, at + ticket.ttlUs, true);
    else ticket.asksAt = this.#asksAt(at, ticket);
    if (how === 'steal') rules.grantHeads(at);
    if (isGranted) return;
    rules.look(at, ticket.names);
    if (!ticket.lease) ticket.asksAt = this.#asksAt(at, ticket);
  }

  #open(at: number, id: string): void {
    const { inboxes } = this.state;
    const inbox = inboxes.get(id);
    if (inbox) inbox.isUsed = true;
    else inboxes.set(id, { isUsed: true, due: at + IDLE_US, probedUntil: 0, seenAt: 0 });
  }

  #lookAfter(at: number, id: string, inbox: Inbox): void {
    if (!inbox.isUsed && !this.tickets().some((ticket) => ticket.inbox === id)) {
      this.state.inboxes.delete(id);
      return;
    }
    inbox.isUsed = false;
    inbox.due = at + IDLE_US;
  }

  #firstInTheWay(at: number, { names }: Wish): number {
    return this.#rules.choices.named(inTheWay(this.state, at, names));
  }

  #busy(at: number, wish: Wish): Status {
    return [BUSY, at, this.#firstInTheWay(at, wish)];
  }

  #gone(at: number, key: string): Status {
    return [GONE, at, this.state.withdrawn.get(key)?.why ?? 0];
  }

  #status(at: number, ticket: Ticket): Status {
    const inbox = ticket.inbox ?? '';
    if (ticket.lease) return [HELD, at, ticket.lease.due, ticket.lease.token, 0, inbox];
    const ahead = ticket.names.map((name) => aheadOf(this.state, ticket, name));
    return [WAITING, at, this.#asksAt(at, ticket), 0, Math.max(...ahead), inbox];
  }

  /** When to ask; soon, where only its place keeps it waiting, unless it knows already that it is to ask later. */
  #asksAt(at: number, ticket: Ticket): number {
    const soon = at + PROBE_US;
    const isSoon = ticket.asksAt <= soon && isKeptWaiting(this.state, ticket);
    return Math.min(this.#firstInTheWay(at, ticket), isSoon ? soon : Infinity);
  }

  #state(at: number, key: string): Status {
    const ticket = this.ticket(key);
    return ticket ? this.#status(at, ticket) : this.#gone(at, key);
  }
}
