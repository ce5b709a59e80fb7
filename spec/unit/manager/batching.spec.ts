import { Batching } from '../../../lib/manager/batching.js';
import { Random } from '../../chaos/random.js';

const TASKS = 64;
const SEEDS = Array.from({ length: 8 }, (_, i) => i + 1);

/** How long it takes until so many calls that are made at once are answered, in milliseconds. */
type Latency = (calls: number, random: () => number) => number;

interface Played {
  readonly perSecond: number;
  /** How much of the time calls went apart. */
  readonly apart: number;
}

interface Way {
  readonly isTogether: boolean;
  most(operations: number): number;
  answered(wasTogether: boolean, operations: number, sentMs: number, nowMs: number): void;
}

/** One of the two ways, whatever is learned. */
const always = (isTogether: boolean): Way => ({
  isTogether,
  most: (operations) => (isTogether ? operations : Math.ceil(operations / 16)),
  answered: () => undefined,
});

/** 64 tasks, each of which asks again when it has its answer, from one moment to another. */
function play(way: Way, latency: Latency, fromMs: number, toMs: number, random: () => number): Played {
  let nowMs = fromMs;
  let operations = 0;
  let apartMs = 0;
  while (nowMs < toMs) {
    const { isTogether } = way;
    const each = Math.min(TASKS, way.most(TASKS));
    const calls = Math.ceil(TASKS / each);
    const tookMs = latency(calls, random);
    const sentMs = nowMs;
    // The answers come one after the other.
    for (let call = 1; call <= calls; call++)
      way.answered(isTogether, each, sentMs, sentMs + (tookMs * call) / calls);
    nowMs += tookMs;
    operations += TASKS;
    if (calls > 1) apartMs += tookMs;
  }
  return { perSecond: (operations / (nowMs - fromMs)) * 1_000, apart: apartMs / (nowMs - fromMs) };
}

const randomOf = (seed: number): (() => number) => {
  const random = new Random(seed);
  return () => random.next();
};

/** A cluster without `quickack`: a change that is made alone is acknowledged late more often than not; others stall at times. */
const cluster: Latency = (calls, random) => {
  if (calls === 1) return random() < 0.55 ? 42 : 1.5;
  return random() < 0.05 ? 46 : 3 + 2 * random();
};
/** The same on a machine with much else to do. */
const busyCluster: Latency = (calls, random) => cluster(calls, random) + 0.5 * calls * random();
/** One node. A call costs it something besides what its operations cost. */
const node =
  (ms: number): Latency =>
  (calls) =>
    ms + calls * 0.04;
/** One node that answers nobody at times. */
const stallingNode: Latency = (calls, random) => node(1)(calls, random) + (random() < 0.005 ? 60 : 0);

describe.each([
  ['a cluster that acknowledges late', cluster],
  ['such a cluster on a busy machine', busyCluster],
])('on %s', (_, latency) => {
  it.each(SEEDS)('small calls are found to be quicker within 200 ms, and kept (seed %i)', (seed) => {
    const random = randomOf(seed);
    const batching = new Batching();
    play(batching, latency, 0, 200, random);
    const apart = play(always(false), latency, 0, 20_000, randomOf(seed)).perSecond;
    const together = play(always(true), latency, 0, 20_000, randomOf(seed)).perSecond;
    const learned = play(batching, latency, 200, 20_200, random);
    expect(learned.apart).toBeGreaterThan(0.93);
    expect(learned.perSecond).toBeGreaterThan(0.9 * apart);
    expect(learned.perSecond).toBeGreaterThan(2 * together);
  });
});

it.each([1, 0.1])('where each call takes %d ms all travel together', (ms) => {
  const random = randomOf(1);
  const batching = new Batching();
  expect(play(batching, node(ms), 0, 3_000, random).apart).toBe(0);
});

it.each(SEEDS)('on a node that stalls at times they go on travelling together (seed %i)', (seed) => {
  const random = randomOf(seed);
  const together = play(always(true), stallingNode, 0, 20_000, randomOf(seed)).perSecond;
  const learned = play(new Batching(), stallingNode, 0, 20_000, random);
  expect(learned.apart).toBeLessThan(0.25);
  expect(learned.perSecond).toBeGreaterThan(0.9 * together);
});

it.each(SEEDS)('a cluster whose changes have become quick is found out within a minute (seed %i)', (seed) => {
  const random = randomOf(seed);
  const batching = new Batching();
  play(batching, cluster, 0, 60_000, random);
  play(batching, node(1), 60_000, 120_000, random);
  expect(play(batching, node(1), 120_000, 130_000, random).apart).toBeLessThan(0.05);
});

it.each(SEEDS)('one whose changes have become slow is found out within 10 s (seed %i)', (seed) => {
  const random = randomOf(seed);
  const batching = new Batching();
  play(batching, node(1), 0, 5_000, random);
  play(batching, cluster, 5_000, 15_000, random);
  expect(play(batching, cluster, 15_000, 25_000, random).apart).toBeGreaterThan(0.9);
});

it.each([
  ['one of a thousand operations', 1_000, true],
  ['one of 64', 64, false],
])('30 ms are slow for a small call, not for a large one: %s', (_, operations, isTogether) => {
  const batching = new Batching();
  for (let atMs = 0; atMs < 60_000; atMs += 10_000) batching.answered(true, operations, atMs, atMs + 30);
  expect(batching.isTogether).toBe(isTogether);
});

/** Two slow calls, after which small ones are tried. */
function onTrial(): Batching {
  const batching = new Batching();
  batching.answered(true, 64, 0, 42);
  batching.answered(true, 64, 42, 84);
  expect(batching.isTogether).toBe(false);
  return batching;
}

it('a trial that finds nothing to do is over after 5 s: what is asked then travels together', () => {
  const batching = onTrial();
  batching.answered(false, 4, 4_000, 4_001);
  expect(batching.isTogether).toBe(false);
  batching.answered(false, 4, 6_000, 6_001);
  expect(batching.isTogether).toBe(true);
  // Not tried again at once.
  for (let atMs = 6_001; atMs < 7_900; atMs += 42) batching.answered(true, 64, atMs, atMs + 42);
  expect(batching.isTogether).toBe(true);
  for (let atMs = 8_001; atMs < 8_200; atMs += 42) batching.answered(true, 64, atMs, atMs + 42);
  expect(batching.isTogether).toBe(false);
});

it('a call that fails ends a trial', () => {
  const batching = onTrial();
  batching.restart();
  expect(batching.isTogether).toBe(true);
});
