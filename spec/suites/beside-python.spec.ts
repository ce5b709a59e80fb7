import { onEachBackEnd } from '../support/back-end.js';
import { nextEvent, until } from '../support/until.js';
import { pythonSetup } from '../support/python-lock.js';

const codeOf = (error: unknown): number => (error as { error_code: number }).error_code;

type Acquired = [immediately: boolean, roomId: number, size: number];

/** The procedures as python-thingsdb calls them. That library itself is run by python-and-ours. */
onEachBackEnd('the procedures of the Python lock', (backEnd) => {
  const acquire = (name: string, timeout: number): Promise<Acquired> =>
    backEnd.run('acquire', name, timeout) as Promise<Acquired>;

  test('acquire, test, locked and release keep their arguments, results and meaning', async () => {
    await backEnd.manager().setup();
    expect(await backEnd.run('locked', 'p')).toBe(false);
    const [immediately, first, size] = await acquire('p', 30);
    expect([immediately, size]).toEqual([true, 0]);
    expect(await backEnd.run('locked', 'p')).toBe(true);
    await until(async () => (await backEnd.run('test', first)) === true);
    const [waits, second, ahead] = await acquire('p', 30);
    expect([waits, ahead]).toEqual([false, 1]);
    expect(await backEnd.run('test', second)).toBe(false);
    const [, third, more] = await acquire('p', 30);
    expect(more).toBe(2);
    expect(await backEnd.run('release', 'p', second)).toBeNull();
    expect(await backEnd.run('release', 'p', first)).toBeNull();
    await until(async () => (await backEnd.run('test', third)) === true);
    expect(await backEnd.run('release', 'p', third)).toBeNull();
    expect(await backEnd.run('locked', 'p')).toBe(false);
    // In a cluster a read may lag behind for a moment.
    await until(async () => (await backEnd.run('test', third).catch(codeOf)) === -54);
  });

  test('a time-out that no later sum can hold is refused, and leaves the name as it was', async () => {
    const manager = backEnd.manager();
    await manager.setup();
    const [, holder] = await acquire('bounded', 30);
    for (const timeout of [9_221_576_403_000, 10 ** 10, 315_360_001, 0, -1]) {
      expect(await acquire('bounded', timeout).catch(codeOf)).toBe(-100);
    }
    expect(await manager.query('bounded')).toMatchObject({ held: [{}], pending: [] });
    await backEnd.run('release', 'bounded', holder);
    const lease = await manager.acquire('bounded');
    expect(lease.isHeld).toBe(true);
    await lease.release();
  });

  test('a Python waiter is told `go` in its room, in its turn among ours', async () => {
    const [ours, later] = [backEnd.manager(), backEnd.manager()];
    const lease = await ours.get('mixed').acquire();
    const [, room] = await acquire('mixed', 30);
    const acquiring = later.get('mixed').acquire();
    await nextEvent(later, 'waiting');
    const client = await backEnd.client();
    const told = new Promise<unknown>((resolve) =>
      client.addEventListener((type, message) => type === 8 && resolve((message as { event: string }).event)),
    );
    await client.join(`//${backEnd.collection}`, room);
    await lease.release();
    expect(await told).toBe('go');
    await until(async () => (await backEnd.run('test', room)) === true);
    expect(await backEnd.run('locked', 'mixed')).toBe(true);
    await backEnd.run('release', 'mixed', room);
    expect((await acquiring).isHeld).toBe(true);
  });

  test('a Python holder that crashed is timed out, not before its time', async () => {
    const manager = backEnd.manager();
    await manager.setup();
    const startedMs = performance.now();
    await acquire('crashed', 1);
    const lease = await manager.get('crashed').acquire({ waitTimeout: 20_000 });
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(1_000);
    expect(backEnd.ranMs(startedMs)).toBeLessThan(1_500);
    expect(lease.isHeld).toBe(true);
  });

  test('two contended names wake their waiters each: room names are not used', async () => {
    await backEnd.manager().setup();
    const rooms: number[] = [];
    for (const name of ['one', 'two']) {
      const [, holder] = await acquire(name, 30);
      const [, waiter] = await acquire(name, 30);
      await backEnd.run('release', name, holder);
      rooms.push(waiter);
    }
    for (const room of rooms) await until(async () => (await backEnd.run('test', room)) === true);
    await backEnd.run('release', 'one', rooms[0]);
    await backEnd.run('release', 'two', rooms[1]);
  });

  test('a collection that Python has set up is taken over in place, with the requests then in it', async () => {
    await backEnd.query(
      'if (has_collection(name)) { del_collection(name); }; new_collection(name);',
      { name: backEnd.collection },
      '@thingsdb',
    );
    await backEnd.query(pythonSetup);
    const [, holder] = await acquire('taken over', 2);
    const [, waiter] = await acquire('taken over', 60);
    const [, other] = await acquire('another', 60);
    const client = await backEnd.client();
    const told = new Promise<unknown>((resolve) =>
      client.addEventListener((type, message) => type === 8 && resolve((message as { id: number }).id)),
    );
    await client.join(`//${backEnd.collection}`, waiter);

    const manager = backEnd.manager();
    await manager.setup();
    expect(await backEnd.query('.keys();')).toEqual(['thingsdb_lock']);
    expect(await backEnd.query('types_info().len();')).toBe(2);
    expect(await manager.isLocked('taken over')).toBe(true);
    expect(await backEnd.run('test', holder)).toBe(true);
    expect(await backEnd.run('test', waiter)).toBe(false);
    const acquiring = manager.get('taken over').acquire({ waitTimeout: 30_000 });
    await nextEvent(manager, 'waiting');
    // The holder has crashed: its time-out was kept, the waiter keeps its place and its room.
    expect(await told).toBe(waiter);
    await backEnd.run('release', 'taken over', waiter);
    expect(await (await acquiring).release()).toBe(true);
    await backEnd.run('release', 'another', other);
    await until(async () => (await backEnd.left()).locks === 0);
  });
});
