#!/usr/bin/env node
import { CommanderError } from 'commander';
import { ExitStatus } from './exit-status.js';
import { ownPackage } from './own-package.js';
import { createProgram } from './program.js';

/** SIGPIPE: whoever read what is written has gone. */
const PIPE_STATUS = 141;
/** The only command that takes a command of its own. */
const RUN = 'run';

async function main(args: readonly string[]): Promise<number> {
  const [own, behindDashes] = split(args);
  let status: number = ExitStatus.ok;
  const program = createProgram({
    env: process.env,
    behindDashes: own[0] === RUN ? behindDashes : undefined,
    version: version(),
    isJson: own.includes('--json'),
    exit: (given) => (status = given),
  });
  try {
    await program.parseAsync(own[0] === RUN ? own : args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // It has said what is wrong, or has shown the help that was asked for.
    return error.exitCode === 0 ? ExitStatus.ok : ExitStatus.usage;
  }
  return status;
}

/** At the first `--`. */
function split(args: readonly string[]): [before: readonly string[], behind: readonly string[] | undefined] {
  const dashes = args.indexOf('--');
  return dashes === -1 ? [args, undefined] : [args.slice(0, dashes), args.slice(dashes + 1)];
}

/** Of this package. */
function version(): string {
  return ownPackage()?.version ?? 'unknown';
}

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(PIPE_STATUS);
});
void main(process.argv.slice(2)).then((status) => (process.exitCode = status));
