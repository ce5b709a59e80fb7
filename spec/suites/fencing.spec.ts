/** The examples in examples/fencing, each with a resource of another kind: as programs, and case by case. */
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileStock } from '../../examples/fencing/file-stock.js';
import { PostgresqlStock } from '../../examples/fencing/postgresql-stock.js';
import { type Stock, STOCK_LOCK } from '../../examples/fencing/stock.js';
import { ThingsDBStock } from '../../examples/fencing/thingsdb-stock.js';
import type { Lease } from '../../lib/index.js';
import { type BackEnd, onEachBackEnd } from '../support/back-end.js';
import { PostgresqlThread } from '../support/postgresql-thread.js';
import { Program } from '../support/program.js';
import { REPOSITORY } from '../support/run-node.js';
import { rejection, until } from '../support/until.js';

const LIMIT_MS = 60_000;

let folder: string;
let postgresql: PostgresqlThread;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fencing-'));
  postgresql = await PostgresqlThread.start();
}, LIMIT_MS);

afterAll(async () => {
  await postgresql?.close();
  await rm(folder, { recursive: true, force: true });
});

interface Resource {
  readonly kind: string;
  /** With the stock of the tests before: tokens go on growing. */
  readonly open: (backEnd: BackEnd) => Promise<Stock>;
  /** How an old token is refused. */
  readonly refusal: Record<string, unknown>;
}

const stale = { code: 'LOCK_STALE_TOKEN', lockName: STOCK_LOCK };

const RESOURCES: readonly Resource[] = [
  {
    kind: 'postgresql',
    open: async () => {
      const stock = new PostgresqlStock(postgresql);
      await stock.setUp();
      return stock;
    },
    refusal: stale,
  },
  {
    kind: 'file',
    open: (backEnd) => FileStock.open(join(folder, `${backEnd.collection}.json`)),
    refusal: stale,
  },
  {
    kind: 'thingsdb',
    open: async (backEnd) => {
      await backEnd.manager().setup();
      const stock = new ThingsDBStock(await backEnd.client(), backEnd.collection);
      await stock.setUp();
      await backEnd.caughtUp();
      return stock;
    },
    refusal: { error_code: -103 },
  },
];

onEachBackEnd('fencing', (backEnd) => {
  /** A lease that has run out, and the one that was granted after it. */
  async function twoHolders(): Promise<[old: Lease, now: Lease]> {
    const lock = backEnd.manager().get(STOCK_LOCK);
    const old = await lock.acquire({ ttl: 100, autoRenew: false });
    return [old, await lock.acquire()];
  }

  describe.each(RESOURCES)('$kind', ({ kind, open, refusal }) => {
    it('refuses what an old holder writes after a newer one, and keeps what that has written', async () => {
      const stock = await open(backEnd);
      const [old, now] = await twoHolders();
      await stock.write('pears', 5, now.fencingToken);
      expect(await rejection(stock.write('pears', 3, old.fencingToken))).toMatchObject(refusal);
      expect(await stock.read('pears', now.fencingToken)).toBe(5);
      await now.release();
    });

    it('refuses it also when the newer one has only read: what was read stays true', async () => {
      const stock = await open(backEnd);
      const [old, now] = await twoHolders();
      const before = await stock.read('plums', now.fencingToken);
      expect(await rejection(stock.write('plums', before + 3, old.fencingToken))).toMatchObject(refusal);
      expect(await stock.read('plums', now.fencingToken)).toBe(before);
      await now.release();
    });

    it('lets one holder write as often as it likes', async () => {
      const stock = await open(backEnd);
      await backEnd
        .manager()
        .get(STOCK_LOCK)
        .runExclusive(async ({ fencingToken }) => {
          for (const count of [1, 2, 3]) await stock.write('figs', count, fencingToken);
          expect(await stock.read('figs', fencingToken)).toBe(3);
          expect(await stock.read('apricots', fencingToken)).toBe(0);
        });
    });

    it(
      'as a program: a holder that was paused is refused, and nothing is lost',
      async () => {
        await using program = new Program(
          `examples/fencing/${kind}.ts`,
          kind === 'file' ? [join(folder, 'of the program.json')] : [],
          {
            THINGSDB_URL: backEnd.urls[0],
            THINGSDB_WS_URL: backEnd.urls[0],
            THINGSDB_JS: join(REPOSITORY, 'spec/support/as-thingsdb-js.ts'),
            THINGSDB_COLLECTION: backEnd.collection,
          },
        );
        expect({ end: await program.ended, errors: program.errors }).toEqual({ end: 0, errors: '' });
        expect(program.lines).toEqual([
          'one holder sees 10 apples, and is paused',
          'another sells 4 of 10',
          expect.stringMatching(/^the first goes on and is refused: .*fencing token/),
          '6 apples are left',
        ]);
      },
      LIMIT_MS,
    );
  });

  it('thingsdb: an old holder is refused from the end of its lease on, when there is no newer one yet', async () => {
    const stock = await RESOURCES[2]!.open(backEnd);
    const manager = backEnd.manager();
    const lease = await manager.get(STOCK_LOCK).acquire({ ttl: 1_500, autoRenew: false });
    await stock.write('limes', 1, lease.fencingToken);
    await until(async () => !(await manager.isLocked(STOCK_LOCK)));
    expect(await rejection(stock.write('limes', 2, lease.fencingToken))).toMatchObject({ error_code: -103 });
    expect(await stock.read('limes', 0)).toBe(1);
  });

  it('thingsdb: a holder is refused once it has released, also while `minHold` keeps the name taken', async () => {
    const stock = await RESOURCES[2]!.open(backEnd);
    const manager = backEnd.manager();
    const lease = await manager.get(STOCK_LOCK).acquire({ ttl: '2m', minHold: '1m' });
    await stock.write('quinces', 1, lease.fencingToken);
    await lease.release();
    expect(await manager.isLocked(STOCK_LOCK)).toBe(true);
    expect(await rejection(stock.write('quinces', 2, lease.fencingToken))).toMatchObject({
      error_code: -103,
    });
    expect(await stock.read('quinces', 0)).toBe(1);
    await manager.forceRelease(STOCK_LOCK);
  });

  it('thingsdb: in a collection with procedures of its own by the names of the lock, with a prefix', async () => {
    const collection = `${backEnd.collection}_own`;
    await backEnd.query('new_collection(name);', { name: collection }, '@thingsdb');
    try {
      await backEnd.query(`new_procedure('test', || 'of its own');`, {}, `//${collection}`);
      expect(await rejection(backEnd.manager({ collection }).setup())).toMatchObject({ code: 'LOCK_SETUP' });
      const manager = backEnd.manager({ collection, prefix: 'shop_' });
      await manager.setup();
      const client = await backEnd.client();
      const stock = new ThingsDBStock(client, collection, 'shop_');
      await stock.setUp();
      await backEnd.caughtUp();
      const lease = await manager.get(STOCK_LOCK).acquire();
      await stock.write('kiwis', 2, lease.fencingToken);
      await lease.release();
      expect(await rejection(stock.write('kiwis', 1, lease.fencingToken))).toMatchObject({
        error_code: -103,
      });
      expect(await stock.read('kiwis')).toBe(2);
      expect(await client.run(`//${collection}`, 'test', [])).toBe('of its own');
    } finally {
      await backEnd.query('del_collection(name);', { name: collection }, '@thingsdb');
    }
  });

  it('thingsdb: who may only lock and call procedures cannot write around it', async () => {
    await RESOURCES[2]!.open(backEnd);
    const [name, scope] = [`${backEnd.collection}_clerk`, `//${backEnd.collection}`];
    await backEnd.query(
      'new_user(name); set_password(name, "secret"); grant(scope, name, RUN|CHANGE|JOIN); nil;',
      { name, scope },
      '@thingsdb',
    );
    try {
      const client = await backEnd.client({ username: name, password: 'secret' });
      const manager = backEnd.manager({ auth: { username: name, password: 'secret' } });
      const stock = new ThingsDBStock(client, backEnd.collection);
      await using lease = await manager.get(STOCK_LOCK).acquire();
      await stock.write('melons', 2, lease.fencingToken);
      expect(await rejection(client.query(scope, '.stock.set("melons", 3);'))).toMatchObject({
        error_code: -55,
      });
      expect(await rejection(stock.write('melons', 3, lease.fencingToken - 1))).toMatchObject({
        error_code: -103,
      });
      expect(await stock.read('melons')).toBe(2);
    } finally {
      await backEnd.query('del_user(name);', { name }, '@thingsdb');
    }
  });
});

