import { systemClock } from '../../../lib/testing/system-clock.js';

describe('the clock of the machine', () => {
  it('tells the time, and finer than in milliseconds', () => {
    expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(1000);
    const times = Array.from({ length: 1000 }, () => systemClock.now());
    expect(times.some((time) => !Number.isInteger(time))).toBe(true);
  });

  it('never calls back before the time has come', async () => {
    for (const waitMs of [0, 0.4, 1.3, 5.7]) {
      const atMs = systemClock.now() + waitMs;
      await new Promise<void>((resolve) => systemClock.at(atMs, resolve));
      expect(systemClock.now()).toBeGreaterThanOrEqual(atMs);
    }
  });

  it('is not stopped by fake timers', async () => {
    jest.useFakeTimers();
    try {
      await new Promise<void>((resolve) => systemClock.at(systemClock.now() + 1, resolve));
    } finally {
      jest.useRealTimers();
    }
  });

  it('can be told to wait longer than a timer can', () => {
    let isEarly = false;
    const cancel = systemClock.at(systemClock.now() + 2 ** 40, () => (isEarly = true));
    cancel();
    expect(isEarly).toBe(false);
  });
});
