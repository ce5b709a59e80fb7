import { execFile } from 'node:child_process';
import { join } from 'node:path';

export const REPOSITORY = join(__dirname, '../..');

/** How a process ended and what it wrote, both streams together. */
export interface Outcome {
  readonly status: number;
  readonly output: string;
}

/** Runs Node in the repository's folder, without what Jest has set up for its own workers. */
export function runNode(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  limitMs = 60_000,
): Promise<Outcome> {
  const {
    NODE_OPTIONS: _options,
    JEST_WORKER_ID: _worker,
    NODE_TEST_CONTEXT: _context,
    ...own
  } = process.env;
  const options = { cwd: REPOSITORY, timeout: limitMs, env: { ...own, ...env }, maxBuffer: 64 * 1024 * 1024 };
  return new Promise((resolve) => {
    execFile(process.execPath, args, options, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : 1, output: stdout + stderr });
    });
  });
}
