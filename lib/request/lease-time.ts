import type { Now } from './inputs.js';

/** Timers fire a little late. So a lease is over here so much earlier than it could be at the server. */
const EARLY_MS = 5;
const LEAST_RETRY_MS = 20;
const MOST_RETRY_MS = 1_000;

/** How long a lease may last, by its options. */
export interface LeaseTerms {
  /** What the server is asked for, and what a renewal asks for. */
  readonly ttlMs: number;
  readonly autoRenew: boolean;
  readonly maxHoldMs: number;
  readonly minHoldMs: number;
  /** By how much the clocks of two nodes may differ: a lease is over here so much earlier. */
  readonly clockSkewMs: number;
}

/**
 * The times of one lease on this machine's clocks: arithmetic only.
 *
 * The deadline stands on both clocks. The monotonic one cannot be set, so it alone can end a lease. It may stand
 * still while the machine sleeps. So a lease that is over by the other clock is doubted until the server has
 * confirmed it.
 */
export class LeaseTime {
  /** The lease is over here at this moment, on the monotonic clock. */
  deadlineMs: number;
  /** The same moment on the wall clock, as that stood when the lease was asked for. */
  wallDeadlineMs: number;
  /** When the lease is to be renewed next; `Infinity`: not at all. */
  renewAtMs = Infinity;
  /** By the wall clock the lease is over then, on the monotonic one, since the machine has slept a little. */
  doubtAtMs = Infinity;
  /** The lock stays taken until then, by `minHold`, even if it is released before. */
  keepEndMs: number;
  readonly #grantedMs: number;
  readonly #terms: LeaseTerms;
  #isCutShort = false;
  /** When the renewal that was sent last is repeated, if it has no answer. */
  #repeatAtMs = -Infinity;

  /**
   * The grant happened a little before now. `minHold` is a minimum, so it counts from now. `maxHold` and the ttl are
   * maxima, so they count from the grant.
   */
  constructor(terms: LeaseTerms, grantedMs: number, end: Now, nowMs: number) {
    this.#terms = terms;
    this.#grantedMs = grantedMs;
    this.keepEndMs = nowMs + terms.minHoldMs;
    this.deadlineMs = Math.min(end.ms, this.renewEndMs) - terms.clockSkewMs;
    this.wallDeadlineMs = end.wallMs - end.ms + this.deadlineMs;
  }

  /** The caller has the lease only now: what has to last at least so long is counted from here. */
  entered(nowMs: number): void {
    this.keepEndMs = nowMs + this.#terms.minHoldMs;
  }

  /** The lease is over then, by `maxHold`, however often it is extended. */
  get holdEndMs(): number {
    return this.#grantedMs + this.#terms.maxHoldMs;
  }

  /** No renewal reaches beyond this. */
  get renewEndMs(): number {
    const { autoRenew, maxHoldMs, ttlMs } = this.#terms;
    return this.#grantedMs + (autoRenew ? maxHoldMs : ttlMs);
  }

  /** When it is over, on the monotonic clock. */
  get endMs(): number {
    return this.deadlineMs - EARLY_MS;
  }

  /** Whether the lease is over, unless an answer that lies unread confirms it. */
  isOver(now: Now): boolean {
    return now.ms >= this.endMs;
  }

  /** Whether the machine may have slept through the end of the lease. A wall clock that was set looks the same. */
  mayBeOver(now: Now): boolean {
    return now.wallMs >= this.wallDeadlineMs;
  }

  /** Whether the lease is not over by either clock. */
  isLive(now: Now): boolean {
    return !this.isOver(now) && !this.mayBeOver(now);
  }

  /** Sees to it that the end is not slept through unnoticed: by the wall clock it may come earlier. */
  compare(now: Now): void {
    const atMs = now.ms + this.wallDeadlineMs - now.wallMs;
    this.doubtAtMs = atMs < this.deadlineMs - EARLY_MS ? atMs : Infinity;
  }

  /** What is left of the lease. */
  leftMs(now: Now): number {
    return Math.max(0, Math.min(this.deadlineMs - now.ms, this.wallDeadlineMs - now.wallMs));
  }

  /** For how long from now the lock has to stay taken. */
  keepMs(now: Now): number {
    return Math.ceil(this.keepEndMs - now.ms);
  }

  /** The longest ttl that may be asked for now; at least a millisecond. */
  withinHold(ttlMs: number, now: Now): number {
    return Math.max(1, Math.min(ttlMs, Math.ceil(this.holdEndMs - now.ms)));
  }

