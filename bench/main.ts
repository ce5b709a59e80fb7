/** `npm run bench`: what locks cost, ours and others, side by side. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { conditionsNow } from './conditions.js';
import { measure, type OpenStage } from './measure.js';
import { type BenchOptions, parseOptions, USAGE } from './options.js';
import { installPeers } from './peers.js';
import { goalCells, UNJUDGED } from './report/goal-table.js';
import { cells, textTable } from './report/table.js';
import type { Result, WorkloadResult } from './result.js';
import { FROM_SOURCES } from './worker/from-sources.js';
import { isUnavailable } from './servers/running-server.js';
import { Servers } from './servers/servers.js';
import { ServerStage } from './stage.js';
import type { Workload } from './workloads/workload.js';

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (options === 'help') return console.log(USAGE);
  // For the processes that measure: they are started with it.
  if (options.fromSources) process.env[FROM_SOURCES] = 'yes';
  if (options.systems.some(({ usesThingsDB }) => usesThingsDB !== true)) installPeers(say);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  const workloads: WorkloadResult[] = [];
  for (const workload of options.workloads) {
    // Servers of its own: nothing that another workload has left in them is measured.
    const servers = new Servers();
    try {
      const result = await run(workload, options, servers);
      workloads.push(result);
      if (!options.json) console.log(`\n${textTable(cells(result))}\n`);
      if (options.out !== undefined) write(options.out, [result]);
    } finally {
      await servers.stop();
    }
  }
  const result: Result = { format: 1, workloads };
  if (options.json) return console.log(JSON.stringify(result));
  const judged = goalCells([['measured', result]]).filter((row) => row.at(-1) !== UNJUDGED);
  if (judged.length > 1) console.log(textTable(judged));
}

async function run(workload: Workload, options: BenchOptions, servers: Servers): Promise<WorkloadResult> {
  const { id, title, text, figures } = workload;
  say(title);
  const openStage: OpenStage = async (system) => {
    const server = await servers.get(system.server);
    if (isUnavailable(server)) return server;
    return { stage: await ServerStage.open(system, server, options), server: server.title };
  };
  const conditions = conditionsNow({
    rounds: Math.min(options.rounds, workload.mostRounds ?? Infinity),
    durationMs: options.durationMs,
    processes: options.processes,
  });
  const chosen = options.systems.filter(
    ({ server }) => (server === 'thingsdb-cluster') === (workload.onCluster === true),
  );
  const systems = await measure(workload, chosen, openStage, { rounds: options.rounds, say });
  return { id, title, text, figures, conditions, systems };
}

/** To stderr: stdout is for the result. */
function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

const DIGITS = 7;

/** A workload a line, and no more digits than anybody can use: so that what changed shows. */
function compact({ format, workloads }: Result): string {
  const rounded = (_key: string, value: unknown): unknown =>
    typeof value === 'number' ? Number(value.toPrecision(DIGITS)) : value;
  const lines = workloads.map((workload) => JSON.stringify(workload, rounded));
  return `{"format":${format},"workloads":[\n${lines.join(',\n')}\n]}`;
}

function write(file: string, measured: readonly WorkloadResult[]): void {
  const before = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Result).workloads : [];
  const kept = before.filter(({ id }) => measured.every((result) => result.id !== id));
  const workloads = [...kept, ...measured].sort((a, b) => a.id.localeCompare(b.id, 'en', { numeric: true }));
  writeFileSync(file, `${compact({ format: 1, workloads })}\n`);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
