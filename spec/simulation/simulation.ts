import { Desk } from '../../lib/manager/desk.js';
import { SHARED_LIMIT } from '../../lib/schema/constants.js';
import { checkHistory, type Verdict } from '../chaos/check-history.js';
import { HARNESS, type HarnessEvent, type HistoryRecord } from '../chaos/history.js';
import { Random } from '../chaos/random.js';
import type { Reading } from '../chaos/reading.js';
import { checkIdle } from '../chaos/rules/idle.js';
import type { Violation } from '../chaos/violation.js';
import { allFaults, FaultPlan, NO_FAULTS, type FaultShares } from './fault-plan.js';
import { Onlooker } from './onlooker.js';
import { SimClient, type MakeDesk } from './sim-client.js';
import { SimServer } from './sim-server.js';
import {
  adoptingRound,
  randomRound,
  SimTaker,
  type Customs,
  type Parcel,
  type SimRound,
  type Surroundings,
} from './sim-taker.js';
import { World } from './world.js';

const LONG_TTL_MS = 30_000;
const FAULTS_MS = 1_500;
/** Until every lease and every doubt of the time of faults has come to its end. */
const LIMIT_MS = 60_000;
/** So long the server remembers anything; then nothing may be left. */
const REST_MS = 130_000;
/** After a fault, until all are connected again and what had no answer was sent again. */
const RECONNECTED_MS = 500;
/** Where nothing goes wrong, whoever nobody is in the way of has its lock so soon; mostly within 150 ms. */
const PROMPT = { idleMs: 500, aftermathMs: 0 };

/** What the runs of a kind have in common. */
export interface Plan {
  readonly confirmGrants: boolean;
  readonly customs: Customs;
  readonly processes: number;
  /** How many locks a process takes at a time. */
  readonly hands: number;
  readonly faults: FaultShares;
}

/** What an observer of a run sees. */
export interface Sight {
  readonly ms: number;
  readonly server: SimServer;
  readonly takers: readonly SimTaker[];
}

export interface SimulationOptions {
  readonly seed: number;
  /** Instead of what the seed would plan. */
  readonly plan?: Plan | undefined;
  /** Called after each step. */
  readonly observe?: ((sight: Sight) => void) | undefined;
  /** The code that installs the schema: the specs put wrong servers in. */
  readonly code?: string | undefined;
  readonly makeDesk?: MakeDesk | undefined;
}

export interface SimulationResult extends Verdict {
  readonly seed: number;
  readonly records: readonly HistoryRecord[];
  readonly steps: number;
}

/** Clients, network and server in one process, on one clock, from one seed. */
export class Simulation {
  readonly #seed: number;
  readonly #random: Random;
  readonly #world = new World();
  readonly #server: SimServer;
  readonly #takers: SimTaker[] = [];
  readonly #records: HistoryRecord[] = [];
  readonly #makeDesk: MakeDesk;
  readonly #plan: Plan;
  readonly #surroundings: Surroundings;
  readonly #onlooker: Onlooker;
  /** Leases that somebody has handed on. */
  readonly #parcels: Parcel[] = [];
  #playing = 0;

