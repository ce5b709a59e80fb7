import { setTimeout as sleep } from 'node:timers/promises';
import {
  LockClosedError,
  LockLostError,
  LockManager,
  LockOptionsError,
  LockTimeoutError,
} from '../../lib/index.js';
import { onEachBackEnd } from '../support/back-end.js';
import { nextEvent, rejection } from '../support/until.js';

onEachBackEnd('a service that shuts down', (backEnd) => {
  test('drain() waits for the sections that run, then closes; their locks are theirs to the end', async () => {
    const manager = backEnd.manager();
    const other = backEnd.manager().get('drained', { waitTimeout: '10s' });
    let finish = (): void => undefined;
    const work = new Promise<void>((resolve) => (finish = resolve));
    const section = manager.runExclusive('drained', async (lease) => {
      await work;
      return lease.isHeld;
    });
    await nextEvent(manager, 'acquired');
    expect(manager.state).toBe('open');
    const drained = manager.drain();
    expect(manager.state).toBe('draining');
    const waits = nextEvent(other, 'waiting');
    const next = other.acquire();
    await waits;
    finish();
    expect(await section).toBe(true);
    expect(await drained).toBe(true);
    expect(manager.state).toBe('closed');
    expect(await (await next).release()).toBe(true);
  });

  test('drain() takes nothing new, and withdraws at once what waits', async () => {
    const manager = backEnd.manager();
    const holder = await backEnd.manager().acquire('held-elsewhere');
    const lease = await manager.acquire('mine');
    const waiting = manager.acquire('held-elsewhere', { waitTimeout: Infinity });
    const rejected = rejection(waiting);
    await nextEvent(manager, 'waiting');
    const drained = manager.drain();
    expect(await rejected).toBeInstanceOf(LockClosedError);
    const calls = [
      manager.acquire('new'),
      manager.get('new').tryAcquire(),
      manager.runExclusive('new', () => 1),
      manager.tryRunExclusive('new', () => 1),
      manager.tryAcquire('new'),
      manager.adopt('{}'),
    ];
    const refused = await Promise.all(calls.map(rejection));
    expect(refused.map((error) => (error as LockClosedError).code).slice(0, 5)).toEqual(
      Array(5).fill('LOCK_CLOSED'),
    );
    expect((await backEnd.manager().query('held-elsewhere')).pending).toEqual([]);
    await lease.release();
    expect(await drained).toBe(true);
    await holder.release();
  });

  test('what runs may still acquire what it needs while its manager drains', async () => {
    const manager = backEnd.manager();
    const section = manager.runExclusive('outer', async () => {
      const drained = manager.drain();
      const inner = await manager.runExclusive('inner', (lease) => lease.isHeld);
      return { drained, inner };
    });
    const { drained, inner } = await section;
    expect(inner).toBe(true);
    expect(await drained).toBe(true);
  });

  test('drain({ waitTimeout }) closes when that is over: the signal of what still runs aborts', async () => {
    const manager = backEnd.manager();
    const lease = await manager.acquire('too-long');
    const startMs = performance.now();
    expect(await manager.drain({ waitTimeout: 200 })).toBe(false);
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(195);
    expect(lease.signal.reason).toBeInstanceOf(LockLostError);
    expect(lease.signal.reason).toMatchObject({ reason: 'closed', cause: { code: 'LOCK_CLOSED' } });
    expect(await backEnd.manager().isLocked('too-long')).toBe(false);
  });

  test('drain() asks each holder once, so that a leader ends and the next one leads at once', async () => {
    const manager = backEnd.manager({ owner: 'leaving' });
    const next = backEnd.manager().get('leader', { waitTimeout: Infinity });
    const lock = manager.get('leader');
    const asked = nextEvent(lock, 'releaseRequested');
    const askedBy: string[] = [];
    manager.on('releaseRequested', ({ name, by }) => askedBy.push(`${name} by ${by}`));
    const leads = lock.runExclusive(() => asked);
    await nextEvent(lock, 'acquired');
    const waits = nextEvent(next, 'waiting');
    const follows = next.acquire();
    await waits;
    expect(await Promise.all([manager.drain({ waitTimeout: '10m' }), manager.drain()])).toEqual([true, true]);
    expect(await leads).toMatchObject({ name: 'leader', by: 'leaving' });
    expect(askedBy).toEqual(['leader by leaving']);
    expect(await (await follows).release()).toBe(true);
  });

  test('drain() does not wait for the withdrawal of a request whose caller has been told', async () => {
    const manager = new LockManager({
      url: 'thingsdb://127.0.0.1:1',
      auth: { username: 'admin', password: 'pass' },
      requestTimeout: 200,
    });
    expect(await rejection(manager.acquire('unreachable', { waitTimeout: 100 }))).toBeInstanceOf(
      LockTimeoutError,
    );
    expect(await manager.drain({ waitTimeout: '10m' })).toBe(true);
  });

  test('drain() of an idle manager closes it; twice is once; wrong options are refused', async () => {
    const manager = backEnd.manager();
    expect(await rejection(manager.drain({ timeout: 5 } as never))).toBeInstanceOf(LockOptionsError);
    expect(await Promise.all([manager.drain(), manager.drain()])).toEqual([true, true]);
    expect(await rejection(manager.setup())).toBeInstanceOf(LockClosedError);
  });

  test('a closed manager says so by a code of its own: to try again does not help', async () => {
    const manager = backEnd.manager();
    const lock = manager.get('closed');
    await lock.runExclusive(() => undefined);
    await manager.close();
    for (const call of [
      lock.acquire(),
      manager.query(),
      manager.watch('closed'),
      manager.isLocked('closed'),
    ]) {
      const error = await rejection(call);
      expect(error).toMatchObject({ name: 'LockClosedError', code: 'LOCK_CLOSED' });
    }
  });

  test('runExclusive whose manager is closed under it rejects with LockLostError', async () => {
    const manager = backEnd.manager();
    const section = manager.runExclusive('cut', async (lease) => {
      await manager.close();
      expect(lease.signal.aborted).toBe(true);
      await sleep(1);
    });
    expect(await rejection(section)).toMatchObject({ code: 'LOCK_LOST', reason: 'closed' });
  });
});

