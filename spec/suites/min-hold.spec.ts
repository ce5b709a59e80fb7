import { LockConnectionError, type LockOptions } from '../../lib/index.js';
import { onEachBackEnd } from '../support/back-end.js';
import { nextEvent, rejection } from '../support/until.js';
import type { Worker } from '../support/worker.js';
import { nothingIsLeft } from './after-a-minute.js';
import { dueMs, grantedMs, holderOf, testFaults } from './lock-faults.js';

/** Long enough for what is looked at until then, on a machine that is busy. */
const MIN_HOLD_MS = 2_000;
const LONG: LockOptions = { waitTimeout: 25_000 };

onEachBackEnd('minHold', (backEnd) => {
  test('a job that ends early keeps the others out until minHold is over, and not longer', async () => {
    const [first, last] = [backEnd.manager(), backEnd.manager()];
    const lease = await first.acquire('job', { minHold: MIN_HOLD_MS });
    const since = await grantedMs(backEnd, 'job', lease);
    expect(await lease.release()).toBe(true);
    expect([lease.isHeld, await last.isLocked('job'), await last.get('job').tryAcquire()]).toEqual([
      false,
      true,
      null,
    ]);
    const next = await last.acquire('job');
    const until = await grantedMs(backEnd, 'job', next);
    expect(until - since).toBeGreaterThanOrEqual(MIN_HOLD_MS);
    expect(backEnd.servedMs(since + MIN_HOLD_MS, until)).toBeLessThanOrEqual(500);
  });

  test('of several that start the same job at about the same time just one does it', async () => {
    const managers = [backEnd.manager(), backEnd.manager(), backEnd.manager()];
    let done = 0;
    for (const manager of managers) {
      const lease = await manager.get('nightly', { minHold: 60_000 }).tryAcquire();
      if (lease === null) continue;
      done++;
      await lease.release();
    }
    expect(done).toBe(1);
    expect(await managers[0]?.forceRelease('nightly')).toBe(1);
  });

  test('work that takes longer than minHold releases at once', async () => {
    const [first, last] = [backEnd.manager(), backEnd.manager()];
    const lease = await first.acquire('long', { minHold: 100 });
    const waiting = rejection(last.acquire('long', { waitTimeout: 150 }));
    await waiting;
    expect(await lease.release()).toBe(true);
    expect(await last.isLocked('long')).toBe(false);
  });

  test('the process may close its manager right after the release: the lock stays', async () => {
    const [first, last] = [backEnd.manager(), backEnd.manager()];
    await first.get('closed').runExclusive(() => undefined, { minHold: 60_000 });
    await first.close();
    expect(await last.isLocked('closed')).toBe(true);
    await last.forceRelease('closed');
  });

  test('a manager that closes while it holds keeps the lock for the rest of minHold too', async () => {
    const [first, last] = [backEnd.manager(), backEnd.manager()];
    const lease = await first.acquire('held', { minHold: 60_000 });
    await first.close();
    expect([lease.isHeld, await last.isLocked('held')]).toEqual([false, true]);
    await last.forceRelease('held');
  });

  test('a process that is killed keeps it no longer than its ttl', async () => {
    const [worker] = (await backEnd.workers(1)) as [Worker];
    const options = { ttl: 2_000, minHold: 60_000 };
    await worker.call({ do: 'acquire', key: 'k', name: 'killed', options });
    const last = backEnd.manager();
    const waiting = last.acquire('killed', { waitTimeout: 25_000 });
    await nextEvent(last, 'waiting');
    await worker.kill();
    const due = await dueMs(backEnd, 'killed');
    const granted = await grantedMs(backEnd, 'killed', await waiting);
    expect(backEnd.servedMs(due, granted)).toBeLessThanOrEqual(100);
  });

  test('released is told by who releases, and to those who watch when the lock is free', async () => {
    const [first, last] = [backEnd.manager(), backEnd.manager()];
    const watch = await last.watch('watched');
    const told: string[] = [];
    for (const event of ['acquired', 'released', 'expired'] as const) watch.on(event, () => told.push(event));
    const lease = await first.acquire('watched', { minHold: MIN_HOLD_MS });
    const released = nextEvent(first, 'released');
    const freed = nextEvent(watch, 'released');
    await lease.release();
    await released;
    expect(await last.isLocked('watched')).toBe(true);
    await freed;
    expect(told).toEqual(['acquired', 'released']);
    watch.close();
  });

  test('who waits follows within 100 ms of its end, also when the process that released it has been killed', async () => {
    const [worker] = (await backEnd.workers(1)) as [Worker];
    const options = { ttl: 60_000, minHold: 1_500 };
    await worker.call({ do: 'acquire', key: 'k', name: 'kept', options });
    const last = backEnd.manager();
    const waiting = last.acquire('kept', LONG);
    await nextEvent(last, 'waiting');
    expect(await worker.call({ do: 'release', key: 'k' })).toBe(true);
    await worker.kill();
    const due = await dueMs(backEnd, 'kept');
    const granted = await grantedMs(backEnd, 'kept', await waiting);
    expect(granted - due).toBeGreaterThanOrEqual(0);
    expect(backEnd.servedMs(due, granted)).toBeLessThanOrEqual(100);
  });

  test('one that is killed while it waits for the end of it delays those behind it at most 2 s', async () => {
    const [worker] = (await backEnd.workers(1)) as [Worker];
    const [first, last] = [backEnd.manager(), backEnd.manager()];
    const lease = await first.acquire('dead waiter', { minHold: 3_000 });
    await worker.enqueue('k', 'dead waiter', LONG);
    const waiting = last.acquire('dead waiter', LONG);
    await nextEvent(last, 'waiting');
    await lease.release();
    const due = await dueMs(backEnd, 'dead waiter');
    await worker.kill();
    const granted = await grantedMs(backEnd, 'dead waiter', await waiting);
    expect(backEnd.servedMs(due, granted)).toBeLessThanOrEqual(2_000);
  });

  test('a server that hangs at the release: an error, and the lock is free by the end of the lease', async () => {
    const proxy = await backEnd.proxy();
    const first = backEnd.manager({ url: proxy.url, requestTimeout: 500 });
    const last = backEnd.manager();
    const lease = await first.acquire('hangs', { ttl: 2_000, autoRenew: false, minHold: 2_500 });
    const waiting = last.acquire('hangs', LONG);
    await nextEvent(last, 'waiting');
    const due = await dueMs(backEnd, 'hangs');
    proxy.freeze();
    expect(await rejection(lease.release())).toBeInstanceOf(LockConnectionError);
    expect(lease.isHeld).toBe(false);
    const next = await waiting;
    expect(backEnd.servedMs(due, await grantedMs(backEnd, 'hangs', next))).toBeLessThanOrEqual(100);
    proxy.thaw();
    // What was held back comes too late to keep anything.
    expect(await first.isLocked('hangs')).toBe(true);
    expect(await next.release()).toBe(true);
    expect(await last.isLocked('hangs')).toBe(false);
    await first.close();
  });

  test('of several names all stay taken, and all are free together', async () => {
    const [first, last] = [backEnd.manager(), backEnd.manager()];
    const lease = await first.acquire(['pair 1', 'pair 2'], { minHold: MIN_HOLD_MS });
    await lease.release();
    for (const name of ['pair 1', 'pair 2']) expect(await last.get(name).tryAcquire()).toBeNull();
    expect((await last.acquire(['pair 2', 'pair 1'], LONG)).isHeld).toBe(true);
  });

  test('a reader keeps the writers out until then, not the readers; a permit stays out', async () => {
    const [first, last] = [backEnd.manager(), backEnd.manager()];
    const [reading, permit] = [
      await first.acquire('book', { mode: 'shared', minHold: MIN_HOLD_MS }),
      await first.semaphore('seats', { permits: 2 }).acquire({ minHold: MIN_HOLD_MS }),
    ];
    await Promise.all([reading.release(), permit.release()]);
    const another = await last.get('book').tryAcquire({ mode: 'shared' });
    expect(another?.isHeld).toBe(true);
    await another?.release();
    expect(await last.get('book').tryAcquire()).toBeNull();
    expect(await last.semaphore('seats', { permits: 2 }).tryAcquire({ count: 2 })).toBeNull();
    const both = [
      await last.acquire('book', LONG),
      await last.semaphore('seats', { permits: 2 }).acquire({ ...LONG, count: 2 }),
    ];
    expect(both.every(({ isHeld }) => isHeld)).toBe(true);
  });

  test('it is shown as held, with what is left of it, and who held it', async () => {
    const [first, last] = [backEnd.manager({ owner: 'first' }), backEnd.manager()];
    const lease = await first.acquire('shown', { minHold: 60_000 });
    await lease.release();
    const [shown] = (await last.query('shown')).held;
    expect(shown).toMatchObject({ owner: 'first', fencingToken: lease.fencingToken });
    expect(shown?.remaining).toBeGreaterThan(50_000);
    expect(shown?.remaining).toBeLessThanOrEqual(60_000);
    await last.forceRelease('shown');
  });

  test('longer than the ttl it holds too: the release counts from the grant, not from the lease', async () => {
    const [first, last] = [backEnd.manager(), backEnd.manager()];
    const lease = await first.acquire('longer', { ttl: 1_000, minHold: MIN_HOLD_MS });
    const since = await grantedMs(backEnd, 'longer', lease);
    await lease.release();
    const next = await last.acquire('longer', LONG);
    expect((await grantedMs(backEnd, 'longer', next)) - since).toBeGreaterThanOrEqual(MIN_HOLD_MS);
  });

  test('whoever has released it can do nothing more with the lease, though the lock is still taken', async () => {
    const manager = backEnd.manager();
    const lease = await manager.acquire('worth', { minHold: 60_000 });
    await lease.release();
    await expect(lease.extend()).rejects.toMatchObject({ code: 'LOCK_NOT_HELD' });
    await expect(lease.serialize()).rejects.toMatchObject({ code: 'LOCK_NOT_HELD' });
    expect(await lease.release()).toBe(true);
    expect(await manager.isLocked('worth')).toBe(true);
    await manager.forceRelease('worth');
  });

  test('more than maxHold is refused', () => {
    expect(() => backEnd.manager().get('refused', { minHold: 2_000, maxHold: 1_000 })).toThrow('minHold');
  });

  describe('faults', () => {
    testFaults(backEnd, {
      ...holderOf('a holder with a short minHold', { name: 'faults', options: { minHold: 50 } }),
      name: 'faults',
      wanted: { name: 'faults' },
    });
  });

  test('nothing is left', async () => {
    const manager = backEnd.manager();
    await manager.get('left').runExclusive(() => undefined, { minHold: 200 });
    await manager.acquire('left');
    await manager.close();
    await nothingIsLeft(backEnd);
  });
});
