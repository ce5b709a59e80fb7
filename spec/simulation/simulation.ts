import { LockClosedError } from '../../lib/errors.js';
import { checkHistory, type Verdict } from '../chaos/check-history.js';
import { HARNESS, type HarnessEvent, type HistoryRecord } from '../chaos/history.js';
import { Random } from '../chaos/random.js';
import { labelOf, recordsOf, type Reading } from '../chaos/reading.js';
import { checkIdle } from '../chaos/rules/idle.js';
import type { Violation } from '../chaos/violation.js';
import { FaultPlan } from './fault-plan.js';
import { Onlooker } from './onlooker.js';
import { SimClient } from './sim-client.js';
import { SimServer, type Trace } from './sim-server.js';
import { FAULTS_MS, planOf, type Kind, type Plan } from './plans.js';
import { adoptingRound, finalRound, randomRound, shuffled, type Parcel } from './rounds.js';
import { SilentTrial } from './silent-trial.js';
import { SimTaker, type Surroundings } from './sim-taker.js';
import { World } from './world.js';

/** Nothing was done that ends a lease: nobody loses one. */
function checkNothingLost(run: Reading): Violation[] {
  const lost = run.grants.filter(
    ({ aborted, released }) => aborted !== undefined || released?.result === false,
  );
  return lost.map((lease) => ({
    rule: 'early-end',
    what: `${labelOf(lease)}: ${lease.id} was lost, by nothing that was done`,
    records: recordsOf(lease),
  }));
}

