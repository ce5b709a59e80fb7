import { LockLostError, LockOptionsError, type LockManager } from '../../lib/index.js';
import { onEachBackEnd } from '../support/back-end.js';
import { nextEvent, rejection, until } from '../support/until.js';
import { Worker } from '../support/worker.js';
import { nothingIsLeft } from './after-a-minute.js';
import { dueMs, grantedMs, holderOf, testFaults } from './lock-faults.js';

onEachBackEnd('handing on', (backEnd) => {
  let workers: Worker[] = [];
  afterEach(async () => {
    await Promise.all(workers.map((worker) => worker.stop()));
    workers = [];
  });

  test('a held lease goes on in another process: same token, renewed there, released there', async () => {
    workers = await Worker.start(backEnd, 1);
    const [worker] = workers as [Worker];
    const manager = backEnd.manager();
    const lease = await manager.acquire('parcel', { ttl: 600 });
    const ttlEndMs = performance.now() + 600;
    const text = await lease.serialize();
    expect(await worker.call({ do: 'adopt', key: 'k', text })).toBe(lease.fencingToken);
    const { held } = await manager.query('parcel');
    expect(held.map(({ fencingToken }) => fencingToken)).toEqual([lease.fencingToken]);
    expect(held[0]?.owner).toContain(`:${worker.pid}`);
    await until(() => performance.now() > ttlEndMs + 600);
    expect(await manager.get('parcel').tryAcquire()).toBeNull();
    expect(await worker.call({ do: 'release', key: 'k' })).toBe(true);
    expect(await manager.isLocked('parcel')).toBe(false);
  });

  test('the first one stops: not held, its release says false and frees nothing, its signal is silent', async () => {
    const [first, second] = [backEnd.manager(), backEnd.manager()];
    const lock = first.get('stops', { ttl: 60_000 });
    const lease = await lock.acquire();
    const told: unknown[] = [];
    lock.on('handedOn', (event) => told.push(event));
    const text = await lease.serialize();
    expect(told).toEqual([{ name: 'stops', names: ['stops'], fencingToken: lease.fencingToken }]);
    expect([lease.isHeld, lock.isHeld, lease.remaining(), lease.signal.aborted]).toEqual([
      false,
      false,
      0,
      false,
    ]);
    expect(await lease.release()).toBe(false);
    const adopted = await second.adopt(text);
    expect(await lease.release()).toBe(false);
    expect(adopted.isHeld).toBe(true);
    await expect(lease.extend()).rejects.toMatchObject({ code: 'LOCK_NOT_HELD' });
    await expect(lock.release()).rejects.toMatchObject({ code: 'LOCK_NOT_HELD' });
    expect(await adopted.release()).toBe(true);
  });

  test('runExclusive resolves when its function has handed the lease on, and does not release it', async () => {
    const [first, second] = [backEnd.manager(), backEnd.manager()];
    const text = await first.get('inside').runExclusive((lease) => lease.serialize());
    const adopted = await second.adopt(text);
    expect([adopted.isHeld, await first.isLocked('inside')]).toEqual([true, true]);
  });

  test('the process that hands it on may close and end before the other adopts it', async () => {
    const [first, second] = [backEnd.manager(), backEnd.manager()];
    const lease = await first.acquire('closed', { ttl: 60_000 });
    const text = await lease.serialize();
    await first.close();
    expect(await second.get('closed').tryAcquire()).toBeNull();
    expect((await second.adopt(text)).fencingToken).toBe(lease.fencingToken);
  });

  test('a text is worth something once: who comes second has lost it', async () => {
    const [first, second, third] = [backEnd.manager(), backEnd.manager(), backEnd.manager()];
    const text = await (await first.acquire('once')).serialize();
    const adopted = await second.adopt(text);
    const error = await rejection(third.adopt(text));
    expect(error).toBeInstanceOf(LockLostError);
    expect(error).toMatchObject({ lockName: 'once', fencingToken: adopted.fencingToken });
    expect([adopted.isHeld, await adopted.release()]).toEqual([true, true]);
  });

  test('of two that adopt at the same time just one gets it', async () => {
    const text = await (await backEnd.manager().acquire('race')).serialize();
    const tries = await Promise.allSettled([backEnd.manager().adopt(text), backEnd.manager().adopt(text)]);
    expect(tries.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  test('what nobody adopts expires, and whoever waits follows within 100 ms', async () => {
    const [first, last] = [backEnd.manager(), backEnd.manager()];
    const lease = await first.acquire('late', { ttl: 1_000 });
    const text = await lease.serialize();
    const due = await dueMs(backEnd, 'late');
    const next = await last.acquire('late');
    const granted = await grantedMs(backEnd, 'late', next);
    expect(granted - due).toBeGreaterThanOrEqual(0);
    expect(granted - due).toBeLessThanOrEqual(100);
    await expect(first.adopt(text)).rejects.toMatchObject({ code: 'LOCK_LOST', reason: 'expired' });
  });

  test('one that is taken away on the way says so to who adopts it', async () => {
    const [first, second, thief] = [backEnd.manager(), backEnd.manager(), backEnd.manager()];
    const text = await (await first.acquire('robbed')).serialize();
    const stolen = await thief.acquire('robbed', { steal: true });
    await expect(second.adopt(text)).rejects.toMatchObject({ code: 'LOCK_LOST', reason: 'stolen' });
    expect(stolen.isHeld).toBe(true);
  });

  test('an adopted lease can be taken away too, and its signal says so at once', async () => {
    const [first, second, thief] = [backEnd.manager(), backEnd.manager(), backEnd.manager()];
    const adopted = await second.adopt(await (await first.acquire('adopted')).serialize());
    const lost = nextEvent<{ reason: string }>(second, 'lost');
    await thief.forceRelease('adopted');
    expect((await lost).reason).toBe('force-released');
    expect(adopted.signal.reason).toMatchObject({ reason: 'force-released' });
  });

  test.each([
    [
      'several names',
      (manager: LockManager) => manager.acquire(['left half', 'right half']),
      ['left half', 'right half'],
    ],
    ['a reader', (manager: LockManager) => manager.acquire('text', { mode: 'shared' }), ['text']],
    [
      'permits',
      (manager: LockManager) => manager.semaphore('seats', { permits: 3 }).acquire({ permits: 2 }),
      ['seats'],
    ],
  ])('%s are handed on as they are', async (_kind, acquire, names) => {
    const [first, second] = [backEnd.manager(), backEnd.manager()];
    const lease = await acquire(first);
    const before = await Promise.all(names.map((name) => first.query(name)));
    const adopted = await second.adopt(await lease.serialize());
    expect([adopted.names, adopted.fencingTokens]).toEqual([names, lease.fencingTokens]);
    const after = await Promise.all(names.map((name) => first.query(name)));
    const shapes = (all: typeof before): unknown =>
      all.map(({ held }) => held.map(({ name, mode, permits, limit }) => [name, mode, permits, limit]));
    expect(shapes(after)).toEqual(shapes(before));
    expect(await adopted.release()).toBe(true);
    for (const name of names) expect(await first.isLocked(name)).toBe(false);
  });

  test('what is no such text is refused before anything is sent', async () => {
    const manager = backEnd.manager({ url: 'ws://127.0.0.1:1' });
    for (const text of ['', '{}', 'null', '{"v":1}']) {
      expect(await rejection(manager.adopt(text))).toBeInstanceOf(LockOptionsError);
    }
  });

  describe('faults', () => {
    testFaults(backEnd, {
      ...holderOf('an adopted lease', { name: 'faults' }),
      name: 'faults',
      async holdIn(worker, options) {
        const text = await (await backEnd.manager().acquire('faults', options)).serialize();
        return worker.call({ do: 'adopt', key: 'held', text });
      },
      async hold(manager, options) {
        return manager.adopt(await (await manager.acquire('faults', options)).serialize());
      },
      wanted: { name: 'faults' },
    });
  });

  test('nothing is left', async () => {
    const manager = backEnd.manager();
    await (await manager.adopt(await (await manager.acquire('left')).serialize())).release();
    await manager.close();
    await nothingIsLeft(backEnd);
  });
});