describe('the stock in a file', () => {
  let path: string;
  beforeEach(async () => {
    path = join(await mkdtemp(join(folder, 'case-')), 'stock.json');
  });

  it('goes on refusing after the process that owns it was started again', async () => {
    const before = await FileStock.open(path);
    await before.write('apples', 10, 5);
    await before.read('apples', 6);
    const after = await FileStock.open(path);
    expect(await rejection(after.write('apples', 9, 5))).toMatchObject({ ...stale, token: 5, newest: 6 });
    expect(await after.read('apples', 6)).toBe(10);
  });

  it('is as it was when a write was broken off: what it had drafted is not looked at', async () => {
    await (await FileStock.open(path)).write('apples', 10, 5);
    await writeFile(`${path}.new`, '{"counts":{"apples":');
    const stock = await FileStock.open(path);
    expect(await stock.read('apples', 5)).toBe(10);
    await stock.write('apples', 9, 5);
    expect(await (await FileStock.open(path)).read('apples', 5)).toBe(9);
    await expect(stat(`${path}.new`)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('does what it is asked in order, also when asked for much at once', async () => {
    const stock = await FileStock.open(path);
    const writing = [1, 2, 3].map((count) => stock.write('apples', count, 5));
    const reading = stock.read('apples', 5);
    const refused = [stock.write('apples', 4, 6), stock.write('apples', 5, 5)];
    await Promise.all(writing);
    expect(await reading).toBe(3);
    expect((await Promise.allSettled(refused)).map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
    ]);
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({
      counts: { apples: 4 },
      tokens: [[STOCK_LOCK, 6]],
    });
  });

  it('keeps what it had when the disk refuses, and does not go back behind a token it was shown', async () => {
    const stock = await FileStock.open(path);
    await stock.write('apples', 10, 5);
    // The draft cannot be written: there is a folder of that name.
    await mkdir(`${path}.new`);
    await expect(stock.write('apples', 9, 6)).rejects.toMatchObject({ code: 'EISDIR' });
    await rm(`${path}.new`, { recursive: true });
    expect(await rejection(stock.write('apples', 8, 5))).toMatchObject({ ...stale, newest: 6 });
    expect(await stock.read('apples', 6)).toBe(10);
  });
});