onEachBackEnd('runs of a manager', (backEnd) => {
  test('runExclusive takes one or several names, and gives what the function gives', async () => {
    const manager = backEnd.manager();
    expect(await manager.runExclusive('one', (lease) => lease.names)).toEqual(['one']);
    expect(
      await manager.runExclusive(['two', 'three'], (lease) => [...lease.names].sort(), { ttl: '5s' }),
    ).toEqual(['three', 'two']);
    expect(await manager.isLocked('two')).toBe(false);
  });

  test('tryAcquire of the manager gives a lease of all names, or null', async () => {
    const manager = backEnd.manager();
    const lease = await manager.tryAcquire(['free', 'other'], { ttl: '30s' });
    expect(lease?.names).toEqual(['free', 'other']);
    expect(await backEnd.manager().tryAcquire(['other', 'more'])).toBeNull();
    expect(await manager.isLocked('more')).toBe(false);
    await lease?.release();
  });

  test('tryRunExclusive runs where the lock is free, and gives null where it is not', async () => {
    const manager = backEnd.manager();
    expect(await manager.tryRunExclusive('free', () => 'ran')).toBe('ran');
    const lock = manager.get('free');
    const lease = await backEnd.manager().acquire('free');
    let runs = 0;
    expect(await lock.tryRunExclusive(() => ++runs)).toBeNull();
    expect(runs).toBe(0);
    await lease.release();
    expect(await lock.tryRunExclusive(() => ++runs)).toBe(1);
    await expect(
      lock.tryRunExclusive(() => {
        throw new Error('of the function');
      }),
    ).rejects.toThrow('of the function');
    expect(await lock.isLocked()).toBe(false);
  });
});
