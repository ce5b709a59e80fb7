import { ACKNOWLEDGE_MS } from '../../lib/schema/constants.js';
import type { FaultKind } from '../chaos/fault-kinds.js';
import type { HarnessEvent } from '../chaos/history.js';
import type { Random } from '../chaos/random.js';
import type { SimClient } from './sim-client.js';
import type { SimServer } from './sim-server.js';
import type { SimTaker } from './sim-taker.js';
import type { World } from './world.js';

/** After a restart, until all are connected again and what had no answer was sent again. */
const RECONNECTED_MS = 500;
/** A look after a sleep, and an answer in time. */
const DOUBT_MS = 1_100;

/** What befalls a process, not a connection or the server. */
const PROCESS_FAULTS = ['stop', 'block', 'sleep', 'kill', 'step-clock'] as const;

/** How often each kind of fault is, against the others. */
export type FaultShares = Readonly<Record<string, number>>;

export const NO_FAULTS: FaultShares = {};

/** @param isLong leases outlast the run's faults */
export function allFaults(isLong: boolean): FaultShares {
  return {
    cut: 2,
    'cut-call': 2,
    delay: 2,
    silence: 2,
    stop: 2,
    sleep: 2,
    // A lock that nobody knows to be granted, to a process that is dead, may lie idle for its ttl.
    kill: isLong ? 0 : 1,
    'step-clock': 1,
    'freeze-server': 1,
    restart: 1,
    'restart-with-loss': isLong ? 0 : 1,
  };
}

/** How many faults there are in a run, how long they last, and how many of the processes, the first ones, they befall. */
export interface FaultTerms {
  readonly count?: readonly [least: number, most: number];
  readonly forMs?: readonly number[];
  readonly victims?: number;
}

/** What is done to clients, network and server. */
export interface Victims {
  readonly world: World;
  readonly server: SimServer;
  readonly takers: readonly SimTaker[];
  readonly note: (event: HarnessEvent) => void;
  /** The server is about to go back to an older state. */
  readonly losing: () => void;
}

/** The faults of one run, by its seed. */
export class FaultPlan {
  readonly #victims: Victims;
  readonly #random: Random;
  readonly #terms: Required<FaultTerms>;
  #faults = 0;

  constructor(victims: Victims, random: Random, terms: FaultTerms = {}) {
    this.#victims = victims;
    this.#random = random;
    this.#terms = { count: [0, 4], forMs: [30, 200, 600, 1_500], victims: Infinity, ...terms };
  }

