import { drawViolation } from '../chaos/picture.js';
import type { Kind } from './plans.js';
import { Simulation, type SimulationResult } from './simulation.js';

/** What a run is of, besides its seed. */
export interface RunOptions {
  /** The code that installs the schema. */
  readonly code?: string | undefined;
  /** Of this kind, instead of the one that the seed would choose. */
  readonly kind?: Kind | undefined;
}

/** One run. */
export function runOf(seed: number, options: RunOptions = {}): SimulationResult {
  return new Simulation({ seed, ...options }).run();
}

/** What is wrong with a run, for people; `undefined` if nothing is. */
export function wrongWith(seed: number, options: RunOptions = {}): string | undefined {
  const again = `SIMULATION_SEED=${seed} npx jest spec/simulation/seeds`;
  try {
    const { violations, run } = runOf(seed, options);
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
export function firstFound(seeds: number, options: RunOptions = {}): number | undefined {
  for (let seed = 1; seed <= seeds; seed++) if (wrongWith(seed, options) !== undefined) return seed;
  return undefined;
}
