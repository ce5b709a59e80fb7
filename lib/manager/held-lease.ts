import { setMaxListeners } from 'node:events';
import { inspect, type InspectOptionsStylized } from 'node:util';
import { detached } from '../async/detached.js';
import { LockLostError, LockNotHeldError } from '../errors.js';
import type { HolderEvent, LockEvents } from '../events.js';
import { resolveLockOptions } from '../options/resolved-lock-options.js';
import type { Lease } from '../lease.js';
import type { Duration } from '../options/duration.js';
import { ACQUIRER, type Command, type Outcome, type Told } from '../request/commands.js';
import type { Input, Now } from '../request/inputs.js';
import type { Request, Terms } from '../request/request.js';
import type { Desk, RequestListener, Seat } from './desk.js';
import type { LockTeller } from './event-relay.js';
import { errorOf, labelOf } from './outcomes.js';
import { serializedLease } from './serialized-lease.js';
import { shown, shownNames } from './shown.js';

/** A lease as the lock that acquired it knows it. */
export interface OwnLease extends Lease {
  /** Whether there is nothing left to release here. */
  readonly isReleased: boolean;
  /** The same for all holds of one lease. */
  readonly root: object;
}

/** Of an acquirer that has waited in this process before. */
export interface Waited {
  /** When it began. */
  readonly startedMs: number;
  /** It was told that it waits. */
  readonly isTold: boolean;
  /** It began inside of a section. */
  readonly isInner: boolean;
}

/** A lease that lingers, and may be taken now. */
export interface Lingering {
  readonly seat: Seat;
  readonly now: Now;
}

/** Who waits for what comes of what was asked for. */
interface Caller {
  readonly number: number;
  readonly resolve: (outcome: Outcome) => void;
}

const NO_CALLERS: readonly Caller[] = [];
/** What is told, by the name of its event. */
const EVENT_OF: Readonly<Record<Told['event'], keyof LockEvents>> = {
  waiting: 'waiting',
  acquired: 'acquired',
  extended: 'extended',
  released: 'released',
  expired: 'expired',
  transferred: 'handedOn',
  lost: 'lost',
  asked: 'releaseRequested',
  error: 'error',
  refused: 'error',
};
const RELEASED = Promise.resolve(true);
const HAS_LEASE: Promise<Outcome> = Promise.resolve({ kind: 'lease' });

type ByOwner = Extract<Input, { readonly caller: number }>;
type Asked = ByOwner extends infer I ? (I extends ByOwner ? Omit<I, 'caller'> : never) : never;

/**
 * The public face of one request: what its owner may do, and what its owner is told. The request decides everything. A
 * lease that lingers has a new one for each who takes it.
 */
export class HeldLease implements OwnLease, RequestListener {
  /** What has become of the acquirer's call. */
  outcome: Promise<Outcome>;
  /** It lingered, and was taken. */
  readonly wasTaken: boolean;
  readonly #desk: Desk;
  readonly #seat: Seat;
  readonly #teller: LockTeller;
  readonly #waited: Waited | undefined;
  #acquired: ((outcome: Outcome) => void) | undefined;
  /** Who waits for an answer to `release`, `extend` or `serialize`. */
  #callers: readonly Caller[] = NO_CALLERS;
  #numbers = 0;
  /** Made when somebody asks for it: many leases come and go without. */
  #lost: AbortController | undefined;
  #abortReason: unknown;
  #releasing: Promise<boolean> | undefined;
  /** Who acquired it, and those inside that acquired it again. */
  #holders = 1;
  #hasLeft = false;
  /** It was given back: whatever becomes of the request is another's matter. */
  #isOver = false;

  /** Whether it was asked for inside of a section: as long as that runs, it is part of it. */
  readonly isInner: boolean;

