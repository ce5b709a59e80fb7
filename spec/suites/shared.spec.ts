import { once } from 'node:events';
import type { DistributedLock, Lease, LockManager, LockOptions } from '../../lib/index.js';
import { onEachBackEnd } from '../support/back-end.js';
import { nextEvent, rejection, until } from '../support/until.js';
import type { Worker } from '../support/worker.js';
import type { Wish } from '../support/worker-main.js';
import { nothingIsLeft } from './after-a-minute.js';
import { dueMs, grantedMs, holderOf, testFaults, untilAnswered } from './lock-faults.js';
import { mostAtOnce } from './spans.js';

const SHARED: LockOptions = { mode: 'shared', waitTimeout: 25_000 };
const EXCLUSIVE: LockOptions = { waitTimeout: 25_000 };

/** One request of a stream or of the one that has to get through it. */
interface Turn {
  /** In the order of what was seen here: the request was sent, or was told to be in the queue. */
  readonly at: number;
  readonly fencingToken: number;
}

onEachBackEnd('shared locks', (backEnd) => {
  /** Resolves when the request is in the queue; then the lease is still to come. */
  async function queued(options: LockOptions, name: string): Promise<{ lease: Promise<Lease> }> {
    const manager = backEnd.manager();
    const lease = manager.get(name).acquire(options);
    await nextEvent(manager, 'waiting');
    return { lease };
  }

  test('readers hold it together; a writer does not come in beside them, nor a reader beside a writer', async () => {
    const [a, b, writer] = [backEnd.manager(), backEnd.manager(), backEnd.manager()];
    const first = await a.get('book', SHARED).acquire();
    const second = await b.get('book').tryAcquire({ mode: 'shared' });
    expect([first.isHeld, second?.isHeld]).toEqual([true, true]);
    expect(await writer.get('book').tryAcquire()).toBeNull();
    expect(await first.release()).toBe(true);
    expect(await writer.get('book').tryAcquire()).toBeNull();
    expect(await second?.release()).toBe(true);
    // A try that finds the lock held changes nothing: a node that lags may answer it.
    await backEnd.caughtUp();
    const writing = await writer.get('book').tryAcquire();
    expect(writing?.isHeld).toBe(true);
    expect(await a.get('book', SHARED).tryAcquire()).toBeNull();
  });

  test('two readers of one process hold it together too, and each releases for itself', async () => {
    const manager = backEnd.manager();
    const lock = manager.get('one process', SHARED);
    const [one, other] = [await lock.acquire(), await lock.acquire()];
    expect(await one.release()).toBe(true);
    expect([one.isHeld, other.isHeld, await manager.isLocked('one process')]).toEqual([false, true, true]);
    expect(await other.release()).toBe(true);
    expect(await manager.isLocked('one process')).toBe(false);
  });

  test('every reader has a fencing token of its own, greater than those before', async () => {
    const lock = backEnd.manager().get('tokens', SHARED);
    const tokens: number[] = [];
    for (let i = 0; i < 5; i++) tokens.push((await lock.acquire()).fencingToken);
    expect(tokens.every((token, i) => i === 0 || token > (tokens[i - 1] ?? Infinity))).toBe(true);
  });

  test('a reader does not pass a waiting writer', async () => {
    const reading = await backEnd.manager().get('pass').acquire(SHARED);
    const writer = await queued(EXCLUSIVE, 'pass');
    expect(await backEnd.manager().get('pass').tryAcquire({ mode: 'shared' })).toBeNull();
    const reader = await queued(SHARED, 'pass');
    const order: string[] = [];
    void writer.lease.then(() => order.push('writer'));
    void reader.lease.then(() => order.push('reader'));
    await reading.release();
    const writing = await writer.lease;
    expect(await backEnd.manager().get('pass').tryAcquire({ mode: 'shared' })).toBeNull();
    expect(order).toEqual(['writer']);
    await writing.release();
    expect((await reader.lease).fencingToken).toBeGreaterThan(writing.fencingToken);
  });

  test('readers that wait one behind the other are let in together, as far as the next writer', async () => {
    const writing = await backEnd.manager().get('together').acquire();
    const [one, two] = [await queued(SHARED, 'together'), await queued(SHARED, 'together')];
    const writer = await queued(EXCLUSIVE, 'together');
    const late = await queued(SHARED, 'together');
    let isLateIn = false;
    void late.lease.then(() => (isLateIn = true));
    await writing.release();
    const leases = [await one.lease, await two.lease];
    const { held, pending } = await backEnd.manager().query('together');
    expect(held.map(({ fencingToken }) => fencingToken)).toEqual(
      leases.map(({ fencingToken }) => fencingToken),
    );
    expect(pending.map(({ mode, position }) => [mode, position])).toEqual([
      ['exclusive', 2],
      ['shared', 3],
    ]);
    await leases[0]?.release();
    await leases[1]?.release();
    const second = await writer.lease;
    expect(isLateIn).toBe(false);
    await second.release();
    expect((await late.lease).isHeld).toBe(true);
  });

  test('the readers behind a writer that gives up come in at once, beside those who read', async () => {
    const reading = await backEnd.manager().get('gave up').acquire(SHARED);
    const writer = backEnd.manager();
    const controller = new AbortController();
    const writing = rejection(writer.get('gave up').acquire({ signal: controller.signal }));
    await nextEvent(writer, 'waiting');
    const reader = await queued(SHARED, 'gave up');
    controller.abort();
    await writing;
    expect((await reader.lease).isHeld).toBe(true);
    expect(reading.isHeld).toBe(true);
  });

  /** One after another without a pause, until `isOver`. */
  async function stream(
    managers: readonly LockManager[],
    options: LockOptions,
    name: string,
    clock: { now: number },
    isOver: () => boolean,
  ): Promise<Turn[]> {
    const turns: Turn[] = [];
    const one = async (manager: LockManager): Promise<void> => {
      while (!isOver()) {
        const at = ++clock.now;
        const lease = await manager.get(name).acquire(options);
        turns.push({ at, fencingToken: lease.fencingToken });
        await manager.isLocked(name);
        await lease.release();
      }
    };
    await Promise.all(managers.map(one));
    return turns;
  }

  /** Gets through so often as one asks for it, beside a stream that never lets the lock be free for long. */
  async function getThrough(
    lock: DistributedLock,
    options: LockOptions,
    times: number,
    clock: { now: number },
  ): Promise<Turn[]> {
    const turns: Turn[] = [];
    for (let i = 0; i < times; i++) {
      // Was there nobody in the way, its place is that of its request.
      let at = ++clock.now;
      const onWaiting = (): void => void (at = ++clock.now);
      lock.once('waiting', onWaiting);
      const lease = await lock.acquire(options);
      lock.off('waiting', onWaiting);
      turns.push({ at, fencingToken: lease.fencingToken });
      await lease.release();
    }
    return turns;
  }

  test.each([
    ['no writer starves under a stream of readers', SHARED, EXCLUSIVE],
    ['no reader starves under a stream of writers', EXCLUSIVE, SHARED],
  ])('%s: none that asked later came in before it', async (_, streaming, seeking) => {
    const managers = Array.from({ length: 4 }, () => backEnd.manager());
    const clock = { now: 0 };
    let isOver = false;
    const streamed = stream(managers, streaming, 'stream', clock, () => isOver);
    const lock = backEnd.manager().get('stream');
    const sought = await getThrough(lock, seeking, 25, clock).finally(() => (isOver = true));
    const others = await streamed;
    const passed = sought.flatMap(({ at, fencingToken }) =>
      others.filter((turn) => turn.at > at && turn.fencingToken < fencingToken),
    );
    expect(passed).toEqual([]);
    // It was a stream indeed: there were several for each turn.
    expect(others.length).toBeGreaterThan(sought.length);
  });

  test('in several processes: hundreds of grants, and never a writer beside anybody', async () => {
    const workers = await backEnd.workers(3);
    const wishes = (worker: number): Wish[] =>
      Array.from({ length: 60 }, (_, i) => ({
        name: 'many',
        options: (i + worker) % 4 === 0 ? EXCLUSIVE : SHARED,
      }));
    // Two takers in each process.
    const spans = (
      await Promise.all(workers.flatMap((w, i) => [w.work(wishes(i)), w.work(wishes(i + 2))]))
    ).flat();
    expect(spans).toHaveLength(360);
    expect(new Set(spans.map(({ fencingToken }) => fencingToken)).size).toBe(360);
    const most = mostAtOnce(spans, 'many');
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(6);
  });

  test('a reader that is killed keeps the writer out to the end of its own lease, not longer, and no other reader', async () => {
    const [worker] = (await backEnd.workers(1)) as [Worker];
    await worker.call({ do: 'acquire', key: 'k', name: 'one of', options: { ...SHARED, ttl: 2_000 } });
    const reading = await backEnd.manager().get('one of').acquire(SHARED);
    await worker.kill();
    // Only now: it has renewed its lease until then.
    const due = await dueMs(backEnd, 'one of');
    const another = await backEnd.manager().get('one of').tryAcquire(SHARED);
    expect(another?.isHeld).toBe(true);
    const writer = backEnd.manager();
    const writing = writer.get('one of').acquire(EXCLUSIVE);
    await nextEvent(writer, 'waiting');
    await reading.release();
    await another?.release();
    const granted = await grantedMs(backEnd, 'one of', await writing);
    expect(granted).toBeGreaterThanOrEqual(due);
    expect(backEnd.servedMs(due, granted)).toBeLessThanOrEqual(100);
  });

  test('a dead reader does not delay the living ones that are let in with it', async () => {
    const [worker] = (await backEnd.workers(1)) as [Worker];
    const writing = await backEnd.manager().get('dead reader').acquire();
    await worker.enqueue('k', 'dead reader', SHARED);
    const reader = await queued(SHARED, 'dead reader');
    await worker.kill();
    await writing.release();
    const releasedMs = performance.now();
    await reader.lease;
    expect(backEnd.ranMs(releasedMs)).toBeLessThanOrEqual(500);
  });

  test('a dead writer keeps the readers behind it from those who read for 2 s at most', async () => {
    const [worker] = (await backEnd.workers(1)) as [Worker];
    const reading = await backEnd.manager().get('dead writer').acquire(SHARED);
    for (const key of ['one', 'two']) await worker.enqueue(key, 'dead writer', EXCLUSIVE);
    const reader = await queued(SHARED, 'dead writer');
    await untilAnswered(backEnd);
    await worker.kill();
    const killedMs = performance.now();
    await reader.lease;
    expect(backEnd.ranMs(killedMs)).toBeLessThanOrEqual(2_000);
    expect(reading.isHeld).toBe(true);
  });

  test('readers in another process are told of the grant as a writer is: pushed, not polled', async () => {
    const workers = await backEnd.workers(2);
    const writing = await backEnd.manager().get('pushed').acquire();
    for (const worker of workers) await worker.enqueue('k', 'pushed', SHARED);
    const granted = workers.map((worker) => once(worker, 'granted'));
    await writing.release();
    await Promise.all(granted);
    // On a cluster a read may lag behind what was pushed.
    const manager = backEnd.manager();
    await until(async () => (await manager.query('pushed')).held.length === 2);
  });

  describe('faults', () => {
    testFaults(backEnd, {
      ...holderOf('a reader', { name: 'reader', options: SHARED }),
      name: 'reader',
      wanted: { name: 'reader' },
    });
    testFaults(backEnd, {
      ...holderOf('a writer', { name: 'writer' }),
      name: 'writer',
      wanted: { name: 'writer', options: SHARED },
    });
  });

  test('nothing is left of readers and writers', async () => {
    const managers = [backEnd.manager(), backEnd.manager(), backEnd.manager()];
    await Promise.all(
      managers.flatMap((manager) =>
        [SHARED, EXCLUSIVE, SHARED].map((options) =>
          manager.get('left').runExclusive(() => undefined, options),
        ),
      ),
    );
    await Promise.all(managers.map((manager) => manager.close()));
    await nothingIsLeft(backEnd);
  });
});
