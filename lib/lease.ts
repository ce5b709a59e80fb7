import { LockLostError, LockNotHeldError, type LostReason } from './errors.js';
import { Alarm } from './internal/alarm.js';
import type { TellLock } from './internal/event-relay.js';
import type { Renewer } from './internal/renewer.js';
import type { Grant, Ticket } from './internal/ticket.js';
import { resolveLockOptions, type Duration, type ResolvedLockOptions } from './options.js';
import type { Told } from './schema/lock-procedures.js';
import type { TicketStatus } from './schema/ticket-status.js';

/** What a lease needs of its manager. @internal */
export interface LeaseKeeper {
  readonly renewer: Renewer;
  /** By how much the clocks of two nodes may differ: so much earlier a lease is over here. */
  readonly clockSkewMs: number;
  /** Whether the ticket held the lock until now; `undefined` when an earlier try may have ended it. */
  release(ticket: Ticket): Promise<boolean | undefined>;
  /** Whether the server still has the lease. */
  isKnown(ticket: Ticket): Promise<boolean>;
  /** Runs something that nobody waits for. */
  loose(task: Promise<unknown>): void;
  /** The lease has ended, one way or the other. */
  ended(lease: Lease): void;
}

/** Timers fire a little late: so much earlier the lease is over here than it could be over there. */
export const EARLY_MS = 5;
const LEAST_RETRY_MS = 20;
const MOST_RETRY_MS = 1_000;

/**
 * One grant of a lock: held until it is released or lost.
 *
 * `signal` aborts when the lease is lost, at the latest when it ends by the local monotonic clock, counted from before
 * the request was sent; no answer of the server is needed for it. It does not abort by a release. A lease is not a
 * transaction: work that must not happen twice passes `fencingToken` to whatever it writes to.
 *
 * @example
 * await using lease = await lock.acquire();
 * await fetch(url, { signal: lease.signal, headers: { 'x-fencing-token': `${lease.fencingToken}` } });
 */
export class Lease {
  readonly name: string;
  /** Greater than that of every earlier grant of this name; a safe integer. */
  readonly fencingToken: number;
  readonly #ticket: Ticket;
  readonly #keeper: LeaseKeeper;
  readonly #tell: TellLock;
  /** Made when somebody asks for it: many leases come and go without. */
  #lost: AbortController | undefined;
  readonly #endAlarm = new Alarm();
  readonly #renewAlarm = new Alarm();
  /** Up to here the lease can be held at all, and up to here it renews itself, on the monotonic clock. */
  readonly #holdEndMs: number;
  readonly #renewEndMs: number;
  /** `releasing`: given up by its owner, not confirmed by the server. */
  #state: 'held' | 'releasing' | 'released' | 'lost' = 'held';
  #deadlineMs: number;
  #releasing: Promise<boolean> | undefined;
  #renewalsSent = 0;
  #renewalApplied = 0;
  #renewalsOpen = 0;
  #abortReason: unknown;

  /** @internal */
  constructor(
    ticket: Ticket,
    grant: Grant,
    options: ResolvedLockOptions,
    keeper: LeaseKeeper,
    tell: TellLock,
  ) {
    this.name = ticket.name;
    this.fencingToken = grant.fencingToken;
    this.#ticket = ticket;
    this.#keeper = keeper;
    this.#tell = tell;
    this.#holdEndMs = grant.grantedMs + options.maxHoldMs;
    this.#renewEndMs = grant.grantedMs + (options.autoRenew ? options.maxHoldMs : ticket.ttlMs);
    this.#deadlineMs = grant.deadlineMs;
    this.#setDeadline(grant.deadlineMs);
    if (grant.isProvisional) this.#renew(true);
    else this.#scheduleRenewal(grant.grantedMs + ticket.ttlMs / 3);
  }

