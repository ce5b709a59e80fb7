import { parseArgs } from 'node:util';
import type { BurstOptions } from './burst-run.js';
import type { HangOptions } from './hang-run.js';
import { FAULT_TITLES, isOrderedFault } from './fault-kinds.js';
import { PACES, type PaceName } from './pace.js';
import { USES, type Uses } from './round-plan.js';
import { seedOfToday } from './random.js';
import { USUAL_FAULTS, type FaultOrder } from './schedule.js';

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
  --pace P         steady (default), or brisk: short holds and rests, for very many grants; wants more hands and names
  --uses U         all (default): locks, shared locks, permits, several names at once; or locks
  --every MS       the mean time from one fault to the next; default 700
  --without KIND   none of this kind of fault; may be given again
  --clusters N     so many runs, each with the next seed and a server of its own, and the sum of them; default 1
  --fresh 'COMMAND' real, with --clusters: makes the storage that the --node commands start with anew, before each run
  --node-ends N    several nodes: in each run N of them are killed, restarted or hang, in turn and in its last third;
                   default: as often as other faults. ThingsDB 1.9.3 may leave out a change after that, and its nodes
                   differ from then on: a run is judged until then
  --linger         real: a node sees the end of a connection only when it has been silent on it for a minute; else
                   ThingsDB 1.9.3 crashes when one ends before a change is answered, most of all in a cluster
  --burst N        instead: N clients are killed at once, all in the middle of a request; are the nodes well, and do those
                   who are left go on as before? Of the other options it takes --backend, --url, --node, --fresh, --linger,
                   --json. With 0 nobody is killed: how much the rate scatters by itself
  --left N         burst: so many clients are left alone; default 40
  --per-process N  burst: so many clients, each with a connection of its own, are in one process; default 20
  --window S       burst: seconds in which the rate is measured, before and after; default 10
  --hang S         instead: each node in turn is stopped (SIGSTOP) for S seconds while others use the cluster. Have old and
                   new managers their locks within 2 s, is nothing rejected, no lease of 6 s lost? Needs --node; of the
                   other options it takes --url, --fresh, --json
  --until-empty    wait at the end until what is remembered for two minutes is gone too: then nothing may be left
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
  readonly pace: PaceName;
  readonly uses: Uses;
  readonly faults: FaultOrder;
  /** Runs, one after the other. */
  readonly clusters: number;
  /** Makes a server anew before each of them. */
  readonly fresh: string | undefined;
  readonly isLingering: boolean;
  /** Instead of a run of chaos. */
  readonly burst: BurstOptions | undefined;
  /** Instead of a run of chaos. */
  readonly hang: HangOptions | undefined;
  readonly untilEmpty: boolean;
  readonly isKept: boolean;
  readonly isJson: boolean;
}

const OPTIONS = {
  seed: { type: 'string' },
  minutes: { type: 'string', default: '1' },
  backend: { type: 'string', default: 'embedded' },
  url: { type: 'string', multiple: true, default: [] as string[] },
  node: { type: 'string', multiple: true, default: [] as string[] },
  processes: { type: 'string', default: '10' },
  hands: { type: 'string', default: '3' },
  names: { type: 'string', default: '12' },
  pace: { type: 'string', default: 'steady' },
  uses: { type: 'string', default: 'all' },
  every: { type: 'string', default: String(USUAL_FAULTS.everyMs) },
  without: { type: 'string', multiple: true, default: [] as string[] },
  clusters: { type: 'string', default: '1' },
  fresh: { type: 'string' },
  'node-ends': { type: 'string' },
  linger: { type: 'boolean', default: false },
  burst: { type: 'string' },
  hang: { type: 'string' },
  left: { type: 'string', default: '40' },
  'per-process': { type: 'string', default: '20' },
  window: { type: 'string', default: '10' },
  'until-empty': { type: 'boolean', default: false },
  keep: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

/** @throws an error that says which argument is wrong */
export function parseArguments(args: readonly string[], environment: NodeJS.ProcessEnv): ChaosArguments {
  const { values } = parseArgs({ args: [...args], options: OPTIONS });
  const { backend, pace, uses, fresh, node: commands } = values;
  if (backend !== 'embedded' && backend !== 'real') throw new Error(`--backend ${backend}: embedded or real`);
  const given = values.url.length > 0 ? values.url : (environment['THINGSDB_URL'] ?? '').split(',');
  const urls = given.filter((url) => url !== '');
  if (backend === 'real' && urls.length === 0) throw new Error('--backend real needs --url or THINGSDB_URL');
  if (commands.length > 0 && commands.length !== urls.length)
    throw new Error('--node: one for each --url, or none');
  const clusters = number('clusters', values.clusters, 1);
  if (clusters > 1 && backend === 'real' && fresh === undefined)
    throw new Error('--clusters: a real ThingsDB has to be made anew before each run: --fresh');
  if (fresh !== undefined && commands.length === 0)
    throw new Error('--fresh: what it makes has to be started, by --node');
  if (values.hang !== undefined && commands.length < 2)
    throw new Error('--hang: only one of several nodes that --node starts can be stopped');
  if (!isPace(pace)) throw new Error(`--pace ${pace}: one of ${Object.keys(PACES).join(', ')}`);
  if (!isUse(uses)) throw new Error(`--uses ${uses}: one of ${USES.join(', ')}`);
  return {
    seed: values.seed === undefined ? seedOfToday() : number('seed', values.seed, 0),
    durationMs: number('minutes', values.minutes, 0) * 60_000,
    backend,
    urls,
    commands,
    processes: number('processes', values.processes, 1),
    hands: number('hands', values.hands, 1),
    names: number('names', values.names, 1),
    pace,
    uses,
    faults: {
      everyMs: number('every', values.every, 1),
      without: values.without.map(orderedFault),
      lateNodeEnds:
        values['node-ends'] === undefined ? undefined : number('node-ends', values['node-ends'], 0),
    },
    clusters,
    fresh,
    isLingering: values.linger,
    burst:
      values.burst === undefined
        ? undefined
        : {
            clients: number('burst', values.burst, 0),
            left: number('left', values.left, 1),
            perProcess: number('per-process', values['per-process'], 1),
            windowMs: number('window', values.window, 1) * 1_000,
          },
    hang: values.hang === undefined ? undefined : { lastsMs: number('hang', values.hang, 1) * 1_000 },
    untilEmpty: values['until-empty'],
    isKept: values.keep,
    isJson: values.json,
  };
}

/** What repeats a run, as it is typed. Of an option that is given twice the last counts. */
export function commandOf(args: readonly string[], seed: number): string {
  const given = parseArgs({ args: [...args], options: OPTIONS }).values.seed;
  const all = given === String(seed) ? args : [...args, '--seed', String(seed)];
  return ['npm run chaos --', ...all.map((arg) => (/^[\w./:=-]+$/.test(arg) ? arg : `'${arg}'`))].join(' ');
}

function isPace(name: string): name is PaceName {
  return name in PACES;
}

function isUse(text: string): text is Uses {
  return USES.some((use) => use === text);
}

function orderedFault(kind: string): FaultOrder['without'][number] {
  if (isOrderedFault(kind)) return kind;
  throw new Error(`--without ${kind}: one of ${Object.keys(FAULT_TITLES).filter(isOrderedFault).join(', ')}`);
}

function number(option: string, text: string, least: number): number {
  const value = Number(text);
  if (Number.isFinite(value) && value >= least) return value;
  throw new Error(`--${option} ${text}: expected a number, at least ${least}`);
}
