import fc from 'fast-check';
import { ServerClock } from '../../../lib/manager/server-clock.js';

describe('ServerClock', () => {
  it('puts a point of the server at the earliest moment that the exchange allows', () => {
    const clock = new ServerClock();
    clock.sync(1000, 1100, 500, 5_000_000);
    expect(clock.earliest(5_000_000)?.ms).toBe(1000);
    expect(clock.earliest(5_250_000)?.ms).toBe(1250);
  });

  it('is never late, whenever within the exchange the server looked at its clock', () => {
    const within = fc.double({ min: 0, max: 1, noNaN: true });
    const delay = fc.integer({ min: -100_000, max: 100_000 });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10_000 }), within, delay, (roundTripMs, part, delayMs) => {
        // The server's clock is 1,000 s ahead of ours.
        const serverUs = (monotonicMs: number): number => (monotonicMs + 1_000_000) * 1000;
        const clock = new ServerClock();
        clock.sync(2000, 2000 + roundTripMs, 500, serverUs(2000 + roundTripMs * part));
        const trueMs = 2000 + delayMs;
        expect(clock.earliest(serverUs(trueMs))?.ms).toBeLessThanOrEqual(trueMs + 1e-3);
      }),
    );
  });

  it('knows nothing before the first exchange', () => {
    expect(new ServerClock().earliest(1)).toBeUndefined();
  });

  it('tells the same moment on the wall clock, as that stood when the call was sent', () => {
    const clock = new ServerClock();
    clock.sync(1000, 1100, 500, 5_000_000);
    expect(clock.earliest(5_250_000)).toEqual({ ms: 1250, wallMs: 1750 });
  });

  it('goes by the newest exchange, where the server’s clock is another than before', () => {
    const clock = new ServerClock();
    clock.sync(1000, 1100, 500, 1_000_000);
    clock.sync(2000, 2100, 500, 9_000_000);
    expect(clock.earliest(9_000_000)?.ms).toBe(2000);
  });

  it('is not set back by an answer that came late', () => {
    const clock = new ServerClock();
    clock.sync(2000, 2100, 500, 9_000_000);
    clock.sync(1000, 1100, 500, 1_000_000);
    expect(clock.earliest(9_000_000)?.ms).toBe(2000);
  });

  it('goes by the exchange that tells most, for ten seconds: not by an answer that was long on its way', () => {
    const clock = new ServerClock();
    clock.sync(1000, 1100, 500, 5_000_000);
    clock.sync(1500, 3000, 500, 6_900_000);
    expect(clock.earliest(7_000_000)?.ms).toBe(3000);
    // When that answer was decided is known better than by the call itself; unless it was here before, by another clock.
    expect(clock.momentMs(6_900_000, 1500, 3000, 500)).toBe(2900);
    expect(clock.momentMs(6_900_000, 1500, 2800, 500)).toBe(1500);
    clock.sync(11_200, 13_000, 500, 15_250_000);
    expect(clock.earliest(15_250_000)?.ms).toBe(11_200);
    expect(clock.momentMs(4_000_000, 900, 1200, 500)).toBe(900);
  });

  it('does not go by an exchange from before the machine has slept', () => {
    const clock = new ServerClock();
    clock.sync(1000, 1100, 500, 5_000_000);
    // By both clocks together it has slept for 600 ms since then.
    expect(clock.momentMs(6_100_000, 1200, 2500, 1100)).toBe(1200);
    // Had it not slept:
    expect(clock.momentMs(6_100_000, 1200, 2500, 500)).toBe(2100);
    clock.sync(1200, 2500, 1100, 6_100_000);
    expect(clock.earliest(6_100_000)?.ms).toBe(1200);
  });
});
