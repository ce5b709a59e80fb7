import { detached } from './detached.js';

const MAX_DELAY_MS = 2 ** 31 - 1;

/**
 * One timer at a time, set to a point on the monotonic clock (`performance.now()`), however far away.
 * Never early; it does not keep the process alive. It rings in nobody's asynchronous context, and keeps none in memory.
 */
export class Alarm {
  #timer: NodeJS.Timeout | undefined;

  /** Replaces what was set before. A point in the past means soon. */
  set(atMs: number, callback: () => void): void {
    this.clear();
    if (atMs === Infinity) return;
    const delayMs = Math.ceil(atMs - performance.now());
    const isWithinReach = delayMs <= MAX_DELAY_MS;
    const onTimer = isWithinReach ? callback : () => this.set(atMs, callback);
    const ring = (): void => {
      this.#timer = undefined;
      onTimer();
    };
    this.#timer = detached(() => setTimeout(ring, Math.max(0, isWithinReach ? delayMs : MAX_DELAY_MS)));
    this.#timer.unref();
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
