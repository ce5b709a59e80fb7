/**
 * Real python-thingsdb processes and ours on the same names. What their own lock cannot do is not ours to mend: a dead
 * Python waiter holds up the others, and one may enter after it has waited too long. That it harms nobody of ours is
 * tested here.
 */
import type { Lease, LockManager } from '../../lib/index.js';
import type { BackEnd } from '../support/back-end.js';
import { besideRealPython, type Python } from '../support/beside-python.js';
import type { PythonWorker } from '../support/python-worker.js';
import { untilQueued } from '../support/queue-length.js';
import { SharedSum } from '../support/shared-sum.js';
import { nextEvent } from '../support/until.js';
import type { Worker } from '../support/worker.js';

/** What an event costs until it is heard of, on a machine that does something else as well. */
const SLACK_MS = 500;
/** By when the server has ended a stale lease, or a dead process's place, although nobody of ours asks (G5, G6). */
const BACKSTOP_MS = 2_000;

/** Someone who takes the lock: both languages, one face. */
interface Taker {
  /** Settles when the lock is held; asked for when this returns. */
  enter(): Promise<void>;
  leave(): Promise<void>;
}

function ours(manager: LockManager, name: string): Taker {
  let lease: Lease | undefined;
  return {
    async enter() {
      lease = await manager.get(name).acquire();
    },
    async leave() {
      expect(await lease?.release()).toBe(true);
    },
  };
}

function theirs(worker: PythonWorker, name: string): Taker {
  return {
    async enter() {
      worker.send(`acquire ${name} 60`);
      await worker.expect('held');
    },
    async leave() {
      expect(await worker.ask('release')).toBe('released');
    },
  };
}

besideRealPython('Python processes and ours on the same names', (backEnd, python) => {
  beforeAll(() => backEnd.manager().setup());

  exclusion(backEnd, python);
  deadProcesses(backEnd, python);
  pythonsOwnFlaws(backEnd, python);
});

function exclusion(backEnd: BackEnd, python: Python): void {
  it('while Python holds we wait, and are granted when it releases', async () => {
    const [holder, onlooker] = [await python.start(), await python.start()];
    const lock = backEnd.manager().get('theirs-first');
    expect(await lock.isLocked()).toBe(false);
    expect(await holder.ask('acquire theirs-first 60')).toBe('held');
    expect(await lock.isLocked()).toBe(true);
    expect(await lock.tryAcquire()).toBeNull();
    const acquiring = lock.acquire();
    const waiting = await nextEvent<{ position: number }>(lock, 'waiting');
    expect(waiting.position).toBe(1);
    expect(await Promise.race([acquiring.then(() => 'granted'), onlooker.ask('locked theirs-first')])).toBe(
      'True',
    );
    holder.send('release');
    const lease = await acquiring;
    await holder.expect('released');
    expect(await onlooker.ask('locked theirs-first')).toBe('True');
    expect(await lease.release()).toBe(true);
    expect(await onlooker.ask('locked theirs-first')).toBe('False');
  });

  it('while we hold Python waits, and is told when we release', async () => {
    const [waiter, onlooker] = [await python.start(), await python.start()];
    const lock = backEnd.manager().get('ours-first');
    const lease = await lock.acquire();
    waiter.send('acquire ours-first 60');
    await untilQueued(backEnd, 'ours-first', 2);
    const held = waiter.next();
    expect(await Promise.race([held, onlooker.ask('locked ours-first')])).toBe('True');
    expect(await lease.release()).toBe(true);
    expect(await held).toBe('held');
    expect(await lock.isLocked()).toBe(true);
    expect(await lock.tryAcquire()).toBeNull();
    expect(await waiter.ask('release')).toBe('released');
    expect(await lock.isLocked()).toBe(false);
  });

  it('turns come in the order in which they were asked for, whichever the language', async () => {
    const name = 'mixed-queue';
    const takers: [who: string, taker: Taker][] = [
      ['Python 1', theirs(await python.start(), name)],
      ['ours 1', ours(backEnd.manager(), name)],
      ['Python 2', theirs(await python.start(), name)],
      ['Python 3', theirs(await python.start(), name)],
      ['ours 2', ours(backEnd.manager(), name)],
      ['ours 3', ours(backEnd.manager(), name)],
      ['Python 4', theirs(await python.start(), name)],
    ];
    const turns: string[] = [];
    const first = await backEnd.manager().get(name).acquire();
    const taking: Promise<void>[] = [];
    for (const [who, taker] of takers) {
      taking.push(
        taker.enter().then(() => {
          turns.push(who);
          return taker.leave();
        }),
      );
      await untilQueued(backEnd, name, 1 + taking.length);
    }
    expect(turns).toEqual([]);
    await first.release();
    await Promise.all(taking);
    expect(turns).toEqual(takers.map(([who]) => who));
    await untilQueued(backEnd, name, 0);
  });

  it('of many who read a number and write it back, nobody loses what others have added', async () => {
    await using sum = await SharedSum.make(backEnd);
    const workers = [await python.start(), await python.start()];
    const managers = [backEnd.manager(), backEnd.manager()];
    const times = 6;
    for (const worker of workers) worker.send(`add contended ${times} ${sum.scope}`);
    const adding = managers.map(async (manager) => {
      for (let time = 0; time < times; time++)
        await manager.get('contended').runExclusive(() => sum.addOne());
    });
    await Promise.all([...adding, ...workers.map((worker) => worker.expect('added'))]);
    expect(await sum.read()).toBe(4 * times);
  });
}