/** Until every lease and every doubt of the time of faults has come to its end. */
const LIMIT_MS = 60_000;
/** The longest pause of a hand between two rounds. */
const PAUSE_MS = 60;
/** Of a lease that can be over before its renewal has arrived. */
const SHORT_TTL_MS = 200;
/** So long the server remembers anything; then nothing may be left. */
const REST_MS = 130_000;
/** After a fault, until all are connected again and what had no answer was sent again. */
const RECONNECTED_MS = 500;
/** So long after a process has closed nothing that it had sent is on its way. */
const COPIES_COME_MS = 5_000;
/** Where nothing goes wrong, whoever nobody is in the way of has its lock so soon; mostly within 150 ms. */
const PROMPT = { idleMs: 500, aftermathMs: 0 };

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
  /** Instead of the kind that the seed would choose. */
  readonly kind?: Kind | undefined;
  /** Called after each step. */
  readonly observe?: ((sight: Sight) => void) | undefined;
  /** The code that installs the schema: the specs put wrong servers in. */
  readonly code?: string | undefined;
  /** Is told what the server does. */
  readonly trace?: Trace | undefined;
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
  readonly #plan: Plan;
  readonly #surroundings: Surroundings;
  readonly #onlooker: Onlooker;
  /** Leases that somebody has handed on. */
  readonly #parcels: Parcel[] = [];
  readonly #handedOn = new Set<string>();
  readonly #leftBehind: Violation[] = [];
  #playing = 0;

  constructor({ seed, plan, kind, observe, code, trace }: SimulationOptions) {
    this.#seed = seed;
    this.#random = Random.of(seed, 'simulation');
    this.#server = new SimServer(this.#world, code, trace);
    this.#plan = plan ?? planOf(this.#random, kind);
    const { names } = this.#plan.customs;
    this.#surroundings = {
      ...{ world: this.#world, records: this.#records, confirmGrants: this.#plan.confirmGrants },
      handOn: (parcel) => {
        this.#parcels.push(parcel);
        this.#handedOn.add(parcel.id);
      },
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
    this.#planWalkOut();
    const { playMs = FAULTS_MS, limitMs = LIMIT_MS } = this.#plan;
    this.#world.runUntil(playMs);
    this.#note({ event: 'faults-over' });
    this.#world.runUntil(limitMs);
    this.#world.runUntil(limitMs + REST_MS);
    this.#note({ event: 'state-left', left: this.#server.left() });
    this.#server.close();
    const verdict = checkHistory(this.#records, RECONNECTED_MS);
    const { patience, losesNothing } = this.#plan;
    const violations = [
      ...(losesNothing === true ? checkNothingLost(verdict.run) : []),
      ...verdict.violations,
      ...(faults === 0 ? this.#checkUndisturbed(verdict.run) : []),
      ...(patience === undefined ? [] : checkIdle(verdict.run, patience)),
      ...this.#onlooker.revivals,
      ...this.#leftBehind,
    ];
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
    const client = new SimClient(this.#world, this.#server, random, name);
    this.#takers.push(new SimTaker(name, client, this.#surroundings));
  }

  /** Round after round while there are faults; then each name once more. */
  #playOn(taker: SimTaker): void {
    const random = Random.of(this.#seed, `${taker.name} plays ${++this.#playing}`);
    const next = (): void => {
      if (taker.client.isDead || this.#leaving.has(taker)) return;
      const { customs, playMs = FAULTS_MS } = this.#plan;
      const isOver = this.#world.ms >= playMs;
      const parcel = this.#parcels.shift();
      if (parcel === undefined && isOver) {
        this.#finals(taker, shuffled(random, customs.names));
        return;
      }
      const round = parcel ? adoptingRound(random, parcel) : randomRound(random, customs);
      taker.play({ ...round, isHandedOn: !isOver && round.isHandedOn }, () =>
        this.#world.after(random.between(0, customs.pauseMs ?? PAUSE_MS), next),
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
        this.#note({ event: 'wrote', resource: 'fenced', by, name, token, isAccepted });
      }),
    );
  }

  readonly #finishing = new Map<SimTaker, number>();
  /** Those that close their manager, or have. */
  readonly #leaving = new Set<SimTaker>();

  #finals(taker: SimTaker, names: string[]): void {
    if (this.#leaving.has(taker)) return;
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

  /** All its hands have come to their end, or it walks out. */
  #drain(taker: SimTaker): void {
    if (this.#leaving.has(taker)) return;
    this.#leaving.add(taker);
    const { client } = taker;
    client.act(() => {
      taker.note({ event: 'drained' });
      client.desk.close(new LockClosedError());
      const close = (): void => {
        if (!client.isQuiet) this.#world.after(20, () => client.act(close));
        else
          client.close(() => {
            client.desk.stop();
            client.kill();
            this.#note({ event: 'exited', target: taker.name, end: 0, isExpected: true });
            if (this.#plan.walksOutMs !== undefined)
              this.#world.after(COPIES_COME_MS, () => this.#lookBehind(taker));
          });
      };
      close();
    });
  }

  /** Nothing may be there of a process that has closed, but what others may adopt. */
  #lookBehind({ name }: SimTaker): void {
    const left = [...this.#server.requests().keys()].filter((id) => id.startsWith(`${name}-`));
    for (const id of left.filter((id) => !this.#handedOn.has(id)))
      this.#leftBehind.push({
        rule: 'left',
        what: `${name} has closed, and ${id} is still there`,
        records: [],
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
    const { playMs = FAULTS_MS, faults, faultTerms } = this.#plan;
    return new FaultPlan(victims, this.#random, faultTerms).plan(playMs, faults);
  }

  #planWalkOut(): void {
    const [first] = this.#takers;
    const { walksOutMs } = this.#plan;
    if (walksOutMs !== undefined && first !== undefined) this.#world.at(walksOutMs, () => this.#drain(first));
  }

  /** Who works under a lock looks at it now and then. */
  #planLooks(): void {
    const look = (): void => {
      for (const taker of this.#takers) if (taker.isWorking) taker.client.act(() => taker.look());
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
    if (random.chance(0.5)) {
      const ofAll = random.chance(0.5);
      at(random.between(0, 200), () => this.#onlooker.watch(ofAll));
      // Long after the end of the faults: whoever was silent for too long is forgotten, which is told.
      if (ofAll) at(LIMIT_MS / 2 - 1, () => this.#onlooker.lookAtQueues());
    }
    if (this.#plan.missesGrants) {
      const trial = new SilentTrial(this.#world, this.#server);
      at(random.between(1_000, 2_000), () => trial.callsInTime());
      at(random.between(5_000, 6_000), () => trial.callsTooLate());
    }
    if (this.#plan.watchesMany) at(300, () => this.#onlooker.watchTooMany());
    at(LIMIT_MS / 2, () => this.#onlooker.close());
    if (random.chance(this.#plan.customs.ttlsMs.includes(SHORT_TTL_MS) ? 0.3 : 0.05))
      this.#planFences(random, at);
    // Not always: a look at a queue ends leases that are over, which waiters have to see to otherwise.
    if (random.chance(0.7)) return;
    const { playMs = FAULTS_MS } = this.#plan;
    for (let times = 0; times < 3; times++) {
      at(random.between(100, playMs), () => this.#onlooker.ask(random));
      at(random.between(100, playMs), () => this.#onlooker.lookAtQueues());
    }
  }

  /** A resource minds its lock again and again. */
  #planFences(random: Random, at: (atMs: number, what: () => void) => void): void {
    const { playMs = FAULTS_MS } = this.#plan;
    for (let atMs = 0; atMs < 2 * playMs; atMs += random.between(10, 40))
      at(atMs, () => this.#onlooker.tryFences());
  }

  #note(event: HarnessEvent): void {
    this.#records.push({ process: HARNESS, atMs: this.#world.ms, ...event });
  }
}
