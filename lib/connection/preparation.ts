import type { NodeConnection } from './node-connection.js';

type Step = (connection: NodeConnection) => Promise<void>;

/** What has to be done once before calls can be made: the setup, and whether the user may be told. Shared by all who wait. */
export class Preparation {
  readonly #setUp: Step;
  readonly #askToJoin: Step;
  #setup: Promise<void> | undefined;
  #isSetUp = false;
  #madeMs = -Infinity;
  #joinAsked: Promise<void> | undefined;
  #mayJoin = false;
  #generation = 0;
  /** The connections over which the collection was not found. */
  #missingOn = new Set<NodeConnection>();

  constructor(setUp: Step, askToJoin: Step) {
    this.#setUp = setUp;
    this.#askToJoin = askToJoin;
  }

  /** Counts the setups: one that was found missing is the one of this number. */
  get generation(): number {
    return this.#generation;
  }

  /** When the last setup was made, on the monotonic clock. */
  get madeMs(): number {
    return this.#madeMs;
  }

  isDone(needsJoin: boolean): boolean {
    return this.#isSetUp && (!needsJoin || this.#mayJoin);
  }

  /** Rejects with a `LockError`; the next one tries again then. */
  async prepare(connection: NodeConnection, needsJoin: boolean): Promise<void> {
    if (!this.#isSetUp) {
      this.#setup ??= this.#made(connection);
      await this.#setup;
    }
    if (!needsJoin || this.#mayJoin) return;
    this.#joinAsked ??= this.#asked(connection);
    await this.#joinAsked;
  }

  /**
   * Whether the setup has to be made anew, since no node knows it. That it is missing counts once a connection.
   *
   * @param generation the setup that was missing: of an older one it is known already
   */
  isMissing(generation: number, connection: NodeConnection, nodes: number): boolean {
    if (generation !== this.#generation) return true;
    this.#missingOn.add(connection);
    if (this.#missingOn.size < nodes) return false;
    this.#missingOn.clear();
    this.#generation++;
    this.#isSetUp = false;
    return true;
  }

  async #made(connection: NodeConnection): Promise<void> {
    try {
      await this.#setUp(connection);
      this.#isSetUp = true;
      this.#madeMs = performance.now();
    } finally {
      this.#setup = undefined;
    }
  }

  async #asked(connection: NodeConnection): Promise<void> {
    try {
      await this.#askToJoin(connection);
      this.#mayJoin = true;
    } finally {
      this.#joinAsked = undefined;
    }
  }
}
