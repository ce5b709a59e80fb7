import { LockLostError, LockNotHeldError, type LostReason } from '../errors.js';
import type { HolderEvent } from '../events.js';
import type { Lease } from '../lease.js';
import { resolveLockOptions, type ResolvedLockOptions } from './lock-options.js';
import { type Duration } from '../options.js';
import type { Told } from '../schema/lock-procedures.js';
import type { TicketStatus } from '../schema/ticket-status.js';
import { Alarm } from '../async/alarm.js';
import type { TellLock } from './event-relay.js';
import type { Renewer } from './renewer.js';
import { serializedLease } from './serialized-lease.js';
import type { Grant, Ticket } from './ticket.js';

/** What a lease needs of its manager. */
export interface LeaseKeeper {
  readonly renewer: Renewer;
  /** By how much the clocks of two nodes may differ: so much earlier a lease is over here. */
  readonly clockSkewMs: number;
  /** Whether the ticket held the lock until now; `undefined` when an earlier try may have ended it. */
  release(ticket: Ticket): Promise<boolean | undefined>;
  /** As {@link release}, but the lock stays taken for so long from now. */
  keep(ticket: Ticket, ms: number): Promise<boolean | undefined>;
  /** Renews it for `ttlMs`, and leaves it to whoever adopts it. */
  handOn(ticket: Ticket, ttlMs: number): Promise<TicketStatus>;
  /** What the server knows of the lease. */
  check(ticket: Ticket): Promise<TicketStatus>;
  /** Where the manager is told of its leases. */
  enterRoom(roomId: number): void;
  /** Runs something that nobody waits for. */
  loose(task: Promise<unknown>): void;
  /** The lease has begun; what is told of its ticket from now on concerns it. */
  began(lease: HeldLease, ticket: Ticket): void;
  /** The lease has ended, one way or the other. */
  ended(ticket: Ticket): void;
}

/** A lease as the lock that acquired it knows it. */
export interface OwnLease extends Lease {
  /** Whether there is nothing left to release here. */
  readonly isReleased: boolean;
}

/** Timers fire a little late: so much earlier the lease is over here than it could be over there. */
export const EARLY_MS = 5;
const LEAST_RETRY_MS = 20;
const MOST_RETRY_MS = 1_000;

/** A {@link Lease} of this process: renews itself, watches its end, and knows who counts on it. */
export class HeldLease implements OwnLease {
  readonly names: readonly string[];
  readonly fencingToken: number;
  readonly want: number;
  readonly limit: number;
  readonly #ticket: Ticket;
  readonly #keeper: LeaseKeeper;
  readonly #tell: TellLock;
  /** Made when somebody asks for it: many leases come and go without. */
  #lost: AbortController | undefined;
  readonly #endAlarm = new Alarm();
  readonly #renewAlarm = new Alarm();
  /** Up to here the lock stays taken, is held at the most, and is renewed, on the monotonic clock. */
  readonly #keepEndMs: number;
  readonly #holdEndMs: number;
  readonly #renewEndMs: number;
  /** `releasing`: given up by its owner, not confirmed by the server. `handed-on`: another process's. */
  #state: 'held' | 'releasing' | 'released' | 'handed-on' | 'lost' = 'held';
  #deadlineMs: number;
  #releasing: Promise<boolean> | undefined;
  #renewalsSent = 0;
  #renewalApplied = 0;
  #renewalsOpen = 0;
  #abortReason: unknown;
  /** Who acquired it, and those inside that acquired it again. */
  #holders = 1;
  #hasLeft = false;
  /** The manager's close may pass it by. */
  #isAdrift = false;

  constructor(
    ticket: Ticket,
    grant: Grant,
    options: ResolvedLockOptions,
    keeper: LeaseKeeper,
    tell: TellLock,
  ) {
    this.names = ticket.names;
    this.want = ticket.want;
    this.limit = ticket.limit;
    this.fencingToken = grant.fencingToken;
    this.#ticket = ticket;
    this.#keeper = keeper;
    this.#tell = tell;
    // Granted before now: what has to last at least so long is counted from here, what may last so long at most from there.
    this.#keepEndMs = performance.now() + options.minHoldMs;
    this.#holdEndMs = grant.grantedMs + options.maxHoldMs;
    this.#renewEndMs = grant.grantedMs + (options.autoRenew ? options.maxHoldMs : ticket.ttlMs);
    this.#deadlineMs = grant.deadlineMs;
    this.#setDeadline(grant.deadlineMs);
    keeper.began(this, ticket);
    if (grant.room !== undefined) keeper.enterRoom(grant.room);
    if (grant.isProvisional) this.#renew(true);
    else this.#scheduleRenewal(grant.grantedMs + ticket.ttlMs / 3);
  }

