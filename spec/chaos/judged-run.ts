import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChaosArguments } from './arguments.js';
import { ChaosRun, harnessHistory } from './chaos-run.js';
import type { OnNodeCrash } from './chaos-server.js';
import { checkHistory } from './check-history.js';
import { figuresOf, type Figures } from './figures.js';
import { readHistory } from './history.js';
import { describeViolations } from './report.js';
import { startServer } from './start-server.js';

/** A run, and what the checker says of it. */
export interface JudgedRun {
  /** `undefined` if it failed before anything was noted. */
  readonly figures: Figures | undefined;
  /** What shows the rules that were broken; `undefined` when none was. */
  readonly broken: string | undefined;
  /** Why it could not be carried out to its end. What had been noted until then has been judged. */
  readonly failure: Error | undefined;
  /** Where the histories are, if they are kept. */
  readonly directory: string | undefined;
}

export async function judgedRun(options: ChaosArguments, signal: AbortSignal): Promise<JudgedRun> {
  const directory = mkdtempSync(join(tmpdir(), 'thingsdb-lock-chaos-'));
  let isKept = true;
  try {
    const failure = await failureOf(contend(options, directory, signal));
    const records = readHistory(directory);
    if (failure !== undefined && records.length === 0) {
      isKept = false;
      return { figures: undefined, broken: undefined, failure, directory: undefined };
    }
    const verdict = checkHistory(records);
    const isWell = verdict.violations.length === 0;
    isKept = options.isKept || !isWell;
    return {
      figures: figuresOf(verdict),
      broken: isWell ? undefined : describeViolations(verdict),
      failure,
      directory: isKept ? directory : undefined,
    };
  } finally {
    if (!isKept) rmSync(directory, { recursive: true });
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

/** What it rejects with. */
function failureOf(run: Promise<void>): Promise<Error | undefined> {
  return run.then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );
}