  constructor({ seed, plan, observe, code, makeDesk }: SimulationOptions) {
    this.#seed = seed;
    this.#random = Random.of(seed, 'simulation');
    this.#server = new SimServer(this.#world, code);
    this.#makeDesk = makeDesk ?? ((outlet, options) => new Desk(outlet, options));
    this.#plan = plan ?? planOf(this.#random);
    const { names } = this.#plan.customs;
    this.#surroundings = {
      ...{ world: this.#world, records: this.#records, confirmGrants: this.#plan.confirmGrants },
      handOn: (parcel) => this.#parcels.push(parcel),
      write: (by, name, token) => this.#write(by, name, token),
    };
    this.#onlooker = new Onlooker(this.#world, this.#server, this.#records, names);
    for (let i = 1; i <= this.#plan.processes; i++) this.#add(`p${i}`);
    if (observe !== undefined)
      this.#world.onStep = () => observe({ ms: this.#world.ms, server: this.#server, takers: this.#takers });
  }

  run(): SimulationResult {
    for (const taker of this.#takers) for (let hand = 0; hand < this.#plan.hands; hand++) this.#playOn(taker);
    const faults = this.#planFaults();
    this.#planLooks();
    this.#planOnlooker();
    this.#world.runUntil(FAULTS_MS);
    this.#note({ event: 'faults-over' });
    this.#world.runUntil(LIMIT_MS);
    this.#world.runUntil(LIMIT_MS + REST_MS);
    this.#note({ event: 'state-left', left: this.#server.left() });
    this.#server.close();
    const verdict = checkHistory(this.#records, RECONNECTED_MS);
    const violations = [...verdict.violations, ...(faults === 0 ? this.#checkUndisturbed(verdict.run) : [])];
    return { ...verdict, violations, seed: this.#seed, records: this.#records, steps: this.#world.steps };
  }

  /** More can be asked of a run in which nothing goes wrong. */
  #checkUndisturbed(run: Reading): Violation[] {
    // Whoever is robbed before it has heard of its grant asks again, behind others.
    const idle = this.#plan.customs.maySteal ? [] : checkIdle(run, PROMPT);
    return [...idle, ...this.#onlooker.checkAsked(run, this.#takers)];
  }

  #add(name: string): void {
    const random = Random.of(this.#seed, name);
    const client = new SimClient(this.#world, this.#server, random, name, this.#makeDesk);
    this.#takers.push(new SimTaker(name, client, this.#surroundings));
  }

  /** Round after round while there are faults; then each name once more. */
  #playOn(taker: SimTaker): void {
    const random = Random.of(this.#seed, `${taker.name} plays ${++this.#playing}`);
    const next = (): void => {
      if (taker.client.isDead) return;
      const parcel = this.#parcels.shift();
      if (parcel === undefined && this.#world.ms >= FAULTS_MS) {
        this.#finals(taker, [...this.#plan.customs.names]);
        return;
      }
      const round = parcel ? adoptingRound(random, parcel) : randomRound(random, this.#plan.customs);
      const mayHandOn = this.#world.ms < FAULTS_MS;
      taker.play({ ...round, isHandedOn: mayHandOn && round.isHandedOn }, () =>
        this.#world.after(random.between(0, 60), next),
      );
    };
    this.#world.after(random.between(0, 40), next);
  }

  /** On its way to where the lock is minded, for a while. */
  #write(by: string, name: string, token: number): void {
    const lateMs = this.#random.between(0, 100);
    this.#world.after(lateMs, () =>
      this.#server.serve(() => {
        const isAccepted = this.#server.letsIn(name, token);
        this.#note({ event: 'wrote', resource: 'guarded', by, name, token, isAccepted });
      }),
    );
  }

  readonly #finishing = new Map<SimTaker, number>();

  #finals(taker: SimTaker, names: string[]): void {
    const name = names.shift();
    if (name !== undefined) {
      taker.play(finalRound(name, this.#random), () =>
        this.#world.after(0, () => this.#finals(taker, names)),
      );
      return;
    }
    const count = (this.#finishing.get(taker) ?? 0) + 1;
    this.#finishing.set(taker, count);
    if (count === this.#plan.hands) this.#drain(taker);
  }

  /** All its hands have come to their end. */
  #drain(taker: SimTaker): void {
    const { client } = taker;
    client.act(() => {
      taker.note({ event: 'drained' });
      client.desk.close('closed');
      const close = (): void => {
        if (!client.isQuiet) this.#world.after(20, () => client.act(close));
        else
          client.close(() => {
            client.desk.stop();
            client.kill();
            this.#note({ event: 'exited', target: taker.name, end: 0, isExpected: true });
          });
      };
      close();
    });
  }

  /** @returns how many there are */
  #planFaults(): number {
    const victims = {
      ...{ world: this.#world, server: this.#server, takers: this.#takers },
      note: (event: HarnessEvent) => this.#note(event),
      // What is told of the lost past is nothing that the rules know.
      losing: () => this.#onlooker.close(),
    };
    return new FaultPlan(victims, this.#random).plan(FAULTS_MS, this.#plan.faults);
  }

  /** Who works under a lock looks at it now and then. */
  #planLooks(): void {
    const look = (): void => {
      for (const taker of this.#takers) taker.client.act(() => taker.look());
      if (this.#world.ms < LIMIT_MS / 2) this.#world.after(25, look);
    };
    look();
  }

  #planOnlooker(): void {
    if (this.#plan.customs.mayLinger) return;
    const random = Random.of(this.#seed, 'onlooker');
    const at = (atMs: number, what: () => void): void => {
      this.#world.at(atMs, () => this.#server.serve(what));
    };
    if (random.chance(0.5)) at(random.between(0, 200), () => this.#onlooker.watch());
    this.#world.at(LIMIT_MS / 2, () => this.#onlooker.close());
    // Not always: a look at a queue ends leases that are over, which waiters have to see to otherwise.
    if (random.chance(0.7)) return;
    for (let times = 0; times < 3; times++) {
      at(random.between(100, FAULTS_MS), () => this.#onlooker.ask(random));
      at(random.between(100, FAULTS_MS), () => this.#onlooker.lookAtQueues());
    }
  }

  #note(event: HarnessEvent): void {
    this.#records.push({ process: HARNESS, atMs: this.#world.ms, ...event });
  }
}

const USUAL = { lock: 6, shared: 2, semaphore: 2, several: 2 };
/** Those who want several names meet each other, and those who share them. */
const TOGETHER = { lock: 2, shared: 4, semaphore: 0, several: 6 };
const HOLDS_MS = [0, 5, 40, 300];

function planOf(random: Random): Plan {
  const kind = random.weighted({ usual: 50, long: 15, mixed: 15, slow: 10, doubled: 10 });
  const confirmGrants = random.chance(0.2);
  // Not where grants are confirmed: who is robbed before it has entered asks for another, at the end of the queue.
  const maySteal = (kind === 'usual' || kind === 'long') && !confirmGrants && random.chance(0.5);
  const isTogether = random.chance(0.3);
  const faults = faultsOf(kind, random);
  const mayLinger = (kind === 'usual' || kind === 'long') && faults !== NO_FAULTS && random.chance(0.5);
  const customs = {
    ...{ maySteal, mayLinger, ...lengthsOf(kind, maySteal) },
    names: isTogether ? ['a', 'b', 'c'] : ['a', 'b'],
    kinds: isTogether ? TOGETHER : kind === 'mixed' ? { ...USUAL, semaphore: 8 } : USUAL,
  };
  return {
    confirmGrants,
    customs,
    faults,
    processes: random.between(2, 4),
    hands: 2,
  };
}

/** Long leases show what is left behind; short ones, what is believed too long; both, who asks at the wrong time. */
function lengthsOf(kind: string, maySteal: boolean): Pick<Customs, 'ttlsMs' | 'holdsMs'> {
  switch (kind) {
    case 'long':
      return { ttlsMs: [LONG_TTL_MS], holdsMs: HOLDS_MS };
    case 'mixed':
      return { ttlsMs: [200, LONG_TTL_MS], holdsMs: HOLDS_MS };
    case 'doubled':
      return { ttlsMs: [LONG_TTL_MS], holdsMs: [0, 5, 40] };
    case 'slow':
      return { ttlsMs: [1_000], holdsMs: [5, 40, 300, 300, 14_000] };
    default:
      // Of a grant that is shorter than the time to acknowledge it the rules cannot tell how old it is when it is stolen.
      return { ttlsMs: maySteal ? [800, 1_000] : [200, 400, 1_000], holdsMs: HOLDS_MS };
  }
}

function faultsOf(kind: string, random: Random): FaultShares {
  if (kind === 'slow') return { kill: 3, stop: 2, cut: 1 };
  // Of what was under way a copy arrives later.
  if (kind === 'doubled') return { 'cut-call': 1 };
  const isCalm = random.chance(kind === 'mixed' ? 0.5 : 0.2);
  return isCalm ? NO_FAULTS : allFaults(kind !== 'usual');
}

function finalRound(name: string, random: Random): SimRound {
  return {
    names: [name],
    units: 1,
    limit: name === 'a' ? 1 : SHARED_LIMIT,
    ttlMs: 1_000,
    how: 'acquire',
    autoRenew: true,
    // Its process may end before that is over.
    minHoldMs: random.chance(0.2) ? 150 : 0,
    lingerMs: 0,
    waitTimeoutMs: Infinity,
    abortAfterMs: undefined,
    holdMs: 1,
    isHandedOn: false,
    isFinal: true,
  };
}
