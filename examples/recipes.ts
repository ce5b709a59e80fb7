import type { LockManager } from 'thingsdb-lock';

/** Cron: every machine calls this at the same minute, and one does the work. */
export async function nightly(
  locks: LockManager,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  // The lock stays taken for ten minutes. A machine whose clock is late finds it taken, however short the work was.
  await using lease = await locks.get('nightly-report', { minHold: '10m' }).tryAcquire();
  if (lease !== null) await work(lease.signal);
}

/** Leader election: `work` ends when its signal aborts: the lease was lost, an operator asks for it, or the manager drains. */
export function lead(locks: LockManager, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const lock = locks.get('leader', { ttl: '10s', waitTimeout: Infinity });
  const asked = new AbortController();
  lock.once('releaseRequested', () => asked.abort());
  return lock.runExclusive((lease) => work(AbortSignal.any([lease.signal, asked.signal])));
}

/** A pool: of all processes together, three convert at a time. */
export function convert(locks: LockManager, work: () => Promise<void>): Promise<void> {
  return locks.semaphore('converters', { permits: 3, waitTimeout: '5m' }).runExclusive(work);
}

/** Shutdown: takes nothing new, waits 20 s for what runs. With this listener, SIGTERM no longer ends the process by itself. */
export function endGracefully(locks: LockManager): void {
  process.once('SIGTERM', () => void locks.drain({ waitTimeout: '20s' }));
}
