import { LockError } from '../../lib/errors.js';
import type { Desk, Seat, RequestListener } from '../../lib/manager/desk.js';
import { ACQUIRER, type Command, type Outcome, type Told } from '../../lib/request/commands.js';
import type { Terms } from '../../lib/request/request.js';
import { SHARED_LIMIT } from '../../lib/schema/constants.js';
import type { HistoryRecord, TakerEvent } from '../chaos/history.js';
import type { Parcel, SimRound } from './rounds.js';
import type { SimClient } from './sim-client.js';
import type { World } from './world.js';

/** What a process does besides its calls. */
export interface Surroundings {
  readonly world: World;
  readonly records: HistoryRecord[];
  readonly confirmGrants: boolean;
  /** Somebody else gets the lease. */
  handOn(parcel: Parcel): void;
  /** Writes under a lock, to where a fence lets only those in who hold it. */
  write(by: string, name: string, token: number): void;
}

const RELEASER = 1;
const HANDER = 2;
/** Deadlines that differ by less are the same. */
const SAME_MS = 1;
const DOUBT_MS = 1_000;

/** A process that takes locks, one after the other in each of its hands, and notes what becomes of it. */
export class SimTaker {
  readonly name: string;
  readonly client: SimClient;
  readonly surroundings: Surroundings;
  /** When somebody asked for a lock that is held here. */
  readonly askedOf: { readonly request: string; readonly atMs: number }[] = [];
  readonly #open = new Set<Turn>();
  readonly #kept = new Set<Seat>();
  #requests = 0;

  constructor(name: string, client: SimClient, surroundings: Surroundings) {
    this.name = name;
    this.client = client;
    this.surroundings = surroundings;
  }

  note(event: TakerEvent): void {
    const { records, world } = this.surroundings;
    records.push({ process: this.name, atMs: world.ms, ...event });
  }

  /** Plays a round, and calls back when it has come to its end. */
  play(round: SimRound, done: () => void): void {
    this.client.act(() => {
      const turn = new Turn(this, `${this.name}.${++this.#requests}`, round, () => {
        this.#open.delete(turn);
        done();
      });
      this.#open.add(turn);
      turn.begin();
    });
  }

  /** A lease that lingers. */
  keep(seat: Seat): void {
    this.#kept.add(seat);
  }

  /** A lease that lingers, and may be taken by who asks for this. */
  takeKept(terms: Terms): Seat | undefined {
    const now = this.client.clock.now();
    for (const seat of this.#kept) {
      const { request } = seat;
      if (request.state !== 'lingering') this.#kept.delete(seat);
      else if (termsKey(request.terms) === termsKey(terms) && request.mayBeTaken(now)) {
        this.#kept.delete(seat);
        return seat;
      }
    }
    return undefined;
  }

