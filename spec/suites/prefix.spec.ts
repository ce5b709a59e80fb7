import { LockSetupError } from '../../lib/index.js';
import { onEachBackEnd, type BackEnd } from '../support/back-end.js';
import { NOTHING } from '../support/state-left.js';
import { rejection } from '../support/until.js';

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
    expect(await backEnd.left()).toEqual(NOTHING);
  });
});