  /** Aborts when the lease is lost; `signal.reason` is a `LockLostError`. */
  get signal(): AbortSignal {
    this.#lost ??= new AbortController();
    if (this.#abortReason !== undefined) this.#lost.abort(this.#abortReason);
    return this.#lost.signal;
  }

  /** Whether the lease is neither released nor lost. */
  get isHeld(): boolean {
    if (this.#state === 'held' && this.#isOver) this.lose('expired');
    return this.#state === 'held';
  }

  /** @internal Whether its release is confirmed. */
  get isReleased(): boolean {
    return this.#state === 'released';
  }

  /** When the lease ends unless it is renewed, by this machine's clock: to show, not to reckon with. */
  get expiresAt(): Date {
    return new Date(Date.now() + this.#deadlineMs - performance.now());
  }

  /** Milliseconds until the lease ends unless it is renewed; 0 once it has ended or is released. */
  remaining(): number {
    return this.isHeld ? Math.max(0, this.#deadlineMs - performance.now()) : 0;
  }

  /**
   * Makes the lease end so long from now (default: its ttl), but not beyond `maxHold`.
   *
   * @throws LockNotHeldError after a release, LockLostError if the lease is lost, LockConnectionError if no answer came:
   *   the lease then stands as it did
   */
  async extend(ttl?: Duration): Promise<void> {
    const ttlMs = ttl === undefined ? this.#ticket.ttlMs : resolveLockOptions({ ttl }).ttlMs;
    this.#assertHeld();
    const limitMs = Math.ceil(this.#holdEndMs - performance.now());
    const turn = ++this.#renewalsSent;
    this.#renewed(await this.#asked(Math.max(1, Math.min(ttlMs, limitMs)), true), turn);
    this.#assertHeld();
  }

  /**
   * Gives the lock back. Resolves `true` if it was held until now, `false` if it had been lost before. Repeating it does
   * nothing and gives the same answer.
   *
   * @throws LockConnectionError if no answer came: the lock is free by the end of the lease at the latest. `release`
   *   may be tried again
   */
  release(): Promise<boolean> {
    if (this.#releasing === undefined && !this.isHeld && this.#state === 'lost')
      return Promise.resolve(false);
    this.#releasing ??= this.#release();
    return this.#releasing;
  }

  /** As {@link release}; never rejects: a failure is told as the `error` event. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.release();
    } catch (error) {
      this.#tell('error', { name: this.name, error });
    }
  }

  /** @internal Ends the lease without a release. */
  lose(reason: LostReason): void {
    if (this.#state !== 'held') return;
    this.#end('lost', new LockLostError(this.name, reason, this.fencingToken));
    const event = { name: this.name, fencingToken: this.fencingToken };
    // A renewal that comes through after all would keep the lock from the others.
    if (this.#renewalsOpen > 0) this.#keeper.loose(this.#keeper.release(this.#ticket));
    if (reason === 'expired') this.#tell('expired', event);
    this.#tell('lost', { ...event, reason });
  }

  /** @internal The connection is a new one: learns now, not at the next renewal, if the server has forgotten. */
  confirm(): void {
    if (this.#state !== 'held') return;
    if (this.#deadlineMs + this.#keeper.clockSkewMs < this.#renewEndMs - 1) {
      this.#renew(false);
    } else {
      // What goes wrong here will show again; the deadline stands.
      this.#keeper.isKnown(this.#ticket).then(
        (isKnown) => isKnown || this.lose('forgotten-by-server'),
        () => undefined,
      );
    }
  }

  /** @internal Its manager closes, and releases it: whoever still works under it is told by the signal. */
  close(reason: unknown): void {
    if (this.#state !== 'held') return;
    this.#releasing = Promise.resolve(true);
    this.#end('released', reason);
    this.#tell('released', { name: this.name, fencingToken: this.fencingToken });
  }

  async #release(): Promise<boolean> {
    // First of all: a renewal after the release would find the lock in another's hands, or take it back.
    const wasHeld = this.#state === 'held';
    this.#state = 'releasing';
    this.#renewAlarm.clear();
    this.#keeper.renewer.forget(this.#ticket.id);
    let stillHeld: boolean;
    try {
      // Not over by our clock, it cannot have been over by the server's: it was our own earlier try that ended it.
      stillHeld = (await this.#keeper.release(this.#ticket)) ?? !this.#isOver;
    } catch (error) {
      this.#releasing = undefined;
      this.#end('releasing');
      throw error;
    }
    if (stillHeld) {
      this.#end('released');
      this.#tell('released', { name: this.name, fencingToken: this.fencingToken });
    } else if (wasHeld) {
      this.#state = 'held';
      this.lose(this.#isOver ? 'expired' : 'forgotten-by-server');
    } else {
      this.#end('released');
    }
    return stillHeld;
  }

  get #isOver(): boolean {
    return performance.now() >= this.#deadlineMs - EARLY_MS;
  }

  #assertHeld(): void {
    if (this.isHeld) return;
    if (this.#state === 'lost') throw this.signal.reason;
    throw new LockNotHeldError(this.name);
  }

  #end(state: 'releasing' | 'released' | 'lost', abortReason?: unknown): void {
    this.#state = state;
    this.#endAlarm.clear();
    this.#renewAlarm.clear();
    this.#keeper.ended(this);
    if (abortReason === undefined) return;
    this.#abortReason = abortReason;
    this.#lost?.abort(abortReason);
  }

  /** @param endMs when the lease ends by the clock of the node that said so */
  #setDeadline(endMs: number): void {
    this.#deadlineMs = endMs - this.#keeper.clockSkewMs;
    this.#endAlarm.set(this.#deadlineMs - EARLY_MS, () => this.lose('expired'));
  }

  #scheduleRenewal(atMs: number): void {
    if (this.#deadlineMs + this.#keeper.clockSkewMs < this.#renewEndMs - 1)
      this.#renewAlarm.set(atMs, () => this.#renew(false));
    else this.#renewAlarm.clear();
  }

  /** One try. The next is set before this one is answered: a request that hangs must not cost the lease. */
  #renew(isClaim: boolean): void {
    const nowMs = performance.now();
    const fullMs = this.#ticket.ttlMs;
    const ttlMs = Math.ceil(Math.min(fullMs, this.#renewEndMs - nowMs));
    if (ttlMs < 1) return;
    this.#scheduleRenewal(nowMs + Math.min(fullMs, this.#deadlineMs - nowMs) / 3);
    const turn = ++this.#renewalsSent;
    // A claim tells the server that we live: it has to be out before the caller's code can block the event loop.
    this.#asked(ttlMs, isClaim).then(
      (told) => this.#renewed(told, turn, isClaim),
      (error: unknown) => this.#renewalFailed(error),
    );
  }

  async #asked(ttlMs: number, isAtOnce: boolean): Promise<Told<TicketStatus>> {
    const { renewer } = this.#keeper;
    const { id } = this.#ticket;
    this.#renewalsOpen++;
    try {
      return await (isAtOnce ? renewer.renewNow(id, ttlMs) : renewer.renew(id, ttlMs));
    } finally {
      this.#renewalsOpen--;
    }
  }

  #renewed(told: Told<TicketStatus>, turn: number, isClaim = false): void {
    if (this.#state !== 'held') return;
    const status = told.value;
    if (status.state !== 'held') {
      this.lose(this.#isOver ? 'expired' : 'forgotten-by-server');
      return;
    }
    // An answer that was overtaken by a later one is old news.
    if (turn < this.#renewalApplied) return;
    this.#renewalApplied = turn;
    const leaseMs = (status.due - status.at) / 1000;
    this.#setDeadline(told.sentMs + leaseMs);
    // A third of the way, but not before the rest is two thirds of the ttl: what `extend` has won is not cut short.
    this.#scheduleRenewal(
      Math.max(told.sentMs + leaseMs / 3, this.#deadlineMs - (this.#ticket.ttlMs * 2) / 3),
    );
    const { name, fencingToken, expiresAt } = this;
    if (!isClaim) this.#tell('extended', { name, fencingToken, expiresAt });
  }

  #renewalFailed(error: unknown): void {
    if (this.#state !== 'held') return;
    const nowMs = performance.now();
    const delayMs = Math.max(LEAST_RETRY_MS, Math.min(MOST_RETRY_MS, (this.#deadlineMs - nowMs) / 5));
    this.#renewAlarm.set(nowMs + delayMs, () => this.#renew(false));
    this.#tell('error', { name: this.name, error });
  }
}
