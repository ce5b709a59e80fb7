import { onEachBackEnd } from '../support/back-end.js';
import { nextEvent, rejection } from '../support/until.js';
import { Worker } from '../support/worker.js';
import { nothingIsLeft } from './after-a-minute.js';
import { dueMs, grantedMs, holderOf, testFaults } from './lock-faults.js';

const MIN_HOLD_MS = 1_000;

onEachBackEnd('minHold', (backEnd) => {
  let workers: Worker[] = [];
  afterEach(async () => {
    await Promise.all(workers.map((worker) => worker.stop()));
    workers = [];
  });

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
    const keptMs = (await grantedMs(backEnd, 'job', next)) - since;
    expect(keptMs).toBeGreaterThanOrEqual(MIN_HOLD_MS);
    expect(keptMs).toBeLessThanOrEqual(MIN_HOLD_MS + 500);
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
    workers = await Worker.start(backEnd, 1);
    const [worker] = workers as [Worker];
    const options = { ttl: 1_000, minHold: 60_000 };
    await worker.call({ do: 'acquire', key: 'k', name: 'killed', options });
    const last = backEnd.manager();
    const waiting = last.acquire('killed', { waitTimeout: 25_000 });
    await nextEvent(last, 'waiting');
    await worker.kill();
    const due = await dueMs(backEnd, 'killed');
    expect((await grantedMs(backEnd, 'killed', await waiting)) - due).toBeLessThanOrEqual(100);
  });

  test('released is told by who releases, and to those who watch when the lock is free', async () => {
    const [first, last] = [backEnd.manager(), backEnd.manager()];
    const watch = await last.watch('watched');
    const told: string[] = [];
    for (const event of ['acquired', 'released', 'expired'] as const) watch.on(event, () => told.push(event));
    const lease = await first.acquire('watched', { minHold: 500 });
    const released = nextEvent(first, 'released');
    const freed = nextEvent(watch, 'released');
    await lease.release();
    await released;
    expect(await last.isLocked('watched')).toBe(true);
    await freed;
    expect(told).toEqual(['acquired', 'released']);
    watch.close();
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
