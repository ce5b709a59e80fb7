/** To every kind of lock that Python does not know, its requests are exclusive ones, in the same queue. */
import { besideRealPython } from '../support/beside-python.js';
import { untilQueued } from '../support/queue-length.js';
import { nextEvent, until } from '../support/until.js';

besideRealPython('Python processes beside the other kinds of lock', (backEnd, python) => {
  beforeAll(() => backEnd.manager().setup());

  it('Python waits for all readers, and readers that come later wait behind it', async () => {
    const [one, two, late] = [backEnd.manager(), backEnd.manager(), backEnd.manager()];
    const shared = { mode: 'shared' } as const;
    const leases = [await one.acquire('read', shared), await two.acquire('read', shared)];
    const writer = await python.start();
    writer.send('acquire read 60');
    await untilQueued(backEnd, 'read', 3);
    const turns: string[] = [];
    const writing = writer.expect('held').then(() => turns.push('Python'));
    const reading = late.acquire('read', shared).then((lease) => {
      turns.push('reader');
      return lease;
    });
    await untilQueued(backEnd, 'read', 4);
    await leases[0]!.release();
    // One reader is enough to keep Python out.
    expect((await one.query('read')).held).toHaveLength(1);
    expect(turns).toEqual([]);
    await leases[1]!.release();
    await writing;
    expect((await one.query('read')).pending).toMatchObject([{ mode: 'shared', position: 1 }]);
    expect(await writer.ask('release')).toBe('released');
    await (await reading).release();
    expect(turns).toEqual(['Python', 'reader']);
    await untilQueued(backEnd, 'read', 0);
  });

  it('Python has at once what lingers in another process, which then waits for Python', async () => {
    const manager = backEnd.manager();
    const lock = manager.get('lingers', { linger: '1h', waitTimeout: 25_000 });
    await until(async () => {
      await (await lock.acquire()).release();
      return manager.isLocked('lingers');
    });
    const worker = await python.start();
    worker.send('acquire lingers 60');
    await worker.expect('held');
    const acquiring = lock.acquire();
    await untilQueued(backEnd, 'lingers', 2);
    expect(await worker.ask('release')).toBe('released');
    expect((await acquiring).isHeld).toBe(true);
  });

  it('Python waits for every permit of a semaphore, and holds all of it', async () => {
    const manager = backEnd.manager();
    const semaphore = manager.semaphore('permits', { permits: 3 });
    const lease = await semaphore.acquire({ count: 1 });
    const worker = await python.start();
    worker.send('acquire permits 60');
    await untilQueued(backEnd, 'permits', 2);
    expect(await semaphore.tryAcquire({ count: 1 })).toBeNull();
    await lease.release();
    await worker.expect('held');
    expect(await semaphore.tryAcquire({ count: 1 })).toBeNull();
    const acquiring = semaphore.acquire({ count: 3 });
    await untilQueued(backEnd, 'permits', 2);
    expect(await worker.ask('release')).toBe('released');
    expect(await (await acquiring).release()).toBe(true);
  });

  it('who wants several names waits for Python on each, and Python for whoever has them', async () => {
    const [first, second, after] = [await python.start(), await python.start(), await python.start()];
    expect(await first.ask('acquire left 60')).toBe('held');
    expect(await second.ask('acquire right 60')).toBe('held');
    const manager = backEnd.manager();
    const acquiring = manager.acquire(['left', 'right']);
    await untilQueued(backEnd, 'right', 2);
    after.send('acquire left 60');
    await untilQueued(backEnd, 'left', 3);
    expect(await first.ask('release')).toBe('released');
    // Not before both are free; and Python, which came later, does not slip in between.
    const { held, pending } = await manager.query('left');
    expect(held).toEqual([]);
    expect(pending.map(({ owner }) => owner === 'python-thingsdb')).toEqual([false, true]);
    expect(await second.ask('release')).toBe('released');
    const lease = await acquiring;
    expect(lease.names).toEqual(['left', 'right']);
    expect(await first.ask('locked left')).toBe('True');
    expect(await first.ask('locked right')).toBe('True');
    expect(await lease.release()).toBe(true);
    await after.expect('held');
    expect(await after.ask('release')).toBe('released');
  });

  it('a Python holder is seen, and can be stolen from or put out; then it releases nothing of ours', async () => {
    const manager = backEnd.manager();
    const [robbed, ousted] = [await python.start(), await python.start()];
    expect(await robbed.ask('acquire taken 60')).toBe('held');
    expect((await manager.query('taken')).held).toMatchObject([
      { owner: 'python-thingsdb', mode: 'exclusive' },
    ]);
    const thief = await manager.acquire('taken', { steal: true });
    ousted.send('acquire taken 60');
    await untilQueued(backEnd, 'taken', 2);
    expect(await robbed.ask('release')).toBe('released');
    expect(thief.isHeld).toBe(true);
    expect(await manager.isLocked('taken')).toBe(true);
    expect(await thief.release()).toBe(true);
    await ousted.expect('held');
    await backEnd.caughtUp();
    expect(await manager.requestRelease('taken')).toBe(0);
    const acquiring = manager.acquire('taken');
    await untilQueued(backEnd, 'taken', 2);
    expect(await manager.forceRelease('taken')).toBe(1);
    const lease = await acquiring;
    expect(await ousted.ask('release')).toBe('released');
    expect(await lease.extend().then(() => lease.isHeld)).toBe(true);
    expect(await lease.release()).toBe(true);
    await untilQueued(backEnd, 'taken', 0);
  });

  it('a watch tells of Python holders too', async () => {
    const manager = backEnd.manager();
    const watch = await manager.watch('watched');
    const worker = await python.start();
    const acquired = nextEvent<{ owner: string }>(watch, 'acquired');
    expect(await worker.ask('acquire watched 60')).toBe('held');
    expect((await acquired).owner).toBe('python-thingsdb');
    const released = nextEvent(watch, 'released');
    expect(await worker.ask('release')).toBe('released');
    await released;
    const expired = nextEvent(watch, 'expired');
    expect(await worker.ask('acquire watched 1')).toBe('held');
    await worker.kill();
    await expired;
    watch.close();
  });
});
