import type { DistributedLock, Lease, LockManager, LockOptions } from '../../lib/index.js';
import { abortedWithin } from '../support/aborted.js';
import { onEachBackEnd } from '../support/back-end.js';
import { environmentOf } from '../support/cli.js';
import { Program } from '../support/program.js';
import { untilQueued } from '../support/queue-length.js';
import type { TcpProxy } from '../support/tcp-proxy.js';
import { nextEvent, rejection, until } from '../support/until.js';
import type { Worker } from '../support/worker.js';
import { nothingIsLeft } from './after-a-minute.js';
import { dueMs, grantedMs } from './lock-faults.js';

/** Longer than any test lasts: what is given up before was given up because somebody asked. */
const LINGER = { linger: '1h' } as const;
const WAIT: LockOptions = { waitTimeout: 25_000 };

/** Acquires and releases, until the lease lingers: the first ones of a manager may not, as it is not in its room yet. */
async function lingering(
  manager: LockManager,
  names: string | readonly string[],
  options: LockOptions = {},
): Promise<Lease> {
  return lingeringOf(manager.get(names, { ...LINGER, ...options }));
}

async function lingeringOf(lock: DistributedLock): Promise<Lease> {
  let lease = await lock.acquire();
  let token = NaN;
  await until(async () => {
    await lease.release();
    token = lease.fencingToken;
    lease = await lock.acquire();
    return lease.fencingToken === token;
  });
  await lease.release();
  return lease;
}

/** Keeps the event loop from turning. */
function busy(ms: number): void {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
}

