#!/usr/bin/env node
import { readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { ExitStatus } from './exit-status.js';

const USAGE = `Usage: thingsdb-lock run NAME [options] -- COMMAND [ARGUMENT...]
       thingsdb-lock dev-server [--port N] [--tcp-port N]

  run          runs a command while holding a lock on ThingsDB, as flock(1) does
  dev-server   a ThingsDB for tests, demos and development; keeps nothing on disk

  --help       shows this; with a subcommand, what that takes
  --version    shows the version`;

async function main(args: string[]): Promise<number> {
  const [subcommand, ...rest] = args;
  switch (subcommand) {
    case 'run':
      return (await import('./run.js')).run(rest);
    case 'dev-server':
      return (await import('./dev-server.js')).devServer(rest);
    case '--help':
    case '-h':
      console.log(USAGE);
      return ExitStatus.ok;
    case '--version':
      console.log(version());
      return ExitStatus.ok;
    default:
      console.error(subcommand === undefined ? USAGE : `unknown subcommand: ${subcommand}\n\n${USAGE}`);
      return ExitStatus.usage;
  }
}

/** From the package's own package.json: above this file, but how far differs between the sources and a build. */
function version(): string {
  let folder = path.dirname(realpathSync(process.argv[1] ?? '.'));
  for (;;) {
    const found = packageJson(path.join(folder, 'package.json'));
    if (found?.name === 'thingsdb-lock' && found.version !== undefined) return found.version;
    const parent = path.dirname(folder);
    if (parent === folder) return 'unknown';
    folder = parent;
  }
}

function packageJson(file: string): { name?: string; version?: string } | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as { name?: string; version?: string };
  } catch {
    return undefined;
  }
}

void main(process.argv.slice(2)).then((status) => (process.exitCode = status));
