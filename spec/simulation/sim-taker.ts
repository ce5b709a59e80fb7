import { LockError } from '../../lib/errors.js';
import type { Seat, RequestListener } from '../../lib/manager/desk.js';
import { ACQUIRER, type Command, type Outcome, type Told } from '../../lib/request/commands.js';
import type { Terms } from '../../lib/request/request.js';
import { SHARED_LIMIT } from '../../lib/schema/constants.js';
import type { HistoryRecord, TakerEvent } from '../chaos/history.js';
import type { Random } from '../chaos/random.js';
import type { SimClient } from './sim-client.js';
import type { World } from './world.js';

/** One lock taken once. */
export interface SimRound {
  readonly names: readonly string[];
  readonly units: number;
  readonly limit: number;
  readonly ttlMs: number;
  readonly how: 'acquire' | 'try' | 'steal';
  readonly autoRenew: boolean;
  readonly minHoldMs: number;
  readonly lingerMs: number;
  readonly waitTimeoutMs: number | undefined;
  readonly abortAfterMs: number | undefined;
  readonly holdMs: number;
  readonly isFinal: boolean;
}

const RELEASER = 1;
/** Deadlines that differ by less are the same. */
const SAME_MS = 1;
const DOUBT_MS = 1_000;

/** A process that takes locks, one after the other in each of its hands, and notes what becomes of it. */
export class SimTaker {
  readonly name: string;
  readonly client: SimClient;
  readonly #world: World;
  readonly #records: HistoryRecord[];
  readonly #open = new Set<Turn>();
  readonly #kept = new Set<Seat>();
  #requests = 0;

  constructor(name: string, client: SimClient, world: World, records: HistoryRecord[]) {
    this.name = name;
    this.client = client;
    this.#world = world;
    this.#records = records;
  }

  note(event: TakerEvent): void {
    this.#records.push({ process: this.name, atMs: this.#world.ms, ...event });
  }

  /** Plays a round, and calls back when it has come to its end. */
  play(round: SimRound, confirmGrants: boolean, done: () => void): void {
    this.client.act(() => {
      const turn = new Turn(this, this.#world, `${this.name}.${++this.#requests}`, round, () => {
        this.#open.delete(turn);
        done();
      });
      this.#open.add(turn);
      turn.begin(confirmGrants);
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

  constructor(taker: SimTaker, world: World, id: string, round: SimRound, done: () => void) {
    this.#taker = taker;
    this.#world = world;
    this.#id = id;
    this.#round = round;
    this.#done = done;
  }

  begin(confirmGrants: boolean): void {
    const { names, units, limit, ttlMs, how, autoRenew, minHoldMs, lingerMs } = this.#round;
    const { waitTimeoutMs, abortAfterMs, isFinal } = this.#round;
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
      adopts: null,
      isFinal,
    });
    const terms: Terms = {
      ...{ names, units, limit, ttlMs, how, autoRenew, minHoldMs, lingerMs, waitTimeoutMs, confirmGrants },
      perTurnMs: ttlMs,
      maxHoldMs: Infinity,
      clockSkewMs: 0,
      doubtMs: DOUBT_MS,
    };
    const { desk } = this.#taker.client;
    const kept = how === 'steal' ? undefined : this.#taker.takeKept(terms);
    if (kept !== undefined) {
      this.#seat = kept;
      desk.take(kept, this, this.#taker.client.clock.now());
      this.#acquired({ kind: 'lease' });
      return;
    }
    this.#seat = desk.open(terms, this);
    if (abortAfterMs === undefined) return;
    this.#world.after(abortAfterMs, () =>
      this.#taker.client.act(() => this.#taker.client.desk.giveUp(this.#seat, 'aborted')),
    );
  }

  look(): void {
    if (!this.#isIn || this.#isLeaving) return;
    if (this.#taker.client.desk.isHeld(this.#seat)) this.#noteDeadline();
  }

  told(told: Told): void {
    if (told.event === 'waiting')
      this.#taker.note({ event: 'waiting', request: this.#id, position: this.#seat.request.ahead ?? 0 });
    if (told.event === 'extended') this.#noteDeadline();
  }

  settled(caller: number, outcome: Outcome): void {
    if (caller === ACQUIRER) this.#acquired(outcome);
    else this.#released(outcome);
  }

  aborted(end: Extract<Command, { kind: 'abort' }>): void {
    this.#note('signal-aborted', { reason: end.lost ?? 'closed' });
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
    this.#knownDeadlineMs = this.#world.ms + remainingMs;
    this.#note('granted', { remainingMs });
    this.#note('section-entered', {});
    this.#world.after(this.#round.holdMs, () => this.#taker.client.act(() => this.#leave()));
  }

  #leave(): void {
    if (!this.#isIn || this.#isLeaving) return;
    // Whoever still has it looks before it goes: what was not told by an event is noted.
    this.look();
    if (this.#isLeaving) return;
    this.#isLeaving = true;
    this.#note('section-left', {});
    this.#note('releasing', {});
    // Not in the middle of what the desk is about to carry out.
    this.#world.after(0, () =>
      this.#taker.client.act(() => this.#taker.client.desk.release(this.#seat, RELEASER)),
    );
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
    default:
      return outcome.kind;
  }
}

/** What the rounds of one run have in common. */
export interface Customs {
  readonly maySteal: boolean;
  readonly ttlsMs: readonly number[];
}

/** What a round is like; a seed decides. */
export function randomRound(
  random: Random,
  names: readonly string[],
  { maySteal, ttlsMs }: Customs,
): SimRound {
  const kind = random.weighted({ lock: 6, shared: 2, semaphore: 2, several: 2 });
  const how = random.weighted({ acquire: 8, try: 1, steal: kind === 'lock' && maySteal ? 0.5 : 0 });
  const chosen = kind === 'several' ? names : [random.pick(names)];
  const isShared = kind === 'shared' || (kind === 'several' && random.chance(0.5));
  const limit = isShared ? SHARED_LIMIT : kind === 'semaphore' ? 3 : 1;
  const autoRenew = random.chance(0.8);
  return {
    names: chosen,
    units: kind === 'semaphore' ? random.between(1, 3) : 1,
    limit,
    how,
    ttlMs: random.pick(ttlsMs),
    autoRenew,
    minHoldMs: random.chance(0.1) ? 150 : 0,
    lingerMs: autoRenew && random.chance(0.4) ? random.pick([40, 600]) : 0,
    waitTimeoutMs: random.chance(0.25) ? undefined : random.pick([300, 1_500, Infinity]),
    abortAfterMs: random.chance(0.1) ? random.between(1, 400) : undefined,
    holdMs: random.pick([0, 5, 40, 300]),
    isFinal: false,
  };
}
