import type { Now } from '../request/inputs.js';

/** Both clocks of this machine. What {@link now} gives is good until it is called again. */
export interface Clock {
  now(): Now;
}

/** One timer at a time, set to a point on the monotonic clock. */
export interface Timer {
  /**
   * Replaces what was set before.
   * @param callback is told up to when everything that came in has been read: `atMs` or later
   */
  set(atMs: number, callback: (readMs: number) => void): void;
  clear(): void;
}

export class SystemClock implements Clock {
  readonly #now = { ms: 0, wallMs: 0 };

  now(): Now {
    this.#now.ms = performance.now();
    this.#now.wallMs = Date.now();
    return this.#now;
  }
}
