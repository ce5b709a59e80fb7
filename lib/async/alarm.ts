import { afterReading } from './after-reading.js';
import { detached } from './detached.js';

const MAX_DELAY_MS = 2 ** 31 - 1;

/**
 * One timer at a time, set to a point on the monotonic clock (`performance.now()`), however far away.
 * Never early; it does not keep the process alive. It rings in nobody's asynchronous context, and keeps none in memory.
 *
 * Whatever had come in when it was due has been read when it rings, even after a blocked event loop.
 */
export class Alarm {
  #timer: NodeJS.Timeout | undefined;
  /** Which setting of it is the last: an earlier one that is about to ring does not. */
  #settings = 0;
  #isSet = false;

  /** Whether it is going to ring. */
  get isSet(): boolean {
    return this.#isSet;
  }

  /**
   * Replaces what was set before. A point in the past means soon.
   * @param callback is told up to when everything has been read, on the monotonic clock: `atMs` or later
   */
  set(atMs: number, callback: (readMs: number) => void): void {
    this.clear();
    if (atMs === Infinity) return;
    this.#isSet = true;
    const delayMs = Math.ceil(atMs - performance.now());
    const isWithinReach = delayMs <= MAX_DELAY_MS;
    const ring = (): void => {
      this.#timer = undefined;
      if (isWithinReach) this.#ringAfterReading(callback);
      else this.set(atMs, callback);
    };
    this.#timer = detached(() => setTimeout(ring, Math.max(0, isWithinReach ? delayMs : MAX_DELAY_MS)));
    this.#timer.unref();
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isSet = false;
    this.#settings++;
  }

  #ringAfterReading(callback: (readMs: number) => void): void {
    const setting = this.#settings;
    afterReading((readMs) => {
      if (setting !== this.#settings) return;
      this.#isSet = false;
      callback(readMs);
    });
  }
}
