import type { Alarms, Sleeper } from './alarms.js';

/** The least time between two rounds of questions. A probe of the server leaves 800 ms for its answer. */
export const HINT_GAP_MS = 40;

/**
 * The questions that pushed messages give rise to. Whoever may JOIN the collection can push as many as he likes, so
 * they cost a constant rate of calls. The first question is asked at once, those of the next 40 ms together at their
 * end.
 */
export class Hints<T> implements Sleeper {
  readonly #alarms: Alarms;
  readonly #nowMs: () => number;
  readonly #ask: (about: T) => void;
  #about = new Set<T>();
  #openMs = -Infinity;
  wakeAtMs = Infinity;
  place = -1;

  /** @param ask asks the server, once for each of those that a round is about */
  constructor(alarms: Alarms, nowMs: () => number, ask: (about: T) => void) {
    this.#alarms = alarms;
    this.#nowMs = nowMs;
    this.#ask = ask;
  }

  add(about: T): void {
    this.#about.add(about);
    if (this.#nowMs() >= this.#openMs) this.#askAll();
    else this.#alarms.set(this, this.#openMs);
  }

  wake(): void {
    this.wakeAtMs = Infinity;
    this.#askAll();
  }

  #askAll(): void {
    this.#openMs = this.#nowMs() + HINT_GAP_MS;
    const about = this.#about;
    this.#about = new Set();
    for (const each of about) this.#ask(each);
  }
}
