import { parseArgs } from 'node:util';
import { seedOfToday } from './random.js';

export const USAGE = `usage: npm run chaos -- [--seed N] [--minutes M] [--backend embedded|real] [options]

  --seed N         decides the faults and what the processes do; default: any, printed
  --minutes M      how long faults are injected; default 1
  --backend B      embedded (default), or real: the ThingsDB at --url
  --url URL        real: a node's WebSocket address, once for each node, the preferred first; default THINGSDB_URL
  --node 'COMMAND' real: what starts that node, once for each node in the order of the addresses. The harness starts,
                   stops and kills it; without commands only the network is disturbed. Nodes of a cluster have to know
                   each other already
  --processes N    lock-taking processes; default 10
  --hands N        requests that each has at the same time; default 3
  --names N        locks; default 12
  --keep           keep the histories, also when nothing is wrong
  --json           print the figures as JSON

  THINGSDB_USER, THINGSDB_PASSWORD or THINGSDB_TOKEN say who we are; default admin, pass.
`;

export interface ChaosArguments {
  readonly seed: number;
  readonly durationMs: number;
  readonly backend: 'embedded' | 'real';
  readonly urls: readonly string[];
  readonly commands: readonly string[];
  readonly processes: number;
  readonly hands: number;
  readonly names: number;
  readonly isKept: boolean;
  readonly isJson: boolean;
}

/** @throws an error that says which argument is wrong */
export function parseArguments(args: readonly string[], environment: NodeJS.ProcessEnv): ChaosArguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string' },
      minutes: { type: 'string', default: '1' },
      backend: { type: 'string', default: 'embedded' },
      url: { type: 'string', multiple: true, default: [] },
      node: { type: 'string', multiple: true, default: [] },
      processes: { type: 'string', default: '10' },
      hands: { type: 'string', default: '3' },
      names: { type: 'string', default: '12' },
      keep: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const { backend, node: commands } = values;
  if (backend !== 'embedded' && backend !== 'real') throw new Error(`--backend ${backend}: embedded or real`);
  const given = values.url.length > 0 ? values.url : (environment['THINGSDB_URL'] ?? '').split(',');
  const urls = given.filter((url) => url !== '');
  if (backend === 'real' && urls.length === 0) throw new Error('--backend real needs --url or THINGSDB_URL');
  if (commands.length > 0 && commands.length !== urls.length)
    throw new Error('--node: one for each --url, or none');
  return {
    seed: values.seed === undefined ? seedOfToday() : number('seed', values.seed, 0),
    durationMs: number('minutes', values.minutes, 0) * 60_000,
    backend,
    urls,
    commands,
    processes: number('processes', values.processes, 1),
    hands: number('hands', values.hands, 1),
    names: number('names', values.names, 1),
    isKept: values.keep,
    isJson: values.json,
  };
}

function number(option: string, text: string, least: number): number {
  const value = Number(text);
  if (Number.isFinite(value) && value >= least) return value;
  throw new Error(`--${option} ${text}: expected a number, at least ${least}`);
}
