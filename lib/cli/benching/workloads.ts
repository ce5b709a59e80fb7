import { randomBytes } from 'node:crypto';
import { LockManager } from '../../index.js';
import type { ConnectionSettings } from '../connection-options.js';
import { asOperator } from '../operating/operator.js';

/** What one workload came to. */
export interface Measurement {
  readonly workload: string;
  readonly tasks: number;
  /** How often a lock was acquired and released. */
  readonly rounds: number;
  readonly perSecond: number;
  /** From asking for the lock to having given it back. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly worstMs: number;
}

export interface BenchTerms {
  readonly tasks: number;
  readonly durationMs: number;
}

/** What is left of a run that was killed is free again after so long. */
const TTL = '10s';
const WARM_UP_ROUNDS = 20;

interface Workload {
  readonly name: string;
  readonly tasks: number;
  /** The lock that a task takes. */
  readonly lockOf: (task: number) => string;
}

/** Measures one workload after the other. @throws LockError */
export async function measured(
  settings: ConnectionSettings,
  { tasks, durationMs }: BenchTerms,
  begin: (workload: string) => void,
): Promise<Measurement[]> {
  // A manager would set the locks up where there are none.
  await asOperator(settings, () => Promise.resolve());
  const manager = new LockManager({ ...settings, defaults: { ttl: TTL, waitTimeout: Infinity } });
  try {
    const results: Measurement[] = [];
    for (const workload of workloads(tasks)) {
      begin(workload.name);
      results.push(await measure(manager, workload, durationMs));
    }
    return results;
  } finally {
    await manager.close();
  }
}

function workloads(tasks: number): Workload[] {
  const own = `thingsdb-lock bench ${randomBytes(8).toString('hex')}`;
  return [
    { name: 'one task, a free lock', tasks: 1, lockOf: () => own },
    { name: `${tasks} tasks, a lock each`, tasks, lockOf: (task) => `${own} ${task}` },
    { name: `${tasks} tasks, one lock`, tasks, lockOf: () => own },
  ];
}

async function measure(manager: LockManager, workload: Workload, durationMs: number): Promise<Measurement> {
  const { name, tasks, lockOf } = workload;
  for (let round = 0; round < WARM_UP_ROUNDS; round++) await once(manager, lockOf(0));
  const tookMs: number[] = [];
  const startMs = performance.now();
  const task = async (index: number): Promise<void> => {
    const lock = lockOf(index);
    while (performance.now() - startMs < durationMs) tookMs.push(await once(manager, lock));
  };
  await Promise.all(Array.from({ length: tasks }, (_, index) => task(index)));
  const seconds = (performance.now() - startMs) / 1_000;
  tookMs.sort((one, other) => one - other);
  return {
    workload: name,
    tasks,
    rounds: tookMs.length,
    perSecond: tookMs.length / seconds,
    p50Ms: quantile(tookMs, 0.5),
    p99Ms: quantile(tookMs, 0.99),
    worstMs: tookMs.at(-1) ?? NaN,
  };
}

async function once(manager: LockManager, name: string): Promise<number> {
  const startMs = performance.now();
  const lease = await manager.acquire(name);
  await lease.release();
  return performance.now() - startMs;
}

function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN;
}