  /** The ttl of a renewal that is sent now; below 1 there is nothing to renew. */
  renewalTtlMs(now: Now): number {
    return Math.ceil(Math.min(this.#terms.ttlMs, this.renewEndMs - now.ms));
  }

  /** Whether a renewal could make the lease longer. */
  get isRenewable(): boolean {
    return this.#terms.autoRenew && this.deadlineMs + this.#terms.clockSkewMs < this.renewEndMs - 1;
  }

  /** When a lease that nobody works under is renewed: as late as leaves a third of it. */
  get idleRenewAtMs(): number {
    return Math.max(this.renewAtMs, this.deadlineMs - this.#terms.ttlMs / 3);
  }

  /** Whether more is left than half of `maxHold`: what a later caller can count on. */
  isYoung(now: Now): boolean {
    return this.holdEndMs - now.ms >= this.#terms.maxHoldMs / 2;
  }

  /** Whether the lease ends here by a limit of ours, and lives on at the server. */
  get isCutShort(): boolean {
    return this.#isCutShort;
  }

  /** The server says that the lease lasts so long, counted from before the call was sent. */
  confirm(sentMs: number, offsetMs: number, leaseMs: number): void {
    this.#confirm(sentMs, offsetMs, leaseMs, this.holdEndMs);
  }

  /** As {@link confirm} of a grant's acknowledgement, which gives a whole ttl again: more than `autoRenew: false` allows. */
  confirmGrant(sentMs: number, offsetMs: number, leaseMs: number): void {
    this.#confirm(sentMs, offsetMs, leaseMs, this.renewEndMs);
  }

  /** A call that may make the lease shorter is sent. Without its answer the shorter end has to be reckoned with. */
  shorten(ttlMs: number, now: Now): void {
    const deadlineMs = now.ms + ttlMs - this.#terms.clockSkewMs;
    if (deadlineMs >= this.deadlineMs) return;
    this.deadlineMs = deadlineMs;
    this.wallDeadlineMs = Math.min(this.wallDeadlineMs, now.wallMs + ttlMs - this.#terms.clockSkewMs);
  }

  /** A renewal is sent. The next is set before it is answered: one that hangs must not cost the lease. */
  renewing(now: Now): void {
    const inMs = Math.min(this.#terms.ttlMs, this.deadlineMs - now.ms) / 3;
    this.#repeatAtMs = now.ms + Math.max(LEAST_RETRY_MS, inMs);
    this.#renewAt(this.#repeatAtMs);
  }

  /** A grant is acknowledged; should that have no answer, it is done again. */
  acknowledging(now: Now): void {
    this.renewAtMs = now.ms + Math.max(LEAST_RETRY_MS, (this.deadlineMs - now.ms) / 3);
  }

  /** What was asked for failed, and is asked for again. */
  retry(now: Now): void {
    const delayMs = (this.deadlineMs - now.ms) / 5;
    this.renewAtMs = now.ms + Math.max(LEAST_RETRY_MS, Math.min(MOST_RETRY_MS, delayMs));
  }

  #confirm(sentMs: number, offsetMs: number, leaseMs: number, mostMs: number): void {
    // A millisecond: a ttl that was asked for was rounded up.
    this.#isCutShort = sentMs + leaseMs > mostMs + 1;
    this.deadlineMs = Math.min(sentMs + leaseMs, mostMs) - this.#terms.clockSkewMs;
    this.wallDeadlineMs = this.deadlineMs + offsetMs;
    this.doubtAtMs = Infinity;
    // A third of the way, but not before the rest is two thirds of the ttl. So what `extend` has won is not cut
    // short. However short the lease is that a server tells of, it does not set the pace of the renewals.
    const thirdMs = sentMs + Math.max(LEAST_RETRY_MS, leaseMs / 3);
    const ttlThirdMs = this.#terms.ttlMs / 3;
    // A late answer to an earlier renewal sends no other beside the one that is on its way, while there is time.
    const repeatMs = Math.min(this.#repeatAtMs, this.deadlineMs - ttlThirdMs);
    this.#renewAt(Math.max(thirdMs, this.deadlineMs - 2 * ttlThirdMs, repeatMs));
  }

  #renewAt(ms: number): void {
    this.renewAtMs = this.isRenewable ? ms : Infinity;
  }
}
