/** Of the last four calls so many have to be slow. One may have met a node that was storing. */
const SLOW_TIMES = 2;
const LAST_CALLS = 4;
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
  /** Which of the last calls were slow, a bit each; while it is on, how many of how many. */
  #slow = 0;
  #calls = 0;
  #endMs = 0;
  #pauseMs = LEAST_PAUSE_MS;
  #notBeforeMs = -Infinity;

  get isOn(): boolean {
    return this.#isOn;
  }

  /** A call with a change was answered. Tells whether to nudge now. */
  answered(isSlow: boolean, nowMs: number): boolean {
    if (this.#isOn) this.#judge(isSlow, nowMs);
    else this.#look(isSlow, nowMs);
    return this.#isOn;
  }

  /** It cannot be done now. */
  stop(): void {
    this.#isOn = false;
    this.#slow = 0;
  }

  #look(isSlow: boolean, nowMs: number): void {
    this.#slow = ((this.#slow << 1) | (isSlow ? 1 : 0)) & (2 ** LAST_CALLS - 1);
    if (nowMs < this.#notBeforeMs || ones(this.#slow) < SLOW_TIMES) return;
    this.#isOn = true;
    this.#endMs = nowMs + LASTS_MS;
    this.#slow = this.#calls = 0;
  }

  #judge(isSlow: boolean, nowMs: number): void {
    if (nowMs > this.#endMs) {
      this.stop();
      return;
    }
    this.#calls++;
    if (isSlow) this.#slow++;
    if (this.#calls < TRIED_CALLS) return;
    if (this.#slow < MOST_SLOW) {
      this.#pauseMs = LEAST_PAUSE_MS;
      this.#slow = this.#calls = 0;
      return;
    }
    this.stop();
    this.#notBeforeMs = nowMs + this.#pauseMs;
    this.#pauseMs = Math.min(MOST_PAUSE_MS, 2 * this.#pauseMs);
  }
}

/** How many bits are set. */
export function ones(bits: number): number {
  let count = 0;
  for (let rest = bits; rest > 0; rest >>= 1) count += rest & 1;
  return count;
}
