import { SlowCalls } from './slow-calls.js';

/** It is given up where of so many calls half are slow all the same. */
const TRIED_CALLS = 16;
const MOST_SLOW = TRIED_CALLS / 2;
/** After this it ends, and begins again only if calls are slow without it. */
const LASTS_MS = 30_000;
const LEAST_PAUSE_MS = 1_000;
const MOST_PAUSE_MS = 64_000;

/**
 * Whether the nodes are nudged after each change; see `Nudger`. That begins where calls are slow, and ends where it
 * does not help. Then it is tried again after a pause, which doubles each time.
 */
export class Nudging {
  #isOn = false;
  #hasHelped = false;
  /** While it is off. */
  readonly #last = new SlowCalls();
  /** While it is on: of so many calls so many were slow. */
  #calls = 0;
  #slow = 0;
  #beganMs = 0;
  #pauseMs = LEAST_PAUSE_MS;
  #notBeforeMs = -Infinity;

  /** Whether it is on, and calls were found to be quick with it. */
  get hasHelped(): boolean {
    return this.#hasHelped;
  }

  /** A call with a change was answered. Tells whether to nudge now. */
  answered(isSlow: boolean, sentMs: number, nowMs: number): boolean {
    if (this.#isOn) this.#judge(isSlow, sentMs, nowMs);
    else this.#look(isSlow, nowMs);
    return this.#isOn;
  }

  /** It cannot be done now. */
  stop(): void {
    this.#isOn = false;
    this.#hasHelped = false;
    this.#last.clear();
  }

  #look(isSlow: boolean, nowMs: number): void {
    this.#last.add(isSlow);
    if (nowMs < this.#notBeforeMs || !this.#last.areSlow) return;
    this.#isOn = true;
    this.#beganMs = nowMs;
    this.#slow = this.#calls = 0;
  }

  #judge(isSlow: boolean, sentMs: number, nowMs: number): void {
    if (nowMs > this.#beganMs + LASTS_MS) {
      this.stop();
      return;
    }
    // Calls that were on their way tell of how it was before.
    if (sentMs < this.#beganMs) return;
    this.#calls++;
    if (isSlow) this.#slow++;
    if (this.#calls < TRIED_CALLS) return;
    if (this.#slow < MOST_SLOW) {
      this.#hasHelped = true;
      this.#pauseMs = LEAST_PAUSE_MS;
      this.#slow = this.#calls = 0;
      return;
    }
    this.stop();
    this.#notBeforeMs = nowMs + this.#pauseMs;
    this.#pauseMs = Math.min(MOST_PAUSE_MS, 2 * this.#pauseMs);
  }
}
