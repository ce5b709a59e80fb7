import { parseArgs } from 'node:util';
import { SYSTEMS } from './systems/catalogue.js';
import type { LockSystem } from './systems/lock-system.js';
import type { Workload } from './workloads/workload.js';
import { WORKLOADS } from './workloads/workloads.js';

export interface BenchOptions {
  readonly workloads: readonly Workload[];
  readonly systems: readonly LockSystem[];
  readonly rounds: number;
  readonly durationMs: number;
  readonly processes: number;
  /** Where the result is written; workloads that it has already are replaced. */
  readonly out: string | undefined;
  readonly json: boolean;
  readonly nodeOptions: readonly string[];
  /** The library is measured as its sources are, not as it is built. */
  readonly fromSources: boolean;
}

export const USAGE = `npm run bench -- [WORKLOAD ...] [options]

  --systems A,B    only these; all: ${SYSTEMS.map(({ id }) => id).join(', ')}
  --rounds N       of each system, in turn with the others (5)
  --duration MS    of one measurement (1000)
  --processes N    that contend in W3 (8)
  --out FILE       writes the result as JSON; workloads that the file has and that are not run stay
  --json           prints the result as JSON instead of tables
  --sources        measures the library from its sources: slower, but as they are, without a build
  --profile DIR    writes a CPU profile of each measuring process (Node's --cpu-prof)

Workloads: ${WORKLOADS.map(({ id }) => id).join(', ')}; all if none is named.
Servers: THINGSDB_URL and THINGSDB_WS_URL, or THINGSDB_BIN; REDIS_URL, DATABASE_URL, ETCD_URL, or what is installed.`;

/** @throws Error with what is wrong, for the user */
export function parseOptions(args: readonly string[]): BenchOptions | 'help' {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      systems: { type: 'string' },
      rounds: { type: 'string', default: '5' },
      duration: { type: 'string', default: '1000' },
      processes: { type: 'string', default: '8' },
      out: { type: 'string' },
      json: { type: 'boolean', default: false },
      profile: { type: 'string' },
      sources: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const { profile } = values;
  return {
    workloads: chosen('workload', WORKLOADS, positionals),
    systems: chosen('system', SYSTEMS, values.systems?.split(',') ?? []),
    rounds: positive('rounds', values.rounds),
    durationMs: positive('duration', values.duration),
    processes: positive('processes', values.processes),
    out: values.out,
    json: values.json,
    fromSources: values.sources,
    nodeOptions: profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`],
  };
}

function chosen<T extends { readonly id: string }>(
  kind: string,
  all: readonly T[],
  names: readonly string[],
): readonly T[] {
  if (names.length === 0) return all;
  return names.map((name) => {
    const found = all.find(({ id }) => id === name.toLowerCase());
    if (found !== undefined) return found;
    throw new Error(`no ${kind} is called ${name}; there are ${all.map(({ id }) => id).join(', ')}`);
  });
}

function positive(name: string, text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new Error(`--${name} must be a whole number above 0, not ${text}`);
}
