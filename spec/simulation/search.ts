import { drawViolation } from '../chaos/picture.js';
import { Simulation, type SimulationResult } from './simulation.js';

/** One run. */
export function runOf(seed: number, code?: string): SimulationResult {
  return new Simulation({ seed, code }).run();
}

/** What is wrong with a run, for people; `undefined` if nothing is. */
export function wrongWith(seed: number, code?: string): string | undefined {
  const again = `SIMULATION_SEED=${seed} npx jest spec/simulation/seeds`;
  try {
    const { violations, run } = runOf(seed, code);
    if (violations.length === 0) return undefined;
    const shown = violations
      .slice(0, 3)
      .flatMap((one) => [`${one.rule}: ${one.what}`, ...drawViolation(one, run)]);
    return [again, ...shown].join('\n');
  } catch (error) {
    return `${again}\n${error instanceof Error ? error.stack : String(error)}`;
  }
}

/** The first seed, of so many, that finds something. */
export function firstFound(seeds: number, code?: string): number | undefined {
  for (let seed = 1; seed <= seeds; seed++) if (wrongWith(seed, code) !== undefined) return seed;
  return undefined;
}
