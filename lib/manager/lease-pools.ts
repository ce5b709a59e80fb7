import type { Desk } from './desk.js';
import type { LockTeller } from './event-relay.js';
import type { HeldLease, Waited } from './held-lease.js';
import { beforeExit } from './before-exit.js';
import { LeasePool, type PoolHost } from './lease-pool.js';
import type { LocalWaiter } from './local-waiter.js';
import type { Terms } from '../request/request.js';

/**
 * A lease that lingers can change hands again and again without the event loop. The loop must turn in between, or
 * nothing that is pushed would be heard.
 */
const MOST_TURN_MS = 1;

/** The leases of a manager that may linger, by what they are leases of. */
export class LeasePools implements PoolHost {
  readonly desk: Desk;
  readonly isInner: () => boolean;
  isDraining = false;
  readonly #send: (terms: Terms, teller: LockTeller, waited?: Waited) => HeldLease;
  /** Under each of its names. */
  readonly #pools = new Map<string, LeasePool[]>();
  #stopExit: (() => void) | undefined;
  /** When a lease changed hands first in this turn of the event loop. */
  #turnMs: number | undefined;
  #afterTurn: (() => void)[] = [];

  /** @param send sends a request */
  constructor(
    desk: Desk,
    send: (terms: Terms, teller: LockTeller, waited?: Waited) => HeldLease,
    isInner: () => boolean,
  ) {
    this.desk = desk;
    this.isInner = isInner;
    this.#send = send;
  }

  /** See `LeasePool.acquire`. */
  acquire(terms: Terms, teller: LockTeller): HeldLease | LocalWaiter | undefined {
    return this.#poolOf(terms).acquire(terms, teller);
  }

  /** Sends a request; what lingers here and would be in its way is given up just before. */
  open(terms: Terms, teller: LockTeller, waited?: Waited): HeldLease {
    if (this.#pools.size > 0) this.#makeWay(terms);
    return this.#send(terms, teller, waited);
  }

  /** Nothing lingers any more; what is released later may. */
  giveUpIdle(): void {
    for (const pool of this.#all()) pool.giveUpIdle();
  }

  /** Nothing lingers from now on. Nobody waits here but whom a section waits for: that is part of what runs. */
  drain(reason: unknown): void {
    this.isDraining = true;
    for (const pool of this.#all()) pool.endWaiting(reason, ({ isInner }) => isInner);
    this.giveUpIdle();
  }

  /** Whoever waits here is told why nobody does any more. */
  close(reason: unknown): void {
    for (const pool of this.#all()) pool.endWaiting(reason, () => false);
  }

  isTurnOver(nowMs: number, next: () => void): boolean {
    if (this.#turnMs === undefined) {
      this.#turnMs = nowMs;
      setImmediate(() => {
        this.#turnMs = undefined;
        for (const callback of this.#afterTurn.splice(0)) callback();
      });
    }
    if (nowMs - this.#turnMs < MOST_TURN_MS) return false;
    this.#afterTurn.push(next);
    return true;
  }

  emptied(pool: LeasePool): void {
    for (const name of pool.terms.names) {
      const left = (this.#pools.get(name) ?? []).filter((other) => other !== pool);
      if (left.length > 0) this.#pools.set(name, left);
      else this.#pools.delete(name);
    }
    if (this.#pools.size > 0) return;
    this.#stopExit?.();
    this.#stopExit = undefined;
  }

  #poolOf(terms: Terms): LeasePool {
    const known = this.#pools.get(terms.names[0] as string);
    if (known !== undefined) for (const pool of known) if (pool.isFor(terms)) return pool;
    const pool = new LeasePool(this, terms);
    for (const name of terms.names) {
      const pools = this.#pools.get(name);
      if (pools === undefined) this.#pools.set(name, [pool]);
      else pools.push(pool);
    }
    this.#stopExit ??= beforeExit(() => this.giveUpIdle());
    return pool;
  }

  #makeWay(terms: Terms): void {
    for (const name of terms.names) {
      const pools = this.#pools.get(name) ?? [];
      const units = pools.reduce((sum, pool) => sum + pool.units, terms.units);
      const limit = Math.min(terms.limit, ...pools.map((pool) => pool.terms.limit));
      if (units > limit) for (const pool of pools) pool.giveUpIdle();
    }
  }

  #all(): Set<LeasePool> {
    return new Set([...this.#pools.values()].flat());
  }
}