  /**
   * Sends the request; or takes a lease that lingers.
   * @param of what is asked for, or the lease
   */
  constructor(desk: Desk, of: Terms | Lingering, teller: LockTeller, waited?: Waited, isInner = false) {
    this.#desk = desk;
    this.isInner = isInner;
    this.#teller = teller;
    this.#waited = waited;
    if ('seat' in of) {
      this.wasTaken = true;
      this.outcome = HAS_LEASE;
      this.#seat = of.seat;
      desk.take(of.seat, this, of.now);
    } else {
      this.wasTaken = false;
      this.outcome = new Promise((resolve) => (this.#acquired = resolve));
      this.#seat = desk.open(of, this, waited?.startedMs);
    }
  }

  /** @internal */
  get seat(): Seat {
    return this.#seat;
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
    return !this.#isOver && this.#desk.isHeld(this.#seat);
  }

  /** As {@link isHeld}; or the server has to confirm it, because this machine may have slept. */
  get isHolding(): boolean {
    return this.isHeld || (!this.#isOver && this.request.isHolding);
  }

  get isReleased(): boolean {
    if (this.#isOver) return true;
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

  /** @internal */
  [inspect.custom](depth: number, options: InspectOptionsStylized): string {
    return this.shownAs(this.#isOver ? 'released' : (this.request.why ?? this.request.state), depth, options);
  }

  /** @internal */
  shownAs(state: string, depth: number, options: InspectOptionsStylized): string {
    const facts = { ...shownNames(this.names), state, fencingToken: this.fencingToken };
    return shown('Lease', facts, depth, options);
  }

  /** A failure is told as the `error` event. */
  async quietly(release: Promise<boolean>): Promise<void> {
    try {
      await release;
    } catch (error) {
      this.#teller.tell('error', { name: this.name, error });
    }
  }

  /** The acquirer wants it no more; without effect once it has the lease. */
  giveUp(reason: unknown): void {
    this.#desk.giveUp(this.#seat, reason);
  }

  /** @internal */
  settled(caller: number, outcome: Outcome): void {
    if (caller === ACQUIRER) {
      this.#acquired?.(outcome);
      this.#acquired = undefined;
      // Its caller has the promise: a lease may be held for long.
      if (outcome.kind === 'lease') this.outcome = HAS_LEASE;
      return;
    }
    if (outcome.kind === 'released' && outcome.wasHeld) this.#isOver = true;
    const asking = this.#callers.find(({ number }) => number === caller);
    if (asking === undefined) return;
    this.#callers = this.#callers.length === 1 ? NO_CALLERS : this.#callers.filter((one) => one !== asking);
    asking.resolve(outcome);
  }

  /** @internal */
  aborted(end: Extract<Command, { kind: 'abort' }>): void {
    const reason = end.lost ?? 'closed';
    const options = end.lost === undefined ? { cause: end.reason } : undefined;
    this.#abortReason = new LockLostError(labelOf(this.names), reason, this.fencingToken, options);
    if (this.#lost !== undefined) this.#desk.sendUrgent();
    // Listeners of a signal run where it is aborted: in nobody's asynchronous context.
    detached(() => this.#lost?.abort(this.#abortReason));
  }

  /** @internal */
  told(told: Told): void {
    if (this.#teller.isHeard?.(EVENT_OF[told.event]) === false) return;
    this.#desk.sendUrgent();
    this.#tellOf(told);
  }

  #tellOf(told: Told): void {
    const teller = this.#teller;
    switch (told.event) {
      case 'waiting':
        if (this.#waited?.isTold === true) return;
        teller.tell('waiting', { name: this.name, names: this.names, position: this.request.ahead ?? 0 });
        return;
      case 'acquired':
        teller.tell('acquired', { ...this.#event, waitedMs: this.#waitedMs });
        return;
      case 'extended':
        teller.tell('extended', { ...this.#event, expiresAt: this.expiresAt });
        return;
      case 'released':
      case 'expired':
        teller.tell(told.event, this.#event);
        return;
      case 'transferred':
        teller.tell('handedOn', this.#event);
        return;
      case 'lost':
        teller.tell('lost', { ...this.#event, reason: told.reason });
        return;
      case 'asked':
        teller.tell('releaseRequested', { ...this.#event, by: told.by });
        return;
      case 'error':
        teller.tell('error', { name: this.name, error: told.error });
        return;
      case 'refused':
        teller.tell('error', { name: this.name, error: this.#failure({ kind: 'refused', code: told.code }) });
    }
  }

  get #waitedMs(): number {
    if (this.#waited === undefined && this.wasTaken) return 0;
    const { startedMs } = this.#waited ?? this.request;
    return this.#desk.now().ms - startedMs;
  }

  get #event(): HolderEvent {
    return { name: this.name, names: this.names, fencingToken: this.fencingToken };
  }

  #letGo(): Promise<boolean> {
    if (this.#holders > 0 && this.isHolding) return Promise.resolve(true);
    this.#releasing ??= this.#teller.release?.(() => this.#release()) ?? this.#release();
    return this.#releasing;
  }

  #release(): Promise<boolean> {
    const asked = this.#ask({ kind: 'release' });
    // It lingers: there is nothing to wait for.
    return this.#isOver ? RELEASED : this.#released(asked);
  }

  async #released(asked: Promise<Outcome>): Promise<boolean> {
    const outcome = await asked;
    if (outcome.kind === 'released') return outcome.wasHeld;
    // It may be tried again.
    this.#releasing = undefined;
    throw this.#failure(outcome);
  }

  #ask(input: Asked): Promise<Outcome> {
    if (this.#isOver) return Promise.resolve({ kind: 'ended' });
    const caller = ++this.#numbers;
    return new Promise((resolve) => {
      this.#callers = [...this.#callers, { number: caller, resolve }];
      if (input.kind === 'release') this.#desk.release(this.#seat, caller);
      else this.#desk.step(this.#seat, { ...input, caller });
    });
  }

  #failure(outcome: Outcome): unknown {
    if (outcome.kind !== 'ended') return errorOf(outcome, this.request);
    const isLost = this.request.why === 'lost' && !this.#isOver;
    return isLost ? this.#abortReason : new LockNotHeldError(labelOf(this.names));
  }
}
