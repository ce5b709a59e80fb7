/** So often in a row at once. */
const FREE_TIMES = 3;
const FIRST_PAUSE_MS = 50;
const MOST_PAUSE_MS = 1_000;
/** After so long without, all is as at first. */
const QUIET_MS = 10_000;

/**
 * When something may be done that a server makes necessary by a word. The first few times are at once, later ones up to
 * a second apart. So no server sets the pace.
 */
export class Cooldown {
  #times = 0;
  #lastMs = -Infinity;

  /** Counts one time; returns when it may be. */
  next(nowMs: number): number {
    if (nowMs - this.#lastMs > QUIET_MS) this.#times = 0;
    const pauses = this.#times++ - FREE_TIMES;
    const pauseMs = pauses < 0 ? 0 : Math.min(MOST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** pauses);
    this.#lastMs = Math.max(nowMs, this.#lastMs + pauseMs);
    return this.#lastMs;
  }
}
