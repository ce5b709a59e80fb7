import { setMaxListeners } from 'node:events';
import { LockConnectionError, LockError, LockTimeoutError } from '../errors.js';
import type { ResolvedLockOptions } from './lock-options.js';
import type { TicketStatus } from '../schema/ticket-status.js';
import type { Told } from '../schema/lock-procedures.js';
import { Alarm } from '../async/alarm.js';
import { Deferred } from '../async/deferred.js';
import { settledWithin } from '../async/within.js';
import type { TellLock } from './event-relay.js';
import { EARLY_MS, HeldLease } from './held-lease.js';
import type { LockService } from './lock-service.js';
import { grantOf, type Grant, type Ticket } from './ticket.js';

/** How long a caller who gives up waits for the server to confirm the withdrawal, or for an answer to the request before. */
const WITHDRAW_MS = 500;
/** So much longer than its caller a call lives: what the caller is told is that its time is over. */
const CALL_AFTER_MS = 100;
/** Leases that were over before they were here, until it is no accident. */
const MOST_TRIES = 3;

/**
 * Gets one lock, or several together, once: from the call to a {@link HeldLease}, or to a rejection after which the request is withdrawn.
 * Whoever has given up never holds the lock, whatever the server grants meanwhile.
 */
export class Acquisition {
  readonly #service: LockService;
  readonly #options: ResolvedLockOptions;
  readonly #tell: TellLock;
  #ticket: Ticket;
  readonly #startedMs = performance.now();
  /** Rejects when the caller's signal aborts or the time to wait is over. */
  readonly #givenUp = new Deferred<never>();
  readonly #waitAlarm = new Alarm();
  #sent: Promise<unknown> | undefined;
  /** Since when the request has no answer; `undefined` if it has one. */
  #unansweredMs: number | undefined;
  #hasGivenUp = false;

  constructor(service: LockService, names: readonly string[], options: ResolvedLockOptions, tell: TellLock) {
    this.#service = service;
    this.#options = options;
    this.#tell = tell;
    // With a shorter maxHold the server's lease must not outlive it either.
    const ttlMs = Math.ceil(Math.min(options.ttlMs, options.maxHoldMs));
    this.#ticket = service.inbox.open({ names, ttlMs, want: options.want, limit: options.limit });
  }

  /** The lease, or `null` when the lock is not free. Never waits. */
  try(): Promise<HeldLease | null> {
    // A thief never waits.
    if (this.#options.isSteal) return this.acquire();
    return this.#guarded(() => this.#live(() => this.#service.procedures.try(this.#ticket)));
  }

  /** @throws LockTimeoutError, the signal's reason, LockConnectionError */
  acquire(): Promise<HeldLease> {
    const { waitTimeoutMs, isSteal } = this.#options;
    return this.#guarded(async () => {
      const isWait = waitTimeoutMs !== undefined && !isSteal;
      if (isWait) this.#giveUpAfter(waitTimeoutMs);
      const patience = isWait
        ? {
            untilMs: this.#startedMs + waitTimeoutMs + CALL_AFTER_MS,
            isPatient: true,
            givenUp: this.#givenUp.promise,
          }
        : {};
      const request = () => this.#service.procedures.acquire(this.#ticket, isSteal, patience);
      return (await this.#live(request)) as HeldLease;
    });
  }

  /** A lease that is not over when it arrives: this process may have been stopped, or the network slow. */
  async #live(request: () => Promise<Told<TicketStatus>>): Promise<HeldLease | null> {
    for (let tries = 1; ; tries++) {
      const told = await this.#send(request());
      if (told.value.state === 'busy') return null;
      if (told.value.state === 'gone') {
        // The answer to a repeat, of which the first was granted and taken away meanwhile.
        if (tries === MOST_TRIES)
          throw new LockConnectionError('granted and taken away before an answer was here');
        this.#ticket.startAnew();
        continue;
      }
      const grant = await (told.value.state === 'waiting'
        ? this.#wait(told, told.value.ahead)
        : this.#granted(told));
      const leftMs = grant.deadlineMs - this.#service.clockSkewMs - performance.now();
      if (leftMs > EARLY_MS) return this.#lease(grant);
      if (tries === MOST_TRIES) {
        throw new LockConnectionError(
          `the ttl (${this.#ticket.ttlMs} ms) is over before an answer of the server is here`,
        );
      }
      this.#service.inbox.close(this.#ticket);
      this.#service.loose(this.#service.withdraw(this.#ticket));
      this.#ticket = this.#service.inbox.open(this.#ticket);
    }
  }

