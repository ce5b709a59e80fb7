import { LockSetupError, type LockManager } from '../../lib/index.js';
import { aborted } from '../support/aborted.js';
import { onEachBackEnd, type BackEnd } from '../support/back-end.js';
import { noMore } from './after-a-minute.js';
import { pythonSetup } from '../support/python-lock.js';
import { nextEvent, rejection, until } from '../support/until.js';
import { untilAsked } from '../support/until-asked.js';

/** A collection of the user's with data and procedures, one of which is called as one of ours. */
async function makeShop(backEnd: BackEnd): Promise<void> {
  await backEnd.query('new_collection(name);', { name: backEnd.collection }, '@thingsdb');
  await backEnd.query(".stock = 5; new_procedure('release', |n| .stock -= n);");
}

onEachBackEnd("in a collection of the user's own", (backEnd) => {
  beforeAll(() => makeShop(backEnd));

  test('procedures of the same name are not touched: the setup is refused, and says what helps', async () => {
    const error = await rejection(backEnd.manager().setup());
    expect(error).toBeInstanceOf(LockSetupError);
    expect(await backEnd.run('release', 1)).toBe(4);
    expect(await backEnd.query('.has("thingsdb_lock");')).toBe(false);
  });

  test('with a prefix the locks live beside them', async () => {
    const [one, other] = [backEnd.manager({ prefix: 'a_' }), backEnd.manager({ prefix: 'a_' })];
    const lease = await one.acquire('till');
    expect([await other.get('till').tryAcquire(), await other.isLocked('till')]).toEqual([null, true]);
    expect(await backEnd.run('release', 1)).toBe(3);
    expect(await lease.release()).toBe(true);
    expect((await other.acquire('till')).fencingToken).toBeGreaterThan(lease.fencingToken);
  });

  test('two prefixes do not see each other', async () => {
    const [a, b] = [backEnd.manager({ prefix: 'a_' }), backEnd.manager({ prefix: 'b_' })];
    const [ofA, ofB] = [await a.acquire('same name'), await b.acquire('same name')];
    expect([ofA.isHeld, ofB.isHeld]).toEqual([true, true]);
    expect((await a.query('same name')).held).toHaveLength(1);
    await b.forceRelease('same name');
    expect(await a.isLocked('same name')).toBe(true);
  });

  test("a procedure of the user's checks the token in the change that writes", async () => {
    const manager = backEnd.manager({ prefix: 'a_' });
    const lease = await manager.acquire('stock');
    await backEnd.query(`new_procedure('sell', |n, token| {
      run('a_lock_fence', 'stock', token);
      .stock -= n;
    });`);
    expect(await backEnd.run('sell', 1, lease.fencingToken)).toBe(2);
    await manager.forceRelease('stock');
    await expect(backEnd.run('sell', 1, lease.fencingToken)).rejects.toMatchObject({ error_code: -103 });
    expect(await backEnd.query('.stock;')).toBe(2);
  });

  test('everything that the locks do they do with a prefix too, and nothing of it is left', async () => {
    const [one, two, three] = [1, 2, 3].map((n) => backEnd.manager({ prefix: 'c_', owner: `${n}` })) as [
      LockManager,
      LockManager,
      LockManager,
    ];
    const watch = await three.watch('x');
    const told: string[] = [];
    for (const event of ['acquired', 'released', 'lost'] as const) {
      watch.on(event, ({ owner }) => told.push(`${event} ${owner}`));
    }
    const lease = await one.acquire(['x', 'y']);
    const next = two.acquire('x', { waitTimeout: 25_000 });
    await nextEvent(two, 'waiting');
    const adopted = await three.adopt(await lease.serialize());
    expect((await two.query('y')).held.map(({ owner }) => owner)).toEqual(['3']);
    expect(await adopted.release()).toBe(true);
    await next;
    await untilAsked(one, 'x', [two]);
    const stolen = await one.acquire('x', { steal: true });
    await aborted((await next).signal);
    expect(await one.forceRelease('x')).toBe(1);
    await aborted(stolen.signal);
    await until(() => told.length === 6, { describe: () => told.join(', ') });
    expect(told).toEqual(['acquired 1', 'released 3', 'acquired 2', 'lost 2', 'acquired 1', 'lost 1']);
    const permits = await one.semaphore('seats', { permits: 3 }).acquire({ count: 2 });
    const reading = await two.acquire('book', { mode: 'shared' });
    await Promise.all([permits.release(), reading.release()]);
    await Promise.all([one.close(), two.close(), three.close()]);
    const left = '.c_thingsdb_lock.filter(|_, value| is_thing(value)).map(|key, value| [key, value.len()]);';
    expect(Object.fromEntries((await backEnd.query(left)) as [string, number][])).toMatchObject({
      locks: 0,
      waiting: 0,
      inboxes: 0,
    });
  });

  test('a lease that ends under a prefix is followed within 100 ms, and with nobody waiting ended by the sweeper', async () => {
    const [manager, waiting] = [backEnd.manager({ prefix: 'a_' }), backEnd.manager({ prefix: 'a_' })];
    const lease = await manager.acquire('ends', { ttl: 1_500, autoRenew: false });
    await manager.acquire('ends alone', { ttl: 1_500, autoRenew: false });
    const code = '.a_thingsdb_lock.locks[":ends"].held.first();';
    const due = Number(await backEnd.query(code.replace(';', '.due;')));
    const next = await waiting.acquire('ends', { waitTimeout: 25_000 });
    const since = Number(await backEnd.query(code.replace(';', '.since;')));
    expect((since - due) / 1000).toBeGreaterThanOrEqual(0);
    expect(backEnd.servedMs(due / 1000, since / 1000)).toBeLessThanOrEqual(100);
    expect([lease.isHeld, next.isHeld]).toEqual([false, true]);
    await until(async () => (await backEnd.query('.a_thingsdb_lock.locks.has(":ends alone");')) === false, {
      limitMs: 3_000,
    });
  });

  test.each(['1a', 'a b', "a'", 'ä', 'a'.repeat(65)])(
    'the prefix %p is refused before anything is sent',
    (prefix) => {
      expect(() => backEnd.manager({ prefix })).toThrow('prefix');
    },
  );
});