  /** Whether it works under a lock. */
  get isWorking(): boolean {
    return [...this.#open].some(({ isIn }) => isIn);
  }

  /** Somebody looks whether the leases are held; and what is new of them is noted. */
  look(): void {
    for (const turn of this.#open) turn.look();
  }
}

/** One acquire, with all that comes of it. */
class Turn implements RequestListener {
  readonly #taker: SimTaker;
  readonly #world: World;
  readonly #id: string;
  readonly #round: SimRound;
  readonly #done: () => void;
  #seat!: Seat;
  #isIn = false;
  #isLeaving = false;
  #knownDeadlineMs = -Infinity;

  constructor(taker: SimTaker, id: string, round: SimRound, done: () => void) {
    this.#taker = taker;
    this.#world = taker.surroundings.world;
    this.#id = id;
    this.#round = round;
    this.#done = done;
  }

  begin(): void {
    this.#noteRequest();
    const { names, units, limit, ttlMs, how, autoRenew, minHoldMs, lingerMs } = this.#round;
    const { waitTimeoutMs, abortAfterMs, parcel } = this.#round;
    const { client, surroundings } = this.#taker;
    const terms: Terms = {
      ...{ names, units, limit, ttlMs, how, autoRenew, minHoldMs, lingerMs, waitTimeoutMs },
      confirmGrants: surroundings.confirmGrants,
      perTurnMs: ttlMs,
      maxHoldMs: Infinity,
      clockSkewMs: 0,
      doubtMs: DOUBT_MS,
      adopted: parcel && { id: parcel.id, token: parcel.token },
    };
    const { desk } = client;
    const kept = how === 'steal' || how === 'adopt' ? undefined : this.#taker.takeKept(terms);
    if (kept !== undefined) {
      this.#seat = kept;
      desk.take(kept, this, client.clock.now());
      this.#acquired({ kind: 'lease' });
      return;
    }
    this.#seat = desk.open(terms, this);
    if (abortAfterMs === undefined) return;
    this.#world.after(abortAfterMs, () => client.act(() => desk.giveUp(this.#seat, 'aborted')));
  }

  #noteRequest(): void {
    const { names, units, limit, ttlMs, how, autoRenew, minHoldMs, lingerMs } = this.#round;
    const { waitTimeoutMs, abortAfterMs, parcel, isFinal } = this.#round;
    this.#taker.note({
      event: 'requested',
      request: this.#id,
      names,
      want: units,
      limit: limit === SHARED_LIMIT ? null : limit,
      ttlMs,
      waitTimeoutMs: waitTimeoutMs ?? null,
      abortAfterMs: abortAfterMs ?? null,
      autoRenew,
      isSteal: how === 'steal',
      minHoldMs,
      lingerMs,
      adopts: parcel?.request ?? null,
      isFinal,
    });
  }

  get isIn(): boolean {
    return this.#isIn && !this.#isLeaving;
  }

  look(): void {
    if (!this.#isIn || this.#isLeaving) return;
    if (this.#taker.client.desk.isHeld(this.#seat)) this.#noteDeadline();
  }

  told(told: Told): void {
    if (told.event === 'waiting')
      this.#taker.note({ event: 'waiting', request: this.#id, position: this.#seat.request.ahead ?? 0 });
    if (told.event === 'extended') this.#noteDeadline();
    if (told.event === 'asked') this.#taker.askedOf.push({ request: this.#id, atMs: this.#world.ms });
  }

  settled(caller: number, outcome: Outcome): void {
    if (caller === ACQUIRER) this.#acquired(outcome);
    else if (caller === HANDER) this.#handedOn(outcome);
    else this.#released(outcome);
  }

  aborted(end: Extract<Command, { kind: 'abort' }>): void {
    // Its manager has been closed, which releases it.
    if (end.lost !== undefined) this.#note('signal-aborted', { reason: end.lost });
    this.#leave();
  }

  #acquired(outcome: Outcome): void {
    if (outcome.kind !== 'lease') {
      const code = codeOf(outcome);
      this.#taker.note({ event: 'rejected', request: this.#id, code, message: JSON.stringify(outcome) });
      this.#done();
      return;
    }
    this.#isIn = true;
    const remainingMs = this.#remainingMs;
    if (remainingMs <= 0) throw new Error(`${this.#id} was let in by a lease that was over`);
    this.#knownDeadlineMs = this.#world.ms + remainingMs;
    this.#note('granted', { remainingMs });
    this.#note('section-entered', {});
    const { client } = this.#taker;
    if (client.afterGrant !== undefined && !this.#round.isFinal) {
      this.#world.after(0, client.afterGrant);
      client.afterGrant = undefined;
    }
    // By the clock of its process: a machine that sleeps goes on where it was.
    client.after(this.#round.holdMs / 2, () => this.#write());
    client.after(this.#round.holdMs, () => this.#leave());
  }

  #write(): void {
    const { names, limit } = this.#round;
    if (!this.#isIn || this.#isLeaving || limit !== 1) return;
    const { name: by, surroundings } = this.#taker;
    for (const name of names) surroundings.write(by, name, this.#seat.request.token);
  }

  #leave(): void {
    if (!this.#isIn || this.#isLeaving) return;
    // Whoever still has it looks before it goes: what was not told by an event is noted.
    this.look();
    if (this.#isLeaving) return;
    this.#isLeaving = true;
    this.#note('section-left', {});
    if (this.#round.isHandedOn && this.#seat.request.isHeld) {
      this.#note('handing-on', {});
      this.#soon((desk) => desk.step(this.#seat, { kind: 'transfer', caller: HANDER }));
    } else {
      this.#release();
    }
  }

  #release(): void {
    this.#note('releasing', {});
    this.#soon((desk) => desk.release(this.#seat, RELEASER));
  }

  /** Not in the middle of what the desk is about to carry out. */
  #soon(what: (desk: Desk) => void): void {
    const { client } = this.#taker;
    this.#world.after(0, () => client.act(() => what(client.desk)));
  }

  #handedOn(outcome: Outcome): void {
    const isGone = outcome.kind === 'transferred';
    this.#note('handed-on', { result: isGone || codeOf(outcome) });
    if (!isGone) {
      this.#release();
      return;
    }
    const { id, token } = this.#seat.request;
    this.#taker.surroundings.handOn({ request: this.#id, id, token, round: this.#round });
    this.#done();
  }

  #released(outcome: Outcome): void {
    const result = outcome.kind === 'released' ? outcome.wasHeld : codeOf(outcome);
    this.#note('released', { result });
    if (this.#seat.request.state === 'lingering') this.#taker.keep(this.#seat);
    this.#done();
  }

  #noteDeadline(): void {
    const remainingMs = this.#remainingMs;
    if (this.#world.ms + remainingMs < this.#knownDeadlineMs + SAME_MS) return;
    this.#knownDeadlineMs = this.#world.ms + remainingMs;
    this.#note('renewed', { remainingMs });
  }

  get #remainingMs(): number {
    return this.#seat.request.time?.leftMs(this.#taker.client.clock.now()) ?? 0;
  }

  #note(event: TakerEvent['event'], facts: object): void {
    const { token } = this.#seat.request;
    this.#taker.note({ event, request: this.#id, token, ...facts } as unknown as TakerEvent);
  }
}

/** Two requests with the same can take each other's lease. */
function termsKey({ names, units, limit, ttlMs, minHoldMs, lingerMs }: Terms): string {
  return JSON.stringify([names, units, limit, ttlMs, minHoldMs, lingerMs]);
}

/** What the public interface rejects with. */
function codeOf(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'busy':
      return 'busy';
    case 'timed-out':
      return 'LOCK_TIMEOUT';
    case 'failed':
      if (outcome.error === 'aborted') return 'TimeoutError';
      return outcome.error instanceof LockError ? outcome.error.code : String(outcome.error);
    case 'never-arrived':
      return 'LOCK_CONNECTION';
    case 'lost':
    case 'ended':
      return 'LOCK_LOST';
    default:
      return outcome.kind;
  }
}
