import { LockLostError, LockNotHeldError, type LostReason } from '../../lib/index.js';
import { RequestState } from '../../lib/schema/constants.js';
import { aborted, abortedWithin } from '../support/aborted.js';
import { onEachBackEnd } from '../support/back-end.js';
import { nextEvent, rejection, until } from '../support/until.js';
import type { Worker } from '../support/worker.js';

onEachBackEnd('leases', (backEnd) => {
  test('a killed holder is taken over within 100 ms of the end of its lease', async () => {
    const [worker] = (await backEnd.workers(1)) as [Worker];
    const manager = backEnd.manager();
    await worker.call({ do: 'acquire', key: 'k', name: 'killed', options: { ttl: 2_000 } });
    const acquiring = manager.get('killed').acquire({ waitTimeout: 20_000 });
    await nextEvent(manager, 'waiting');
    await worker.kill();
    const dueUs = Number(await backEnd.query('.thingsdb_lock.locks[":killed"].held.first().due;'));
    await acquiring;
    const grantedUs = Number(await backEnd.query('.thingsdb_lock.locks[":killed"].held.first().since;'));
    expect(grantedUs).toBeGreaterThanOrEqual(dueUs);
    expect(backEnd.servedMs(dueUs / 1000, grantedUs / 1000)).toBeLessThanOrEqual(100);
  });

  test('a holder with a shorter ttl than the one before is taken over as promptly', async () => {
    const [worker] = (await backEnd.workers(1)) as [Worker];
    const [first, last] = [backEnd.manager(), backEnd.manager()];
    const lease = await first.get('shorter').acquire({ ttl: 30_000 });
    await worker.enqueue('k', 'shorter', { ttl: 2_000, waitTimeout: 60_000 });
    const acquiring = last.get('shorter').acquire({ waitTimeout: 60_000 });
    await nextEvent(last, 'waiting');
    const granted = nextEvent(worker as never, 'granted');
    await lease.release();
    await granted;
    await until(
      async () =>
        (await backEnd.query('.thingsdb_lock.locks[":shorter"].held.first().state;')) === RequestState.held,
    );
    await worker.kill();
    const dueUs = Number(await backEnd.query('.thingsdb_lock.locks[":shorter"].held.first().due;'));
    await acquiring;
    const grantedUs = Number(await backEnd.query('.thingsdb_lock.locks[":shorter"].held.first().since;'));
    expect(backEnd.servedMs(dueUs / 1000, grantedUs / 1000)).toBeLessThanOrEqual(100);
  });

  test('a killed waiter at the head of the queue delays the next at most 2 s, however many places it had', async () => {
    const [worker] = (await backEnd.workers(1)) as [Worker];
    const [first, last] = [backEnd.manager(), backEnd.manager()];
    const lease = await first.get('dead head').acquire({ ttl: 60_000 });
    for (let i = 0; i < 5; i++)
      await worker.enqueue(`k${i}`, 'dead head', { ttl: 60_000, waitTimeout: 60_000 });
    const acquiring = last.get('dead head').acquire({ waitTimeout: 60_000 });
    await nextEvent(last, 'waiting');
    await worker.kill();
    await lease.release();
    const releasedMs = performance.now();
    await acquiring;
    expect(backEnd.ranMs(releasedMs)).toBeLessThanOrEqual(2_000);
  });

  test('with nobody waiting an expired lease is ended by the sweeper within 2 s', async () => {
    const [worker] = (await backEnd.workers(1)) as [Worker];
    await worker.call({ do: 'acquire', key: 'k', name: 'alone', options: { ttl: 1_000 } });
    const dueUs = Number(await backEnd.query('.thingsdb_lock.locks[":alone"].held.first().due;'));
    await worker.kill();
    await until(async () => (await backEnd.query('.thingsdb_lock.locks.has(":alone");')) === false);
    const nowUs = Number(await backEnd.query('int(now() * 1000000);'));
    expect(backEnd.servedMs(dueUs / 1000, nowUs / 1000)).toBeLessThanOrEqual(2_000);
  });

  test('a frozen server: the signal aborts by the end of the lease, and says why', async () => {
    const proxy = await backEnd.proxy();
    const manager = backEnd.manager({ url: proxy.url });
    await manager.setup();
    const sentMs = performance.now();
    const lease = await manager.get('frozen').acquire({ ttl: 800 });
    const told: [string, boolean][] = [];
    manager.on('expired', () => told.push(['expired', lease.signal.aborted]));
    manager.on('lost', ({ reason }) => told.push([`lost: ${reason}`, lease.signal.aborted]));
    proxy.freeze();
    await abortedWithin(lease.signal, 800, sentMs);
    expect(lease.signal.reason).toBeInstanceOf(LockLostError);
    expect((lease.signal.reason as LockLostError).reason).toBe<LostReason>('expired');
    expect(lease.isHeld).toBe(false);
    expect(await lease.release()).toBe(false);
    expect(told).toEqual([
      ['expired', true],
      ['lost: expired', true],
    ]);
    proxy.thaw();
  });

  test('a lease is renewed through a hold of three times its ttl', async () => {
    const manager = backEnd.manager();
    const lock = manager.get('renewed');
    const extended = jest.fn();
    const lease = await lock.acquire({ ttl: 1_500 });
    lock.on('extended', extended);
    await until(() => extended.mock.calls.length >= 9);
    expect(lease.isHeld).toBe(true);
    expect(await backEnd.manager().get('renewed').tryAcquire()).toBeNull();
    expect(await lease.release()).toBe(true);
  });

  test('one failed renewal does not end the lease', async () => {
    const proxy = await backEnd.proxy();
    const manager = backEnd.manager({ url: proxy.url, requestTimeout: 500 });
    const lock = manager.get('retry');
    const lease = await lock.acquire({ ttl: 3_000 });
    const failed = nextEvent(lock, 'error');
    proxy.freeze();
    await failed;
    proxy.thaw();
    await nextEvent(lock, 'extended');
    expect(lease.isHeld).toBe(true);
    expect(await lease.release()).toBe(true);
  });

  test('without autoRenew the ttl is the longest hold', async () => {
    const manager = backEnd.manager();
    await manager.setup();
    const sentMs = performance.now();
    const lease = await manager.acquire('once', { ttl: 400, autoRenew: false });
    expect(await abortedWithin(lease.signal, 400, sentMs)).toBeGreaterThan(350);
  });

  test('a lock that was waited for and is not renewed is held for its ttl, not for the time to answer a grant', async () => {
    const [a, b] = [backEnd.manager(), backEnd.manager()];
    const first = await a.get('whole').acquire();
    const acquiring = b.get('whole').acquire({ ttl: 1_500, autoRenew: false });
    await nextEvent(b, 'waiting');
    await first.release();
    const lease = await acquiring;
    expect(await abortedWithin(lease.signal, 1_500)).toBeGreaterThan(1_200);
  });

  test('maxHold ends a lease however often it is renewed', async () => {
    const manager = backEnd.manager();
    await manager.setup();
    const sentMs = performance.now();
    const lease = await manager.acquire('max', { ttl: 1_000, maxHold: 2_200 });
    expect(await abortedWithin(lease.signal, 2_200, sentMs)).toBeGreaterThan(2_000);
    await until(async () => !(await backEnd.manager().isLocked('max')));
  });

  test('release after the lease has expired resolves false and disturbs nobody', async () => {
    const [a, b] = [backEnd.manager(), backEnd.manager()];
    const lease = await a.get('late').acquire({ ttl: 200, autoRenew: false });
    const next = await b.get('late').acquire({ waitTimeout: 10_000 });
    expect(await lease.release()).toBe(false);
    expect(next.isHeld).toBe(true);
    await expect(lease.extend()).rejects.toBeInstanceOf(LockLostError);
    expect(await next.release()).toBe(true);
  });

  test('a lease that the server has forgotten is lost with that reason', async () => {
    const lock = backEnd.manager().get('forgotten');
    const lease = await lock.acquire({ ttl: 3_000 });
    const lost = nextEvent<{ reason: LostReason }>(lock, 'lost');
    await backEnd.query('.thingsdb_lock.locks.clear();');
    expect((await lost).reason).toBe('forgotten-by-server');
    expect(lease.signal.aborted).toBe(true);
  });

  test('runExclusive: the result comes back, the error of the caller comes through, the lock is free after either', async () => {
    const manager = backEnd.manager();
    expect(await manager.get('run').runExclusive((lease) => Promise.resolve(lease.name))).toBe('run');
    const mine = new Error('mine');
    expect(await rejection(manager.get('run').runExclusive(() => Promise.reject(mine)))).toBe(mine);
    expect(await manager.isLocked('run')).toBe(false);
  });

  test('runExclusive: the error of the caller comes through although the lease was lost', async () => {
    const mine = new Error('mine');
    const running = backEnd
      .manager()
      .get('run lost')
      .runExclusive(
        async (lease) => {
          await aborted(lease.signal);
          throw mine;
        },
        { ttl: 150, autoRenew: false },
      );
    expect(await rejection(running)).toBe(mine);
  });

  test('runExclusive: work that succeeded after its lease was lost rejects with LockLostError', async () => {
    const running = backEnd
      .manager()
      .get('run on')
      .runExclusive((lease) => aborted(lease.signal), { ttl: 150, autoRenew: false });
    expect(await rejection(running)).toBeInstanceOf(LockLostError);
  });

  test('runExclusive: a lease that its work released itself is no loss', async () => {
    const manager = backEnd.manager();
    expect(await manager.get('run early').runExclusive((lease) => lease.release())).toBe(true);
  });

  test('await using releases at the end of the block', async () => {
    const manager = backEnd.manager();
    {
      await using lease = await manager.get('using').acquire();
      expect(lease.isHeld).toBe(true);
      expect(await manager.isLocked('using')).toBe(true);
    }
    expect(await manager.isLocked('using')).toBe(false);
  });

  test('extend after a release is refused before anything is sent', async () => {
    const lease = await backEnd.manager().get('extend').acquire();
    await lease.release();
    await expect(lease.extend()).rejects.toBeInstanceOf(LockNotHeldError);
  });
});
