import { LockOptionsError, type Lease, type LockOptions } from '../../lib/index.js';
import { onEachBackEnd } from '../support/back-end.js';
import { nextEvent, rejection } from '../support/until.js';
import type { Worker } from '../support/worker.js';
import type { Wish } from '../support/worker-main.js';
import { nothingIsLeft } from './after-a-minute.js';
import { dueMs, grantedMs, holderOf, testFaults, untilAnswered, untilClaimed } from './lock-faults.js';
import { mostAtOnce } from './spans.js';

const LONG: LockOptions = { waitTimeout: 25_000 };

onEachBackEnd('semaphores', (backEnd) => {
  /** Takes permits by a manager of its own; fails if it has to wait. */
  async function taken(name: string, limit: number, count = 1): Promise<Lease> {
    const lease = await backEnd.manager().semaphore(name, { permits: limit }).tryAcquire({ count });
    if (lease === null) throw new Error(`${count} of ${limit} permits were not free`);
    return lease;
  }

  /** Resolves when the request is in the queue; `isGranted` and the lease are still to come. */
  async function queued(name: string, limit: number, count = 1) {
    const manager = backEnd.manager();
    const request = {
      isGranted: false,
      lease: manager.semaphore(name, { permits: limit }).acquire({ ...LONG, count }),
    };
    request.lease.then(
      () => (request.isGranted = true),
      () => undefined,
    );
    await nextEvent(manager, 'waiting');
    return request;
  }

  test('as many hold it as there are permits; the next one waits for the first that lets go', async () => {
    const leases = [await taken('three', 3), await taken('three', 3), await taken('three', 3)];
    expect(await backEnd.manager().semaphore('three', { permits: 3 }).tryAcquire()).toBeNull();
    const fourth = await queued('three', 3);
    expect(await leases[1]?.release()).toBe(true);
    expect((await fourth.lease).isHeld).toBe(true);
    expect([leases[0]?.isHeld, leases[2]?.isHeld]).toEqual([true, true]);
    expect(await backEnd.manager().semaphore('three', { permits: 3 }).tryAcquire()).toBeNull();
  });

  test('one can take several permits, and gives them back together', async () => {
    const two = await taken('several', 3, 2);
    expect(await backEnd.manager().semaphore('several', { permits: 3 }).tryAcquire({ count: 2 })).toBeNull();
    const one = await taken('several', 3, 1);
    const waiting = [await queued('several', 3), await queued('several', 3)];
    await two.release();
    const leases = await Promise.all(waiting.map(({ lease }) => lease));
    expect(leases.every(({ isHeld }) => isHeld)).toBe(true);
    expect(one.isHeld).toBe(true);
    expect(await backEnd.manager().semaphore('several', { permits: 3 }).tryAcquire()).toBeNull();
  });

  test('how many are taken can be said for the lock or for the call', async () => {
    const manager = backEnd.manager();
    const semaphore = manager.semaphore('said', { permits: 5, ttl: '20s' });
    const [one, three] = [await semaphore.acquire(), await semaphore.acquire({ count: 3 })];
    expect(await semaphore.tryAcquire({ count: 2 })).toBeNull();
    const { held } = await manager.query('said');
    expect(held.map(({ count, permits, mode }) => [count, permits, mode])).toEqual([
      [1, 5, 'semaphore'],
      [3, 5, 'semaphore'],
    ]);
    await Promise.all([one.release(), three.release()]);
  });

  test('every grant has a fencing token of its own, greater than those before', async () => {
    const tokens: number[] = [];
    for (let i = 0; i < 5; i++) tokens.push((await taken('tokens', 5)).fencingToken);
    expect(tokens.every((token, i) => i === 0 || token > (tokens[i - 1] ?? Infinity))).toBe(true);
  });

  test.each([
    ['more permits than there are', { count: 3 }],
    ['none', { count: 0 }],
    ['less than one', { count: -1 }],
    ['a part of one', { count: 1.5 }],
    ['not a number', { count: NaN }],
    ['text', { count: '1' }],
    ['a mode', { mode: 'shared' }],
    ['stealing', { steal: true }],
  ])('a request that can never be granted is refused before anything is sent: %s', async (_, options) => {
    const manager = backEnd.manager();
    const connected = jest.fn();
    manager.on('connected', connected);
    const semaphore = manager.semaphore('refused', { permits: 2 });
    await expect(semaphore.acquire(options as LockOptions)).rejects.toBeInstanceOf(LockOptionsError);
    await expect(semaphore.tryAcquire(options as LockOptions)).rejects.toBeInstanceOf(LockOptionsError);
    const run = jest.fn();
    await expect(semaphore.runExclusive(run, options as LockOptions)).rejects.toBeInstanceOf(
      LockOptionsError,
    );
    expect(run).not.toHaveBeenCalled();
    expect(connected).not.toHaveBeenCalled();
  });

  test('the refusal says how many there are, and how many were asked for', async () => {
    const semaphore = backEnd.manager().semaphore('says', { permits: 2 });
    expect(String(await rejection(semaphore.acquire({ count: 3 })))).toMatch(
      /count is 3; there are 2 permits/,
    );
  });

  test.each([[0], [-1], [1.5], [NaN], [Infinity], ['2'], [undefined], [2 ** 31]])(
    'a semaphore of %s permits is refused where it is made, and permits of a lock are',
    (permits) => {
      const manager = backEnd.manager();
      expect(() => manager.semaphore('bad', { permits: permits as number })).toThrow(LockOptionsError);
      if (permits !== undefined)
        expect(() => manager.get('bad', { permits } as object)).toThrow(LockOptionsError);
    },
  );

  test('a request for many permits is not overtaken by later ones for few', async () => {
    const holder = await taken('large', 3, 2);
    const large = await queued('large', 3, 3);
    // One is free, and would be enough.
    expect(await backEnd.manager().semaphore('large', { permits: 3 }).tryAcquire()).toBeNull();
    const small = await queued('large', 3, 1);
    await holder.release();
    const lease = await large.lease;
    expect(small.isGranted).toBe(false);
    await lease.release();
    expect((await small.lease).fencingToken).toBeGreaterThan(lease.fencingToken);
  });

  test('those behind a request that gives up move up at once', async () => {
    const holder = await taken('gave up', 3, 2);
    const large = backEnd.manager();
    const controller = new AbortController();
    const gaveUp = rejection(
      large.semaphore('gave up', { permits: 3 }).acquire({ count: 3, signal: controller.signal }),
    );
    await nextEvent(large, 'waiting');
    const small = await queued('gave up', 3, 1);
    controller.abort();
    await gaveUp;
    expect((await small.lease).isHeld).toBe(true);
    expect(holder.isHeld).toBe(true);
  });

  test('a raised limit is taken up as the leases under the old one end', async () => {
    const [a, b] = [await taken('raised', 2), await taken('raised', 2)];
    const [c, d] = [await queued('raised', 4), await queued('raised', 4)];
    await a.release();
    // One of the old limit is still there: two hold it.
    const third = await c.lease;
    expect(d.isGranted).toBe(false);
    await b.release();
    const fourth = await d.lease;
    const more = [await taken('raised', 4), await taken('raised', 4)];
    expect([third, fourth, ...more].every(({ isHeld }) => isHeld)).toBe(true);
    expect(await backEnd.manager().semaphore('raised', { permits: 4 }).tryAcquire()).toBeNull();
  });

  test('a lowered limit is taken up as leases end, and holds for those who still go by the old one', async () => {
    const leases = [await taken('lowered', 3), await taken('lowered', 3), await taken('lowered', 3)];
    const lower = await queued('lowered', 2);
    await leases[0]?.release();
    // Two hold it: one more would be three.
    expect((await backEnd.manager().query('lowered')).held).toHaveLength(2);
    expect(lower.isGranted).toBe(false);
    await leases[1]?.release();
    expect((await lower.lease).isHeld).toBe(true);
    expect(await backEnd.manager().semaphore('lowered', { permits: 3 }).tryAcquire()).toBeNull();
    expect(leases[2]?.isHeld).toBe(true);
  });

  test('a lock of the same name excludes it, and is excluded by it; so is a shared one of two', async () => {
    const permit = await taken('same name', 2);
    expect(await backEnd.manager().get('same name').tryAcquire()).toBeNull();
    const reading = await backEnd.manager().get('same name').tryAcquire({ mode: 'shared' });
    expect(reading?.isHeld).toBe(true);
    expect(await backEnd.manager().get('same name').tryAcquire({ mode: 'shared' })).toBeNull();
    await Promise.all([permit.release(), reading?.release()]);
    const lease = await backEnd.manager().get('same name').tryAcquire();
    expect(lease?.isHeld).toBe(true);
    expect(await backEnd.manager().semaphore('same name', { permits: 2 }).tryAcquire()).toBeNull();
  });

  test('of one permit it is a lock', async () => {
    const permit = await taken('one', 1);
    expect(await backEnd.manager().semaphore('one', { permits: 1 }).tryAcquire()).toBeNull();
    expect(await backEnd.manager().get('one').tryAcquire()).toBeNull();
    expect(await permit.release()).toBe(true);
  });

  test('in several processes: hundreds of grants, never more permits out than there are, and all of them used', async () => {
    const workers = await backEnd.workers(3);
    const wishes = (worker: number): Wish[] =>
      Array.from({ length: 50 }, (_, i) => ({
        name: 'many',
        limit: 4,
        options: { ...LONG, count: ((i * 7 + worker) % 4) + 1 },
      }));
    // Three takers in each process.
    const spans = (
      await Promise.all(workers.flatMap((w, i) => [0, 1, 2].map((n) => w.work(wishes(i + n)))))
    ).flat();
    expect(spans).toHaveLength(450);
    expect(new Set(spans.map(({ fencingToken }) => fencingToken)).size).toBe(450);
    expect(mostAtOnce(spans, 'many')).toBe(4);
  });

  test('while the limit changes in the middle of it, never more are out than the highest limit', async () => {
    const workers = await backEnd.workers(3);
    // Each process learns of each limit at another time.
    const wishes = (worker: number): Wish[] =>
      Array.from({ length: 48 }, (_, i) => ({
        name: 'changing',
        limit: [2, 5, 3][Math.floor((i + worker * 5) / 16) % 3] ?? 2,
        options: { ...LONG, count: (i % 2) + 1 },
      }));
    const spans = (
      await Promise.all(workers.flatMap((w, i) => [w.work(wishes(i)), w.work(wishes(i))]))
    ).flat();
    expect(spans).toHaveLength(288);
    expect(mostAtOnce(spans, 'changing')).toBeLessThanOrEqual(5);
    for (const limit of [2, 3]) {
      // Beside one who goes by a lower limit there are never more than that.
      for (const one of spans.filter(({ wish }) => wish.limit === limit)) {
        const beside = spans
          .filter(({ fromMs, toMs }) => fromMs < one.toMs && toMs > one.fromMs)
          .map((span) => ({
            ...span,
            fromMs: Math.max(span.fromMs, one.fromMs),
            toMs: Math.min(span.toMs, one.toMs),
          }));
        expect(mostAtOnce(beside, 'changing')).toBeLessThanOrEqual(limit);
      }
    }
  });

  test('of two holders one is killed: its permit is free at the end of its lease, the other goes on', async () => {
    const [worker] = (await backEnd.workers(1)) as [Worker];
    await worker.call({ do: 'acquire', key: 'k', name: 'of two', limit: 2, options: { ttl: 2_000 } });
    const other = await taken('of two', 2);
    const waiting = await queued('of two', 2);
    await worker.kill();
    // Only now: it has renewed its lease until then.
    const due = await dueMs(backEnd, 'of two');
    const granted = await grantedMs(backEnd, 'of two', await waiting.lease);
    expect(granted).toBeGreaterThanOrEqual(due);
    expect(backEnd.servedMs(due, granted)).toBeLessThanOrEqual(100);
    expect(other.isHeld).toBe(true);
  });

  test('one killed while it waits for many permits delays those behind it for few at most 2 s', async () => {
    const [worker] = (await backEnd.workers(1)) as [Worker];
    const [a, b] = [await taken('dead', 3, 1), await taken('dead', 3, 2)];
    await worker.enqueue('k', 'dead', { ...LONG, count: 3 }, 3);
    const behind = [await queued('dead', 3), await queued('dead', 3), await queued('dead', 3)];
    await worker.kill();
    await a.release();
    await b.release();
    const releasedMs = performance.now();
    await Promise.all(behind.map(({ lease }) => lease));
    expect(backEnd.ranMs(releasedMs)).toBeLessThanOrEqual(2_000);
    await untilClaimed(backEnd, 'dead');
    expect((await backEnd.manager().query('dead')).held).toHaveLength(3);
  });

  test('one killed while it waits for many permits keeps those behind it from free ones for 2 s at most', async () => {
    const [worker] = (await backEnd.workers(1)) as [Worker];
    const holder = await taken('dead large', 3, 2);
    await worker.enqueue('k', 'dead large', { ...LONG, count: 3 }, 3);
    const small = await queued('dead large', 3);
    await untilAnswered(backEnd);
    await worker.kill();
    const killedMs = performance.now();
    await small.lease;
    expect(backEnd.ranMs(killedMs)).toBeLessThanOrEqual(2_000);
    expect(holder.isHeld).toBe(true);
  });

  describe('faults', () => {
    testFaults(backEnd, {
      ...holderOf('one with two of three permits', { name: 'faults', limit: 3, options: { count: 2 } }),
      name: 'faults',
      wanted: { name: 'faults', limit: 3, options: { count: 2 } },
    });
  });

  test('nothing is left of permits', async () => {
    const managers = [backEnd.manager(), backEnd.manager()];
    await Promise.all(
      managers.flatMap((manager) =>
        [1, 2, 3].map((count) =>
          manager.semaphore('left', { permits: 3 }).runExclusive(() => undefined, { ...LONG, count }),
        ),
      ),
    );
    await Promise.all(managers.map((manager) => manager.close()));
    await nothingIsLeft(backEnd);
  });
});