function deadProcesses(backEnd: BackEnd, python: Python): void {
  /** A process of ours. */
  async function startOurs(): Promise<Worker> {
    const [started] = (await backEnd.workers(1)) as [Worker];
    return started;
  }

  it('a Python holder that was killed is timed out, not before its time, and we are next', async () => {
    const worker = await python.start();
    const askedMs = performance.now();
    expect(await worker.ask('acquire their-dead-holder 2')).toBe('held');
    const heldMs = performance.now();
    const lock = backEnd.manager().get('their-dead-holder');
    const acquiring = lock.acquire({ waitTimeout: 20_000 });
    await nextEvent(lock, 'waiting');
    await worker.kill();
    await using _lease = await acquiring;
    expect(performance.now() - askedMs).toBeGreaterThanOrEqual(2_000);
    expect(backEnd.ranMs(heldMs)).toBeLessThan(2_000 + SLACK_MS);
  });

  it('a Python waiter that was killed holds us up by its own time-out, and no longer', async () => {
    const [holder, last] = [backEnd.manager(), backEnd.manager()];
    const lease = await holder.get('their-dead-waiter').acquire();
    const worker = await python.start();
    worker.send('acquire their-dead-waiter 1');
    await untilQueued(backEnd, 'their-dead-waiter', 2);
    const acquiring = last.get('their-dead-waiter').acquire({ waitTimeout: 20_000 });
    await untilQueued(backEnd, 'their-dead-waiter', 3);
    await worker.kill();
    const releasedMs = performance.now();
    await lease.release();
    await using _lease = await acquiring;
    expect(performance.now() - releasedMs).toBeGreaterThanOrEqual(1_000);
    expect(backEnd.ranMs(releasedMs)).toBeLessThan(1_000 + SLACK_MS);
  });

  it('a holder of ours that was killed is timed out by the server, and Python is told', async () => {
    const holder = await startOurs();
    const waiter = await python.start();
    await holder.call({
      do: 'acquire',
      key: 'x',
      name: 'our-dead-holder',
      options: { ttl: 1_500, autoRenew: false },
    });
    const grantedMs = performance.now();
    waiter.send('acquire our-dead-holder 60');
    await untilQueued(backEnd, 'our-dead-holder', 2);
    await holder.kill();
    await waiter.expect('held');
    // The lease was granted a moment before we heard of it.
    expect(performance.now() - grantedMs).toBeGreaterThan(1_500 - SLACK_MS);
    expect(backEnd.ranMs(grantedMs)).toBeLessThan(1_500 + BACKSTOP_MS + SLACK_MS);
    expect(await waiter.ask('release')).toBe('released');
    await untilQueued(backEnd, 'our-dead-holder', 0);
  });

  it('a waiter of ours that was killed holds Python up for two seconds at most', async () => {
    const lease = await backEnd.manager().get('our-dead-waiter').acquire();
    const dead = await startOurs();
    await dead.enqueue('x', 'our-dead-waiter');
    const waiter = await python.start();
    waiter.send('acquire our-dead-waiter 60');
    await untilQueued(backEnd, 'our-dead-waiter', 3);
    await dead.kill();
    const releasedMs = performance.now();
    await lease.release();
    await waiter.expect('held');
    expect(backEnd.ranMs(releasedMs)).toBeLessThan(BACKSTOP_MS + SLACK_MS);
    expect(await waiter.ask('release')).toBe('released');
    await untilQueued(backEnd, 'our-dead-waiter', 0);
  });

  it('the dead of both languages, one behind the other, let the next one in', async () => {
    const name = 'all-dead';
    const [holder, waiter, next] = [await python.start(), await python.start(), await python.start()];
    const dead = await startOurs();
    expect(await holder.ask(`acquire ${name} 3`)).toBe('held');
    await dead.enqueue('x', name);
    waiter.send(`acquire ${name} 1`);
    await untilQueued(backEnd, name, 3);
    const acquiring = backEnd.manager().get(name).acquire({ waitTimeout: 20_000 });
    await untilQueued(backEnd, name, 4);
    next.send(`acquire ${name} 60`);
    await untilQueued(backEnd, name, 5);
    await Promise.all([holder.kill(), dead.kill(), waiter.kill()]);
    expect(await (await acquiring).release()).toBe(true);
    await next.expect('held');
    expect(await next.ask('release')).toBe('released');
    await untilQueued(backEnd, name, 0);
  });
}

function pythonsOwnFlaws(backEnd: BackEnd, python: Python): void {
  it('a Python process that enters after a wait that timed out takes nothing from us', async () => {
    const [holder, waiter] = [backEnd.manager(), backEnd.manager()];
    const lease = await holder.get('barged').acquire();
    const intruder = await python.start();
    // It waits for its time-out times the requests ahead: a second. Then it believes that it holds the lock.
    intruder.send('acquire barged 1');
    await untilQueued(backEnd, 'barged', 2);
    const acquiring = waiter.get('barged').acquire();
    await untilQueued(backEnd, 'barged', 3);
    await intruder.expect('held');
    expect(await lease.extend().then(() => lease.isHeld)).toBe(true);
    expect(await intruder.ask('release')).toBe('released');
    // It has withdrawn its own request, which still waited, and nothing else.
    await untilQueued(backEnd, 'barged', 2);
    expect(lease.isHeld).toBe(true);
    expect(await lease.release()).toBe(true);
    expect(await (await acquiring).release()).toBe(true);
  });

  it('a Python holder that was timed out and releases late releases nothing of ours', async () => {
    const late = await python.start();
    expect(await late.ask('acquire released-late 1')).toBe('held');
    const lock = backEnd.manager().get('released-late');
    const lease = await lock.acquire({ waitTimeout: 20_000 });
    expect(await late.ask('release')).toBe('released');
    expect(await lock.isLocked()).toBe(true);
    expect(await lease.release()).toBe(true);
  });
}
