import { once } from 'node:events';
import { LockConnectionError, LockOptionsError, type Lease, type LostEvent } from '../../lib/index.js';
import { aborted, abortedWithin } from '../support/aborted.js';
import { onEachBackEnd } from '../support/back-end.js';
import { nextEvent, rejection, until } from '../support/until.js';
import { untilAsked } from '../support/until-asked.js';
import type { Worker } from '../support/worker.js';
import { nothingIsLeft } from './after-a-minute.js';
import { holderOf, testFaults } from './lock-faults.js';

/** A message of the server, on a machine that is busy. */
const AT_ONCE_MS = 500;

onEachBackEnd('taking a lock away', (backEnd) => {
  // thingsdb.js cannot tell that its socket has closed.
  const tells = backEnd.name === 'thingsdb.js' ? test.skip : test;

  /** Resolves when the request is in the queue; then the lease is still to come. */
  async function queued(name: string): Promise<{ lease: Promise<Lease> }> {
    const manager = backEnd.manager();
    const lease = manager.get(name).acquire({ waitTimeout: 25_000 });
    await nextEvent(manager, 'waiting');
    return { lease };
  }

  describe('steal', () => {
    test('the thief holds at once, and the signal of its victim aborts at once, in another process that never waited', async () => {
      const [worker] = (await backEnd.workers(1)) as [Worker];
      const token = await worker.call({ do: 'acquire', key: 'k', name: 'robbed', options: {} });
      const lost = once(worker, 'lost');
      const thief = backEnd.manager();
      const beganMs = performance.now();
      const lease = await thief.acquire('robbed', { steal: true });
      expect((await lost)[0]).toEqual({ event: 'lost', key: 'k', reason: 'stolen' });
      expect(backEnd.ranMs(beganMs)).toBeLessThanOrEqual(AT_ONCE_MS);
      expect(lease.fencingToken).toBeGreaterThan(Number(token));
      expect(await worker.call({ do: 'release', key: 'k' })).toBe(false);
      expect([lease.isHeld, await thief.isLocked('robbed')]).toEqual([true, true]);
    });

    test('the victim is told as `lost`, after the signal; its runExclusive rejects', async () => {
      const [victim, thief] = [backEnd.manager(), backEnd.manager()];
      const told: unknown[] = [];
      const lock = victim.get('told');
      const ended = lock.runExclusive(async (lease) => {
        lock.on('lost', (event) => told.push([event, lease.signal.aborted, lease.isHeld]));
        lock.on('expired', () => told.push('expired'));
        await thief.acquire('told', { steal: true });
        await aborted(lease.signal);
        expect(told).toEqual([
          [
            { name: 'told', names: ['told'], fencingToken: lease.fencingToken, reason: 'stolen' },
            true,
            false,
          ],
        ]);
        return 'done';
      });
      await expect(ended).rejects.toMatchObject({ code: 'LOCK_LOST', reason: 'stolen' });
    });

    test('those who wait keep their places and their order', async () => {
      const holding = await backEnd.manager().acquire('queue');
      const [first, second] = [await queued('queue'), await queued('queue')];
      const lease = await backEnd.manager().acquire('queue', { steal: true });
      await aborted(holding.signal);
      expect((await backEnd.manager().query('queue')).pending.map(({ position }) => position)).toEqual([
        1, 2,
      ]);
      await lease.release();
      const next = await first.lease;
      expect((await backEnd.manager().query('queue')).pending).toHaveLength(1);
      await next.release();
      expect((await second.lease).fencingToken).toBeGreaterThan(next.fencingToken);
    });

    test('of a free lock it is an acquire like any other, and tryAcquire steals too', async () => {
      const [one, other] = [backEnd.manager(), backEnd.manager()];
      const lease = await one.acquire('free', { steal: true });
      const stolen = await other.get('free').tryAcquire({ steal: true });
      await aborted(lease.signal);
      expect([lease.isHeld, stolen?.isHeld]).toEqual([false, true]);
    });

    test('all readers, and holders of one of several names, are robbed together', async () => {
      const managers = [backEnd.manager(), backEnd.manager(), backEnd.manager()] as const;
      const readers = await Promise.all(
        managers.map((manager) => manager.acquire('read', { mode: 'shared' })),
      );
      const several = await managers[0].acquire(['one', 'two']);
      const behind = await queued('two');
      const lease = await backEnd.manager().acquire(['read', 'one'], { steal: true });
      await Promise.all([...readers, several].map(({ signal }) => aborted(signal)));
      // What nobody has stolen of them goes to the next.
      expect((await behind.lease).isHeld).toBe(true);
      expect(lease.isHeld).toBe(true);
    });

    tells('a victim that was not connected learns the reason when it is back', async () => {
      const proxy = await backEnd.proxy();
      const victim = backEnd.manager({ url: proxy.url });
      await victim.setup();
      const lease = await victim.acquire('away', { ttl: 30_000 });
      const lost = nextEvent<LostEvent>(victim, 'lost');
      await proxy.quiet();
      proxy.refuse(true);
      proxy.cut();
      await backEnd.manager().acquire('away', { steal: true });
      proxy.refuse(false);
      expect((await lost).reason).toBe('stolen');
      expect(lease.signal.reason).toMatchObject({ reason: 'stolen' });
      await victim.close();
    });

    test('a Python holder can be robbed: it is not told, and its release harms nobody', async () => {
      const thief = backEnd.manager();
      await thief.setup();
      const [, room] = (await backEnd.run('acquire', 'python', 60)) as [boolean, number, number];
      const lease = await thief.acquire('python', { steal: true });
      await backEnd.run('release', 'python', room);
      expect([lease.isHeld, await thief.isLocked('python')]).toEqual([true, true]);
    });

    test('a victim whose server hangs ends by the end of its lease at the latest, and does not harm the thief afterwards', async () => {
      const proxy = await backEnd.proxy();
      const [victim, thief] = [backEnd.manager({ url: proxy.url }), backEnd.manager()];
      await victim.setup();
      const lease = await victim.acquire('hangs', { ttl: 1_000 });
      proxy.freeze();
      const frozenMs = performance.now();
      const stolen = await thief.acquire('hangs', { steal: true });
      await abortedWithin(lease.signal, 1_000, frozenMs);
      proxy.thaw();
      expect(await lease.release()).toBe(false);
      // What was held back has arrived before this is answered.
      expect(await victim.isLocked('hangs')).toBe(true);
      expect((await thief.query('hangs')).held.map(({ fencingToken }) => fencingToken)).toEqual([
        stolen.fencingToken,
      ]);
      expect(await stolen.release()).toBe(true);
      await victim.close();
    });

    tells(
      'release() of a stolen lease says false, although it was sent twice, as all calls under way were',
      async () => {
        const proxy = await backEnd.proxy();
        const [victim, thief] = [backEnd.manager({ url: proxy.url }), backEnd.manager()];
        const lease = await victim.acquire('twice', { ttl: '30s' });
        await proxy.quiet();
        proxy.freeze();
        const looking = victim.isLocked('other');
        await thief.acquire('twice', { steal: true });
        const released = lease.release();
        const reconnected = nextEvent(victim, 'connected');
        proxy.forget();
        await reconnected;
        expect(await looking).toBe(false);
        expect(await released).toBe(false);
        expect(await thief.isLocked('twice')).toBe(true);
      },
    );

    test('a thief whose server hangs is told so, and in the end holds nothing', async () => {
      const proxy = await backEnd.proxy();
      const thief = backEnd.manager({ url: proxy.url, requestTimeout: 1_000 });
      await thief.setup();
      const holder = backEnd.manager();
      const lease = await holder.acquire('no answer');
      proxy.freeze();
      expect(await rejection(thief.acquire('no answer', { steal: true }))).toBeInstanceOf(
        LockConnectionError,
      );
      proxy.thaw();
      await lease.release();
      await until(async () => !(await holder.isLocked('no answer')));
      expect(await (await holder.acquire('no answer')).release()).toBe(true);
    });

    tells(
      'a lease that is stolen before its holder has heard of it: its request goes on in the queue, one holds',
      async () => {
        const proxy = await backEnd.proxy();
        const [late, thief] = [backEnd.manager({ url: proxy.url }), backEnd.manager()];
        await late.setup();
        proxy.dropFrom('server');
        const acquiring = late.acquire('unheard', { waitTimeout: 25_000 });
        await until(() => thief.isLocked('unheard'));
        const stolen = await thief.acquire('unheard', { steal: true });
        await proxy.quiet();
        const waiting = nextEvent(late, 'waiting');
        proxy.restore();
        await waiting;
        expect(stolen.isHeld).toBe(true);
        await stolen.release();
        const lease = await acquiring;
        expect(lease.fencingToken).toBeGreaterThan(stolen.fencingToken);
        expect(await lease.release()).toBe(true);
        await late.close();
      },
    );

    test('a process can rob itself: another task of it, or its own `runExclusive`', async () => {
      const manager = backEnd.manager();
      const lock = manager.get('self');
      const ended = lock.runExclusive(async (lease) => {
        const stolen = await lock.acquire({ steal: true });
        await aborted(lease.signal);
        return stolen;
      });
      await expect(ended).rejects.toMatchObject({ code: 'LOCK_LOST', reason: 'stolen' });
      expect(await lock.release()).toBe(true);
      expect(await manager.isLocked('self')).toBe(false);
    });

    test('many thieves in several processes: each gets it, with a token greater than those before, and nothing stays', async () => {
      const workers = await backEnd.workers(3);
      const wishes = Array.from({ length: 30 }, () => ({ name: 'many thieves', options: { steal: true } }));
      const spans = (await Promise.all(workers.map((worker) => worker.work(wishes)))).flat();
      expect(new Set(spans.map(({ fencingToken }) => fencingToken)).size).toBe(90);
      expect(await backEnd.manager().isLocked('many thieves')).toBe(false);
    });

    test('what was released with minHold, and still keeps others out, can be stolen', async () => {
      const [one, thief] = [backEnd.manager(), backEnd.manager()];
      await (await one.acquire('kept', { minHold: 60_000 })).release();
      expect(await thief.get('kept').tryAcquire()).toBeNull();
      expect((await thief.acquire('kept', { steal: true })).isHeld).toBe(true);
    });

    test('only exclusive locks can be stolen, for which nothing is sent', () => {
      const manager = backEnd.manager({ url: 'ws://127.0.0.1:1' });
      expect(() => manager.get('shared', { mode: 'shared', steal: true })).toThrow(LockOptionsError);
      expect(() => manager.semaphore('permits', { permits: 2, ...{ steal: true } })).toThrow(
        LockOptionsError,
      );
    });
  });

  describe('forceRelease', () => {
    test('ends the lease of whoever holds it, says how many, and the next in line follows', async () => {
      const [holder, admin] = [backEnd.manager(), backEnd.manager()];
      const lease = await holder.acquire('forced');
      const next = await queued('forced');
      expect(await admin.forceRelease('forced')).toBe(1);
      await aborted(lease.signal);
      expect(lease.signal.reason).toMatchObject({
        reason: 'force-released',
        fencingToken: lease.fencingToken,
      });
      expect(await lease.release()).toBe(false);
      expect((await next.lease).isHeld).toBe(true);
    });

    test('of a semaphore it ends all leases, of a free lock none', async () => {
      const manager = backEnd.manager();
      const semaphore = manager.semaphore('seats', { permits: 3 });
      const leases = [await semaphore.acquire({ count: 2 }), await semaphore.acquire()];
      expect([await manager.forceRelease('seats'), await manager.forceRelease('seats')]).toEqual([2, 0]);
      await Promise.all(leases.map(({ signal }) => aborted(signal)));
      expect(await manager.isLocked('seats')).toBe(false);
    });

    test('from another process: the signal of the holder aborts at once, and its `runExclusive` rejects with the reason', async () => {
      const [worker] = (await backEnd.workers(1)) as [Worker];
      const holder = backEnd.manager();
      const ended = holder.get('by another').runExclusive(async (lease) => {
        const beganMs = performance.now();
        expect(await worker.call({ do: 'forceRelease', name: 'by another' })).toBe(1);
        await aborted(lease.signal);
        expect(backEnd.ranMs(beganMs)).toBeLessThanOrEqual(AT_ONCE_MS);
      });
      await expect(ended).rejects.toMatchObject({ code: 'LOCK_LOST', reason: 'force-released' });
    });

    test('of one name of several it ends the lease of all of them', async () => {
      const [holder, admin] = [backEnd.manager(), backEnd.manager()];
      const lease = await holder.acquire(['part 1', 'part 2']);
      const behind = await queued('part 2');
      expect(await admin.forceRelease('part 1')).toBe(1);
      await aborted(lease.signal);
      expect((await behind.lease).isHeld).toBe(true);
      expect(await admin.isLocked('part 1')).toBe(false);
    });

    test('ends the lease of a Python holder, and of one that is dead', async () => {
      const [worker] = (await backEnd.workers(1)) as [Worker];
      const admin = backEnd.manager();
      await admin.setup();
      await backEnd.run('acquire', 'of Python', 60);
      await worker.call({ do: 'acquire', key: 'k', name: 'of the dead', options: {} });
      await worker.kill();
      for (const name of ['of Python', 'of the dead']) {
        const next = await queued(name);
        expect(await admin.forceRelease(name)).toBe(1);
        expect((await next.lease).isHeld).toBe(true);
      }
    });

    test('a name that nobody is in, a bad name, a server that is not there', async () => {
      const manager = backEnd.manager();
      expect(await manager.forceRelease('never seen')).toBe(0);
      for (const call of ['forceRelease', 'requestRelease'] as const) {
        await expect(manager[call]('')).rejects.toBeInstanceOf(LockOptionsError);
        const nowhere = backEnd.manager({ url: 'ws://127.0.0.1:1' });
        await expect(nowhere[call]('x')).rejects.toBeInstanceOf(LockConnectionError);
      }
    });

    test('what it ended does not come back with a renewal', async () => {
      const [holder, admin] = [backEnd.manager(), backEnd.manager()];
      const lease = await holder.acquire('renewed', { ttl: 300 });
      await admin.forceRelease('renewed');
      await rejection(lease.extend());
      expect(await admin.isLocked('renewed')).toBe(false);
    });
  });

  describe('requestRelease', () => {
    test('asks every holder, and nothing happens but what they do', async () => {
      const [one, other, asking] = [
        backEnd.manager(),
        backEnd.manager(),
        backEnd.manager({ owner: 'the asker' }),
      ];
      const leases = [
        await one.acquire('asked', { mode: 'shared' }),
        await other.acquire('asked', { mode: 'shared' }),
      ];
      expect(await untilAsked(asking, 'asked', [one, other])).toEqual(
        leases.map(({ fencingToken }) => ({
          name: 'asked',
          names: ['asked'],
          fencingToken,
          by: 'the asker',
        })),
      );
      expect(leases.map(({ isHeld }) => isHeld)).toEqual([true, true]);
    });

    test('a holder that gives way lets the one who asked in', async () => {
      const [holder, asking] = [backEnd.manager(), backEnd.manager()];
      const lock = holder.get('polite');
      await lock.acquire();
      lock.on('releaseRequested', () => void lock.release());
      const waiting = asking.acquire('polite', { waitTimeout: 25_000 });
      await nextEvent(asking, 'waiting');
      expect(await asking.requestRelease('polite')).toBe(1);
      expect((await waiting).isHeld).toBe(true);
    });

    test('of a free lock nobody is asked', async () => {
      expect(await backEnd.manager().requestRelease('nobody')).toBe(0);
    });
  });

  describe('faults', () => {
    testFaults(backEnd, {
      ...holderOf('a thief', { name: 'faults', options: { steal: true } }),
      name: 'faults',
      wanted: { name: 'faults' },
    });
  });

  test('nothing is left', async () => {
    const [one, other] = [backEnd.manager(), backEnd.manager()];
    await one.acquire('left');
    await (await other.acquire('left', { steal: true })).release();
    await one.acquire('left');
    await other.forceRelease('left');
    await Promise.all([one.close(), other.close()]);
    await nothingIsLeft(backEnd);
  });
});
