/**
 * `npm run chaos`: many processes take locks while faults are injected, and what they noted is checked against the
 * guarantees. Exit code 0: none was broken; 1: one was, with the seed and the part of the history that shows it; 2: a run
 * could not be carried out.
 */
import { commandOf, parseArguments, USAGE, type ChaosArguments } from './arguments.js';
import { describeBurst } from './burst-report.js';
import { BurstRun, isHarmless, type BurstOptions } from './burst-run.js';
import type { Figures } from './figures.js';
import { describeHang } from './hang-report.js';
import { HangRun, isServed, type HangOptions, type HangResult } from './hang-run.js';
import { judgedRun, type JudgedRun } from './judged-run.js';
import { describeFigures, inOneLine } from './report.js';
import { startServer } from './start-server.js';
import { sumFigures } from './sum-figures.js';

const print = (text: string): void => void process.stdout.write(`${text}\n`);
const complain = (text: string): void => void process.stderr.write(`${text}\n`);

async function main(): Promise<number> {
  const args = process.argv.slice(2);
  const options = optionsOf(args);
  if (options === undefined) return 2;
  if (options.burst !== undefined) return burst(options, options.burst);
  if (options.hang !== undefined) return hang(options, options.hang);
  return interruptibly((signal) => runAll(options, args, signal));
}

/** `undefined` when they are wrong, and it has said why. */
function optionsOf(args: readonly string[]): ChaosArguments | undefined {
  try {
    return parseArguments(args, process.env);
  } catch (error) {
    complain(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return undefined;
  }
}

async function burst(options: ChaosArguments, how: BurstOptions): Promise<number> {
  // A node that dies of it is to be seen, not to be started again.
  const server = await startServer(options);
  try {
    const result = await new BurstRun(server, how).run();
    print(options.isJson ? JSON.stringify(result) : describeBurst(result));
    return isHarmless(result) ? 0 : 1;
  } finally {
    await server.close();
  }
}

async function hang(options: ChaosArguments, how: HangOptions): Promise<number> {
  const results: HangResult[] = [];
  await new HangRun(() => startServer(options), how).run(options.urls.length, (result) => {
    results.push(result);
    if (!options.isJson) print(describeHang(result));
  });
  if (options.isJson) print(JSON.stringify(results));
  return results.every(isServed) ? 0 : 1;
}

/** One run after the other, each with the next seed; then the sum of them. */
async function runAll(
  options: ChaosArguments,
  args: readonly string[],
  signal: AbortSignal,
): Promise<number> {
  const { seed, clusters, isJson } = options;
  const command = commandOf(args, seed);
  if (!isJson) print(command);
  const all: Figures[] = [];
  let code = 0;
  for (let i = 0; i < clusters && !signal.aborted; i++) {
    const run = await judgedRun({ ...options, seed: seed + i }, signal);
    code = Math.max(code, tell(run, clusters > 1 ? [...args, '--clusters', '1'] : args, seed + i));
    if (run.figures === undefined) continue;
    all.push(run.figures);
    if (clusters > 1 && !isJson) print(`seed ${seed + i}: ${inOneLine(run.figures)}`);
  }
  if (all.length === 0) return code;
  const sum = sumFigures(all);
  print(isJson ? JSON.stringify({ seed, command, ...sum }) : `\n${describeFigures(sum)}`);
  return code;
}

/** What was wrong with a run, and what repeats it. */
function tell({ broken, failure, directory }: JudgedRun, args: readonly string[], seed: number): number {
  if (broken !== undefined) complain(`\n${commandOf(args, seed)}\n\n${broken}`);
  // Whether all came to rest cannot be known.
  if (failure !== undefined) complain(`\n${commandOf(args, seed)}\n\n${failure.stack ?? failure.message}`);
  if (directory !== undefined) complain(`the histories are in ${directory}`);
  return failure !== undefined ? 2 : broken !== undefined ? 1 : 0;
}

/** When told to stop no more faults are injected; what has happened by then is checked. */
async function interruptibly<T>(action: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const abort = (): void => stop.abort();
  process.once('SIGINT', abort).once('SIGTERM', abort);
  try {
    return await action(stop.signal);
  } finally {
    process.off('SIGINT', abort).off('SIGTERM', abort);
  }
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    complain(error instanceof Error ? (error.stack ?? error.message) : String(error));
    process.exitCode = 2;
  },
);