  /**
   * Plans them.
   * @returns how many there are
   */
  plan(withinMs: number, shares: FaultShares): number {
    const { world, takers } = this.#victims;
    const { count: limits, forMs: lengthsMs, victims } = this.#terms;
    const count = Object.keys(shares).length === 0 ? 0 : this.#random.between(...limits);
    // The leases of the last rounds are shorter than what was planned for those before them.
    if ('block' in shares || 'hold-up' in shares)
      world.at(withinMs, () => takers.forEach(({ client }) => (client.afterGrant = undefined)));
    for (let i = 0; i < count; i++) {
      const atMs = this.#random.between(0, withinMs - 1);
      const kind = this.#random.weighted(shares);
      const taker = this.#random.pick(takers.slice(0, victims));
      const forMs = this.#random.pick(lengthsMs);
      if (kind === 'restart-with-loss') this.#planLoss(atMs);
      else world.at(atMs, () => this.#strike(kind, taker, forMs));
    }
    return count;
  }

  #strike(kind: string, taker: SimTaker, forMs: number): void {
    const { client } = taker;
    if (client.isDead || client.isPaused) return;
    if (kind === 'orphan') {
      const holder = this.#victims.takers.find(
        ({ client, isWorking }) => !client.isDead && client.isQuiet && isWorking,
      );
      if (holder !== undefined) this.#strikeProcess('kill', holder, forMs);
      return;
    }
    const ofProcess = PROCESS_FAULTS.find((one) => one === kind);
    if (kind === 'freeze-server' || kind === 'restart') this.#strikeServer(kind, forMs);
    else if (ofProcess !== undefined) this.#strikeProcess(ofProcess, taker, forMs);
    else this.#strikeConnection(kind, taker, forMs);
  }

  #strikeServer(kind: 'freeze-server' | 'restart', forMs: number): void {
    const { server, takers } = this.#victims;
    if (kind === 'freeze-server') {
      this.#during(kind, undefined, forMs);
      server.freeze(forMs);
    } else {
      this.#during(kind, undefined, 1);
      for (const one of takers) one.client.cut();
    }
  }

  #strikeProcess(kind: (typeof PROCESS_FAULTS)[number], taker: SimTaker, forMs: number): void {
    const { world, note } = this.#victims;
    const { client, name } = taker;
    switch (kind) {
      case 'stop':
        this.#during('stop-holder', name, forMs);
        client.pause(forMs);
        return;
      case 'block':
        client.afterGrant = () => {
          this.#during('stop-holder', name, forMs);
          client.pause(forMs);
          // Whoever works under a lock goes on first, before anything is read.
          world.after(forMs, () => client.act(() => taker.look()));
        };
        return;
      case 'sleep':
        this.#during('stop-holder', name, forMs + DOUBT_MS);
        client.sleep(forMs);
        world.after(forMs, () => client.act(() => taker.look()));
        return;
      case 'kill':
        this.#during('kill-holder', name, 1);
        note({ event: 'exited', target: name, end: 'SIGKILL', isExpected: true });
        client.kill();
        return;
      case 'step-clock':
        this.#during('step-clock', name, 1);
        client.step(this.#random.pick([-3_600_000, -500, 500, 3_600_000]));
    }
  }

  #strikeConnection(kind: string, { client, name }: SimTaker, forMs: number): void {
    const { world } = this.#victims;
    switch (kind) {
      case 'cut':
        this.#during('cut', name, 100);
        client.cut();
        return;
      case 'cut-call':
        this.#during('cut', name, 100);
        client.cutsNextSend = true;
        return;
      case 'delay':
        this.#during('delay', name, forMs);
        client.weather.extraMs = Math.min(forMs, 300);
        world.after(forMs, () => (client.weather.extraMs = 0));
        return;
      case 'hold-up':
        // As the next grant is here, what says so is on its way.
        client.afterGrant = () => this.#holdUp(client, name, forMs);
        return;
      case 'lose-push':
        // A grant that was lost is missed for as long as it can be acknowledged.
        client.weather.losesNextPush = () => this.#during('silence', name, ACKNOWLEDGE_MS);
        return;
      case 'silence':
        this.#during('silence', name, forMs);
        client.weather.isSilent = true;
        world.after(forMs, () => {
          client.weather.isSilent = false;
          // What was lost on it is lost: a ping without an answer has found that out (lib/connection/heartbeat.ts).
          client.cut();
        });
        return;
      default:
        throw new Error(`no such fault: ${kind}`);
    }
  }

  /** One way of a connection stands still; and perhaps the process, too. */
  #holdUp(client: SimClient, name: string, forMs: number): void {
    const { world } = this.#victims;
    const { weather } = client;
    this.#during('delay', name, forMs);
    if (this.#random.chance(0.6)) weather.upHeldUntilMs = world.ms + forMs;
    else weather.downHeldUntilMs = world.ms + forMs;
    if (this.#random.chance(0.6)) return;
    const pauseMs = forMs + this.#random.between(-300, 300);
    this.#during('stop-holder', name, pauseMs);
    client.pause(pauseMs);
  }

  /** The server goes back to a state of a little before. */
  #planLoss(atMs: number): void {
    const { world, server, takers, losing } = this.#victims;
    const lostSinceMs = Math.max(0, atMs - this.#random.between(1, 300));
    let stored: unknown;
    world.at(lostSinceMs, () => (stored = server.snapshot()));
    world.at(atMs, () => {
      this.#during('restart-with-loss', undefined, RECONNECTED_MS, lostSinceMs);
      losing();
      for (const { client } of takers) client.cut();
      server.restore(stored);
    });
  }

  #during(kind: FaultKind, target: string | undefined, forMs: number, lostSinceMs?: number): void {
    const { world, note } = this.#victims;
    const fault = ++this.#faults;
    note({ event: 'fault-began', fault, kind, target, lostSinceMs });
    world.after(forMs, () => note({ event: 'fault-ended', fault }));
  }
}
