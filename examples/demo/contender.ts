/**
 * One of the demo's processes. It takes the lock some times. Under it, it reads a number from a file, takes its time,
 * and writes the number plus one back. Without the lock two of them would undo each other's work.
 */
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { LockManager, type DistributedLock, type Lease } from '../../lib/index.js';
import type { ContenderTask, FromContender } from './contender-process.js';
import { clockMs, HistoryWriter } from './history.js';
import { serverOptions } from './server.js';

const MIN_HOLD_MS = 50;
const MAX_HOLD_MS = 300;
const MAX_PAUSE_MS = 250;
const FOR_EVER_MS = 2 ** 30;
/** Long enough for every other to hold the lock, and to die with it. */
const WAIT_TIMEOUT = '30s';

/** What the work under the lock needs of a lease. */
type Guard = Pick<Lease, 'fencingToken' | 'signal' | 'remaining'>;

/** No lock at all: to see what the check has to say of that. */
const NO_GUARD: Guard = { fencingToken: 0, signal: new AbortController().signal, remaining: () => 0 };

const task = JSON.parse(process.argv[2] ?? '') as ContenderTask;
const history = new HistoryWriter(task.historyPath, task.name);

async function main(): Promise<void> {
  const orphaned = (): never => process.exit(1);
  process.once('disconnect', orphaned);
  const manager = task.isLockUsed
    ? new LockManager({ ...serverOptions(), owner: `demo ${task.name}` })
    : undefined;
  await manager?.setup();
  history.record({ event: 'started', pid: process.pid });
  tell('ready');
  await once(process, 'message');

  const lock = manager?.get(task.lockName, { ttl: task.ttlMs, waitTimeout: WAIT_TIMEOUT });
  lock?.on('lost', ({ reason }) => {
    history.record({ event: 'lost' });
    console.error(`${task.name} lost the lock: ${reason}`);
  });
  lock?.on('error', ({ error }) => console.error(`${task.name}: ${String(error)}`));
  for (let round = 1; round <= task.rounds; round++) {
    const isLast = round === task.rounds;
    const holdMs = task.isVictim && isLast ? FOR_EVER_MS : between(MIN_HOLD_MS, MAX_HOLD_MS);
    const work = (guard: Guard): Promise<void> => increment(guard, holdMs, lock);
    history.record({ event: 'requested' });
    await (lock === undefined ? work(NO_GUARD) : lock.runExclusive(work));
    if (!isLast) await sleep(between(0, MAX_PAUSE_MS));
  }

  await manager?.close();
  process.off('disconnect', orphaned);
  process.disconnect();
}

async function increment(guard: Guard, holdMs: number, lock: DistributedLock | undefined): Promise<void> {
  const { fencingToken } = guard;
  history.record({ event: 'acquired', fencingToken, deadlineMs: deadlineOf(guard) });
  const extended = (): void => {
    history.record({ event: 'extended', deadlineMs: deadlineOf(guard) });
    tell('extended');
  };
  lock?.on('extended', extended);
  const read = Number(readFileSync(task.counterPath, 'utf8'));
  history.record({ event: 'read', value: read });
  // The worst moment to die: the number is read and not yet written.
  await sleep(holdMs, undefined, { signal: guard.signal });
  writeFileSync(task.counterPath, String(read + 1));
  history.record({ event: 'wrote', read, value: read + 1 });
  lock?.off('extended', extended);
  // Before it is sent: the next may be granted the lock before we hear that it is ours no more.
  history.record({ event: 'releasing' });
}

function between(low: number, high: number): number {
  return low + Math.random() * (high - low);
}

/** Rather a little too early: the clock is read first. */
function deadlineOf(guard: Guard): number {
  const nowMs = clockMs();
  return nowMs + guard.remaining();
}

function tell(message: FromContender): void {
  process.send?.(message);
}

main().catch((error: unknown) => {
  console.error(`${task.name}: ${String(error)}`);
  process.exit(1);
});
