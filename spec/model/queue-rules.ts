import { Choices, isTold } from './choices.js';
import {
  blockedBy,
  grantable,
  holdersOf,
  inTheWay,
  isBlocked,
  isLent,
  placesFor,
  waitingFor,
} from './lines.js';
import type { Holder, LockState, Message, Ref, RequestState, Ticket } from './lock-state.js';
import { emptyState, isPython, isWaiting, watchersOf } from './lock-state.js';

/** How long a process has to acknowledge a grant that was pushed to it, or to answer a probe. */
const ACKNOWLEDGE_US = 800_000;
/** How often those who are blocked ask, and the process that blocks them is probed. */
export const PROBE_US = 900_000;
/** How long the requests of a process that did not answer keep their places. */
const SILENT_US = 10_000_000;
/** So long an id that was ended is worth nothing, should a request with it still arrive. */
export const TOMBSTONE_US = 60_000_000;
/** The first half of an id proves who has pushed a grant. */
const PROOF_BYTES = 16;

/** A request whose process is calling, so that it lives: the answer tells it of its grant. */
interface Own {
  readonly inbox: string;
  readonly key: string;
}

/** How requests come to hold and how they end: by whatever call, always by these. */
export class QueueRules {
  state: LockState;
  choices = new Choices();
  #told: Message[] = [];

  constructor(lastToken: number) {
    this.state = emptyState(lastToken);
  }

  ticket({ name, key }: Ref): Ticket | undefined {
    return this.state.tickets.find((ticket) => ticket.key === key && ticket.names[0] === name);
  }

  /** What has been told since this was last asked. */
  takeTold(): Message[] {
    return this.#told.splice(0);
  }

  tell(to: string, event: string, ...args: Message['args']): void {
    this.#told.push({ to, event, args });
  }

  expired(at: number, names: readonly string[]): Holder[] {
    return names.flatMap((name) => holdersOf(this.state, name)).filter(({ lease }) => lease.due <= at);
  }

  /**
   * Leases end when they are due and not before; a grant that was not acknowledged silences its process.
   * @param caller the inbox of the process that has called, which so lives
   */
  settle(at: number, names: readonly string[], caller?: string): void {
    for (const name of names) {
      const expired = this.expired(at, [name]);
      for (const holder of expired) {
        // One that was kept beyond its release is released only now.
        this.tellWatchers(at, holder, holder.state === 'kept' ? 'released' : 'expired');
      }
      const missed = expired.filter(({ state }) => state === 'granted');
      for (const holder of expired) if (!missed.includes(holder)) this.#remove(holder);
      this.#setAside(at, missed, caller);
      if (expired.length > 0) this.grantHeads(at);
    }
  }

  /** What expired ends, and who is to be probed, or did not answer a probe, keeps nobody waiting. */
  look(at: number, names: readonly string[], caller?: string): void {
    for (const name of names) {
      this.settle(at, [name], caller);
      const probed = this.#toProbe(at, name);
      const inbox = this.state.inboxes.get(probed ?? '');
      if (probed === undefined || !inbox) continue;
      if (inbox.probedUntil > 0) {
        this.#silence(at, [probed]);
        this.grantHeads(at);
      } else {
        inbox.probedUntil = at + ACKNOWLEDGE_US;
        this.tell(probed, 'alive');
      }
    }
  }

