import {
  LockConnectionError,
  LockLostError,
  LockOptionsError,
  type LockManager,
  type LockOptions,
} from '../../lib/index.js';
import { aborted } from '../support/aborted.js';
import { onEachBackEnd } from '../support/back-end.js';
import { nextEvent, rejection, until } from '../support/until.js';
import type { Worker } from '../support/worker.js';
import { nothingIsLeft } from './after-a-minute.js';
import { dueMs, grantedMs, holderOf, testFaults } from './lock-faults.js';

const LONG: LockOptions = { waitTimeout: 25_000 };
/** Of a lease that goes on beyond it: a busy machine is given the time to hand it on before that. */
const TTL_MS = 2_000;

onEachBackEnd('handing on', (backEnd) => {
  test('a held lease goes on in another process: same token, renewed there, released there', async () => {
    const [worker] = (await backEnd.workers(1)) as [Worker];
    const manager = backEnd.manager();
    const lease = await manager.acquire('parcel', { ttl: TTL_MS });
    const ttlEndMs = performance.now() + TTL_MS;
    const text = await lease.serialize();
    expect(await worker.call({ do: 'adopt', key: 'k', text })).toBe(lease.fencingToken);
    const { held } = await manager.query('parcel');
    expect(held.map(({ fencingToken }) => fencingToken)).toEqual([lease.fencingToken]);
    expect(held[0]?.owner).toContain(`:${worker.pid}`);
    await until(() => performance.now() > ttlEndMs + TTL_MS / 2);
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
    expect(backEnd.servedMs(due, granted)).toBeLessThanOrEqual(100);
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
      (manager: LockManager) => manager.semaphore('seats', { permits: 3 }).acquire({ count: 2 }),
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
      all.map(({ held }) => held.map(({ name, mode, count, permits }) => [name, mode, count, permits]));
    expect(shapes(after)).toEqual(shapes(before));
    expect(await adopted.release()).toBe(true);
    for (const name of names) expect(await first.isLocked(name)).toBe(false);
  });

  test('from process to process: the first is killed on the way, the second goes on beyond its ttl', async () => {
    const [first, second] = (await backEnd.workers(2)) as [Worker, Worker];
    const token = await first.call({ do: 'acquire', key: 'k', name: 'relay', options: { ttl: 1_500 } });
    const text = (await first.call({ do: 'serialize', key: 'k' })) as string;
    await first.kill();
    const due = await dueMs(backEnd, 'relay');
    expect(await second.call({ do: 'adopt', key: 'k', text })).toBe(token);
    // It is renewed there, as it was here.
    await until(async () => (await dueMs(backEnd, 'relay')) > due + 1_500);
    expect(await second.call({ do: 'release', key: 'k' })).toBe(true);
  });

  test('those who wait are told nothing, keep their order, and follow who has adopted it', async () => {
    const [first, second] = [backEnd.manager(), backEnd.manager()];
    const lease = await first.acquire('order', { ttl: 3_000 });
    const tokens: number[] = [];
    const waiting = [];
    for (let i = 0; i < 3; i++) {
      const manager = backEnd.manager();
      waiting.push(
        manager.get('order').runExclusive(({ fencingToken }) => void tokens.push(fencingToken), LONG),
      );
      await nextEvent(manager, 'waiting');
    }
    const adopted = await second.adopt(await lease.serialize());
    await until(() => adopted.remaining() > 2_500);
    expect(tokens).toEqual([]);
    expect((await first.query('order')).pending).toHaveLength(3);
    expect(await adopted.release()).toBe(true);
    await Promise.all(waiting);
    expect(tokens).toEqual([...tokens].sort((x, y) => x - y));
  });

  test('it can be handed on again and again', async () => {
    let lease = await backEnd.manager().acquire('again');
    const { fencingToken } = lease;
    for (let i = 0; i < 5; i++) lease = await backEnd.manager().adopt(await lease.serialize());
    expect([lease.isHeld, lease.fencingToken]).toEqual([true, fencingToken]);
    expect(await lease.release()).toBe(true);
  });

  test('back to the process that has handed it on', async () => {
    const [one, other] = [backEnd.manager(), backEnd.manager()];
    const there = await other.adopt(await (await one.acquire('back')).serialize());
    const back = await one.adopt(await there.serialize());
    expect([there.isHeld, back.isHeld, await back.release()]).toEqual([false, true, true]);
  });

  test('it goes on with its own ttl, or with the one that is given', async () => {
    const [one, other] = [backEnd.manager(), backEnd.manager()];
    const own = await other.adopt(await (await one.acquire('own ttl', { ttl: 20_000 })).serialize(), {
      ttl: undefined,
    });
    const given = await other.adopt(await (await one.acquire('new ttl', { ttl: 20_000 })).serialize(), {
      ttl: '90s',
    });
    await until(() => given.remaining() > 60_000);
    expect(own.remaining()).toBeLessThanOrEqual(20_000);
    const ends = await other.adopt(await (await one.acquire('no renewal')).serialize(), {
      ttl: 500,
      autoRenew: false,
    });
    await aborted(ends.signal);
    expect(ends.signal.reason).toMatchObject({ reason: 'expired' });
  });

  test('a lease that is lost or released cannot be handed on', async () => {
    const [manager, thief] = [backEnd.manager(), backEnd.manager()];
    const released = await manager.acquire('released');
    await released.release();
    await expect(released.serialize()).rejects.toMatchObject({ code: 'LOCK_NOT_HELD' });
    const lost = await manager.acquire('lost');
    await thief.forceRelease('lost');
    await aborted(lost.signal);
    await expect(lost.serialize()).rejects.toMatchObject({ code: 'LOCK_LOST', reason: 'force-released' });
  });

  test('one that waits for it is killed, and its holder hands it on: the next follows within 2 s of the release', async () => {
    const [worker] = (await backEnd.workers(1)) as [Worker];
    const [first, second, last] = [backEnd.manager(), backEnd.manager(), backEnd.manager()];
    const lease = await first.acquire('dead waiter');
    await worker.enqueue('k', 'dead waiter', LONG);
    const waiting = last.acquire('dead waiter', LONG);
    await nextEvent(last, 'waiting');
    await worker.kill();
    const adopted = await second.adopt(await lease.serialize());
    await adopted.release();
    const releasedMs = performance.now();
    await waiting;
    expect(backEnd.ranMs(releasedMs)).toBeLessThanOrEqual(2_000);
  });

  test('a server that hangs while it is serialized: an error, the lease goes on here', async () => {
    const proxy = await backEnd.proxy();
    const manager = backEnd.manager({ url: proxy.url, requestTimeout: 1_000 });
    const lease = await manager.acquire('hangs', { ttl: 20_000 });
    proxy.freeze();
    expect(await rejection(lease.serialize())).toBeInstanceOf(LockConnectionError);
    expect(lease.isHeld).toBe(true);
    proxy.thaw();
    await lease.extend();
    expect(await lease.release()).toBe(true);
    expect(await backEnd.manager().isLocked('hangs')).toBe(false);
    await manager.close();
  });

  test('a server that hangs while it is adopted: an error, and whoever waits follows', async () => {
    const proxy = await backEnd.proxy();
    const [first, second, last] = [
      backEnd.manager(),
      backEnd.manager({ url: proxy.url, requestTimeout: 1_000 }),
      backEnd.manager(),
    ];
    await second.setup();
    const text = await (await first.acquire('no answer', { ttl: 4_000 })).serialize();
    proxy.freeze();
    expect(await rejection(second.adopt(text))).toBeInstanceOf(LockConnectionError);
    const waiting = last.acquire('no answer', LONG);
    await nextEvent(last, 'waiting');
    proxy.thaw();
    expect((await waiting).isHeld).toBe(true);
    expect((await last.query('no answer')).held).toHaveLength(1);
    await second.close();
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
