import { excerpt } from '../chaos/excerpt.js';
import { drawViolation } from '../chaos/picture.js';
import { Simulation, type SimulationOptions, type SimulationResult } from './simulation.js';

/** What goes wrong once mostly does so in several ways. */
const MOST_SHOWN = 3;

/** What a run is of, besides its seed. */
export type RunOptions = Pick<SimulationOptions, 'code' | 'kind'>;

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
    const different = new Map(violations.map((one) => [one.what, one]));
    const shown = [...different.values()]
      .slice(0, MOST_SHOWN)
      .flatMap((one) => [excerpt(one, run), ...drawViolation(one, run)]);
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

/** Everything that happens in a run, in its order, a line each: what the server does, and what the processes note. */
export function traceOf(seed: number, options: RunOptions = {}): string[] {
  const lines: { readonly atMs: number; readonly text: string }[] = [];
  const trace = (atMs: number, what: string): void => void lines.push({ atMs, text: `server   ${what}` });
  const { records } = new Simulation({ seed, ...options, trace }).run();
  for (const { atMs, process, event, ...facts } of records)
    lines.push({ atMs, text: `${process.padEnd(8)} ${event} ${JSON.stringify(facts)}` });
  return lines
    .sort((one, other) => one.atMs - other.atMs)
    .map(({ atMs, text }) => `${atMs.toFixed(2).padStart(10)} ${text}`);
}
