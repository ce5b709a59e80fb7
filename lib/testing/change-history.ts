import type { Engine } from '../embedded/engine/engine.js';

/** The last few states of an engine, one from before each change, to go back to. */
export class ChangeHistory {
  readonly #limit: number;
  readonly #states: unknown[] = [];
  #engine: Engine | undefined;

  /** @param limit how many changes can be taken back */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Begins to remember this engine's changes. */
  follow(engine: Engine): void {
    this.#engine = engine;
  }

  /** A change is about to be made. */
  remember(): void {
    if (this.#limit === 0 || this.#engine === undefined) return;
    this.#states.push(this.#engine.snapshot());
    if (this.#states.length > this.#limit) this.#states.shift();
  }

  /**
   * Takes back the last `count` changes; all of them when there were fewer.
   * @throws RangeError for more than are kept
   */
  forget(count: number): void {
    if (count > this.#limit) {
      throw new RangeError(
        `${count} changes cannot be taken back: ${this.#limit} are kept (see the option \`history\`)`,
      );
    }
    if (count === 0) return;
    const [state] = this.#states.splice(-count);
    if (state !== undefined) this.#engine?.restore(state);
  }
}
