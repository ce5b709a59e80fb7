import { runNode } from '../support/run-node.js';

const { SIMULATION_SEED, SIMULATION_SEEDS = '10000', SIMULATION_FIRST = '1' } = process.env;
const LIMIT_MS = 1_800_000;

/**
 * Every other of the seeds, so that two files share them and Jest runs both at once. A run has clients, network and
 * server together, under one clock, from one seed. The rules of the chaos runs check it. They know the documented
 * guarantees, and nothing of how these are kept. A run that breaks one can be repeated to the step:
 *
 *     SIMULATION_SEED=83 npx jest spec/simulation/seeds
 *
 * `SIMULATION_SEEDS` sets another number of runs; `SIMULATION_FIRST` where they begin. They run in a process of their
 * own, bundled. In Jest, which wraps every module and every global, they take half as long again.
 *
 * @param rest of a seed divided by two
 */
export function testSeeds(rest: 0 | 1): void {
  const from = Number(SIMULATION_SEED ?? SIMULATION_FIRST);
  const first = from % 2 === rest ? from : from + 1;
  const seeds = Number(SIMULATION_SEED === undefined ? SIMULATION_SEEDS : 1) - (first - from);
  (seeds <= 0 ? test.skip : test)(
    seeds === 1 ? `seed ${first} keeps every guarantee` : 'every other seed keeps every guarantee',
    async () => {
      const options = Object.entries({ first, seeds, every: 2 }).map(([name, value]) => `--${name}=${value}`);
      const program = ['scripts/run-bundled.mjs', 'spec/simulation/main.ts'];
      const { status, output } = await runNode([...program, ...options], {}, LIMIT_MS);
      if (status !== 0) throw new Error(output);
    },
    LIMIT_MS,
  );
}
