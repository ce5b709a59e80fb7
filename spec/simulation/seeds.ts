import { wrongWith } from './search.js';

const { SIMULATION_SEED, SIMULATION_SEEDS = '10000', SIMULATION_FIRST = '1' } = process.env;
const LIMIT_MS = 1_800_000;

/**
 * Every other of the seeds, so that two files share them and Jest runs both at once: clients, network and server
 * together, under one clock, from one seed; each run is checked by the rules of the chaos runs, which know the documented
 * guarantees and nothing of how they are kept. A run that breaks one can be repeated to the step:
 *
 *     SIMULATION_SEED=83 npx jest spec/simulation/seeds
 *
 * `SIMULATION_SEEDS` sets another number of runs; `SIMULATION_FIRST` where they begin.
 *
 * @param rest of a seed divided by two
 */
export function testSeeds(rest: 0 | 1): void {
  const first = Number(SIMULATION_SEED ?? SIMULATION_FIRST);
  const count = SIMULATION_SEED === undefined ? Number(SIMULATION_SEEDS) : 1;
  const seeds = Array.from({ length: count }, (_, i) => first + i).filter((seed) => seed % 2 === rest);
  const which = seeds.length === 1 ? `seed ${seeds[0]} keeps` : `${seeds.length} seeds keep`;
  (seeds.length === 0 ? test.skip : test)(
    `${which} every guarantee`,
    () => {
      for (const seed of seeds) {
        const wrong = wrongWith(seed);
        if (wrong !== undefined) throw new Error(wrong);
      }
    },
    LIMIT_MS,
  );
}
