import { Choices, isTold } from './choices.js';
import { grantable, holdersOf, inTheWay, isKeptWaiting, keptWaiting, waitingFor } from './lines.js';
import type { Holder, LockState, Message, Ticket } from './lock-state.js';
import { emptyState, isKept, isPython, watchersOf } from './lock-state.js';

/** How long a process has to answer a grant that was pushed to it. */
const CLAIM_US = 800_000;
/** So often those who are kept waiting ask, and the process that keeps them waiting is asked whether it lives. */
export const PROBE_US = 900_000;
/** So long an id that was ended is worth nothing, should a request with it still arrive. */
export const REMEMBER_US = 60_000_000;

/** How tickets come to hold and how they end: by whatever call, always by these. */
export class QueueRules {
  state: LockState;
  choices = new Choices();
  #told: Message[] = [];

  constructor(lastToken: number) {
    this.state = emptyState(lastToken);
  }

  ticket(key: string): Ticket | undefined {
    return this.state.tickets.find((ticket) => ticket.key === key);
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

  /** Leases end when they are due and not before; a grant that was not answered shows that its process is dead. */
  settle(at: number, names: readonly string[]): void {
    for (const name of names) {
      const expired = this.expired(at, [name]);
      for (const holder of expired) {
        this.#remove(holder);
        // One that was kept beyond its release is released only now.
        this.#tellWatchers(holder, isKept(holder) ? 'released' : 'expired');
        if (!holder.lease.isClaimed && holder.inbox !== null) this.#bury(holder.inbox);
      }
      if (expired.length > 0) this.grantHeads(at);
    }
  }

  /** What expired ends, and who is asked whether it lives, or did not answer that, keeps nobody waiting. */
  look(at: number, names: readonly string[]): void {
    for (const name of names) {
      this.settle(at, [name]);
      const probed = this.#toProbe(at, name);
      const inbox = this.state.inboxes.get(probed ?? '');
      if (probed === undefined || !inbox) continue;
      if (inbox.probedUntil > 0) {
        this.#bury(probed);
        this.grantHeads(at);
      } else {
        inbox.probedUntil = at + CLAIM_US;
        this.tell(probed, 'check');
      }
    }
  }

  /** Whether {@link look} would change something. */
  isStale(at: number, names: readonly string[]): boolean {
    return this.expired(at, names).length > 0 || names.some((name) => this.#toProbe(at, name) !== undefined);
  }

  /** A process has asked of a ticket of its own. */
  seen(at: number, { inbox }: Ticket): void {
    const seen = this.state.inboxes.get(inbox ?? '');
    if (!seen?.probedUntil) return;
    seen.probedUntil = 0;
    seen.seenAt = at;
  }

  /** The process that is to be asked whether it lives, or that has not answered. */
  #toProbe(at: number, name: string): string | undefined {
    if (keptWaiting(this.state, name).length === 0) return undefined;
    const id = waitingFor(this.state, name)[0]?.inbox ?? '';
    const inbox = this.state.inboxes.get(id);
    const time = inbox && (inbox.probedUntil || inbox.seenAt + PROBE_US);
    return Number(time) <= at ? id : undefined;
  }

  /** By the wish of whoever made the request. */
  end(at: number, ticket: Ticket): void {
    this.#remove(ticket);
    if (ticket.lease) this.#tellWatchers(ticket, 'released');
    this.grantHeads(at);
  }

  /** Against the holders' will: they are told, and so is whoever uses their ids in the next minute. */
  evict(at: number, names: readonly string[], why: number): number {
    const victims = names.flatMap((name) => {
      const holders = holdersOf(this.state, name);
      for (const holder of holders) {
        this.#remove(holder);
        if (!isKept(holder) && !isPython(holder)) this.remember(at, holder.key, why);
        if (holder.inbox !== null) this.tell(holder.inbox, 'lost', holder.number, why);
        this.#tellWatchers(holder, 'lost', why);
      }
      return holders;
    });
    return victims.length;
  }

  remember(at: number, key: string, why: number): void {
    const { withdrawn } = this.state;
    if (!withdrawn.has(key)) withdrawn.set(key, { until: at + REMEMBER_US, why });
  }

  enter(ticket: Omit<Ticket, 'entry' | 'since' | 'asksAt' | 'lease'>, at: number): Ticket {
    const { state } = this;
    const entered = { ...ticket, entry: (state.entries += 1), since: at, asksAt: 0, lease: null };
    state.tickets.push(entered);
    return entered;
  }

  /** Heads are granted and told until none is left that could be; nobody else is woken. */
  grantHeads(at: number): void {
    for (;;) {
      const next = this.choices.first(grantable(this.state));
      if (!next) break;
      if (next.inbox === null) {
        this.hold(at, next, at + next.ttlUs, true);
        this.tell(next.key, 'go');
      } else {
        const { token, due } = this.hold(at, next, at + CLAIM_US, false);
        this.tell(next.inbox, 'granted', next.number, token, at, due);
      }
    }
    this.warn(at);
  }

  /** Whoever asks about its lease lives: it stands for its ttl from now on. */
  claim(at: number, { lease, ttlUs }: Ticket): void {
    if (!lease || lease.isClaimed || lease.due <= at) return;
    lease.isClaimed = true;
    lease.due = at + ttlUs;
    this.warn(at);
  }

  /** Tokens grow over all names, and with the clock, so that they go on growing from an older state. */
  hold(at: number, ticket: Ticket, due: number, isClaimed: boolean): Holder['lease'] {
    const token = (this.state.lastToken = Math.max(this.state.lastToken + 1, at));
    ticket.since = at;
    ticket.lease = { token, due, isClaimed };
    this.#tellWatchers(ticket, 'acquired');
    return ticket.lease;
  }

  /**
   * Whoever is next for a name is told of a lease in its way that ends before it would ask, and one who is kept waiting
   * that it is to ask now. That all are told who must be is checked by what they then believe (beliefs.ts); here, that
   * what was told was true and of use.
   */
  warn(at: number): void {
    for (;;) {
      const warning = this.choices.takeWarning((told) => this.#warned(at, told) !== undefined);
      const ticket = warning && this.#warned(at, warning);
      if (!ticket) return;
      ticket.asksAt = Number(warning.args[2]);
      this.tell(warning.to, 'watch', ...warning.args);
    }
  }

  #warned(at: number, warning: Message): Ticket | undefined {
    const [, toldAt, until = NaN] = warning.args;
    const ticket = this.state.tickets.find((one) => one.lease === null && isTold(one, warning));
    if (!ticket || toldAt !== at) return undefined;
    const isNext = ticket.names.some((name) => waitingFor(this.state, name)[0] === ticket);
    const isTrue = inTheWay(this.state, at, ticket.names).includes(Number(until));
    // What it was told has passed: it has asked since, and only it knows the answer.
    const isOfUse = Number(until) < ticket.asksAt || ticket.asksAt < at;
    if (isNext && isTrue && isOfUse) return ticket;
    const isSoon = ticket.asksAt <= at + PROBE_US && ticket.asksAt >= at;
    return isKeptWaiting(this.state, ticket) && until === at && !isSoon ? ticket : undefined;
  }

  /** All that a dead process waits for is withdrawn at once; one that was only slow is told, and asks again. */
  #bury(inbox: string): void {
    this.state.tickets = this.state.tickets.filter((ticket) => ticket.inbox !== inbox || ticket.lease);
    const dead = this.state.inboxes.get(inbox);
    if (dead) dead.probedUntil = 0;
    this.tell(inbox, 'check');
  }

  #remove(ticket: Ticket): void {
    this.state.tickets = this.state.tickets.filter((other) => other !== ticket);
  }

  #tellWatchers({ names, owner, want, limit, lease }: Ticket, event: string, why = 0): void {
    for (const name of names) {
      if (!this.state.watches.has(name)) continue;
      this.tell(watchersOf(name), event, name, owner, lease?.token ?? NaN, want, limit, why);
    }
  }
}
