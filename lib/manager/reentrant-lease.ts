import { inspect, type InspectOptionsStylized } from 'node:util';
import { LockNotHeldError } from '../errors.js';
import type { Duration } from '../options/duration.js';
import type { HeldLease, OwnLease } from './held-lease.js';
import { labelOf } from './outcomes.js';

/** One more hold of a lease: the lock is free when all have released it. */
export class ReentrantLease implements OwnLease {
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

  get root(): object {
    return this.#lease;
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

  /** @internal */
  [inspect.custom](depth: number, options: InspectOptionsStylized): string {
    if (this.isReleased) return this.#lease.shownAs('released', depth, options);
    return this.#lease[inspect.custom](depth, options);
  }

  #assertNotReleased(): void {
    if (this.isReleased) throw new LockNotHeldError(labelOf(this.names));
  }
}
