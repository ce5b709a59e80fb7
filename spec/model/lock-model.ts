/**
 * What the procedures of the schema do, without how: the specification of the queue. No task, no index, no batching;
 * `at` is the server's time of a call, all times are microseconds.
 */

import type { Choices } from './choices.js';
import { holdersOf, inTheWay, isBlocked, isFree, isLent, placesFor } from './lines.js';
import type {
  Answer,
  Caller,
  Holder,
  Inbox,
  LockState,
  Message,
  Ref,
  Request,
  Ticket,
  Wish,
} from './lock-state.js';
import { copyOf, labelOf, refOf } from './lock-state.js';
import { byKey, PROBE_US, QueueRules } from './queue-rules.js';
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
const REFUSED = 4;
const ENDED = 5;
const STOLEN = 1;
const FORCE_RELEASED = 2;
const BAD_ARGUMENT = -100;
const ID_IN_USE = -101;
const FENCED = -103;
const NO_SUCH_ROOM = -54;

/** What is to be done when not everything is free. */
export type How = 'wait' | 'try' | 'steal';

/** One operation of a batch: how the procedures take it, and what the model does. */
export interface ModelOperation {
  readonly wire: readonly unknown[];
  readonly decide: (at: number, caller: Caller) => Answer;
  /** The answer of a read, where a read can answer. */
  readonly peek?: (at: number) => Answer | undefined;
  /** What is told by the way where a read answers. `asked`: the names that this call has been asked for already. */
  readonly knock?: (asked: Set<string>) => void;
  /** The requests that it is about, for what those who wait believe. */
  readonly about: Ref;
}

export interface NameQuery {
  readonly name: string | null;
  readonly after: string;
  readonly count: number;
  readonly told: number | null;
}

export class LockModel {
  readonly #rules: QueueRules;
  readonly #mostWatches: number;

  /** @param mostWatches how many names may be watched */
  constructor(lastToken: number, mostWatches: number) {
    this.#rules = new QueueRules(lastToken);
    this.#mostWatches = mostWatches;
  }

  // --- what clients call ---

  /** lock_batch, and lock_steal: each by itself, in order; whoever calls lives. What changes nothing is a read. */
  batch(at: number, caller: Caller, operations: readonly ModelOperation[]): Answer[] {
    const answers = operations.map(({ peek }) => peek?.(at));
    if (answers.every((answer) => answer !== undefined)) {
      const asked = new Set<string>();
      for (const { knock } of operations) knock?.(asked);
      return answers;
    }
    this.#rules.alive(at, caller.inbox);
    return operations.map(({ decide }) => decide(at, caller));
  }

  /** Whether {@link batch} makes a change. */
  makesChange(at: number, operations: readonly ModelOperation[]): boolean {
    return operations.some(({ peek }) => peek?.(at) === undefined);
  }

  /** acquire and try; a repeat with the same id finds what the first made. */
  request(at: number, request: Request, how: How, caller: Caller): Answer {
    const { names, key } = request;
    const ref = refOf(request);
    if (!isSane(request)) return [REFUSED, BAD_ARGUMENT];
    if (this.state.tombstones.has(key)) return this.#gone(key);
    const isNew =
      names.length === 1 && placesFor(this.state, ref.name).length === 0 && !this.holders(ref.name)[0];
    this.#rules.settle(at, names, caller.inbox);
    const same = this.ticket(ref);
    const isForOthers = same && JSON.stringify(same.names) !== JSON.stringify(names);
    const isElsewhere = this.tickets().some((one) => one !== same && one.key === key && !one.lease);
    if (isForOthers || (isElsewhere && !isNew)) return [REFUSED, ID_IN_USE];
    if (same) {
      this.#rules.acknowledge(at, same);
      standBehind(same);
      this.#rules.knock(same);
      return this.#status(at, same);
    }
    if (how === 'try' && !isFree(this.state, request)) {
      for (const name of names) this.#rules.want(name);
      return this.#busy(at, request);
    }
    this.#enter(at, request, how, caller);
    return this.status(at, ref);
  }

  /** What a read can say of {@link request} with `try`: that it is turned away. */
  peekTry(at: number, request: Request): Answer | undefined {
    if (!isSane(request)) return [REFUSED, BAD_ARGUMENT];
    const isKnown = this.ticket(refOf(request)) !== undefined;
    if (isKnown || this.hasExpired(at, request.names) || isFree(this.state, request)) return undefined;
    return this.#busy(at, request);
  }

  check(at: number, ref: Ref, caller: Caller): Answer {
    const ticket = this.ticket(ref);
    if (ticket) this.#rules.look(at, ticket.names, caller.inbox);
    const left = this.ticket(ref);
    if (left) this.#rules.acknowledge(at, left);
    if (left) standBehind(left);
    if (left) this.#rules.knock(left);
    return this.status(at, ref);
  }