  get name(): string {
    return this.names[0] as string;
  }

  get fencingTokens(): ReadonlyMap<string, number> {
    return new Map(this.names.map((name) => [name, this.fencingToken]));
  }

  get signal(): AbortSignal {
    this.#lost ??= new AbortController();
    if (this.#abortReason !== undefined) this.#lost.abort(this.#abortReason);
    return this.#lost.signal;
  }

  get isHeld(): boolean {
    if (this.#state === 'held' && this.#isOver) this.lose('expired');
    return this.#state === 'held';
  }

  get isReleased(): boolean {
    return this.#state === 'released' || this.#state === 'handed-on';
  }

  get expiresAt(): Date {
    return new Date(Date.now() + this.#deadlineMs - performance.now());
  }

  remaining(): number {
    return this.isHeld ? Math.max(0, this.#deadlineMs - performance.now()) : 0;
  }

  async extend(ttl?: Duration): Promise<void> {
    const ttlMs = ttl === undefined ? this.#ticket.ttlMs : resolveLockOptions({ ttl }).ttlMs;
    this.#assertHeld();
    const limitMs = Math.ceil(this.#holdEndMs - performance.now());
    const turn = ++this.#renewalsSent;
    this.#renewed(await this.#asked(Math.max(1, Math.min(ttlMs, limitMs)), true), turn);
    this.#assertHeld();
  }

  /** Counts one more holder, who has to {@link leave} for the lock to be free. */
  join(): void {
    this.#holders++;
  }

  /** The last one releases; to the others it is as if. */
  leave(): Promise<boolean> {
    this.#holders--;
    return this.#letGo();
  }

  release(): Promise<boolean> {
    if (!this.#hasLeft) this.#holders--;
    this.#hasLeft = true;
    return this.#letGo();
  }

  async serialize(): Promise<string> {
    this.#assertHeld();
    const limitMs = Math.ceil(this.#holdEndMs - performance.now());
    const ttlMs = Math.max(1, Math.min(this.#ticket.ttlMs, limitMs));
    // Without an answer it may be in nobody's inbox already.
    this.#isAdrift = true;
    const status = await this.#renewing(this.#keeper.handOn(this.#ticket, ttlMs));
    this.#isAdrift = false;
    if (status.state !== 'held') this.hear(status);
    // Lost, released or handed on while this was resuming.
    this.#assertHeld();
    this.#keeper.renewer.forget(this.#ticket.id);
    this.#end('handed-on');
    this.#tell('handedOn', this.#event);
    return serializedLease(this.#ticket, this.fencingToken);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.quietly(this.release());
  }

  /** A failure is told as the `error` event. */
  async quietly(release: Promise<boolean>): Promise<void> {
    try {
      await release;
    } catch (error) {
      this.#tell('error', { name: this.name, error });
    }
  }

  /** Ends the lease without a release. */
  lose(reason: LostReason): void {
    if (this.#state !== 'held') return;
    this.#end('lost', new LockLostError(this.#ticket.label, reason, this.fencingToken));
    // A renewal that comes through after all would keep the lock from the others.
    if (this.#renewalsOpen > 0) this.#keeper.loose(this.#keeper.release(this.#ticket));
    if (reason === 'expired') this.#tell('expired', this.#event);
    this.#tell('lost', { ...this.#event, reason });
  }

  /** Somebody would like to have it. */
  asked(by: string): void {
    if (this.isHeld) this.#tell('releaseRequested', { ...this.#event, by });
  }

  /** The connection is a new one: learns now, not at the next renewal, if the server has forgotten. */
  confirm(): void {
    if (this.#state !== 'held') return;
    if (this.#deadlineMs + this.#keeper.clockSkewMs < this.#renewEndMs - 1) {
      this.#renew(false);
    } else {
      // What goes wrong here will show again; the deadline stands.
      this.#keeper.check(this.#ticket).then(
        (status) => this.hear(status),
        () => undefined,
      );
    }
  }

  /** Takes in what the server says of it. */
  hear(status: TicketStatus): void {
    if (status.state === 'held') this.#keeper.enterRoom(status.room);
    else this.lose(lossBy(status) ?? (this.#isOver ? 'expired' : 'forgotten-by-server'));
  }

  /**
   * Its manager closes, and releases it: whoever still works under it is told by the signal. Resolves when the server may
   * end all that is the manager's.
   */
  async close(reason: unknown): Promise<void> {
    if (this.#state !== 'held') return;
    const keepMs = this.#keepMs;
    const isLeftBehind = keepMs > 0 || this.#isAdrift;
    const ended = isLeftBehind ? this.#giveBack() : undefined;
    this.#releasing = Promise.resolve(true);
    this.#end('released', reason);
    this.#tell('released', this.#event);
    await ended;
  }

  get #event(): HolderEvent {
    return { name: this.name, names: this.names, fencingToken: this.fencingToken };
  }

  /** For how long from now the lock has to stay taken. */
  get #keepMs(): number {
    return Math.ceil(this.#keepEndMs - performance.now());
  }

  #letGo(): Promise<boolean> {
    if (this.#holders > 0 && this.isHeld) return Promise.resolve(true);
    const isGone = this.#releasing === undefined && !this.isHeld;
    if (isGone && (this.#state === 'lost' || this.#state === 'handed-on')) return Promise.resolve(false);
    this.#releasing ??= this.#release();
    return this.#releasing;
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
      stillHeld = (await this.#giveBack()) ?? !this.#isOver;
    } catch (error) {
      this.#releasing = undefined;
      this.#end('releasing');
      throw error;
    }
    if (stillHeld) {
      this.#end('released');
      this.#tell('released', this.#event);
    } else if (wasHeld) {
      const reason = await this.#lossReason();
      this.#state = 'held';
      this.lose(reason);
    } else {
      this.#end('released');
    }
    return stillHeld;
  }

  #giveBack(): Promise<boolean | undefined> {
    const keepMs = this.#keepMs;
    return keepMs > 0 ? this.#keeper.keep(this.#ticket, keepMs) : this.#keeper.release(this.#ticket);
  }

  /** Why it was not there any more when it was released; the message that said so may have been missed. */
  async #lossReason(): Promise<LostReason> {
    if (this.#isOver) return 'expired';
    const status = await this.#keeper.check(this.#ticket).catch(() => undefined);
    return (status && lossBy(status)) ?? 'forgotten-by-server';
  }

  get #isOver(): boolean {
    return performance.now() >= this.#deadlineMs - EARLY_MS;
  }

  #assertHeld(): void {
    if (this.isHeld) return;
    if (this.#state === 'lost') throw this.signal.reason;
    throw new LockNotHeldError(this.#ticket.label);
  }

  #end(state: 'releasing' | 'released' | 'handed-on' | 'lost', abortReason?: unknown): void {
    this.#state = state;
    this.#endAlarm.clear();
    this.#renewAlarm.clear();
    this.#keeper.ended(this.#ticket);
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

  #asked(ttlMs: number, isAtOnce: boolean): Promise<Told<TicketStatus>> {
    const { renewer } = this.#keeper;
    const { id } = this.#ticket;
    // One that shortens the lease may have done so without an answer.
    const endMs = performance.now() + ttlMs;
    if (endMs - this.#keeper.clockSkewMs < this.#deadlineMs) this.#setDeadline(endMs);
    return this.#renewing(isAtOnce ? renewer.renewNow(id, ttlMs) : renewer.renew(id, ttlMs));
  }

  async #renewing<T>(request: Promise<T>): Promise<T> {
    this.#renewalsOpen++;
    try {
      return await request;
    } finally {
      this.#renewalsOpen--;
    }
  }

  #renewed(told: Told<TicketStatus>, turn: number, isClaim = false): void {
    if (this.#state !== 'held') return;
    const status = told.value;
    this.hear(status);
    if (status.state !== 'held') return;
    // An answer that was overtaken by a later one is old news.
    if (turn < this.#renewalApplied) return;
    this.#renewalApplied = turn;
    const leaseMs = (status.due - status.at) / 1000;
    this.#setDeadline(told.sentMs + leaseMs);
    // A third of the way, but not before the rest is two thirds of the ttl: what `extend` has won is not cut short.
    this.#scheduleRenewal(
      Math.max(told.sentMs + leaseMs / 3, this.#deadlineMs - (this.#ticket.ttlMs * 2) / 3),
    );
    if (!isClaim) this.#tell('extended', { ...this.#event, expiresAt: this.expiresAt });
  }

  #renewalFailed(error: unknown): void {
    if (this.#state !== 'held') return;
    const nowMs = performance.now();
    const delayMs = Math.max(LEAST_RETRY_MS, Math.min(MOST_RETRY_MS, (this.#deadlineMs - nowMs) / 5));
    this.#renewAlarm.set(nowMs + delayMs, () => this.#renew(false));
    this.#tell('error', { name: this.name, error });
  }
}

/** The reason of those who ended it, if somebody did. */
function lossBy(status: TicketStatus): LostReason | undefined {
  return status.state === 'gone' ? status.why : undefined;
}