onEachBackEnd('linger', (backEnd) => {
  let proxy: TcpProxy;
  let a: LockManager;
  let b: LockManager;
  beforeEach(async () => {
    [a, b] = [backEnd.manager({ owner: 'a' }), backEnd.manager({ owner: 'b' })];
    await a.setup();
    await b.setup();
  });

  /** A manager whose connections go through {@link proxy}. */
  async function throughProxy(): Promise<LockManager> {
    proxy = await backEnd.proxy();
    return backEnd.manager({ url: proxy.url });
  }

  test('a released lock stays with its process, which takes it again under the same token; query shows it', async () => {
    const first = await lingering(a, 'mine');
    const told: string[] = [];
    for (const event of ['acquired', 'released'] as const) a.on(event, () => told.push(event));
    const second = await a.acquire('mine', LINGER);
    expect(second.fencingToken).toBe(first.fencingToken);
    expect([first.isHeld, second.isHeld, await first.release()]).toEqual([false, true, true]);
    await expect(first.extend()).rejects.toMatchObject({ code: 'LOCK_NOT_HELD' });
    await second.extend();
    expect(await second.release()).toBe(true);
    expect(told).toEqual(['acquired', 'released']);
    expect((await b.query('mine')).held).toMatchObject([{ owner: 'a', lingers: true }]);
  });

  test('another process has it at once where nobody works under it, and then with a greater token', async () => {
    const before = await lingering(a, 'asked');
    const lease = await b.acquire('asked', WAIT);
    expect(lease.fencingToken).toBeGreaterThan(before.fencingToken);
    expect((await a.query('asked')).held).toMatchObject([{ owner: 'b', lingers: false }]);
  });

  test('after the question the section that runs is the last: the others of that process stand behind who asked', async () => {
    await lingering(a, 'turns');
    const running = await a.acquire('turns', LINGER);
    const turns: string[] = [];
    const asking = b.acquire('turns', WAIT);
    await nextEvent(b, 'waiting');
    const own = [1, 2].map(async (task) => {
      const lease = await a.acquire('turns', { ...LINGER, ...WAIT });
      turns.push(`a ${task}`);
      await lease.release();
    });
    await untilQueued(backEnd, 'turns', 3);
    await running.release();
    const lease = await asking;
    turns.push('b');
    await lease.release();
    await Promise.all(own);
    expect(turns).toEqual(['b', 'a 1', 'a 2']);
  });

  test('tasks of one process stand in the queue once, go in their order, and under one token', async () => {
    await lingering(a, 'tasks');
    const held = await b.acquire('tasks', WAIT);
    const tasks = [1, 2, 3, 4, 5].map(async (task) => {
      const lease = await a.acquire('tasks', { ...LINGER, ...WAIT });
      // Its grant is confirmed then: before that it would be given back.
      await lease.extend();
      await lease.release();
      return [task, lease.fencingToken, performance.now()];
    });
    await untilQueued(backEnd, 'tasks', 2);
    // By a read, which a node that lags may answer.
    await until(async () => (await b.query('tasks')).pending.length === 1);
    await held.release();
    const ended = (await Promise.all(tasks)) as [number, number, number][];
    expect(new Set(ended.map(([, token]) => token)).size).toBe(1);
    expect([...ended].sort((one, other) => one[2] - other[2]).map(([task]) => task)).toEqual([1, 2, 3, 4, 5]);
  });

  test('a task that waits in its process gives up by its waitTimeout or its signal, and leaves no trace', async () => {
    await lingering(a, 'patience');
    const held = await a.acquire('patience', LINGER);
    const end = new AbortController();
    const late = rejection(a.acquire('patience', { ...LINGER, waitTimeout: 50 }));
    const cancelled = rejection(a.acquire('patience', { ...LINGER, signal: end.signal }));
    end.abort(new Error('enough'));
    expect(await late).toMatchObject({ code: 'LOCK_TIMEOUT' });
    expect(await cancelled).toMatchObject({ message: 'enough' });
    expect(await a.get('patience', LINGER).tryAcquire()).toBeNull();
    expect(await held.release()).toBe(true);
    await untilQueued(backEnd, 'patience', 1);
  });

  test('readers of several processes linger together, until a writer comes', async () => {
    const shared: LockOptions = { mode: 'shared' };
    await lingering(a, 'read', shared);
    await lingering(b, 'read', shared);
    expect((await a.query('read')).held).toMatchObject([{ lingers: true }, { lingers: true }]);
    const writer = await backEnd.manager().acquire('read', WAIT);
    expect((await a.query('read')).held).toMatchObject([{ mode: 'exclusive' }]);
    await writer.release();
  });

  test('permits linger; whoever finds too few of them has those that nobody uses', async () => {
    for (const manager of [a, b]) await lingeringOf(manager.semaphore('permits', { permits: 2, ...LINGER }));
    await untilQueued(backEnd, 'permits', 2);
    const both = await backEnd
      .manager()
      .semaphore('permits', { permits: 2 })
      .acquire({ count: 2, ...WAIT });
    expect((await a.query('permits')).held).toMatchObject([{ count: 2 }]);
    await both.release();
  });

  test('several names linger together, and who wants one of them has it at once', async () => {
    await lingering(a, ['left', 'right']);
    const lease = await b.acquire('right', WAIT);
    expect(await a.isLocked('left')).toBe(false);
    await lease.release();
    const again = await a.acquire(['left', 'right'], LINGER);
    expect(again.fencingToken).toBeGreaterThan(lease.fencingToken);
  });

  test('who does not wait is turned away once; the lock is free for the next try', async () => {
    await lingering(a, 'tried');
    expect(await b.get('tried').tryAcquire()).toBeNull();
    await until(async () => (await b.get('tried').tryAcquire()) !== null);
  });

  test('its own process is never turned away by what lingers, whatever it asks for', async () => {
    await lingering(a, 'own');
    const plain = await a.get('own').tryAcquire();
    expect(plain?.isHeld).toBe(true);
    await plain?.release();
    await lingering(a, 'own');
    const shared = await a.get('own', { mode: 'shared' }).tryAcquire();
    expect(shared?.isHeld).toBe(true);
    await shared?.release();
  });

  test('a section inside of itself is one more hold of the lease, which lingers when both are done', async () => {
    await lingering(a, 'inside');
    const lock = a.get('inside', { ...LINGER, reentrant: true });
    await lock.runExclusive((outer) =>
      lock.runExclusive((inner) => expect(inner.fencingToken).toBe(outer.fencingToken)),
    );
    expect((await b.query('inside')).held).toMatchObject([{ owner: 'a', lingers: true }]);
  });

  test('what lingers can be stolen, released by force, and asked for: its process takes none of it again', async () => {
    await lingering(a, 'taken');
    const told: string[] = [];
    for (const event of ['lost', 'error'] as const) a.on(event, () => told.push(event));
    const thief = await b.acquire('taken', { steal: true });
    expect(await a.get('taken', LINGER).tryAcquire()).toBeNull();
    await thief.release();
    const { fencingToken } = await lingering(a, 'taken');
    expect(await b.forceRelease('taken')).toBe(1);
    await until(async () => {
      const lease = await a.acquire('taken', { ...LINGER, ...WAIT });
      await lease.release();
      return lease.fencingToken > fencingToken;
    });
    await lingering(a, 'taken');
    expect(await b.requestRelease('taken')).toBe(1);
    await until(async () => !(await b.isLocked('taken')));
    expect(told).toEqual([]);
  });

  test('a lease that is handed on lingers no more, and does not stay with the process that gave it', async () => {
    await lingering(a, 'given');
    const lease = await a.acquire('given', LINGER);
    const waiting = a.acquire('given', { ...LINGER, ...WAIT });
    const adopted = await b.adopt(await lease.serialize());
    expect((await b.query('given')).held).toMatchObject([{ owner: 'b', lingers: false }]);
    await untilQueued(backEnd, 'given', 2);
    await adopted.release();
    expect((await waiting).fencingToken).toBeGreaterThan(adopted.fencingToken);
  });

  test('what minHold keeps is kept from its own process too', async () => {
    await lingering(a, 'warm-up');
    const lease = await a.acquire('job', { ...LINGER, minHold: '1h' });
    await lease.release();
    expect(await a.get('job', { ...LINGER, minHold: '1h' }).tryAcquire()).toBeNull();
    expect(await b.forceRelease('job')).toBe(1);
  });

  test('close gives it up at once', async () => {
    await lingering(a, 'closed');
    await a.close();
    expect(await b.get('closed').tryAcquire()).not.toBeNull();
  });

  test('it keeps no process alive, and is given up when that ends by itself', async () => {
    await using running = new Program('spec/support/alive-program.ts', ['linger'], environmentOf(backEnd));
    expect(await running.ended).toBe(0);
    expect(running.lines).toEqual(['begun', 'lingers']);
    expect(await b.get('alive').tryAcquire()).not.toBeNull();
  });

  test('is free for its process whenever nobody works under it, however little a task waits', async () => {
    await lingering(a, 'at once');
    const lock = a.get('at once', { ...LINGER, waitTimeout: 0 });
    const startMs = performance.now();
    // Beyond the time after which the event loop has to turn before the lease changes hands.
    while (performance.now() - startMs < 50) {
      const lease = await lock.tryAcquire();
      expect(lease).not.toBeNull();
      await lease?.release();
      await (await lock.acquire()).release();
    }
  });

  test('permits that linger make way for a request of their own process that needs several of them', async () => {
    const one = a.semaphore('own permits', { permits: 3, ...LINGER });
    await lingeringOf(one);
    const leases = await Promise.all([one.acquire(), one.acquire(), one.acquire()]);
    await Promise.all(leases.map((lease) => lease.release()));
    expect((await b.query('own permits')).held).toHaveLength(3);
    const two = await a.semaphore('own permits', { permits: 3 }).tryAcquire({ count: 2 });
    expect(two).not.toBeNull();
  });

  test('tasks of one process keep their order where the lease ends before they are served', async () => {
    const lock = a.get('order', { linger: '20ms', ...WAIT });
    await lingering(a, 'pace');
    const held = await lock.acquire();
    const order: number[] = [];
    const tasks = [1, 2, 3, 4].map((n) => lock.runExclusive(() => void order.push(n)));
    // The turn of the event loop is over for leases that change hands. The lease comes back, and its time ends in this
    // turn.
    const pace = await a.get('pace', LINGER).acquire();
    await pace.release();
    busy(2);
    const released = held.release();
    busy(40);
    await Promise.all([released, ...tasks]);
    expect(order).toEqual([1, 2, 3, 4]);
  });

  test('drain lets a section have the lingering lock that it waits for', async () => {
    await lingering(a, 'inner');
    const inner = a.get('inner', { ...LINGER, ...WAIT });
    const held = await inner.acquire();
    const section = a.get('outer').runExclusive(async () => {
      const waiting = inner.runExclusive(() => 'done');
      void drained();
      return waiting;
    });
    let draining: Promise<boolean> | undefined;
    const drained = (): Promise<boolean> => (draining = a.drain({ waitTimeout: 10_000 }));
    await until(() => draining !== undefined);
    await held.release();
    expect(await section).toBe('done');
    expect(await draining).toBe(true);
  });

  test('is given up when its manager drains', async () => {
    await lingering(a, 'drained');
    await a.drain({ waitTimeout: 2_000 });
    expect(await b.get('drained').tryAcquire()).not.toBeNull();
  });

  test('of two processes that both linger and both want it neither is kept out, and never both hold it', async () => {
    const workers = await backEnd.workers(2);
    const wishes = Array.from({ length: 12 }, () => ({ name: 'both', options: { ...LINGER, ...WAIT } }));
    const spans = (await Promise.all(workers.map((worker) => worker.work(wishes)))).flat();
    spans.sort((one, other) => one.fromMs - other.fromMs);
    for (const [i, span] of spans.entries()) {
      expect(span.fromMs).toBeGreaterThanOrEqual(spans[i - 1]?.toMs ?? 0);
      expect(span.fencingToken).toBeGreaterThanOrEqual(spans[i - 1]?.fencingToken ?? 0);
    }
    expect(spans).toHaveLength(24);
  });

  test('a Python program has it at once', async () => {
    await lingering(a, 'python');
    const [isHeld, room] = (await backEnd.run('acquire', 'python', 60)) as [boolean, number];
    expect(isHeld).toBe(false);
    await until(async () => (await backEnd.run('test', room)) === true);
    await backEnd.run('release', 'python', room);
  });

  describe('when things go wrong', () => {
    test('a process that is killed while it lingers costs its ttl, like any holder', async () => {
      const worker = await lingeringWorker('killed', { ttl: 1_000 });
      await worker.kill();
      const due = await dueMs(backEnd, 'killed');
      const lease = await b.acquire('killed', WAIT);
      expect(backEnd.servedMs(due, await grantedMs(backEnd, 'killed', lease))).toBeLessThanOrEqual(100);
    });

    test('a process that is stopped while it lingers has to ask anew when it goes on', async () => {
      const worker = await lingeringWorker('stopped', { ttl: 1_000 });
      process.kill(worker.pid, 'SIGSTOP');
      const lease = await b.acquire('stopped', WAIT);
      process.kill(worker.pid, 'SIGCONT');
      const again = worker.call({
        do: 'acquire',
        key: 'again',
        name: 'stopped',
        options: { ...LINGER, ttl: 1_000, ...WAIT },
      });
      await untilQueued(backEnd, 'stopped', 2);
      expect(lease.isHeld).toBe(true);
      await lease.release();
      expect(await again).toBeGreaterThan(lease.fencingToken);
    });

    test('who is cut off from the server gives it up as soon as that can be reached', async () => {
      const cut = await throughProxy();
      const { fencingToken } = await lingering(cut, 'cut off');
      const disconnected = nextEvent(cut, 'disconnected');
      proxy.cut();
      await disconnected;
      const lease = await b.acquire('cut off', WAIT);
      expect(lease.fencingToken).toBeGreaterThan(fencingToken);
    });

    test('a server that is frozen: what is taken again meanwhile is told its end in time', async () => {
      const frozen = await throughProxy();
      await lingering(frozen, 'frozen', { ttl: 1_500 });
      const sinceMs = performance.now();
      proxy.freeze();
      const lease = await frozen.acquire('frozen', { ...LINGER, ttl: 1_500 });
      await abortedWithin(lease.signal, 1_500, sinceMs);
      expect([lease.isHeld, await lease.release()]).toEqual([false, false]);
      proxy.thaw();
      expect((await b.acquire('frozen', WAIT)).isHeld).toBe(true);
    });

    test('a server that has lost its state: its process finds out when it is renewed, and asks anew', async () => {
      const { fencingToken } = await lingering(a, 'forgotten', { ttl: 600 });
      await backEnd.query('wse(); .thingsdb_lock.locks.del(":forgotten");');
      await until(async () => {
        const lease = await a.acquire('forgotten', { ...LINGER, ttl: 600 });
        await lease.release();
        return lease.fencingToken > fencingToken;
      });
    });

    test('a question that is lost is asked again', async () => {
      await lingering(b, 'in its room');
      await lingering(a, 'lost');
      // What is told to this number nobody takes for his own.
      const hidden =
        'wse(); r = .thingsdb_lock.locks.get(":lost").held.first(); number = r.number; r.number = 1000000; number;';
      const number = await backEnd.query(hidden);
      const waiting = b.acquire('lost', WAIT);
      await nextEvent(b, 'waiting');
      await backEnd.query('wse(); .thingsdb_lock.locks.get(":lost").held.first().number = number;', {
        number,
      });
      expect((await waiting).isHeld).toBe(true);
    });
  });

  /** A process of its own in which a lease lingers. */
  async function lingeringWorker(name: string, options: LockOptions): Promise<Worker> {
    const [worker] = (await backEnd.workers(1)) as [Worker];
    await until(async () => {
      await worker.call({ do: 'acquire', key: 'held', name, options: { ...LINGER, ...options } });
      await worker.call({ do: 'release', key: 'held' });
      return b.isLocked(name);
    });
    return worker;
  }

  test('nothing is left', () => nothingIsLeft(backEnd));
});