  async #wait(told: Told<TicketStatus>, position: number): Promise<Grant> {
    const { waitTimeoutMs, ttlMs } = this.#options;
    if (waitTimeoutMs === undefined) this.#giveUpAfter(position * ttlMs);
    const letGo = this.#service.hold();
    try {
      const granted = this.#granted(told);
      this.#tell('waiting', { name: this.#name, names: this.#ticket.names, position });
      return await granted;
    } finally {
      letGo();
    }
  }

  /** From here on the inbox moves the ticket; what was granted in answer to the request itself stands at once. */
  #granted(told: Told<TicketStatus>): Promise<Grant> {
    const { value } = told;
    if (value.state === 'held' && !this.#ticket.isSettled)
      return Promise.resolve(grantOf({ ...told, value }, false));
    this.#service.inbox.update(this.#ticket, told, true);
    return this.#before(this.#ticket.granted);
  }

  #lease(grant: Grant): HeldLease {
    const lease = new HeldLease(this.#ticket, grant, this.#options, this.#service, this.#tell);
    const { name, names, fencingToken } = lease;
    this.#tell('acquired', { name, names, fencingToken, waitedMs: performance.now() - this.#startedMs });
    if (this.#ticket.takenAway !== undefined) lease.lose(this.#ticket.takenAway);
    return lease;
  }

  get #name(): string {
    return this.#ticket.names[0] as string;
  }

  #send(request: Promise<Told<TicketStatus>>): Promise<Told<TicketStatus>> {
    this.#sent = request;
    this.#unansweredMs = performance.now();
    request.then(
      () => (this.#unansweredMs = undefined),
      () => undefined,
    );
    return this.#before(request);
  }

  #before<T>(promise: Promise<T>): Promise<T> {
    return Promise.race([promise, this.#givenUp.promise]);
  }

  async #guarded<T>(action: () => Promise<T>): Promise<T> {
    const { signal } = this.#options;
    const onAbort = (): void => this.#giveUp(signal?.reason);
    if (signal !== undefined) {
      // One signal for many waiters (a service that shuts down) is no leak: each takes its listener away.
      setMaxListeners(0, signal);
      signal.addEventListener('abort', onAbort, { once: true });
    }
    try {
      signal?.throwIfAborted();
      this.#service.assertOpen();
      return await action();
    } catch (error) {
      await this.#withdraw(error);
      throw error;
    } finally {
      this.#waitAlarm.clear();
      signal?.removeEventListener('abort', onAbort);
      this.#service.inbox.close(this.#ticket);
    }
  }

  /** Leaves nothing on the server; after a refusal there is nothing. */
  async #withdraw(error: unknown): Promise<void> {
    if (this.#sent === undefined) return;
    this.#service.inbox.close(this.#ticket);
    const isUnanswered = !this.#hasGivenUp && error instanceof LockConnectionError;
    if (!this.#hasGivenUp && !isUnanswered && error instanceof LockError) return;
    // The request may still be on its way: what withdraws it has to come after it.
    const withdrawal = this.#sent.catch(() => undefined).then(() => this.#service.withdraw(this.#ticket));
    this.#service.loose(withdrawal);
    // Who has just waited for an answer in vain does not wait for another.
    if (isUnanswered) return;
    const limitMs = this.#withdrawMs;
    if (limitMs > 0) await settledWithin(withdrawal, limitMs);
  }

  /** How long the withdrawal may take: a server that has been silent for so long already is not waited for. */
  get #withdrawMs(): number {
    if (this.#service.trouble !== undefined) return 0;
    const unansweredMs = performance.now() - (this.#unansweredMs ?? performance.now());
    return Math.max(0, WITHDRAW_MS - unansweredMs);
  }

  #giveUp(reason: unknown): void {
    this.#hasGivenUp = true;
    this.#givenUp.reject(reason);
  }

  #giveUpAfter(waitTimeoutMs: number): void {
    this.#waitAlarm.set(this.#startedMs + waitTimeoutMs, () => {
      const cause = this.#unansweredMs === undefined ? undefined : this.#service.trouble;
      this.#giveUp(new LockTimeoutError(this.#ticket.label, performance.now() - this.#startedMs, { cause }));
    });
  }
}
