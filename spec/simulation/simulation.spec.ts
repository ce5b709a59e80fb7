/**
 * Clients, network and server together, under one clock, from one seed: thousands of runs, each checked by the rules of
 * the chaos runs, which know the documented guarantees and nothing of how they are kept. A run that breaks one can be
 * repeated to the step:
 *
 *     SIMULATION_SEED=83 npx jest spec/simulation
 *
 * `SIMULATION_SEEDS` sets another number of runs; `SIMULATION_FIRST` where they begin.
 */
import { drawViolation } from '../chaos/picture.js';
import { Simulation, type SimulationResult } from './simulation.js';
import { WRONG_CLIENTS } from './wrong-clients.js';
import { installCodeOf, WRONG_SERVERS } from './wrong-servers.js';

const { SIMULATION_SEED, SIMULATION_SEEDS = '1500', SIMULATION_FIRST = '1' } = process.env;
const FIRST = Number(SIMULATION_SEED ?? SIMULATION_FIRST);
const COUNT = SIMULATION_SEED === undefined ? Number(SIMULATION_SEEDS) : 1;
const LIMIT_MS = 1_800_000;
/** Whoever is wrong is found in so many; most in the first. */
const WRONG_SEEDS = 3_000;

const of = (seed: number, code?: string): Promise<SimulationResult> => new Simulation({ seed, code }).run();

/** What is wrong with a run, for people; `undefined` if nothing is. */
async function wrongWith(seed: number, code?: string): Promise<string | undefined> {
  const again = `SIMULATION_SEED=${seed} npx jest spec/simulation`;
  try {
    const { violations, run } = await of(seed, code);
    if (violations.length === 0) return undefined;
    const shown = violations
      .slice(0, 3)
      .flatMap((one) => [`${one.rule}: ${one.what}`, ...drawViolation(one, run)]);
    return [again, ...shown].join('\n');
  } catch (error) {
    return `${again}\n${error instanceof Error ? error.stack : String(error)}`;
  }
}

/** The first seed of those that finds something. */
async function firstFound(code?: string): Promise<number | undefined> {
  for (let seed = 1; seed <= WRONG_SEEDS; seed++)
    if ((await wrongWith(seed, code)) !== undefined) return seed;
  return undefined;
}

test(
  `${COUNT} runs keep every guarantee`,
  async () => {
    for (let seed = FIRST; seed < FIRST + COUNT; seed++) {
      const wrong = await wrongWith(seed);
      if (wrong !== undefined) throw new Error(wrong);
    }
  },
  LIMIT_MS,
);

test('the same seed gives the same run, to the step', async () => {
  const [first, second] = [await of(7), await of(7)];
  expect(second.steps).toBe(first.steps);
  expect(second.records).toEqual(first.records);
  expect(first.run.grants.length).toBeGreaterThan(5);
});

test('runs are as different as they should be: every kind of fault and of outcome happens', async () => {
  const seen = new Set<string>();
  for (let seed = 1; seed <= 60; seed++) {
    for (const record of (await of(seed)).records) {
      if (record.event === 'fault-began') seen.add(record.kind);
      if (record.event === 'rejected') seen.add(record.code);
      if (record.event === 'signal-aborted') seen.add(record.reason);
      if (record.event === 'released') seen.add(`released ${String(record.result)}`);
    }
  }
  const wanted = [
    ...['cut', 'delay', 'silence', 'stop-holder', 'kill-holder', 'step-clock', 'freeze-server', 'restart'],
    ...['restart-with-loss', 'busy', 'LOCK_TIMEOUT', 'TimeoutError', 'expired', 'stolen', 'released true'],
    'released false',
  ];
  expect(wanted.filter((one) => !seen.has(one))).toEqual([]);
});

describe('it finds a server that', () => {
  test.each(WRONG_SERVERS)(
    '$does',
    async (wrong) => {
      expect(await firstFound(installCodeOf(wrong))).toBeDefined();
    },
    LIMIT_MS,
  );
});

describe('it finds a client that', () => {
  test.each(WRONG_CLIENTS)(
    '$does',
    async ({ put }) => {
      const takeOut = put();
      try {
        expect(await firstFound()).toBeDefined();
      } finally {
        takeOut();
      }
    },
    LIMIT_MS,
  );
});
