import { Nudging } from '../../../lib/manager/nudging.js';

let nowMs: number;
let nudging: Nudging;
/** After the last call. */
let isNudged: boolean;

beforeEach(() => {
  nowMs = 0;
  nudging = new Nudging();
  isNudged = false;
});

/** So many calls, one after the other. Tells after how many of them the nodes were nudged. */
function play(calls: number, tookMs: () => number): number {
  let nudged = 0;
  for (let i = 0; i < calls; i++) {
    const ms = tookMs();
    nowMs += ms;
    isNudged = nudging.answered(ms > 10, nowMs - ms, nowMs);
    if (isNudged) nudged++;
  }
  return nudged;
}

const slow = (): number => 42;
const quick = (): number => 1;
/** Quick after a nudge, as on a cluster that acknowledges late. */
const mended = (): number => (isNudged ? 1 : 42);

it('begins after two slow calls, and goes on while it helps', () => {
  expect(play(1_000, mended)).toBe(999);
});

it('does not begin where one call of four is slow', () => {
  let call = 0;
  expect(play(1_000, () => (call++ % 4 === 0 ? 42 : 1))).toBe(0);
});

it('ends after 16 calls of which half are slow all the same, and is tried ever less often', () => {
  const tried: boolean[] = [];
  while (nowMs < 300_000) tried.push(play(1, slow) === 1);
  // Each trial is 16 calls of 42 ms; the pauses between them are 1, 2, 4 ... 64, 64, 64 s.
  const trials = tried.filter((isOn, i) => isOn && tried[i - 1] !== true).length;
  expect(trials).toBe(10);
  expect(tried.filter(Boolean).length).toBeLessThanOrEqual(16 * trials);
});

it('what has become quick by itself is nudged for half a minute at most', () => {
  play(2, slow);
  expect(isNudged).toBe(true);
  play(30_001, quick);
  expect(isNudged).toBe(false);
  expect(play(1_000, quick)).toBe(0);
});

it('where it is needed it goes on after that half minute, two slow calls later', () => {
  const calls = 100_000;
  expect(calls - play(calls, mended)).toBeLessThan(calls / 5_000);
});

it('what cannot be done is over at once, and begins again after two slow calls', () => {
  play(2, slow);
  nudging.stop();
  expect(play(1, slow)).toBe(0);
  expect(play(1, slow)).toBe(1);
});

it('has helped once 16 calls were found to be quick with it, until it ends', () => {
  play(2, slow);
  play(15, quick);
  expect(nudging.hasHelped).toBe(false);
  play(1, quick);
  expect(nudging.hasHelped).toBe(true);
  nudging.stop();
  expect(nudging.hasHelped).toBe(false);
});

it('has not helped where calls stay slow', () => {
  const helped: boolean[] = [];
  while (nowMs < 300_000) {
    play(1, slow);
    helped.push(nudging.hasHelped);
  }
  expect(helped).not.toContain(true);
});

it('calls that were on their way when it began say nothing of whether it helps', () => {
  nowMs = 42;
  for (let i = 0; i < 64; i++) isNudged = nudging.answered(true, 0, nowMs);
  expect(isNudged).toBe(true);
  play(16, quick);
  expect(nudging.hasHelped).toBe(true);
});
