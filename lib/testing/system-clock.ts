import type { Clock } from '../embedded/engine/engine.js';

/** The longest that a timer of the platform can wait; a longer wait is taken in steps. */
const MAX_TIMER_MS = 2 ** 31 - 1;

// Taken now, while they are real: a test that puts fake timers in place means its own, not the server's.
const { setTimeout, clearTimeout, performance } = globalThis;

/** The time of the machine, with fractions of a millisecond. Its timers keep no process alive. */
export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),

  at(atMs, callback) {
    let timer: ReturnType<typeof setTimeout>;
    const wait = (): void => {
      const leftMs = Math.max(0, atMs - systemClock.now());
      timer = setTimeout(ring, Math.min(Math.ceil(leftMs), MAX_TIMER_MS));
      timer.unref();
    };
    // A timer may fire a fraction too early: the callback must find that its time has come.
    const ring = (): void => (systemClock.now() < atMs ? wait() : callback());
    wait();
    return () => clearTimeout(timer);
  },
};