  /** Whether {@link look} would change something. */
  isStale(at: number, names: readonly string[]): boolean {
    return this.expired(at, names).length > 0 || names.some((name) => this.#toProbe(at, name) !== undefined);
  }

  /** A process has called: what was set aside is in its old places, if that is not too late. */
  alive(at: number, id: string): void {
    const inbox = this.state.inboxes.get(id);
    if (!inbox) return;
    if (inbox.probedUntil > 0) {
      inbox.seenAt = inbox.probedUntil - ACKNOWLEDGE_US;
      inbox.probedUntil = 0;
    }
    if (inbox.silentUntil === 0) return;
    if (inbox.silentUntil <= at) {
      this.forgetSilent(at, [id]);
      return;
    }
    inbox.silentUntil = 0;
    for (const ticket of this.#silentOf(id)) ticket.state = 'waiting';
    this.grantHeads(at);
  }

  /** These processes have not called in time. */
  forgetSilent(at: number, ids: readonly string[]): void {
    for (const id of ids) Object.assign(this.state.inboxes.get(id) ?? {}, { silentUntil: 0 });
    this.endAll(at, byKey(ids.flatMap((id) => this.#silentOf(id))));
  }

  /** The process that is to be probed, or that has not answered. */
  #toProbe(at: number, name: string): string | undefined {
    if (blockedBy(this.state, name).length === 0) return undefined;
    const id = waitingFor(this.state, name)[0]?.inbox ?? '';
    const inbox = this.state.inboxes.get(id);
    const time = inbox && (inbox.probedUntil || inbox.seenAt + PROBE_US);
    return Number(time) <= at ? id : undefined;
  }

  /** By the wish of whoever made the request. The ticket of `own` if it was granted by that. */
  end(at: number, ticket: Ticket, own?: Own): Holder | undefined {
    this.#remove(ticket);
    this.tellWatchers(at, ticket, ticket.lease ? 'released' : 'withdrawn');
    return this.grantHeads(at, own);
  }

  /** All of a process at once: nobody is granted before all are gone. */
  endAll(at: number, tickets: readonly Ticket[]): void {
    for (const ticket of tickets) this.#remove(ticket);
    for (const ticket of tickets) this.tellWatchers(at, ticket, ticket.lease ? 'released' : 'withdrawn');
    this.grantHeads(at);
  }

  /** Against the holders' will: they are told, and so is whoever uses their ids in the next minute. */
  revoke(at: number, names: readonly string[], why: number): number {
    const victims = names.flatMap((name) => {
      const holders = holdersOf(this.state, name);
      for (const holder of holders) {
        this.#remove(holder);
        if (holder.state !== 'kept' && !isPython(holder)) this.bury(at, holder.key, why);
        if (holder.inbox !== null) this.tell(holder.inbox, 'lost', holder.number, why);
        this.tellWatchers(at, holder, 'lost', why);
      }
      return holders;
    });
    return victims.length;
  }

  bury(at: number, key: string, why: number): void {
    const { tombstones } = this.state;
    const stone = tombstones.get(key);
    if (stone === undefined) tombstones.set(key, { until: at + TOMBSTONE_US, why });
    else if (why !== 0) tombstones.set(key, { ...stone, why });
  }

  enter(
    ticket: Omit<Ticket, 'entry' | 'since' | 'asksAt' | 'lease' | 'state' | 'isMissed'>,
    at: number,
  ): Ticket {
    const { state } = this;
    const more = {
      entry: (state.entries += 1),
      since: at,
      asksAt: 0,
      isMissed: false,
      lease: null,
      state: 'waiting' as const,
    };
    const entered: Ticket = { ...ticket, ...more };
    state.tickets.push(entered);
    return entered;
  }

  /**
   * Heads are granted and told until none is left that could be; nobody else is woken. That of `own` is told by the
   * answer to its process, which is given back.
   */
  grantHeads(at: number, own?: Own): Holder | undefined {
    let taken: Holder | undefined;
    for (;;) {
      const next = this.choices.first(grantable(this.state), this.#tokenAt(at));
      if (!next) break;
      if (own && next.key === own.key && next.inbox === own.inbox) {
        this.hold(at, next, 'held', at + next.ttlUs);
        taken = next as Holder;
      } else if (next.inbox === null) {
        this.hold(at, next, 'held', at + next.ttlUs);
        this.tell(next.key, 'go');
      } else {
        const { token, due } = this.hold(at, next, 'granted', at + ACKNOWLEDGE_US);
        this.tell(next.inbox, 'granted', next.number, next.key.slice(0, PROOF_BYTES), token, at, due);
      }
    }
    this.ask(at);
    return taken;
  }

  /** Whoever asks about its lease lives: it stands for its ttl from now on. */
  acknowledge(at: number, ticket: Ticket): void {
    const { lease, ttlUs, state } = ticket;
    if (!lease || state !== 'granted' || lease.due <= at) return;
    ticket.state = 'held';
    lease.due = at + ttlUs;
    this.ask(at);
  }

  /** Tokens grow over all names, and with the clock, so that they go on growing from an older state. */
  hold(at: number, ticket: Ticket, state: RequestState, due: number): Holder['lease'] {
    const token = (this.state.lastToken = this.#tokenAt(at));
    ticket.state = state;
    ticket.lease = { token, due };
    this.tellWatchers(at, ticket, 'acquired');
    ticket.since = at;
    return ticket.lease;
  }

  #tokenAt(at: number): number {
    return Math.max(this.state.lastToken + 1, at);
  }

  /** Whoever holds a name, and may keep it between uses, is told that it is wanted. */
  want(name: string): void {
    for (const { lingers, inbox, number } of holdersOf(this.state, name))
      if (lingers === true) this.tell(inbox ?? '', 'wanted', number);
  }

  /**
   * Of a request that is asked about. Those that it waits for, first in line, are told; or it is told if others wait
   * for it.
   */
  knock(ticket: Ticket): void {
    const { names, lease, lingers, inbox, number } = ticket;
    if (lease === null) {
      for (const name of names) if (waitingFor(this.state, name)[0] === ticket) this.want(name);
    } else if (lingers === true && names.some((name) => waitingFor(this.state, name).length > 0)) {
      this.tell(inbox ?? '', 'wanted', number);
    }
  }

  /**
   * Whoever is next for a name is told of a lease in its way that ends before it would ask. One who is blocked is told
   * to ask now. What all believe afterwards shows that all were told who must be (beliefs.ts). Here it is checked that
   * what was told was true and of use.
   */
  ask(at: number): void {
    for (;;) {
      const asked = this.choices.takeAsk((told) => this.#asked(at, told) !== undefined);
      const ticket = asked && this.#asked(at, asked);
      if (!ticket) return;
      ticket.asksAt = Number(asked.args[2]);
      this.tell(asked.to, 'ask', ...asked.args);
    }
  }

  #asked(at: number, message: Message): Ticket | undefined {
    const [, toldAt, when = NaN] = message.args;
    const ticket = this.state.tickets.find((one) => isWaiting(one) && isTold(one, message));
    if (!ticket || toldAt !== at) return undefined;
    const isNext = ticket.names.some((name) => waitingFor(this.state, name)[0] === ticket);
    const times = inTheWay(this.state, at, ticket.names);
    // Whoever may keep it between uses is asked again soon.
    const mostUs = isLent(this.state, ticket) ? at + PROBE_US : Infinity;
    const isTrue = times.some((time) => Math.min(time, mostUs) === Number(when));
    // What it was told has passed: it has asked since, and only it knows the answer.
    const isOfUse = Number(when) < ticket.asksAt || ticket.asksAt < at;
    if (isNext && isTrue && isOfUse) return ticket;
    const isSoon = ticket.asksAt <= at + PROBE_US && ticket.asksAt >= at;
    return isBlocked(this.state, ticket) && when === at && !isSoon ? ticket : undefined;
  }

  /** They are back in their old places, but not twice if nobody has asked about them; their processes count as silent. */
  #setAside(at: number, missed: readonly Holder[], caller: string | undefined): void {
    const back = missed.filter((holder) => {
      const isUsedAnew = this.state.tickets.some(
        (one) => one !== holder && one.key === holder.key && !one.lease,
      );
      const isBack = !isUsedAnew && !holder.isMissed;
      const state = holder.inbox === caller ? 'waiting' : 'silent';
      if (isBack) Object.assign(holder, { lease: null, asksAt: 0, isMissed: true, state });
      else this.#remove(holder);
      return isBack;
    });
    for (const holder of back) this.tellWatchers(at, holder, 'waiting');
    const inboxes = new Set(missed.map(({ inbox }) => inbox ?? ''));
    this.#silence(
      at,
      [...inboxes].filter((id) => id !== caller),
    );
  }

  /** All that a silent process waits for is passed over at once; one that was only slow is told, and asks. */
  #silence(at: number, ids: readonly string[]): void {
    for (const id of ids) {
      const inbox = this.state.inboxes.get(id);
      if (!inbox) throw new Error(`no inbox ${id}`);
      inbox.probedUntil = 0;
      if (inbox.silentUntil === 0) {
        inbox.silentUntil = at + SILENT_US;
        for (const ticket of this.state.tickets)
          if (ticket.inbox === id && isWaiting(ticket)) ticket.state = 'silent';
      }
      this.tell(id, 'alive');
    }
  }

  #silentOf(id: string): Ticket[] {
    return this.state.tickets.filter((ticket) => ticket.inbox === id && ticket.state === 'silent');
  }

  #remove(ticket: Ticket): void {
    this.state.tickets = this.state.tickets.filter((other) => other !== ticket);
  }

  /** Those who watch one of its names are told, and those who watch all. */
  tellWatchers(at: number, ticket: Ticket, event: string, why = 0): void {
    const { names, owner, units, limit, lease, since, ttlUs, lingers = false } = ticket;
    const ttlMs = event === 'acquired' ? ttlUs / 1000 : 0;
    for (const name of names) {
      const queued = placesFor(this.state, name).length;
      for (const watched of [name, '']) {
        if (!this.state.watches.has(watched)) continue;
        const what = [name, owner, lease?.token ?? 0, units, limit, why] as const;
        this.tell(watchersOf(watched), event, ...what, at, since, queued, ttlMs, lingers);
      }
    }
  }
}

/** In the order in which the server goes through those who wait. */
export function byKey(tickets: readonly Ticket[]): Ticket[] {
  return [...tickets].sort((a, b) => (a.key < b.key ? -1 : 1));
}
