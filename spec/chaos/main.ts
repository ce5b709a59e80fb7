/**
 * `npm run chaos`: many processes take locks while faults are injected, and what they noted is checked against the
 * guarantees. Exit code 0: none was broken; 1: one was, with the seed and the part of the history that shows it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Auth } from '../../lib/index.js';
import { commandOf, parseArguments, USAGE, type ChaosArguments } from './arguments.js';
import { describeBurst } from './burst-report.js';
import { BurstRun, isHarmless, type BurstOptions } from './burst-run.js';
import { ChaosRun, harnessHistory } from './chaos-run.js';
import type { ChaosServer, OnNodeCrash } from './chaos-server.js';
import { checkHistory } from './check-history.js';
import { EmbeddedServer } from './embedded-server.js';
import { figuresOf } from './figures.js';
import { readHistory } from './history.js';
import { RealServer } from './real-server.js';
import { describeFigures, describeViolations } from './report.js';

const print = (text: string): void => void process.stdout.write(`${text}\n`);
const complain = (text: string): void => void process.stderr.write(`${text}\n`);

async function main(): Promise<number> {
  const args = process.argv.slice(2);
  const options = optionsOf(args);
  if (options === undefined) return 2;
  const directory = mkdtempSync(join(tmpdir(), 'thingsdb-lock-chaos-'));
  const { seed, isJson } = options;
  if (options.burst !== undefined) return burst(options, options.burst);
  const command = commandOf(args, seed);
  if (!isJson) print(command);
  let isKept = true;
  try {
    const failure = await failureOf(interruptibly((signal) => contend(options, directory, signal)));
    const records = readHistory(directory);
    if (failure !== undefined && records.length === 0) throw failure;
    const verdict = checkHistory(records);
    const figures = figuresOf(verdict);
    const isWell = verdict.violations.length === 0;
    isKept = options.isKept || !isWell;
    print(isJson ? JSON.stringify({ seed, command, ...figures }) : `\n${describeFigures(figures)}`);
    if (!isWell) complain(`\n${command}\n\n${describeViolations(verdict)}`);
    // What had been noted until then is worth looking at; whether all came to rest cannot be known.
    if (failure !== undefined) throw failure;
    return isWell ? 0 : 1;
  } finally {
    if (isKept) complain(`the histories are in ${directory}`);
    else rmSync(directory, { recursive: true });
  }
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

async function contend(options: ChaosArguments, directory: string, signal: AbortSignal): Promise<void> {
  const late: { onCrash?: OnNodeCrash } = {};
  const server = await startServer(options, (...crash) => late.onCrash?.(...crash));
  try {
    const run = new ChaosRun(server, { ...options, directory, signal }, harnessHistory(directory));
    late.onCrash = run.nodeCrashed;
    await run.run();
  } finally {
    await server.close();
  }
}

function startServer(
  { backend, urls, commands, isLingering }: ChaosArguments,
  onCrash?: OnNodeCrash,
): Promise<ChaosServer> {
  if (backend === 'embedded') return EmbeddedServer.start();
  return RealServer.start({ urls, commands, isLingering, auth: authOf(process.env) }, onCrash);
}

function authOf(environment: NodeJS.ProcessEnv): Auth {
  const { THINGSDB_TOKEN: token, THINGSDB_USER: username, THINGSDB_PASSWORD: password } = environment;
  if (token !== undefined) return { token };
  return { username: username ?? 'admin', password: password ?? 'pass' };
}

/** What it rejects with. */
function failureOf(run: Promise<void>): Promise<Error | undefined> {
  return run.then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );
}

/** When told to stop no more faults are injected; what has happened by then is checked. */
async function interruptibly(action: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const abort = (): void => stop.abort();
  process.once('SIGINT', abort).once('SIGTERM', abort);
  try {
    await action(stop.signal);
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
