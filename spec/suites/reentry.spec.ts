import { LockDeadlockError, type Lease } from '../../lib/index.js';
import { aborted } from '../support/aborted.js';
import { onEachBackEnd } from '../support/back-end.js';
import { nextEvent } from '../support/until.js';
import { nothingIsLeft } from './after-a-minute.js';
import { holderOf, testFaults } from './lock-faults.js';

onEachBackEnd('re-entry', (backEnd) => {
  test('a second acquire inside its own runExclusive is an error at once, and the outer lease goes on', async () => {
    const manager = backEnd.manager();
    await manager.get('again').runExclusive(async (lease) => {
      const beganMs = performance.now();
      await expect(manager.get('again').acquire({ waitTimeout: Infinity })).rejects.toBeInstanceOf(
        LockDeadlockError,
      );
      await expect(manager.get('again').runExclusive(() => undefined)).rejects.toMatchObject({
        code: 'LOCK_DEADLOCK',
        lockName: 'again',
      });
      expect(backEnd.ranMs(beganMs)).toBeLessThan(1_000);
      expect([lease.isHeld, (await manager.query('again')).pending]).toEqual([true, []]);
    });
    expect(await manager.isLocked('again')).toBe(false);
  });

  test('however deep the call is, and across awaits', async () => {
    const manager = backEnd.manager();
    const service = {
      save: (): Promise<number> => manager.get('deep').runExclusive(() => 1),
      async saveAll(): Promise<number[]> {
        await manager.isLocked('deep');
        return Promise.all([1, 2].map(() => this.save()));
      },
    };
    await expect(manager.get('deep').runExclusive(() => service.saveAll())).rejects.toBeInstanceOf(
      LockDeadlockError,
    );
    expect(await service.saveAll()).toEqual([1, 1]);
  });

  test('tryAcquire inside says that it is taken', async () => {
    const lock = backEnd.manager().get('try');
    expect(await lock.runExclusive(() => lock.tryAcquire())).toBeNull();
  });

  test('with reentrant it counts: the same token, and the lock is free when all have let go', async () => {
    const [manager, other] = [backEnd.manager(), backEnd.manager()];
    const lock = manager.get('counts', { reentrant: true });
    let inner: Lease | undefined;
    await lock.runExclusive(async (outer) => {
      await lock.runExclusive(async (second) => {
        expect(second.fencingToken).toBe(outer.fencingToken);
        expect((await manager.query('counts')).held).toHaveLength(1);
      });
      expect([outer.isHeld, await other.get('counts').tryAcquire()]).toEqual([true, null]);
      inner = await lock.acquire();
    });
    expect([inner?.isHeld, await other.isLocked('counts')]).toEqual([true, true]);
    expect(await inner?.release()).toBe(true);
    expect(await other.isLocked('counts')).toBe(false);
  });

  test('a reader inside of a writer counts with reentrant; a writer inside of a reader never does', async () => {
    const manager = backEnd.manager();
    const shared = manager.get('mode', { mode: 'shared', reentrant: true });
    const exclusive = manager.get('mode', { reentrant: true });
    expect(await exclusive.runExclusive(() => shared.runExclusive(() => 'read'))).toBe('read');
    await expect(shared.runExclusive(() => exclusive.runExclusive(() => 'write'))).rejects.toBeInstanceOf(
      LockDeadlockError,
    );
  });

  test('other names, another manager and what is not inside wait as always', async () => {
    const [manager, other] = [backEnd.manager(), backEnd.manager()];
    const lock = manager.get('outer');
    await lock.runExclusive(async () => {
      expect(await manager.get('another').runExclusive(() => 'free')).toBe('free');
      await expect(other.get('outer').acquire({ waitTimeout: 20 })).rejects.toMatchObject({
        code: 'LOCK_TIMEOUT',
      });
    });
    let second: Promise<string> | undefined;
    const waiting = nextEvent(manager, 'waiting');
    const lease = await lock.acquire();
    void (second = lock.runExclusive(() => 'second'));
    await waiting;
    await lease.release();
    expect(await second).toBe('second');
  });

  test('one of several names that it holds together is a deadlock too, and counts with reentrant', async () => {
    const manager = backEnd.manager();
    await manager.get(['left', 'right']).runExclusive(async () => {
      await expect(manager.get('right').acquire()).rejects.toBeInstanceOf(LockDeadlockError);
      await expect(manager.get(['right', 'third'], { reentrant: true }).acquire()).rejects.toBeInstanceOf(
        LockDeadlockError,
      );
      expect(await manager.get('right', { reentrant: true }).runExclusive(() => 'in')).toBe('in');
    });
    for (const name of ['left', 'right', 'third']) expect(await manager.isLocked(name)).toBe(false);
  });

  test('all holds are lost together', async () => {
    const [manager, thief] = [backEnd.manager(), backEnd.manager()];
    const lock = manager.get('lost', { reentrant: true });
    const ended = lock.runExclusive(() =>
      lock.runExclusive(async (inner) => {
        await thief.forceRelease('lost');
        await aborted(inner.signal);
        return inner.isHeld;
      }),
    );
    await expect(ended).rejects.toMatchObject({ code: 'LOCK_LOST', reason: 'force-released' });
  });

  test('permits of a semaphore that its own work holds already: an error if it can never have so many, else it takes more', async () => {
    const manager = backEnd.manager();
    const semaphore = manager.semaphore('permits', { permits: 3 });
    await semaphore.runExclusive(async () => {
      await expect(semaphore.acquire({ count: 3, waitTimeout: Infinity })).rejects.toBeInstanceOf(
        LockDeadlockError,
      );
      expect(await semaphore.runExclusive(() => 'beside', { count: 2 })).toBe('beside');
      await expect(manager.get('permits').acquire({ waitTimeout: Infinity })).rejects.toBeInstanceOf(
        LockDeadlockError,
      );
    });
    const reentrant = manager.semaphore('permits', { permits: 3, reentrant: true });
    const shown = await reentrant.runExclusive(
      () => reentrant.runExclusive(() => manager.query('permits'), { count: 2 }),
      { count: 3 },
    );
    expect(shown.held.map(({ count }) => count)).toEqual([3]);
    expect(await manager.isLocked('permits')).toBe(false);
  });

  test('a reader inside of a reader is let in beside it, and with reentrant counts', async () => {
    const manager = backEnd.manager();
    const lock = manager.get('reader', { mode: 'shared' });
    const held = (): Promise<number> => manager.query('reader').then((shown) => shown.held.length);
    expect(await lock.runExclusive(() => lock.runExclusive(held))).toBe(2);
    expect(await lock.runExclusive(() => lock.runExclusive(held, { reentrant: true }))).toBe(1);
  });

  test('what was begun inside and goes on after the end is not inside any more: it waits like others', async () => {
    const [manager, other] = [backEnd.manager(), backEnd.manager()];
    const lock = manager.get('outlives');
    let goOn: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => (goOn = resolve));
    let later: Promise<string> | undefined;
    await lock.runExclusive(() => {
      later = ended.then(() => lock.runExclusive(() => 'later', { waitTimeout: 25_000 }));
    });
    const lease = await other.acquire('outlives');
    const waiting = nextEvent(manager, 'waiting');
    goOn();
    await waiting;
    await lease.release();
    expect(await later).toBe('later');
  });

  test('two that run at the same time are not inside of each other', async () => {
    const manager = backEnd.manager();
    const lock = manager.get('beside', { reentrant: true });
    let inside = 0;
    let most = 0;
    const run = (): Promise<void> =>
      lock.runExclusive(async () => {
        most = Math.max(most, ++inside);
        await lock.runExclusive(() => manager.isLocked('beside'));
        inside--;
      });
    await Promise.all([run(), run(), run()]);
    expect(most).toBe(1);
  });

  test('each hold is released once: repeating it does not count twice, in whatever order they end', async () => {
    const [manager, other] = [backEnd.manager(), backEnd.manager()];
    const lock = manager.get('order', { reentrant: true });
    await lock.runExclusive(async (outer) => {
      const [one, two] = [await lock.acquire(), await lock.acquire()];
      expect([
        await outer.release(),
        await outer.release(),
        await one.release(),
        await one.release(),
      ]).toEqual([true, true, true, true]);
      expect([two.isHeld, await other.get('order').tryAcquire()]).toEqual([true, null]);
      expect(await two.release()).toBe(true);
      expect(await other.isLocked('order')).toBe(false);
    });
  });

  describe('faults', () => {
    testFaults(backEnd, {
      ...holderOf('a holder that could be entered again', { name: 'faults', options: { reentrant: true } }),
      name: 'faults',
      wanted: { name: 'faults' },
    });
  });

  test('nothing is left', async () => {
    const manager = backEnd.manager();
    const lock = manager.get('left', { reentrant: true });
    await lock.runExclusive(() => lock.runExclusive(() => undefined));
    await manager.close();
    await nothingIsLeft(backEnd);
  });
});
