import { backOffMs } from '../../../lib/connection/back-off.js';

const many = (attempt: number, mostMs?: number): number[] =>
  Array.from({ length: 200 }, () => backOffMs(attempt, mostMs));

it('the first tries after a loss are spread over 200 ms', () => {
  const delays = many(1);
  expect(Math.min(...delays)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...delays)).toBeLessThanOrEqual(200);
  // Of 60 managers that have lost the same node no more than a few come in the same 20 ms.
  const sixty = delays.slice(0, 60);
  const most = Math.max(...sixty.map((ms) => sixty.filter((other) => Math.abs(other - ms) <= 10).length));
  expect(most).toBeLessThan(25);
});

it('tries get rarer, up to two seconds', () => {
  for (let attempt = 2; attempt < 12; attempt++) {
    const most = Math.max(...many(attempt));
    expect(most).toBeLessThanOrEqual(Math.min(2_000, 50 * 2 ** (attempt - 1)));
    expect(Math.min(...many(attempt))).toBeGreaterThanOrEqual(Math.min(2_000, 50 * 2 ** (attempt - 1)) / 2);
  }
});

it('tries come as often as somebody needs them, but no more often than each eighth of a second', () => {
  expect(Math.max(...many(1, 400))).toBeLessThanOrEqual(100);
  expect(Math.max(...many(20, 400))).toBeLessThanOrEqual(400);
  expect(Math.min(...many(20, 1))).toBeGreaterThanOrEqual(125);
});
