import { Desk } from '../../lib/manager/desk.js';
import { SHARED_LIMIT } from '../../lib/schema/constants.js';
import { checkHistory, type Verdict } from '../chaos/check-history.js';
import type { FaultKind } from '../chaos/fault-kinds.js';
import { HARNESS, type HarnessEvent, type HistoryRecord } from '../chaos/history.js';
import { Random } from '../chaos/random.js';
import { SimClient, type MakeDesk } from './sim-client.js';
import { SimServer } from './sim-server.js';
import { randomRound, SimTaker, type Customs, type SimRound } from './sim-taker.js';
import { World } from './world.js';

const NAMES = ['a', 'b'];
const LONG_TTL_MS = 30_000;
const FAULTS_MS = 1_500;
/** Until every lease and every doubt of the time of faults has come to its end. */
const LIMIT_MS = 60_000;
/** So long the server remembers anything; then nothing may be left. */
const REST_MS = 130_000;
/** After a restart, until all are connected again and what had no answer was sent again. */
const RECONNECTED_MS = 500;
/** A look after a sleep, and an answer in time. */
const DOUBT_MS = 1_100;

export interface SimulationOptions {
  readonly seed: number;
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
  readonly #confirmGrants: boolean;
  readonly #customs: Customs;
  #faults = 0;
  #playing = 0;

  constructor({ seed, code, makeDesk = (outlet, options) => new Desk(outlet, options) }: SimulationOptions) {
    this.#seed = seed;
    this.#random = Random.of(seed, 'simulation');
    this.#server = new SimServer(this.#world, code);
    this.#makeDesk = makeDesk;
    this.#confirmGrants = this.#random.chance(0.2);
    // Not where grants are confirmed: who is robbed before it has entered asks for another, at the end of the queue.
    this.#customs = customsOf(this.#random, !this.#confirmGrants && this.#random.chance(0.5));
    const count = this.#random.between(2, 4);
    for (let i = 1; i <= count; i++) this.#add(`p${i}`);
  }

  async run(): Promise<SimulationResult> {
    for (const taker of this.#takers) for (let hand = 0; hand < 2; hand++) this.#playOn(taker);
    this.#planFaults();
    this.#planLooks();
    this.#world.runUntil(FAULTS_MS);
    this.#note({ event: 'faults-over' });
    this.#world.runUntil(LIMIT_MS);
    this.#world.runUntil(LIMIT_MS + REST_MS);
    this.#note({ event: 'state-left', left: await this.#server.left() });
    this.#server.close();
    return {
      seed: this.#seed,
      records: this.#records,
      steps: this.#world.steps,
      ...checkHistory(this.#records),
    };
  }

  get #isLong(): boolean {
    return this.#customs.ttlsMs.includes(LONG_TTL_MS);
  }

  #add(name: string): void {
    const random = Random.of(this.#seed, name);
    const client = new SimClient(this.#world, this.#server, random, name, this.#makeDesk);
    this.#takers.push(new SimTaker(name, client, this.#world, this.#records));
  }

  /** Round after round while there are faults; then each name once more. */
  #playOn(taker: SimTaker): void {
    const random = Random.of(this.#seed, `${taker.name} plays ${++this.#playing}`);
    const next = (): void => {
      if (taker.client.isDead) return;
      if (this.#world.ms >= FAULTS_MS) {
        this.#finals(taker, [...NAMES]);
        return;
      }
      taker.play(randomRound(random, NAMES, this.#customs), this.#confirmGrants, () =>
        this.#world.after(random.between(0, 60), next),
      );
    };
    this.#world.after(random.between(0, 40), next);
  }

  readonly #finishing = new Map<SimTaker, number>();

  #finals(taker: SimTaker, names: string[]): void {
    const name = names.shift();
    if (name !== undefined) {
      taker.play(finalRound(name), false, () => this.#world.after(0, () => this.#finals(taker, names)));
      return;
    }
    const count = (this.#finishing.get(taker) ?? 0) + 1;
    this.#finishing.set(taker, count);
    if (count === 2) this.#drain(taker);
  }

  /** Both hands have come to their end. */
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

  #planFaults(): void {
    const count = this.#random.between(0, 4);
    for (let i = 0; i < count; i++) {
      const atMs = this.#random.between(0, FAULTS_MS - 1);
      const kind = this.#random.weighted({
        cut: 4,
        delay: 2,
        silence: 2,
        stop: 2,
        sleep: 2,
        // A lock that nobody knows to be granted, to a process that is dead, may lie idle for its ttl.
        kill: this.#isLong ? 0 : 1,
        'step-clock': 1,
        'freeze-server': 1,
        restart: 1,
        'restart-with-loss': this.#isLong ? 0 : 1,
      });
      const taker = this.#random.pick(this.#takers);
      const forMs = this.#random.pick([30, 200, 600, 1_500]);
      if (kind === 'restart-with-loss') this.#planLoss(atMs);
      else this.#world.at(atMs, () => this.#strike(kind, taker, forMs));
    }
  }

  #strike(kind: string, taker: SimTaker, forMs: number): void {
    const { client, name } = taker;
    if (client.isDead || client.isPaused) return;
    switch (kind) {
      case 'cut':
        this.#during('cut', name, 100);
        if (forMs > 100) client.cutsNextSend = true;
        else client.cut();
        return;
      case 'delay':
        this.#during('delay', name, forMs);
        client.weather.extraMs = Math.min(forMs, 300);
        this.#world.after(forMs, () => (client.weather.extraMs = 0));
        return;
      case 'silence':
        this.#during('silence', name, forMs);
        client.weather.isSilent = true;
        this.#world.after(forMs, () => {
          client.weather.isSilent = false;
          // What was lost on it is lost: a ping without an answer has found that out (lib/connection/heartbeat.ts).
          client.cut();
        });
        return;
      case 'stop':
        this.#during('stop-holder', name, forMs);
        client.pause(forMs);
        return;
      case 'sleep':
        this.#during('stop-holder', name, forMs + DOUBT_MS);
        client.sleep(forMs);
        this.#world.after(forMs, () => client.act(() => taker.look()));
        return;
      case 'kill':
        this.#during('kill-holder', name, 1);
        this.#note({ event: 'exited', target: name, end: 'SIGKILL', isExpected: true });
        client.kill();
        return;
      case 'step-clock':
        this.#during('step-clock', name, 1);
        client.step(this.#random.pick([-3_600_000, -500, 500, 3_600_000]));
        return;
      case 'freeze-server':
        this.#during('freeze-server', undefined, forMs);
        this.#server.freeze(forMs);
        return;
      default:
        this.#during('restart', undefined, 1);
        for (const one of this.#takers) one.client.cut();
    }
  }