  /** What is told by a {@link check} that only reads. */
  knockOf(ref: Ref): void {
    const ticket = this.ticket(ref);
    if (ticket) this.#rules.knock(ticket);
  }

  /** What is told by a {@link request} that only reads. */
  want(names: readonly string[], asked: Set<string>): void {
    for (const name of names) {
      if (!asked.has(name)) this.#rules.want(name);
      asked.add(name);
    }
  }

  /** What a read can say of {@link check}. */
  peekCheck(at: number, ref: Ref): Answer | undefined {
    const ticket = this.ticket(ref);
    const isChange = ticket && (ticket.state === 'silent' || this.isStale(at, ticket.names));
    return isChange ? undefined : this.status(at, ref);
  }

  acknowledge(at: number, ref: Ref, caller: Caller): Answer {
    const ticket = this.ticket(ref);
    if (ticket && !ticket.lease) return this.check(at, ref, caller);
    if (!ticket?.lease || ticket.lease.due <= at) return this.#gone(ref.key);
    this.#rules.acknowledge(at, ticket);
    this.#rules.knock(ticket);
    return this.#status(at, ticket);
  }

  /** extend: renews from now, never revives; transfer: and is nobody's until it is adopted. */
  extend(at: number, ref: Ref, ttlMs: number, caller: Caller, isTransfer = false): Answer {
    const ticket = this.ticket(ref);
    // Acknowledged too late: it waits again, unless its turn has come again.
    if (ticket && !ticket.lease) this.#rules.look(at, ticket.names, caller.inbox);
    if (ticket && !ticket.lease) {
      this.#rules.knock(ticket);
      return this.#status(at, ticket);
    }
    const holder = this.#live(at, ref);
    if (!holder) return this.#gone(ref.key);
    holder.lease.due = at + ttlMs * 1000;
    if (holder.state === 'granted') holder.state = 'held';
    if (isTransfer) {
      this.#rules.bury(at, ref.key, 0);
      Object.assign(holder, { inbox: null, state: 'in transit', lingers: false });
    }
    this.#rules.ask(at);
    this.#rules.knock(holder);
    return this.#status(at, holder);
  }

  /** keep: the holder gives it up, but nobody gets it for so long. */
  keep(at: number, ref: Ref, ms: number): Answer {
    const kept = this.ticket(ref);
    if (kept?.lease && kept.state === 'kept') return [ENDED, HELD, kept.lease.token];
    this.#rules.bury(at, ref.key, 0);
    const holder = this.#live(at, ref);
    if (!holder) return [ENDED, GONE];
    Object.assign(holder, { inbox: null, state: 'kept', lingers: false });
    holder.lease.due = at + ms * 1000;
    this.#rules.ask(at);
    return [ENDED, HELD, holder.lease.token];
  }

