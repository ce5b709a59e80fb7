import fc from 'fast-check';
import { ServerClock } from '../../../lib/manager/server-clock.js';

describe('ServerClock', () => {
  it('puts a point of the server at the earliest moment that the exchange allows', () => {
    const clock = new ServerClock();
    clock.sync(1000, 500, 5_000_000);
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
        clock.sync(2000, 500, serverUs(2000 + roundTripMs * part));
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
    clock.sync(1000, 500, 5_000_000);
    expect(clock.earliest(5_250_000)).toEqual({ ms: 1250, wallMs: 1750 });
  });

  it('goes by the newest exchange', () => {
    const clock = new ServerClock();
    clock.sync(1000, 500, 1_000_000);
    clock.sync(2000, 500, 9_000_000);
    expect(clock.earliest(9_000_000)?.ms).toBe(2000);
  });

  it('is not set back by an answer that came late', () => {
    const clock = new ServerClock();
    clock.sync(2000, 500, 9_000_000);
    clock.sync(1000, 500, 1_000_000);
    expect(clock.earliest(9_000_000)?.ms).toBe(2000);
  });
});
