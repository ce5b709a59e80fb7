import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import path from 'node:path';
import type { Conditions } from './result.js';
import { outputOf } from './servers/program.js';

type Chosen = Pick<Conditions, 'rounds' | 'durationMs' | 'processes'>;

/** The last one that changed what is measured, the library; not one that changed the harness or the documents. */
function commitOfLibrary(): string {
  const library = path.join(__dirname, '../lib');
  const commit = outputOf('git', '-C', library, 'log', '-1', '--format=%h', '--', '.');
  if (commit === undefined) return 'unknown';
  const isChanged = outputOf('git', '-C', library, 'status', '--porcelain', '--', '.') !== '';
  return isChanged ? `${commit} with changes` : commit;
}

/** Machine and version, for whoever compares figures. */
export function conditionsNow(chosen: Chosen): Conditions {
  const manifest = readFileSync(path.join(__dirname, '../package.json'), 'utf8');
  const { version } = JSON.parse(manifest) as { version: string };
  return {
    at: new Date().toISOString(),
    version,
    commit: commitOfLibrary(),
    node: process.version,
    kernel: release(),
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    ...chosen,
  };
}
