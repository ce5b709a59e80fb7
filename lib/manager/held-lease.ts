import { setMaxListeners } from 'node:events';
import { LockLostError, LockNotHeldError } from '../errors.js';
import type { HolderEvent } from '../events.js';
import { resolveLockOptions } from '../options/resolved-lock-options.js';
import type { Lease } from '../lease.js';
import type { Duration } from '../options/duration.js';
import { ACQUIRER, type Command, type Outcome, type Told } from '../request/commands.js';
import type { Input } from '../request/inputs.js';
import type { Request, Terms } from '../request/request.js';
import type { Desk, RequestListener, Seat } from './desk.js';
import type { TellLock } from './event-relay.js';
import { errorOf, labelOf } from './outcomes.js';
import { serializedLease } from './serialized-lease.js';

/** A lease as the lock that acquired it knows it. */
export interface OwnLease extends Lease {
  /** Whether there is nothing left to release here. */
  readonly isReleased: boolean;
  /** The same for all holds of one lease. */
  readonly root: object;
}

type ByOwner = Extract<Input, { readonly caller: number }>;
type Asked = ByOwner extends infer I ? (I extends ByOwner ? Omit<I, 'caller'> : never) : never;

/** The public face of one request: what its owner may do, and what its owner is told. The request decides everything. */
export class HeldLease implements OwnLease, RequestListener {
  /** What has become of the acquirer's call. */
  readonly outcome: Promise<Outcome>;
  readonly #desk: Desk;
  readonly #seat: Seat;
  readonly #tell: TellLock;
  #acquired!: (outcome: Outcome) => void;
  /** Who waits for an answer to `release`, `extend` or `serialize`. */
  #callers: Map<number, (outcome: Outcome) => void> | undefined;
  #numbers = 0;
  /** Made when somebody asks for it: many leases come and go without. */
  #lost: AbortController | undefined;
  #abortReason: unknown;
  #releasing: Promise<boolean> | undefined;
  /** Who acquired it, and those inside that acquired it again. */
  #holders = 1;
  #hasLeft = false;

  /** Sends the request. */
  constructor(desk: Desk, terms: Terms, tell: TellLock) {
    this.#desk = desk;
    this.#tell = tell;
    this.outcome = new Promise((resolve) => (this.#acquired = resolve));
    this.#seat = desk.open(terms, this);
  }

  /** @internal */
  get request(): Request {
    return this.#seat.request;
  }

  get name(): string {
    return this.request.name;
  }

  get names(): readonly string[] {
    return this.request.terms.names;
  }

  get units(): number {
    return this.request.terms.units;
  }

  get limit(): number {
    return this.request.terms.limit;
  }

  get fencingToken(): number {
    return this.request.token;
  }

  get fencingTokens(): ReadonlyMap<string, number> {
    return new Map(this.names.map((name) => [name, this.fencingToken]));
  }

  get signal(): AbortSignal {
    if (this.#lost === undefined) {
      this.#lost = new AbortController();
      // One signal for many uses is no leak.
      setMaxListeners(0, this.#lost.signal);
      if (this.#abortReason !== undefined) this.#lost.abort(this.#abortReason);
    }
    return this.#lost.signal;
  }

  get isHeld(): boolean {
    return this.#desk.isHeld(this.#seat);
  }

  /** As {@link isHeld}; or the server has to confirm it, because this machine may have slept. */
  get isHolding(): boolean {
    return this.isHeld || this.request.isHolding;
  }

  get isReleased(): boolean {
    const { why } = this.request;
    if (why === 'lost') return this.#releasing !== undefined;
    return why === 'released' || why === 'transferred' || why === 'closed';
  }

  get root(): object {
    return this;
  }

  get expiresAt(): Date {
    const { ms, wallMs } = this.#desk.now();
    return new Date(wallMs + (this.request.time?.deadlineMs ?? ms) - ms);
  }

  remaining(): number {
    return this.isHeld ? (this.request.time?.leftMs(this.#desk.now()) ?? 0) : 0;
  }

  async extend(ttl?: Duration): Promise<void> {
    const ttlMs = ttl === undefined ? this.request.terms.ttlMs : resolveLockOptions({ ttl }).ttlMs;
    const outcome = await this.#ask({ kind: 'extend', ttlMs });
    if (outcome.kind !== 'extended') throw this.#failure(outcome);
  }

  /** Counts one more holder, who has to {@link leave} for the lock to be free. */
  join(): void {
    this.#holders++;
  }

  /** Only the last holder really releases; the others just get `true`. */
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
    const outcome = await this.#ask({ kind: 'transfer' });
    if (outcome.kind !== 'transferred') throw this.#failure(outcome);
    return serializedLease(this.request);
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

  /** The acquirer wants it no more; without effect once it has the lease. */
  giveUp(reason: unknown): void {
    this.#desk.giveUp(this.#seat, reason);
  }

  /** @internal */
  settled(caller: number, outcome: Outcome): void {
    if (caller === ACQUIRER) {
      this.#acquired(outcome);
      return;
    }
    this.#callers?.get(caller)?.(outcome);
    this.#callers?.delete(caller);
  }

  /** @internal */
  aborted(end: Extract<Command, { kind: 'abort' }>): void {
    this.#abortReason =
      end.lost === undefined
        ? end.reason
        : new LockLostError(labelOf(this.names), end.lost, this.fencingToken);
    this.#lost?.abort(this.#abortReason);
  }

  /** @internal */
  told(told: Told): void {
    const tell = this.#tell;
    switch (told.event) {
      case 'waiting':
        tell('waiting', { name: this.name, names: this.names, position: this.request.ahead ?? 0 });
        return;
      case 'acquired':
        tell('acquired', { ...this.#event, waitedMs: this.#desk.now().ms - this.request.startedMs });
        return;
      case 'extended':
        tell('extended', { ...this.#event, expiresAt: this.expiresAt });
        return;
      case 'released':
      case 'expired':
        tell(told.event, this.#event);
        return;
      case 'transferred':
        tell('handedOn', this.#event);
        return;
      case 'lost':
        tell('lost', { ...this.#event, reason: told.reason });
        return;
      case 'asked':
        tell('releaseRequested', { ...this.#event, by: told.by });
        return;
      case 'error':
        tell('error', { name: this.name, error: told.error });
        return;
      case 'refused':
        tell('error', { name: this.name, error: this.#failure({ kind: 'refused', code: told.code }) });
    }
  }

  get #event(): HolderEvent {
    return { name: this.name, names: this.names, fencingToken: this.fencingToken };
  }

  #letGo(): Promise<boolean> {
    if (this.#holders > 0 && this.isHolding) return Promise.resolve(true);
    this.#releasing ??= this.#release();
    return this.#releasing;
  }

  async #release(): Promise<boolean> {
    const outcome = await this.#ask({ kind: 'release' });
    if (outcome.kind === 'released') return outcome.wasHeld;
    // It may be tried again.
    this.#releasing = undefined;
    throw this.#failure(outcome);
  }

  #ask(input: Asked): Promise<Outcome> {
    const caller = ++this.#numbers;
    return new Promise((resolve) => {
      this.#callers ??= new Map();
      this.#callers.set(caller, resolve);
      this.#desk.step(this.#seat, { ...input, caller });
    });
  }

  #failure(outcome: Outcome): unknown {
    if (outcome.kind !== 'ended') return errorOf(outcome, this.request);
    return this.request.why === 'lost' ? this.#abortReason : new LockNotHeldError(labelOf(this.names));
  }
}