  /** adopt: the lease is another's from now on, under an id that the one before does not know; repeatable. */
  adopt(
    at: number,
    ref: Ref,
    heir: { readonly key: string; readonly number: number },
    caller: Caller,
  ): Answer {
    const moved = this.ticket({ ...ref, key: heir.key });
    const isWaiting = this.tickets().some((one) => one.key === heir.key && !one.lease);
    if ((this.ticket(ref) && moved) || isWaiting) return [REFUSED, ID_IN_USE];
    if (moved && this.#live(at, refOf(moved))) return this.#status(at, moved);
    if (moved || this.state.tombstones.has(heir.key)) return this.#gone(heir.key);
    const holder = this.#live(at, ref);
    if (!holder) return this.#gone(ref.key);
    this.#rules.bury(at, ref.key, 0);
    this.#open(at, caller.inbox);
    Object.assign(holder, heir, caller, { state: 'held' as const });
    this.#rules.tellWatchers(at, holder, 'adopted');
    return this.#status(at, holder);
  }

  /**
   * release: releases or withdraws; tells what it was until now, and of a lease its token. A lease that goes to `next`, a request of the same
   * process, is told of in the answer, not by a push.
   */
  release(at: number, ref: Ref, caller?: Caller, next?: string): Answer {
    this.#rules.settle(at, this.ticket(ref)?.names ?? [], caller?.inbox);
    const ticket = this.ticket(ref);
    if (!ticket || ticket.state === 'kept') return [ENDED, GONE];
    const answer = ticket.lease
      ? [ENDED, HELD, ticket.lease.token]
      : [ENDED, WAITING, ...this.#inWay(ticket)];
    const own = ticket.lease && caller && next !== undefined ? { inbox: caller.inbox, key: next } : undefined;
    const taken = this.#rules.end(at, ticket, own);
    if (!taken) return answer;
    this.#rules.knock(taken);
    return [...answer, taken.lease.due, taken.lease.token];
  }

  /** withdraw: for a request that may still be on its way. */
  withdraw(at: number, ref: Ref, caller: Caller): Answer {
    this.#rules.bury(at, ref.key, 0);
    return this.release(at, ref, caller);
  }

  /** lock_force_release: whoever holds, holds no more; those who wait go on. */
  forceRelease(at: number, name: string): number {
    this.#rules.settle(at, [name]);
    const victims = this.#rules.revoke(at, [name], FORCE_RELEASED);
    this.#rules.grantHeads(at);
    return victims;
  }

  /** lock_ask: those who can be told are asked to release. */
  ask(at: number, name: string, by: string): number {
    const asked = this.holders(name).filter(({ inbox, lease }) => inbox !== null && lease.due > at);
    for (const { inbox, number } of asked) this.#rules.tell(inbox ?? '', 'asked', number, by);
    return asked.length;
  }

  /** lock_fence: nothing, if a lease with this token is live and its owner has not given it up. */
  fence(at: number, name: string, token: number): null | number {
    const isLive = this.holders(name).some(
      ({ state, lease }) => state !== 'kept' && lease.token === token && lease.due > at,
    );
    return isLive ? null : FENCED;
  }

  /** lock_watch: what happens to a name, or to all for `''`, is told in a room from now on, if there is a place for it. */
  watch(at: number, name: string): boolean {
    const { watches } = this.state;
    if (name !== '' && !watches.has(name) && watches.size >= this.#mostWatches) return false;
    watches.set(name, at + WATCH_US);
    return true;
  }

  /**
   * lock_query of one name, of whose entries so many were told before, or of a page of names:
   * `[at, the last name if there are more, entries, 0]`. There are never more than one call tells.
   */
  query(at: number, { name, after, count, told }: NameQuery): unknown {
    const names = this.queried(name, after, count);
    const isMore = name === null && namesAfter(this.state, after).length > count;
    this.#rules.look(at, names);
    const entries = names.flatMap((one) => entriesOf(this.state, one));
    return [at, isMore ? names.at(-1) : null, entries.slice(told ?? 0), 0];
  }

  /** lock_locked, and Python's locked */
  isLocked(at: number, name: string): boolean {
    if (this.holders(name).length > 0 && !this.isHeld(at, name)) this.#rules.look(at, [name]);
    return this.holders(name).length > 0;
  }

  /** lock_close: all that is in it at once, those who hold in an order that is the server's choice. Whether more is left: never. */
  close(at: number, inbox: string, order: readonly string[]): boolean {
    if (!this.state.inboxes.has(inbox)) return false;
    const mine = this.tickets().filter((ticket) => ticket.inbox === inbox);
    const place = (ticket: Ticket): number => order.indexOf(labelOf(ticket));
    this.#rules.endAll(
      at,
      byKey(mine).sort((a, b) => place(a) - place(b)),
    );
    this.state.inboxes.delete(inbox);
    return false;
  }

  /** Python's acquire, whose room the server has just made: `[immediately, requests ahead]` */
  pythonAcquire(at: number, name: string, timeoutS: number, key: string): [boolean, number] {
    this.#rules.settle(at, [name]);
    const ahead = this.holders(name).length + placesFor(this.state, name).length;
    const wish = { names: [name], units: 1, limit: 1 };
    const isNext = isFree(this.state, wish);
    const ticket = this.#rules.enter(
      { ...wish, key, number: 0, ttlUs: timeoutS * 1e6, owner: 'python-thingsdb', inbox: null },
      at,
    );
    if (isNext) this.#rules.hold(at, ticket, 'held', at + ticket.ttlUs);
    else {
      this.#rules.tellWatchers(at, ticket, 'waiting');
      this.#rules.knock(ticket);
    }
    return [isNext, isNext ? 0 : ahead];
  }

  /** Python's test: false too for a room that is somebody's inbox. */
  pythonTest(key: string, isRoom: boolean): boolean | number {
    const ticket = this.#python(key);
    return ticket || isRoom ? Boolean(ticket?.lease) : NO_SUCH_ROOM;
  }

  /** Python's release, of the holder or of a waiter; of another name's request it does nothing. */
  pythonRelease(at: number, name: string, key: string): void {
    if (this.#python(key)?.names[0] === name) this.release(at, { name, key });
  }

  /** Time has passed and the server looks: whatever is due ends; of leases in an order that is the server's choice. */
  sweep(at: number, names: readonly string[]): void {
    const { inboxes, tombstones, watches } = this.state;
    for (const [id, inbox] of inboxes) if (inbox.due <= at) this.#lookAfter(at, id, inbox);
    this.#rules.look(
      at,
      names.filter((name) => this.hasExpired(at, [name])),
    );
    const silent = [...inboxes].filter(([, { silentUntil }]) => silentUntil > 0 && silentUntil <= at);
    if (silent.length > 0)
      this.#rules.forgetSilent(
        at,
        silent.map(([id]) => id),
      );
    for (const [key, { until }] of tombstones) if (until <= at) tombstones.delete(key);
    for (const [name, until] of watches) if (until <= at) watches.delete(name);
  }