onEachBackEnd('a prefix beside the locks without one', (backEnd) => {
  test("Python's procedures stay as they are, and do not see the others", async () => {
    const [plain, prefixed] = [backEnd.manager(), backEnd.manager({ prefix: 'x_' })];
    await Promise.all([plain.setup(), prefixed.setup()]);
    const lease = await prefixed.acquire('beside');
    const [immediately, room] = (await backEnd.run('acquire', 'beside', 60)) as [boolean, number, number];
    expect(immediately).toBe(true);
    expect([await plain.isLocked('beside'), await prefixed.isLocked('beside')]).toEqual([true, true]);
    await backEnd.run('release', 'beside', room);
    expect([await plain.isLocked('beside'), lease.isHeld]).toEqual([false, true]);
    await lease.release();
    await Promise.all([plain.close(), prefixed.close()]);
    expect(await backEnd.left()).toEqual(noMore(backEnd));
  });
});

onEachBackEnd('a prefix in a collection that Python has set up', (backEnd) => {
  test('is had once the locks without one have taken it over; until then its root takes nothing else', async () => {
    await backEnd.query('new_collection(name);', { name: backEnd.collection }, '@thingsdb');
    await backEnd.query(pythonSetup);
    const [, holder] = (await backEnd.run('acquire', 'both', 60)) as [boolean, number, number];
    const error = await rejection(backEnd.manager({ prefix: 'p_' }).setup());
    expect(error).toBeInstanceOf(LockSetupError);
    expect(String(error)).toMatch(/setup without a prefix/);
    expect(await backEnd.run('locked', 'both')).toBe(true);

    const [plain, prefixed] = [backEnd.manager(), backEnd.manager({ prefix: 'p_' })];
    await plain.setup();
    await prefixed.setup();
    expect([await plain.isLocked('both'), await prefixed.isLocked('both')]).toEqual([true, false]);
    const lease = await prefixed.acquire('both');
    await backEnd.run('release', 'both', holder);
    expect([await plain.isLocked('both'), lease.isHeld]).toEqual([false, true]);
  });
});
