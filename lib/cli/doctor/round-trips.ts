import { randomBytes } from 'node:crypto';
import { LockError } from '../../errors.js';
import { LockManager } from '../../index.js';
import type { LockManagerOptions } from '../../index.js';
import { ok, problem, warning, type Finding } from './finding.js';

const ROUNDS = 10;
/** Nodes that acknowledge each other late take 44 ms for a change. */
const SLOW_MS = 30;
/** A push that was not seen is asked for when the lease of the holder ends. */
const TTL = '3s';
const LATE_MS = 1_000;
const QUICKACK =
  'on Linux set quickack 1 on the route between the nodes (docs/OPERATIONS.md), and look at the network';

/** Locks ten times, and hands a lock over once, as a service does. */
export async function roundTrips(options: LockManagerOptions): Promise<Finding[]> {
  const manager = new LockManager({ ...options, defaults: { ttl: TTL } });
  // Nobody else has this name.
  const name = `thingsdb-lock doctor ${randomBytes(8).toString('hex')}`;
  try {
    return [await times(manager, name), await handOver(manager, name)];
  } catch (error) {
    if (!(error instanceof LockError)) throw error;
    return [problem('round trips', error.message, 'see the findings above')];
  } finally {
    await manager.close();
  }
}

async function times(manager: LockManager, name: string): Promise<Finding> {
  const tookMs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const startMs = performance.now();
    const lease = await manager.acquire(name);
    await lease.release();
    tookMs.push(performance.now() - startMs);
  }
  tookMs.sort((one, other) => one - other);
  const [median = 0, worst = 0] = [tookMs[ROUNDS / 2], tookMs.at(-1)];
  const message = `${ROUNDS} times acquired and released: median ${median.toFixed(1)} ms, worst ${worst.toFixed(1)} ms`;
  return median < SLOW_MS ? ok('round trips', message) : warning('round trips', message, QUICKACK);
}

/** Who waits has to be told in its room. */
async function handOver(manager: LockManager, name: string): Promise<Finding> {
  const first = await manager.acquire(name);
  const waits = manager.get(name);
  const isWaiting = new Promise<void>((resolve) => waits.once('waiting', () => resolve()));
  const next = waits.acquire({ waitTimeout: '10s' });
  // It may also fail before it waits.
  await Promise.race([isWaiting, next]);
  const startMs = performance.now();
  await first.release();
  const second = await next;
  const tookMs = performance.now() - startMs;
  await second.release();
  const message = `from a release to the next holder: ${tookMs.toFixed(1)} ms`;
  if (tookMs < LATE_MS) return ok('hand-over', message);
  return problem(
    'hand-over',
    message,
    "the push was not seen: does a whitelist of 'rooms' keep this user out?",
  );
}