  /** The server goes back to a state of a little before. */
  #planLoss(atMs: number): void {
    const lostSinceMs = Math.max(0, atMs - this.#random.between(1, 300));
    let stored: unknown;
    this.#world.at(lostSinceMs, () => (stored = this.#server.snapshot()));
    this.#world.at(atMs, () => {
      this.#during('restart-with-loss', undefined, RECONNECTED_MS, lostSinceMs);
      for (const { client } of this.#takers) client.cut();
      this.#server.restore(stored);
    });
  }

  /** Who works under a lock looks at it now and then. */
  #planLooks(): void {
    const look = (): void => {
      for (const taker of this.#takers) taker.client.act(() => taker.look());
      if (this.#world.ms < LIMIT_MS / 2) this.#world.after(25, look);
    };
    look();
  }

  #during(kind: FaultKind, target: string | undefined, forMs: number, lostSinceMs?: number): void {
    const fault = ++this.#faults;
    this.#note({ event: 'fault-began', fault, kind, target, lostSinceMs });
    this.#world.after(forMs, () => this.#note({ event: 'fault-ended', fault }));
  }

  #note(event: HarnessEvent): void {
    this.#records.push({ process: HARNESS, atMs: this.#world.ms, ...event });
  }
}

/** Long leases show what is left behind; short ones, what is believed too long. */
function customsOf(random: Random, maySteal: boolean): Customs {
  if (random.chance(0.2)) return { maySteal, ttlsMs: [LONG_TTL_MS] };
  // Of a grant that is shorter than the time to acknowledge it the rules cannot tell how old it is when it is stolen.
  return { maySteal, ttlsMs: maySteal ? [800, 1_000] : [200, 400, 1_000] };
}

function finalRound(name: string): SimRound {
  return {
    names: [name],
    units: 1,
    limit: name === 'a' ? 1 : SHARED_LIMIT,
    ttlMs: 1_000,
    how: 'acquire',
    autoRenew: true,
    minHoldMs: 0,
    lingerMs: 0,
    waitTimeoutMs: Infinity,
    abortAfterMs: undefined,
    holdMs: 1,
    isFinal: true,
  };
}
