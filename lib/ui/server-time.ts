/** How long a difference between two clocks is believed. */
const WINDOW_MS = 60_000;

/**
 * The clock of ThingsDB, as far as it is known here. What is told comes later than it was sent, never earlier. Of what
 * was heard in the last minute or two, the greatest difference is nearest to the truth.
 */
export class ServerTime {
  readonly #clock: () => number;
  #aheadMs: number | undefined;
  #nextAheadMs = -Infinity;
  #windowEndsMs = 0;

  /** @param clock this machine's, in milliseconds since the epoch */
  constructor(clock: () => number = Date.now) {
    this.#clock = clock;
  }

  /** Something was told that ThingsDB has sent at this time. */
  heard(atMs: number): void {
    const nowMs = this.#clock();
    const aheadMs = atMs - nowMs;
    if (nowMs >= this.#windowEndsMs) {
      this.#aheadMs = Math.max(aheadMs, this.#nextAheadMs);
      this.#nextAheadMs = -Infinity;
      this.#windowEndsMs = nowMs + WINDOW_MS;
    }
    this.#aheadMs = Math.max(aheadMs, this.#aheadMs ?? -Infinity);
    this.#nextAheadMs = Math.max(aheadMs, this.#nextAheadMs);
  }

  /** Until something was heard, the clock of this machine. */
  nowMs(): number {
    return this.#clock() + (this.#aheadMs ?? 0);
  }
}
