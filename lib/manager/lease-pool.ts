import type { Outcome } from '../request/commands.js';
import type { Now } from '../request/inputs.js';
import type { Desk, Seat, SeatWatcher } from './desk.js';
import type { LockTeller } from './event-relay.js';
import { HeldLease, type Waited } from './held-lease.js';
import { LocalWaiter } from './local-waiter.js';
import type { Terms } from '../request/request.js';

/** What a pool needs of its manager. */
export interface PoolHost {
  readonly desk: Desk;
  /** Nothing is to linger any more. */
  readonly isDraining?: boolean;
  /** Sends a request. */
  open(terms: Terms, teller: LockTeller, waited?: Waited): HeldLease;
  /** Whether the event loop has to turn before a lease changes hands again; `next` is called when it has. */
  isTurnOver(nowMs: number, next: () => void): boolean;
  /** Whether the running code is inside of a section of this manager. */
  isInner(): boolean;
  /** Nothing is in the pool any more. */
  emptied(pool: LeasePool): void;
}

/**
 * The leases of one lock that may linger, and the tasks of this process that want it. As many requests are at the
 * server as this process can hold leases at once: one for an exclusive lock. The other tasks wait here, first come
 * first served.
 *
 * A lease that somebody else waits for does not count. The first task here goes into the server's queue at once.
 */
export class LeasePool implements SeatWatcher {
  readonly terms: Terms;
  readonly #host: PoolHost;
  readonly #most: number;
  /** Requests at the server, and leases, that nobody else has asked for. */
  readonly #seats = new Set<Seat>();
  /** Of these, the leases that linger; the one used last is last. */
  readonly #idle: Seat[] = [];
  readonly #waiting = new Set<LocalWaiter>();
  #isServing = false;
  /** There was something to serve meanwhile. */
  #isMissed = false;
  readonly #serve = (): void => this.#serveAll();

  constructor(host: PoolHost, terms: Terms) {
    this.#host = host;
    this.terms = terms;
    this.#most = Math.floor(terms.limit / terms.units);
  }

  /** Whether a lease of this pool is what is asked for with these terms. */
  isFor(terms: Terms): boolean {
    const own = this.terms;
    if (own === terms) return true;
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
   * A lease that lingers, without a word to the server; or a request that is sent. Where a request would only wait for
   * this process, a place in line here. `undefined`: this process holds the lock, and the caller does not want to wait.
   */
  acquire(terms: Terms, teller: LockTeller): HeldLease | LocalWaiter | undefined {
    const wasServing = this.#isServing;
    this.#isServing = true;
    let found: HeldLease | LocalWaiter | undefined;
    try {
      found = this.#acquire(terms, teller);
    } finally {
      this.#isServing = wasServing;
    }
    if (this.#isMissed && !this.#isServing) this.#serveAll();
    return found;
  }

  #acquire(terms: Terms, teller: LockTeller): HeldLease | LocalWaiter | undefined {
    if (terms.how === 'steal') return this.#open(terms, teller);
    if (this.#idle.length > 0 && this.#waiting.size === 0) {
      const now = this.#host.desk.now();
      if (this.#host.isTurnOver(now.ms, this.#serve)) return this.#wait(terms, teller);
      const lease = this.#take(now, teller);
      if (lease !== undefined) return lease;
    }
    if (this.#waiting.size === 0 && this.#seats.size < this.#most) return this.#open(terms, teller);
    if (terms.how === 'try') return undefined;
    const waiter = this.#wait(terms, teller);
    this.#stand(waiter, this.#waiting.size - 1);
    return waiter;
  }

  /** How much of its names this process has, or has asked for, by this pool. */
  get units(): number {
    return this.#seats.size * this.terms.units;
  }

  /** Nothing lingers any more. */
  giveUpIdle(): void {
    for (const seat of [...this.#idle]) this.#host.desk.giveUpLingering(seat);
  }

  /** Nobody waits here any more; or nobody but those whom a section waits for. */
  endWaiting(reason: unknown, spares: (waiter: LocalWaiter) => boolean): void {
    for (const waiter of this.#waiting)
      if (!spares(waiter)) this.#end(waiter, { kind: 'failed', error: reason });
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
    this.#isMissed = this.#isServing;
    if (this.#isServing) return;
    // Leases that end meanwhile serve nobody: whoever is served now comes first.
    this.#isServing = true;
    try {
      this.#serveInOrder();
    } finally {
      this.#isServing = false;
    }
    if (this.#seats.size === 0 && this.#waiting.size === 0) this.#host.emptied(this);
  }

  #serveInOrder(): void {
    for (const waiter of this.#waiting) {
      if (this.#idle.length > 0) {
        const now = this.#host.desk.now();
        if (this.#host.isTurnOver(now.ms, this.#serve)) return;
        this.#leave(waiter);
        waiter.find(
          this.#take(now, waiter.teller, waiter) ?? this.#open(waiter.terms, waiter.teller, waiter),
        );
      } else if (this.#seats.size < this.#most) {
        this.#leave(waiter);
        waiter.find(this.#open(waiter.terms, waiter.teller, waiter));
      } else {
        [...this.#waiting].forEach((one, place) => this.#stand(one, place));
        return;
      }
    }
  }

  /** The lease that was used last, if it can still be had. */
  #take(now: Now, teller: LockTeller, waited?: Waited): HeldLease | undefined {
    const { desk } = this.#host;
    for (let seat = this.#idle.at(-1); seat !== undefined; seat = this.#idle.at(-1)) {
      if (seat.request.mayBeTaken(now)) {
        this.#idle.pop();
        seat.isIdle = false;
        return new HeldLease(desk, { seat, now }, teller, waited);
      }
      desk.giveUpLingering(seat);
    }
    return undefined;
  }

  #open(terms: Terms, teller: LockTeller, waited?: Waited): HeldLease {
    const lease = this.#host.open(terms, teller, waited);
    lease.seat.watcher = this;
    this.#seats.add(lease.seat);
    return lease;
  }

  /**
   * For the event loop to turn, or for a lease of this process. For a lease it {@link LeasePool.#stand stands} in line.
   */
  #wait(terms: Terms, teller: LockTeller): LocalWaiter {
    const startedMs = this.#host.desk.now().ms;
    const isInner = this.#host.isInner();
    const waiter = new LocalWaiter({ terms, teller, startedMs, isInner }, this.#end);
    this.#waiting.add(waiter);
    return waiter;
  }

  /** The lock is not free: it is told so, and waits for so long. Without effect on one that was told. */
  #stand(waiter: LocalWaiter, place: number): void {
    if (waiter.isTold) return;
    waiter.isTold = true;
    const { terms, teller, startedMs } = waiter;
    const { names, waitTimeoutMs, perTurnMs } = terms;
    if (terms.how === 'try' || waitTimeoutMs === 0) {
      this.#end(waiter, { kind: 'busy' });
      return;
    }
    const position = place + this.#seats.size;
    this.#host.desk.setAlarm(waiter, startedMs + (waitTimeoutMs ?? position * perTurnMs));
    teller.tell('waiting', { name: names[0] as string, names, position });
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
