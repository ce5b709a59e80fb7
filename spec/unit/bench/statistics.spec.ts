import {
  countHandOvers,
  countInversions,
  countOverlaps,
  jainIndex,
  quantile,
  summarize,
  type Turn,
} from '../../../bench/statistics.js';

/** Asked, granted and released at these milliseconds; sent when it was asked for. */
function turn(process: number, askedMs: number, grantedMs: number, releasedMs = grantedMs): Turn {
  return { process, askedMs, sentMs: askedMs, grantedMs, releasedMs };
}

describe('what the benchmarks tell of many samples', () => {
  it('a quantile lies between two samples by proportion', () => {
    expect(quantile([1, 2, 3, 4], 0.5)).toBe(2.5);
    expect(quantile([1, 2, 3, 4, 5], 0.25)).toBe(2);
    expect(quantile([7], 0.99)).toBe(7);
    expect(quantile([], 0.5)).toBeNaN();
  });

  it('a summary is of the samples in any order, as numbers', () => {
    expect(summarize([10, 9, 100, 1, 8])).toEqual({ count: 5, min: 1, q1: 8, median: 9, q3: 10, max: 100 });
    expect(summarize([])).toBeUndefined();
  });

  it("Jain's index is 1 when all have the same, and 1/n when one has it all", () => {
    expect(jainIndex([5, 5, 5, 5])).toBe(1);
    expect(jainIndex([8, 0, 0, 0])).toBe(0.25);
    expect(jainIndex([1, 2, 3])).toBeCloseTo(36 / 42);
  });

  it('a hand-over is a grant to another process than the one before', () => {
    const turns = [turn(0, 0, 1), turn(1, 0, 2), turn(1, 2, 3), turn(0, 1, 4)];
    expect(countHandOvers(turns)).toBe(2);
    expect(countHandOvers([...turns].reverse())).toBe(2);
  });

  it('grants in the order of the requests have no inversion', () => {
    const turns = Array.from({ length: 50 }, (_, i) => turn(i % 8, i * 3, i * 3 + 24));
    expect(countInversions(turns)).toBe(0);
  });

  it('a grant that overtakes a request which was surely there first is an inversion', () => {
    expect(countInversions([turn(0, 0, 20), turn(1, 5, 10)])).toBe(1);
    // Two overtake the same one.
    expect(countInversions([turn(0, 0, 30), turn(1, 5, 10), turn(2, 6, 12)])).toBe(2);
  });

  it('requests that crossed on their way are none', () => {
    expect(countInversions([turn(0, 0, 20), turn(1, 1, 10)])).toBe(0);
    // Asked for early, but seen to be sent only after the other.
    expect(countInversions([{ ...turn(0, 0, 20), sentMs: 6 }, turn(1, 5, 10)])).toBe(0);
  });

  it('two who hold at once overlap', () => {
    expect(countOverlaps([turn(0, 0, 1, 5), turn(1, 0, 4, 6)])).toBe(1);
    expect(countOverlaps([turn(0, 0, 1, 4), turn(1, 0, 4, 6)])).toBe(0);
  });
});
