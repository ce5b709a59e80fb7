import type { Outcome } from '../request/commands.js';
import type { Now } from '../request/inputs.js';
import type { Desk, Seat, SeatWatcher } from './desk.js';
import type { TellLock } from './event-relay.js';
import { HeldLease, type Waited } from './held-lease.js';
import { LocalWaiter } from './local-waiter.js';
import type { OwnTerms } from './manager-core.js';

/** What a pool needs of its manager. */
export interface PoolHost {
  readonly desk: Desk;
  /** Nothing is to linger any more. */
  readonly isDraining?: boolean;
  /** Sends a request. */
  open(terms: OwnTerms, tell: TellLock, waited?: Waited): HeldLease;
  /** Whether the event loop has to turn before a lease changes hands again; `next` is called when it has. */
  isTurnOver(nowMs: number, next: () => void): boolean;
  /** Nothing is in the pool any more. */
  emptied(pool: LeasePool): void;
}

/**
 * The leases of one lock that may linger, and the tasks of this process that want it. As many requests are at the server
 * as this process can hold leases of at once, one for an exclusive lock; the other tasks wait here, first come first served.
 *
 * A lease that somebody else waits for does not count: the first task here takes its place in the server's queue at once.
 */
export class LeasePool implements SeatWatcher {
  readonly terms: OwnTerms;
  readonly #host: PoolHost;
  readonly #most: number;
  /** Requests at the server, and leases, that nobody else has asked for. */
  readonly #seats = new Set<Seat>();
  /** Of these, the leases that linger; the one used last is last. */
  readonly #idle: Seat[] = [];
  readonly #waiting = new Set<LocalWaiter>();
  readonly #serve = (): void => this.#serveAll();

  constructor(host: PoolHost, terms: OwnTerms) {
    this.#host = host;
    this.terms = terms;
    this.#most = Math.floor(terms.limit / terms.units);
  }

  /** Whether a lease of this pool is what is asked for with these terms. */
  isFor(terms: OwnTerms): boolean {
    const own = this.terms;
    return (
      own.units === terms.units &&
      own.limit === terms.limit &&
      own.ttlMs === terms.ttlMs &&
      own.lingerMs === terms.lingerMs &&
      own.minHoldMs === terms.minHoldMs &&
      own.maxHoldMs === terms.maxHoldMs &&
      areSame(own.names, terms.names)
    );
  }

  /**
   * A lease that lingers, without a word to the server; a request that is sent; or where that would only wait for this
   * process, a place in line here. `undefined`: this process holds the lock, and the caller does not want to wait.
   */
  acquire(terms: OwnTerms, tell: TellLock): HeldLease | LocalWaiter | undefined {
    if (terms.how === 'steal') return this.#open(terms, tell);
    if (this.#idle.length > 0 && this.#waiting.size === 0) {
      const now = this.#host.desk.now();
      if (this.#host.isTurnOver(now.ms, this.#serve)) return this.#wait(terms, tell, false);
      const lease = this.#take(now, tell);
      if (lease !== undefined) return lease;
    }
    if (this.#waiting.size === 0 && this.#seats.size < this.#most) return this.#open(terms, tell);
    return terms.how === 'try' ? undefined : this.#wait(terms, tell, true);
  }

  /** A request of this process that these leases would be in the way of: what lingers is given up before it is sent. */
  makeWay({ units, limit }: OwnTerms): void {
    const { terms } = this;
    if (terms.units + units > Math.min(terms.limit, limit)) this.giveUpIdle();
  }

  /** Nothing lingers any more. */
  giveUpIdle(): void {
    for (const seat of [...this.#idle]) this.#host.desk.giveUpLingering(seat);
  }

  /** The manager closes: nobody waits here any more. */
  close(reason: unknown): void {
    for (const waiter of this.#waiting) this.#end(waiter, { kind: 'failed', error: reason });
  }

  /** @internal */
  stepped(seat: Seat): void {
    const { state, isWanted } = seat.request;
    if (state === 'lingering') {
      if (!seat.isIdle) this.#idle.push(seat);
      seat.isIdle = true;
      if (this.#host.isDraining) queueMicrotask(() => this.giveUpIdle());
      else if (this.#waiting.size > 0) this.#serveAll();
      return;
    }
    if (seat.isIdle) this.#idle.splice(this.#idle.lastIndexOf(seat), 1);
    seat.isIdle = false;
    const isCounted = !isWanted && state !== 'ending' && state !== 'over';
    if (!isCounted && this.#seats.delete(seat)) this.#serveAll();
  }

  /** Leases that linger go to those who wait here; where there is room at the server, the next ask there. */
  #serveAll(): void {
    for (const waiter of this.#waiting) {
      if (this.#idle.length > 0) {
        const now = this.#host.desk.now();
        if (this.#host.isTurnOver(now.ms, this.#serve)) return;
        this.#leave(waiter);
        waiter.find(this.#take(now, waiter.tell, waiter) ?? this.#open(waiter.terms, waiter.tell, waiter));
      } else if (this.#seats.size < this.#most) {
        this.#leave(waiter);
        waiter.find(this.#open(waiter.terms, waiter.tell, waiter));
      } else return;
    }
    if (this.#seats.size === 0) this.#host.emptied(this);
  }

  /** The lease that was used last, if it can still be had. */
  #take(now: Now, tell: TellLock, waited?: Waited): HeldLease | undefined {
    const { desk } = this.#host;
    for (let seat = this.#idle.at(-1); seat !== undefined; seat = this.#idle.at(-1)) {
      if (seat.request.mayBeTaken(now)) {
        this.#idle.pop();
        seat.isIdle = false;
        return new HeldLease(desk, { seat, now }, tell, waited);
      }
      desk.giveUpLingering(seat);
    }
    return undefined;
  }

  #open(terms: OwnTerms, tell: TellLock, waited?: Waited): HeldLease {
    const lease = this.#host.open(terms, tell, waited);
    lease.seat.watcher = this;
    this.#seats.add(lease.seat);
    return lease;
  }

  /** @param isTold the lock is not free: not so for one that waits for the event loop only */
  #wait(terms: OwnTerms, tell: TellLock, isTold: boolean): LocalWaiter {
    const { desk } = this.#host;
    const startedMs = desk.now().ms;
    const ahead = this.#waiting.size + this.#seats.size;
    const waiter = new LocalWaiter({ terms, tell, startedMs, isTold }, this.#end);
    this.#waiting.add(waiter);
    desk.setAlarm(waiter, startedMs + (terms.waitTimeoutMs ?? ahead * terms.perTurnMs));
    const { names } = terms;
    if (isTold) tell('waiting', { name: names[0] as string, names, position: ahead });
    return waiter;
  }

  readonly #end = (waiter: LocalWaiter, outcome: Outcome): void => {
    if (!this.#leave(waiter)) return;
    waiter.find(outcome);
  };

  #leave(waiter: LocalWaiter): boolean {
    this.#host.desk.setAlarm(waiter, Infinity);
    return this.#waiting.delete(waiter);
  }
}

function areSame(names: readonly string[], others: readonly string[]): boolean {
  return names === others || (names.length === others.length && names.every((name, i) => name === others[i]));
}
