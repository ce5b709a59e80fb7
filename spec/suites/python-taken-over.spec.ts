/** A collection that python-thingsdb's own setup has made, with its processes in it, is taken over while they go on. */
import { besideRealPython } from '../support/beside-python.js';
import type { PythonWorker } from '../support/python-worker.js';
import { untilQueued } from '../support/queue-length.js';
import { SharedSum } from '../support/shared-sum.js';
import { nextEvent, until } from '../support/until.js';

/** What an event costs until it is heard of, on a machine that does something else as well. */
const SLACK_MS = 500;
/** Python's time-outs are cut to whole seconds: one that is taken over ends up to so much later, never earlier. */
const ROUNDING_MS = 1_000;
/** By when the server has ended a stale lease although nobody of ours asks (G5). */
const BACKSTOP_MS = 2_000;

besideRealPython('taking over a collection of Python', (backEnd, python) => {
  beforeEach(async () => {
    await backEnd.query(
      'if (has_collection(name)) { del_collection(name); };',
      { name: backEnd.collection },
      '@thingsdb',
    );
  });

  /** Processes on the collection as Python's setup makes it. */
  async function setUpByPython(count: number): Promise<PythonWorker[]> {
    const workers = await Promise.all(Array.from({ length: count }, () => python.start()));
    expect(await workers[0]!.ask('setup')).toBe('done');
    await backEnd.caughtUp();
    return workers;
  }

  /** Puts processes into the queue of a name, one after the other. The first holds. */
  async function enqueue(name: string, workers: readonly PythonWorker[], timeoutSeconds = 60): Promise<void> {
    for (const [index, worker] of workers.entries()) {
      worker.send(`acquire ${name} ${timeoutSeconds}`);
      await untilQueued(backEnd, name, index + 1);
    }
    await workers[0]!.expect('held');
  }

  it('holder and waiters go on in their order, and we queue up behind them', async () => {
    const [holder, second, third, elsewhere, later] = (await setUpByPython(5)) as [
      PythonWorker,
      PythonWorker,
      PythonWorker,
      PythonWorker,
      PythonWorker,
    ];
    await enqueue('job', [holder, second, third]);
    await enqueue('other', [elsewhere]);

    const manager = backEnd.manager();
    await manager.setup();
    expect(await backEnd.query('.keys();')).toEqual(['thingsdb_lock']);
    const types = ['ThingsDBLockQueue', 'ThingsDBLockRequest'];
    expect(
      await backEnd.query('[types_info().len(), types.every(|name| has_type(name))];', { types }),
    ).toEqual([types.length, true]);
    expect(await Promise.all(['job', 'other', 'none'].map((name) => manager.isLocked(name)))).toEqual([
      true,
      true,
      false,
    ]);

    const turns: string[] = [];
    const took = (who: string) => () => turns.push(who);
    const waiting = nextEvent<{ position: number }>(manager, 'waiting');
    const acquiring = manager.get('job').acquire();
    expect((await waiting).position).toBe(3);
    // A process that comes now finds a collection, and has nothing to set up.
    expect(await later.ask('setup')).toBe('done');
    later.send('acquire job 60');
    await untilQueued(backEnd, 'job', 5);

    const all = [
      second.expect('held').then(took('second')),
      third.expect('held').then(took('third')),
      acquiring.then(took('ours')),
      later.expect('held').then(took('later')),
    ];
    expect(await holder.ask('release')).toBe('released');
    await all[0];
    expect(await second.ask('release')).toBe('released');
    await all[1];
    expect(await third.ask('release')).toBe('released');
    expect(await (await acquiring).release()).toBe(true);
    await all[3];
    expect(turns).toEqual(['second', 'third', 'ours', 'later']);
    expect(await later.ask('release')).toBe('released');
    expect(await elsewhere.ask('release')).toBe('released');
    await until(async () => (await backEnd.left()).requests === 0);
    expect(await backEnd.left()).toMatchObject({ locks: 0, requests: 0 });
  });

  it('a holder and a waiter that had died keep their time-outs, then it is our turn', async () => {
    const [holder, waiter] = await setUpByPython(2);
    const askedMs = performance.now();
    await enqueue('dead', [holder!, waiter!], 2);
    await Promise.all([holder!.kill(), waiter!.kill()]);
    const lease = await backEnd.manager().get('dead').acquire({ waitTimeout: 20_000 });
    const tookMs = performance.now() - askedMs;
    // Two seconds of the holder and two of the waiter, which was granted the lock.
    expect(tookMs).toBeGreaterThanOrEqual(4_000);
    expect(backEnd.ranMs(askedMs)).toBeLessThan(4_000 + ROUNDING_MS + SLACK_MS);
    expect(await lease.release()).toBe(true);
    await untilQueued(backEnd, 'dead', 0);
  });

  it('a waiter that lives is told when the time of the holder before it is over', async () => {
    const [holder, waiter] = await setUpByPython(2);
    const askedMs = performance.now();
    expect(await holder!.ask('acquire slow 2')).toBe('held');
    // So long that it does not enter for having waited long enough, as it does after its time-out.
    waiter!.send('acquire slow 60');
    await untilQueued(backEnd, 'slow', 2);
    await backEnd.manager().setup();
    await waiter!.expect('held');
    expect(performance.now() - askedMs).toBeGreaterThanOrEqual(2_000);
    expect(backEnd.ranMs(askedMs)).toBeLessThan(2_000 + ROUNDING_MS + BACKSTOP_MS + SLACK_MS);
    // The holder was only slow. What it releases now is not the other's.
    expect(await holder!.ask('release')).toBe('released');
    expect(await backEnd.manager().isLocked('slow')).toBe(true);
    expect(await waiter!.ask('release')).toBe('released');
    await untilQueued(backEnd, 'slow', 0);
  });

  it('a holder that Python has forgotten to wake, because two names were contended, is woken', async () => {
    const [one, two, three, four] = await setUpByPython(4);
    await enqueue('first', [one!, two!]);
    await enqueue('second', [three!, four!]);
    expect(await one!.ask('release')).toBe('released');
    await two!.expect('held');
    // Python's lock names the room of whoever is next `go`, and there can be only one of that name.
    expect(await three!.ask('release')).toBe('released');
    await untilQueued(backEnd, 'second', 1);
    const woken = four!.next();
    expect(await Promise.race([woken, three!.ask('locked second')])).toBe('True');
    await backEnd.manager().setup();
    expect(await woken).toBe('held');
    expect(await four!.ask('release')).toBe('released');
    expect(await two!.ask('release')).toBe('released');
    await untilQueued(backEnd, 'second', 0);
  });

  it('processes that are at it all the time do not notice, and nobody loses what others add', async () => {
    const workers = await setUpByPython(2);
    await using sum = await SharedSum.make(backEnd);
    for (const worker of workers) worker.send(`add busy 25 ${sum.scope}`);
    await until(async () => (await sum.read()) > 3);
    const manager = backEnd.manager();
    await manager.setup();
    expect(await sum.read()).toBeLessThan(50);
    for (let time = 0; time < 5; time++) await manager.get('busy').runExclusive(() => sum.addOne());
    for (const worker of workers) await worker.expect('added');
    expect(await sum.read()).toBe(55);
  });

  it('a setup of Python that we overtake is refused there, and harms nothing here', async () => {
    const [late, other] = [await python.start(), await python.start()];
    late.send('setup-in-two-steps');
    await late.expect('made');
    const manager = backEnd.manager();
    const lease = await manager.get('overtaken').acquire();
    late.send('go on');
    expect(await late.next()).toMatch(/^refused /);
    expect(await lease.extend().then(() => lease.isHeld)).toBe(true);
    other.send('acquire overtaken 60');
    await untilQueued(backEnd, 'overtaken', 2);
    expect(await lease.release()).toBe(true);
    await other.expect('held');
    expect(await manager.isLocked('overtaken')).toBe(true);
    expect(await other.ask('release')).toBe('released');
    // The next one finds a collection and has nothing to do; one of ours neither.
    expect(await late.ask('setup')).toBe('done');
    await backEnd.manager().setup();
    expect(await (await backEnd.manager().get('overtaken').acquire()).release()).toBe(true);
  });
});
