import type { Session } from '../../lib/embedded/engine/engine.js';
import type { Random } from '../chaos/random.js';
import type { SimServer } from './sim-server.js';
import type { World } from './world.js';

/** What one end of a connection takes in. */
export interface ClientEnd {
  replied(id: number, reply: Reply): void;
  pushed(type: number, body: unknown): void;
}

export type Reply = { readonly value: unknown } | { readonly refusal: string };

/** What may befall a connection. */
export interface Weather {
  /** So much longer everything takes. */
  extraMs: number;
  /** What is on its way to the server, or to the client, stands still until then. */
  upHeldUntilMs: number;
  downHeldUntilMs: number;
  /** Nothing gets through, and no end is seen. */
  isSilent: boolean;
  /** The next message that is pushed is lost on its way, as between the nodes of a cluster: called then. */
  losesNextPush: (() => void) | undefined;
}

const MOST_LATE_MS = 2_500;
const SERVER_NOTICES_MS = 2_000;

/**
 * One connection: what is sent on it arrives in its order, later. When it is cut, what is on its way to the client is
 * lost. What is on its way to the server is lost, or arrives much later, as the server has not noticed yet.
 */
export class SimConnection {
  readonly #world: World;
  readonly #server: SimServer;
  readonly #random: Random;
  readonly #weather: Weather;
  readonly #client: ClientEnd;
  readonly #session: Session;
  #upMs = 0;
  #downMs = 0;
  #isCut = false;
  /** How much longer what was on its way when it was cut takes. */
  #lateMs = 0;

  constructor(world: World, server: SimServer, random: Random, weather: Weather, client: ClientEnd) {
    this.#world = world;
    this.#server = server;
    this.#random = random;
    this.#weather = weather;
    this.#client = client;
    this.#session = server.connect((type, body) => {
      const lose = weather.losesNextPush;
      weather.losesNextPush = undefined;
      if (lose === undefined) this.#down(() => client.pushed(type, body));
      else lose();
    });
  }

  run(id: number, procedure: string, args: readonly unknown[]): void {
    this.#up(() => {
      const reply = this.#served(() => this.#server.run(this.#session, procedure, args));
      this.#down(() => this.#client.replied(id, reply));
    });
  }

  join(id: number, room: number): void {
    this.#up(() => {
      const reply = this.#served(() => this.#server.join(this.#session, room));
      this.#down(() => this.#client.replied(id, reply));
    });
  }

  cut(): void {
    if (this.#isCut) return;
    this.#isCut = true;
    this.#lateMs = this.#random.chance(0.5) ? Infinity : this.#random.between(0, MOST_LATE_MS);
    this.#world.after(this.#random.between(0, SERVER_NOTICES_MS) + Math.min(this.#lateMs, MOST_LATE_MS), () =>
      this.#server.drop(this.#session),
    );
  }

  #served(call: () => unknown): Reply {
    try {
      return { value: call() };
    } catch (error) {
      return { refusal: String(error) };
    }
  }

  #up(arrive: () => void): void {
    if (this.#isCut || this.#weather.isSilent) return;
    this.#upMs = Math.max(this.#upMs, this.#world.ms + this.#delayMs());
    const come = (): void => {
      if (this.#weather.upHeldUntilMs > this.#world.ms) this.#world.at(this.#weather.upHeldUntilMs, come);
      else if (!this.#isCut) this.#server.serve(arrive);
      else if (this.#lateMs < Infinity) this.#world.after(this.#lateMs, () => this.#server.serve(arrive));
    };
    this.#world.at(this.#upMs, come);
  }

  #down(arrive: () => void): void {
    if (this.#isCut || this.#weather.isSilent) return;
    this.#downMs = Math.max(this.#downMs, this.#world.ms + this.#delayMs());
    const come = (): void => {
      if (this.#weather.downHeldUntilMs > this.#world.ms) this.#world.at(this.#weather.downHeldUntilMs, come);
      else if (!this.#isCut) arrive();
    };
    this.#world.at(this.#downMs, come);
  }

  #delayMs(): number {
    return 0.2 + this.#random.next() * 2 + this.#weather.extraMs;
  }
}
