import { AsyncLocalStorage } from 'node:async_hooks';
import { LockDeadlockError, LockNotHeldError } from '../errors.js';
import type { Duration } from '../options.js';
import type { ResolvedLockOptions } from './lock-options.js';
import type { HeldLease, OwnLease } from './held-lease.js';
import { labelOf } from './ticket.js';

/** A `runExclusive` that the running code is inside of. */
interface Section {
  /** Whose locks: those of another manager may be other locks of the same name. */
  readonly of: object;
  readonly lease: HeldLease;
  readonly outer: Section | undefined;
}

const sections = new AsyncLocalStorage<Section | undefined>();

/** Runs `fn` as the section of a lease. */
export function insideOf<T>(of: object, lease: HeldLease, fn: () => T): T {
  return sections.run({ of, lease, outer: sections.getStore() }, fn);
}

/** Runs `fn` outside of every section: what it opens is not the section's, and what comes in by it is told outside. */
export function outsideOfAll<T>(fn: () => T): T {
  return sections.run(undefined, fn);
}

/** One more hold of a lease that the caller is inside of, for a request that asks for that and for no more than it has. */
export function heldAgain(
  of: object,
  names: readonly string[],
  options: ResolvedLockOptions,
): OwnLease | undefined {
  if (!options.isReentrant || options.isSteal) return undefined;
  const lease = heldAround(of).find((around) => covers(around, names, options));
  return lease && new ReentrantLease(lease);
}

/**
 * Refuses a request that would wait for its own caller.
 * @throws LockDeadlockError
 */
export function refuseDeadlock(of: object, names: readonly string[], options: ResolvedLockOptions): void {
  if (options.isSteal) return;
  const around = heldAround(of);
  for (const name of names) {
    const leases = around.filter((lease) => lease.names.includes(name));
    const wanted = leases.reduce((sum, { want }) => sum + want, options.want);
    const limit = Math.min(options.limit, ...leases.map((lease) => lease.limit));
    if (leases.length > 0 && wanted > limit) throw new LockDeadlockError(labelOf(names));
  }
}

/** The leases of the sections that the running code is inside of, the innermost first. */
function heldAround(of: object): HeldLease[] {
  const leases: HeldLease[] = [];
  for (let section = sections.getStore(); section !== undefined; section = section.outer) {
    if (section.of === of && section.lease.isHeld) leases.push(section.lease);
  }
  return leases;
}

/** Whether who has this lease has what is asked for. */
function covers(lease: HeldLease, names: readonly string[], { want, limit }: ResolvedLockOptions): boolean {
  const isStrongEnough = lease.limit === 1 || (lease.limit === limit && lease.want >= want);
  return isStrongEnough && names.every((name) => lease.names.includes(name));
}

/** One more hold of a lease: the lock is free when all have released it. */
class ReentrantLease implements OwnLease {
  readonly #lease: HeldLease;
  #left: Promise<boolean> | undefined;

  constructor(lease: HeldLease) {
    this.#lease = lease;
    lease.join();
  }

  get name(): string {
    return this.#lease.name;
  }

  get names(): readonly string[] {
    return this.#lease.names;
  }

  get fencingToken(): number {
    return this.#lease.fencingToken;
  }

  get fencingTokens(): ReadonlyMap<string, number> {
    return this.#lease.fencingTokens;
  }

  get signal(): AbortSignal {
    return this.#lease.signal;
  }

  get isHeld(): boolean {
    return !this.isReleased && this.#lease.isHeld;
  }

  get isReleased(): boolean {
    return this.#left !== undefined;
  }

  get expiresAt(): Date {
    return this.#lease.expiresAt;
  }

  remaining(): number {
    return this.isReleased ? 0 : this.#lease.remaining();
  }

  async extend(ttl?: Duration): Promise<void> {
    this.#assertNotReleased();
    await this.#lease.extend(ttl);
  }

  release(): Promise<boolean> {
    this.#left ??= this.#lease.leave();
    return this.#left;
  }

  async serialize(): Promise<string> {
    this.#assertNotReleased();
    return this.#lease.serialize();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#lease.quietly(this.release());
  }

  #assertNotReleased(): void {
    if (this.isReleased) throw new LockNotHeldError(labelOf(this.names));
  }
}