  // --- what a test asks of the model ---

  ticket(ref: Ref): Ticket | undefined {
    return this.#rules.ticket(ref);
  }

  /** Whoever has this id, for whatever name. */
  withKey(key: string): Ticket | undefined {
    return this.tickets().find((ticket) => ticket.key === key);
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
    const { tickets, inboxes, tombstones, watches } = this.state;
    return [
      ...tickets.flatMap(({ lease }) => (lease ? [lease.due] : [])),
      ...[...inboxes.values()].flatMap(({ due, silentUntil }) => (silentUntil ? [due, silentUntil] : [due])),
      ...[...tombstones.values()].map(({ until }) => until),
      ...watches.values(),
    ];
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

  /** What is told of a request to who asks. */
  status(at: number, ref: Ref): Answer {
    const ticket = this.ticket(ref);
    return ticket ? this.#status(at, ticket) : this.#gone(ref.key);
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

  #live(at: number, ref: Ref): Holder | undefined {
    const ticket = this.ticket(ref);
    const isOwned = ticket?.lease && ticket.state !== 'kept' && ticket.lease.due > at;
    return isOwned ? (ticket as Holder) : undefined;
  }

  #python(key: string): Ticket | undefined {
    return this.withKey(key);
  }

  #enter(at: number, { ttlMs, ...request }: Request, how: How, caller: Caller): void {
    const rules = this.#rules;
    if (how === 'steal') rules.revoke(at, request.names, STOLEN);
    const isGranted = how === 'steal' || isFree(this.state, request);
    this.#open(at, caller.inbox);
    const ticket = rules.enter({ ...request, ...caller, ttlUs: ttlMs * 1000 }, at);
    if (isGranted) rules.hold(at, ticket, 'held', at + ticket.ttlUs);
    else {
      ticket.asksAt = this.#asksAt(at, ticket);
      rules.tellWatchers(at, ticket, 'waiting');
    }
    if (how === 'steal') rules.grantHeads(at);
    if (isGranted) return;
    rules.look(at, ticket.names, caller.inbox);
    if (!ticket.lease) ticket.asksAt = this.#asksAt(at, ticket);
    rules.knock(ticket);
  }

  #open(at: number, id: string): void {
    const { inboxes } = this.state;
    const inbox = inboxes.get(id);
    if (inbox) inbox.isUsed = true;
    else inboxes.set(id, { isUsed: true, due: at + IDLE_US, probedUntil: 0, seenAt: 0, silentUntil: 0 });
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

  #busy(at: number, wish: Wish): Answer {
    return [BUSY, this.#firstInTheWay(at, wish)];
  }

  #gone(key: string): Answer {
    return [GONE, this.state.tombstones.get(key)?.why ?? 0];
  }

  #status(at: number, ticket: Ticket): Answer {
    if (ticket.state === 'kept') return [GONE, 0];
    if (ticket.lease) return [HELD, ticket.lease.due, ticket.lease.token];
    const ahead = ticket.names.map((name) => aheadOf(this.state, ticket, name));
    return [WAITING, this.#asksAt(at, ticket), Math.max(...ahead)];
  }

  /** Who is in the way of one who gives up: how many, and who holds the first of its names that is held. */
  #inWay(ticket: Ticket): Answer {
    const ahead = ticket.names.map((name) => aheadOf(this.state, ticket, name));
    const [holder] = ticket.names.flatMap((name) => this.holders(name));
    return [Math.max(...ahead), holder?.owner ?? '', holder?.since ?? 0];
  }

  /**
   * When to ask. That is soon where it is blocked, or waits for one who may keep the name between uses. It is later
   * where it knows so already.
   */
  #asksAt(at: number, ticket: Ticket): number {
    const soon = at + PROBE_US;
    const mayBeSoon = isBlocked(this.state, ticket) || isLent(this.state, ticket);
    const isSoon = ticket.asksAt <= soon && mayBeSoon;
    return Math.min(this.#firstInTheWay(at, ticket), isSoon ? soon : Infinity);
  }
}

/** Its process has asked about this very request. */
function standBehind(ticket: Ticket): void {
  if (ticket.state === 'waiting') ticket.isMissed = false;
}
