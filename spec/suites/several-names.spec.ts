import { LockOptionsError, LockTimeoutError, type Lease, type LockOptions } from '../../lib/index.js';
import { ACKNOWLEDGE_MS } from '../../lib/schema/constants.js';
import { onEachBackEnd } from '../support/back-end.js';
import { nextEvent, rejection, until } from '../support/until.js';
import type { Worker } from '../support/worker.js';
import type { Wish } from '../support/worker-main.js';
import { nothingIsLeft } from './after-a-minute.js';
import { dueMs, grantedMs, holderOf, testFaults, untilAnswered } from './lock-faults.js';
import { mostAtOnce } from './spans.js';

const LONG: LockOptions = { waitTimeout: 25_000 };

onEachBackEnd('several names at once', (backEnd) => {
  const acquire = (names: string | readonly string[], options: LockOptions = {}): Promise<Lease> =>
    backEnd.manager().acquire(names, { ...LONG, ...options });
  const isFree = async (name: string): Promise<boolean> => !(await backEnd.manager().isLocked(name));

  /** Resolves when the request is in the queues; `isGranted` and the lease are still to come. */
  async function queued(names: string | readonly string[], options: LockOptions = {}) {
    const manager = backEnd.manager();
    const waiting = nextEvent<{ position: number }>(manager, 'waiting');
    const lease = manager.acquire(names, { ...LONG, ...options });
    const request = { isGranted: false, lease, position: 0 };
    lease.then(
      () => (request.isGranted = true),
      () => undefined,
    );
    request.position = (await waiting).position;
    return request;
  }

  test('all are held, and each of them keeps others out', async () => {
    const lease = await acquire(['all 1', 'all 2', 'all 3']);
    expect(lease.names).toEqual(['all 1', 'all 2', 'all 3']);
    expect(lease.name).toBe('all 1');
    for (const name of lease.names) {
      expect(await backEnd.manager().get(name).tryAcquire()).toBeNull();
      expect(await isFree(name)).toBe(false);
    }
    expect(await isFree('all 4')).toBe(true);
  });

  test('one release frees them all, and lets in whoever waits for any of them', async () => {
    const lease = await acquire(['free 1', 'free 2', 'free 3']);
    const waiting = [await queued('free 1'), await queued('free 3')];
    expect(await lease.release()).toBe(true);
    const leases = await Promise.all(waiting.map((request) => request.lease));
    expect(leases.every(({ isHeld }) => isHeld)).toBe(true);
    expect(await isFree('free 2')).toBe(true);
  });

  test('one token is valid for each name, and greater than every earlier one of each', async () => {
    const before = [await acquire('token 1'), await acquire('token 2')];
    await Promise.all(before.map((lease) => lease.release()));
    const { fencingToken, fencingTokens } = await acquire(['token 1', 'token 2']);
    expect([...fencingTokens]).toEqual([
      ['token 1', fencingToken],
      ['token 2', fencingToken],
    ]);
    expect(fencingToken).toBeGreaterThan(Math.max(...before.map((lease) => lease.fencingToken)));
    for (const name of ['token 1', 'token 2']) {
      expect(await backEnd.run('lock_fence', name, fencingToken)).toBeNull();
      await expect(backEnd.run('lock_fence', name, fencingToken - 1)).rejects.toMatchObject({
        error_code: -103,
      });
    }
    await expect(backEnd.run('lock_fence', 'token 3', fencingToken)).rejects.toMatchObject({
      error_code: -103,
    });
  });

  test('all or nothing: what waits for one name does not hold the other, but keeps its place in its queue', async () => {
    const holder = await acquire('b');
    const both = await queued(['a', 'b']);
    expect(await isFree('a')).toBe(true);
    // Nobody who comes later gets in between, whether it waits or not.
    expect(await backEnd.manager().get('a').tryAcquire()).toBeNull();
    const later = await queued('a');
    expect(later.position).toBe(1);
    await holder.release();
    const lease = await both.lease;
    expect(later.isGranted).toBe(false);
    await lease.release();
    expect((await later.lease).isHeld).toBe(true);
  });

  test('a request that gives up leaves no trace in any of its queues, and those behind it go on at once', async () => {
    const holder = await acquire('given up 2');
    const controller = new AbortController();
    const manager = backEnd.manager();
    const gaveUp = rejection(
      manager.acquire(['given up 1', 'given up 2', 'given up 3'], { ...LONG, signal: controller.signal }),
    );
    await nextEvent(manager, 'waiting');
    const [behind, other] = [await queued('given up 1'), await queued('given up 3')];
    controller.abort();
    await gaveUp;
    expect((await behind.lease).isHeld).toBe(true);
    expect((await other.lease).isHeld).toBe(true);
    expect((await backEnd.manager().query('given up 2')).pending).toEqual([]);
    expect(holder.isHeld).toBe(true);
  });

  test('waitTimeout rejects, and none of the names is held afterwards', async () => {
    await acquire('timed out 2');
    const error = await rejection(acquire(['timed out 1', 'timed out 2'], { waitTimeout: 150 }));
    expect(error).toBeInstanceOf(LockTimeoutError);
    expect((error as LockTimeoutError).lockName).toBe('timed out 1, timed out 2');
    expect(await isFree('timed out 1')).toBe(true);
  });

  test('tryAcquire takes all, or none if one of them is not free', async () => {
    const holder = await acquire('try 2');
    const manager = backEnd.manager();
    expect(await manager.get(['try 1', 'try 2']).tryAcquire()).toBeNull();
    expect(await isFree('try 1')).toBe(true);
    await holder.release();
    const lease = await manager.get(['try 1', 'try 2']).tryAcquire();
    expect(lease?.isHeld).toBe(true);
    expect(await isFree('try 1')).toBe(false);
  });

  test('first come, first served in each queue: nobody passes a request that waits elsewhere', async () => {
    const holder = await acquire(['fifo 1', 'fifo 2']);
    const one = await queued('fifo 1');
    const both = await queued(['fifo 1', 'fifo 2']);
    const two = await queued('fifo 2');
    // Ahead of it in the longer of its queues: the holder, and the one that came before.
    expect([one.position, both.position, two.position]).toEqual([1, 2, 2]);
    await holder.release();
    const first = await one.lease;
    expect(await isFree('fifo 2')).toBe(true);
    expect([both.isGranted, two.isGranted]).toEqual([false, false]);
    await first.release();
    const second = await both.lease;
    expect(two.isGranted).toBe(false);
    await second.release();
    const third = await two.lease;
    expect(first.fencingToken).toBeLessThan(second.fencingToken);
    expect(second.fencingToken).toBeLessThan(third.fencingToken);
  });

  test('a long chain of requests that share a name each is worked off in order by releases alone', async () => {
    const length = 30;
    const holder = await acquire(['link 0', 'link 1']);
    const chain = [];
    for (let i = 1; i < length; i++) chain.push(await queued([`link ${i}`, `link ${i + 1}`]));
    const startMs = performance.now();
    await holder.release();
    const later = chain.map(async ({ lease }) => {
      const held = await lease;
      await held.release();
      return held.fencingToken;
    });
    const tokens = [holder.fencingToken, ...(await Promise.all(later))];
    const stoodStillMs = performance.now() - startMs - backEnd.ranMs(startMs);
    // One that does not answer its grant for 800 ms is passed by: so are those on a machine that stands still.
    if (stoodStillMs < ACKNOWLEDGE_MS) expect(tokens).toEqual([...tokens].sort((x, y) => x - y));
  });

  test('of requests that do not concern each other all are granted at once by one release', async () => {
    const names = Array.from({ length: 10 }, (_, i) => `apart ${i}`);
    const holder = await acquire(names);
    const pairs = await Promise.all(
      [0, 2, 4, 6, 8].map((i) => queued([names[i] as string, names[i + 1] as string])),
    );
    await holder.release();
    const leases = await Promise.all(pairs.map(({ lease }) => lease));
    expect(leases.every(({ isHeld }) => isHeld)).toBe(true);
  });

  test('dining philosophers: opposite orders in five processes never deadlock, no fork is in two hands', async () => {
    const workers = await backEnd.workers(5);
    const fork = (i: number): string => `fork ${i % 5}`;
    const meals = (i: number): Wish[] =>
      Array.from({ length: 40 }, (_, meal) => ({
        name: (meal + i) % 2 === 0 ? [fork(i), fork(i + 1)] : [fork(i + 1), fork(i)],
        options: LONG,
      }));
    const spans = (await Promise.all(workers.map((worker, i) => worker.work(meals(i))))).flat();
    expect(spans).toHaveLength(200);
    for (let i = 0; i < 5; i++) expect([i, mostAtOnce(spans, fork(i))]).toEqual([i, 1]);
  });

  test('in several processes: any number of names at once, shared or not, beside locks of one: never two', async () => {
    const workers = await backEnd.workers(3);
    const names = ['w', 'x', 'y', 'z'];
    const wishes = (seed: number): Wish[] =>
      Array.from({ length: 40 }, (_, i) => {
        const first = (i * 3 + seed) % 4;
        const some = names.map((_, n) => names[(first + n) % 4] as string).slice(0, ((i + seed) % 4) + 1);
        return { name: some, options: (i * 5 + seed) % 3 === 0 ? { ...LONG, mode: 'shared' } : LONG };
      });
    const spans = (
      await Promise.all(workers.flatMap((w, i) => [w.work(wishes(i)), w.work(wishes(i + 3))]))
    ).flat();
    expect(spans).toHaveLength(240);
    for (const name of names) {
      // Six takers: no more readers than that, and never one beside a writer.
      expect(mostAtOnce(spans, name)).toBeLessThanOrEqual(6);
    }
  });

  test('readers of several names hold them together, a writer of one of them waits', async () => {
    const [a, b] = [
      await acquire(['shared 1', 'shared 2'], { mode: 'shared' }),
      await acquire(['shared 2', 'shared 3'], { mode: 'shared' }),
    ];
    const writer = await queued('shared 2');
    await a.release();
    expect(writer.isGranted).toBe(false);
    await b.release();
    expect((await writer.lease).isHeld).toBe(true);
  });

  test('the events tell all names', async () => {
    const manager = backEnd.manager();
    const lock = manager.get(['event 1', 'event 2']);
    const told: unknown[] = [];
    for (const event of ['waiting', 'acquired', 'extended', 'released'] as const) {
      manager.on(event, ({ name, names }) => told.push([event, name, names]));
    }
    const holder = await acquire('event 2');
    const acquiring = lock.acquire(LONG);
    await nextEvent(lock, 'waiting');
    await holder.release();
    const lease = await acquiring;
    await lease.extend();
    await lease.release();
    expect(told).toEqual(
      ['waiting', 'acquired', 'extended', 'released'].map((event) => [
        event,
        'event 1',
        ['event 1', 'event 2'],
      ]),
    );
  });

  test('the lock of several names knows whether one of them is held by anybody', async () => {
    const lock = backEnd.manager().get(['any 1', 'any 2']);
    expect(await lock.isLocked()).toBe(false);
    const holder = await acquire('any 2');
    expect(await lock.isLocked()).toBe(true);
    expect(lock.isHeld).toBe(false);
    await holder.release();
    expect(await lock.runExclusive((lease) => lease.names.length)).toBe(2);
    expect(await lock.isLocked()).toBe(false);
  });

  test('64 names at once, each data and never code', async () => {
    const names = Array.from({ length: 60 }, (_, i) => `of 64: ${i}`).concat([
      '__proto__',
      'a, b',
      '"}); .clear(); ({',
      '🔒'.repeat(63),
    ]);
    const lease = await acquire(names);
    expect(lease.names).toEqual(names);
    for (const name of names.slice(-4)) expect(await isFree(name)).toBe(false);
    expect(await lease.release()).toBe(true);
    for (const name of names.slice(-4)) expect(await isFree(name)).toBe(true);
  });

  test.each([
    ['none', []],
    ['more than 64', Array.from({ length: 65 }, (_, i) => `${i}`)],
    ['one of them twice', ['a', 'b', 'a']],
    ['an empty one', ['a', '']],
    ['one that is no text', ['a', 5 as unknown as string]],
    ['one of more than 255 bytes', ['a', 'x'.repeat(256)]],
  ])('bad names are refused before anything is sent: %s', async (_, names) => {
    const manager = backEnd.manager();
    const connected = jest.fn();
    manager.on('connected', connected);
    expect(() => manager.get(names)).toThrow(LockOptionsError);
    await expect(manager.acquire(names)).rejects.toBeInstanceOf(LockOptionsError);
    expect(connected).not.toHaveBeenCalled();
  });

  test('a killed holder of several: all of them are free within 100 ms of the end of its lease', async () => {
    const [worker] = (await backEnd.workers(1)) as [Worker];
    await worker.call({
      do: 'acquire',
      key: 'k',
      name: ['dead 1', 'dead 2', 'dead 3'],
      options: { ttl: 2_000 },
    });
    const waiting = [await queued('dead 1'), await queued(['dead 2', 'dead 3'])];
    await worker.kill();
    // Only now: it has renewed its lease until then.
    const due = await dueMs(backEnd, 'dead 1');
    for (const [i, { lease }] of waiting.entries()) {
      const granted = await grantedMs(backEnd, i === 0 ? 'dead 1' : 'dead 2', await lease);
      expect(granted).toBeGreaterThanOrEqual(due);
      expect(backEnd.servedMs(due, granted)).toBeLessThanOrEqual(100);
    }
  });

  test('one killed while it waits for several delays those behind it, in each of the queues, at most 2 s', async () => {
    const [worker] = (await backEnd.workers(1)) as [Worker];
    const holder = await acquire(['way 1', 'way 2']);
    for (const key of ['one', 'two']) await worker.enqueue(key, ['way 1', 'way 2', 'way 3'], LONG);
    const behind = [await queued('way 1'), await queued('way 2'), await queued('way 3')];
    await untilAnswered(backEnd);
    await worker.kill();
    await holder.release();
    const releasedMs = performance.now();
    await Promise.all(behind.map(({ lease }) => lease));
    expect(backEnd.ranMs(releasedMs)).toBeLessThanOrEqual(2_000);
  });

  test('one killed while it waits elsewhere keeps others out of what nobody holds for 2 s at most', async () => {
    const [worker] = (await backEnd.workers(1)) as [Worker];
    const holder = await acquire('elsewhere 1');
    for (const key of ['one', 'two']) await worker.enqueue(key, ['elsewhere 1', 'elsewhere 2'], LONG);
    const behind = await queued('elsewhere 2');
    expect([await isFree('elsewhere 2'), behind.isGranted]).toEqual([true, false]);
    await untilAnswered(backEnd);
    await worker.kill();
    const killedMs = performance.now();
    await behind.lease;
    expect(backEnd.ranMs(killedMs)).toBeLessThanOrEqual(2_000);
    expect(holder.isHeld).toBe(true);
  });

  test('one that lives keeps its place in the queue of what nobody holds, however long it waits elsewhere', async () => {
    const holder = await acquire('patient 1');
    const both = await queued(['patient 1', 'patient 2']);
    const behind = await queued('patient 2');
    // A change, as a node that lags may answer a read.
    const code = 'wse(); .thingsdb_lock.locks[":patient 2"].waiting.first().inbox.seen;';
    // It is asked whether it lives, and answers; more than once.
    let seen = await backEnd.query(code);
    for (let times = 0; times < 2; times++) {
      await until(async () => (await backEnd.query(code)) !== seen);
      seen = await backEnd.query(code);
    }
    expect([both.isGranted, behind.isGranted]).toEqual([false, false]);
    await holder.release();
    const lease = await both.lease;
    expect(behind.isGranted).toBe(false);
    await lease.release();
    expect((await behind.lease).fencingToken).toBeGreaterThan(lease.fencingToken);
  });

  describe('faults', () => {
    testFaults(backEnd, {
      ...holderOf('a holder of two names', { name: ['first', 'second'] }),
      name: 'second',
      wanted: { name: ['second', 'third'] },
    });
  });

  test('nothing is left of several names', async () => {
    const managers = [backEnd.manager(), backEnd.manager()];
    await Promise.all(
      managers.flatMap((manager) =>
        [['l', 'm'], ['m', 'l'], ['n', 'm'], ['l']].map((names) =>
          manager.get(names).runExclusive(() => undefined, LONG),
        ),
      ),
    );
    await Promise.all(managers.map((manager) => manager.close()));
    await nothingIsLeft(backEnd);
  });
});
