/**
 * Puts what was measured into docs/BENCHMARKS.md, with its plots beside it, and into README:
 *
 *   npm run bench:docs -- RESULT.json [--before EARLIER.json]
 *
 * With --before, the figures of ours from an earlier version stand beside those of now.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { barChart } from './report/chart.js';
import { goalCells } from './report/goal-table.js';
import { summaryTable } from './report/summary-table.js';
import { cells, markdownTable } from './report/table.js';
import type { Result, SystemResult, WorkloadResult } from './result.js';

const PAGES = ['../docs/BENCHMARKS.md', '../README.md'].map((page) => path.join(__dirname, page));
const PLOTS = path.join(__dirname, '../docs/benchmarks');
const PLACE = /(<!-- measured: (\S+) -->)[^]*?(<!-- \/measured -->)/g;

async function main(): Promise<void> {
  const options = { before: { type: 'string' } } as const;
  const { values, positionals } = parseArgs({ allowPositionals: true, options });
  if (positionals[0] === undefined)
    throw new Error('npm run bench:docs -- RESULT.json [--before EARLIER.json]');
  const now = read(positionals[0]);
  const before = values.before === undefined ? undefined : read(values.before);
  const parts = new Map<string, string>([
    ['goals', goals(now, before)],
    ['systems', systemsTable(now)],
    ['summary', summaryTable(now)],
  ]);
  mkdirSync(PLOTS, { recursive: true });
  for (const workload of now.workloads) {
    const whole = { ...workload, systems: [...earlier(before, workload.id), ...workload.systems] };
    parts.set(workload.id, await section(whole));
  }
  for (const page of PAGES) {
    const text = readFileSync(page, 'utf8').replace(
      PLACE,
      (_all, begin: string, name: string, end: string) => {
        const part = parts.get(name) ?? 'Not measured.';
        return `${begin}\n\n${part}\n\n${end}`;
      },
    );
    writeFileSync(page, text);
  }
}

function read(file: string): Result {
  return JSON.parse(readFileSync(file, 'utf8')) as Result;
}

function goals(now: Result, before: Result | undefined): string {
  const results = before === undefined ? [] : [[versionOf(before), before] as const];
  return markdownTable(goalCells([...results, [versionOf(now), now]]));
}

/** Every system that was asked for, with what a reader must know of it. */
function systemsTable({ workloads }: Result): string {
  const systems = new Map(workloads.flatMap(({ systems }) => systems).map((system) => [system.id, system]));
  const servers = new Map<string, string>();
  for (const { id, server } of workloads.flatMap(({ systems }) => systems)) {
    if (server !== undefined) servers.set(id, server);
  }
  const rows = [...systems.values()].map(({ id, title, note }) => [
    title,
    `\`${id}\``,
    servers.get(id) ?? '-',
    note,
  ]);
  return markdownTable([['system', 'name', 'server', ''], ...rows], ['---', '---', '---', '---']);
}

function versionOf({ workloads }: Result): string {
  const versions = new Set(workloads.map(({ conditions }) => `${conditions.version} (${conditions.commit})`));
  return [...versions].join(', ');
}

/** Ours as they were, under the name of their version. */
function earlier(before: Result | undefined, id: string): SystemResult[] {
  const workload = before?.workloads.find((each) => each.id === id);
  if (workload === undefined) return [];
  return workload.systems
    .filter(({ isOurs, summaries }) => isOurs && Object.keys(summaries).length > 0)
    .map((system) => ({ ...system, title: `${system.title}, ${workload.conditions.commit}` }));
}

async function section(workload: WorkloadResult): Promise<string> {
  const { id, text, figures, conditions, systems } = workload;
  const plots: string[] = [];
  for (const figure of figures.filter(({ plotted }) => plotted === true)) {
    if (!systems.some(({ summaries }) => figure.key in summaries)) continue;
    const file = `${id}-${figure.key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}.svg`;
    writeFileSync(path.join(PLOTS, file), await barChart(workload, figure));
    plots.push(`![${workload.title}: ${figure.title}](benchmarks/${file})`);
  }
  const { at, version, commit, node, kernel, cpu, cores, memoryGiB, rounds, durationMs } = conditions;
  const where =
    `Measured ${at.slice(0, 10)} at version ${version} (${commit}): ${rounds} rounds of ${durationMs} ms; ` +
    `${cores} cores of ${cpu}, ${memoryGiB} GiB, Linux ${kernel}, Node ${node}; ${servers(systems)}.`;
  return [text, ...plots, markdownTable(cells(workload)), where].join('\n\n');
}

function servers(systems: readonly SystemResult[]): string {
  return [...new Set(systems.flatMap(({ server }) => server ?? []))].join(', ');
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
