import type { Result, SystemResult } from '../result.js';
import { markdownTable, shown } from './table.js';

/**
 * A line of the table that README shows. It has a figure, in words for somebody who has not read how it is measured.
 */
interface Line {
  readonly text: string;
  readonly workload: string;
  readonly key: string;
}

const LINES: readonly Line[] = [
  { text: 'one task, one free lock: acquire and release, pairs/s', workload: 'w1', key: 'pairsPerSecond' },
  { text: '64 tasks, 64 free locks: pairs/s', workload: 'w2', key: 'pairsPerSecond' },
  { text: 'eight processes, one lock: handed over, times/s', workload: 'w3', key: 'handOversPerSecond' },
  { text: 'of 1,000 grants, out of order', workload: 'w3', key: 'inversions' },
  { text: '100 waiters served, ms', workload: 'w4', key: 'drainedMs' },
  { text: 'a killed holder: free so long after its ttl, ms', workload: 'w5', key: 'beyondTtlMs' },
  { text: 'one task, its own free lock, with `linger`: pairs/s', workload: 'w10', key: 'pairsPerSecond' },
  { text: '64 tasks, three nodes, with `linger`: pairs/s', workload: 'w11', key: 'pairsPerSecond' },
];

/** Which systems stand beside ours; of several ids the first that was measured. */
const COLUMNS: readonly (readonly [title: string, ...ids: string[]])[] = [
  ['thingsdb-lock', 'ours-tcp', 'ours-ws', 'ours-cluster-tcp'],
  ['redis-semaphore', 'redis-semaphore'],
  ['PostgreSQL', 'postgresql'],
  ['etcd', 'etcd-lock'],
];

/** Medians of the figures that tell most, of ours and of one lock on each other server. */
export function summaryTable(result: Result): string {
  const head = ['', ...COLUMNS.map(([title]) => title)];
  const rows = LINES.map((line) => [line.text, ...COLUMNS.map(([, ...ids]) => cellOf(result, line, ids))]);
  return markdownTable([head, ...rows]);
}

function cellOf({ workloads }: Result, { workload, key }: Line, ids: readonly string[]): string {
  const systems: readonly SystemResult[] = workloads.find(({ id }) => id === workload)?.systems ?? [];
  const medians = ids.flatMap((id) => systems.find((one) => one.id === id)?.summaries[key]?.median ?? []);
  return medians[0] === undefined ? '-' : shown(medians[0], 0);
}
