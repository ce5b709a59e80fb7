import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { LockConnectionError, LockPermissionError, LockSetupError, LockManager } from '../../lib/index.js';
import { clientFor } from '../../lib/client/open-client.js';
import { onEachBackEnd } from '../support/back-end.js';
import { noMore } from './after-a-minute.js';
import { rejection } from '../support/until.js';

onEachBackEnd('setup', (backEnd) => {
  async function startAnew(): Promise<void> {
    await backEnd.query(
      'if (has_collection(name)) { del_collection(name); };',
      { name: backEnd.collection },
      '@thingsdb',
    );
  }

  test('ten processes may set up an empty server at once', async () => {
    await startAnew();
    const workers = await backEnd.workers(10);
    const outcomes = await Promise.allSettled(workers.map((worker) => worker.call({ do: 'setup' })));
    expect(outcomes.filter(({ status }) => status === 'rejected')).toEqual([]);
    expect(await backEnd.run('lock_schema')).toEqual([1, 1]);
    await Promise.all(
      workers.map(async (worker) => {
        await worker.call({ do: 'acquire', key: 'k', name: 'first', options: { waitTimeout: 20_000 } });
        await worker.call({ do: 'release', key: 'k' });
      }),
    );
  });

  test('setup runs by itself at first use, also by many calls at once', async () => {
    await startAnew();
    const manager = backEnd.manager();
    const leases = await Promise.all(
      Array.from({ length: 10 }, (_, i) => manager.get(`name ${i}`).acquire()),
    );
    expect(leases.every((lease) => lease.isHeld)).toBe(true);
  });

  test('setup is idempotent and keeps what is held', async () => {
    const manager = backEnd.manager();
    const lease = await manager.get('kept').acquire();
    await backEnd.manager().setup();
    await manager.setup();
    expect(await lease.release()).toBe(true);
  });

  test('every procedure has its contract as its documentation on the server', async () => {
    await backEnd.manager().setup();
    const docs = (await backEnd.query(
      'procedures_info().map(|p| procedure_doc(p.load().name));',
    )) as string[];
    expect(docs).toHaveLength(readdirSync(join(__dirname, '../../lib/schema/procedures')).length);
    expect(docs.every((doc) => doc.length > 20)).toBe(true);
  });

  test('a collection that has procedures of its own under our names is refused and left as it is', async () => {
    await startAnew();
    await backEnd.query('new_collection(name);', { name: backEnd.collection }, '@thingsdb');
    await backEnd.query("new_procedure('acquire', || 'mine'); .own = 1;");
    expect(await rejection(backEnd.manager().setup())).toBeInstanceOf(LockSetupError);
    expect(await backEnd.run('acquire')).toBe('mine');
    expect(await backEnd.query('.keys();')).toEqual(['own']);
    await startAnew();
  });

  test('a newer schema that this version cannot use is refused with both numbers', async () => {
    await startAnew();
    await backEnd.manager().setup();
    await backEnd.query('.thingsdb_lock.schema = 9; .thingsdb_lock.compatible = 7;');
    const error = await rejection(backEnd.manager().get('x').acquire());
    expect(error).toBeInstanceOf(LockSetupError);
    expect(String(error)).toMatch(/schema 9.*schema 7.*schema 1/);
    await backEnd.query('.thingsdb_lock.compatible = 1;');
    const lease = await backEnd.manager().get('x').acquire();
    expect(await lease.release()).toBe(true);
    await startAnew();
  });

  test('after everyone has let go nothing is left', async () => {
    await startAnew();
    const managers = [backEnd.manager(), backEnd.manager()] as const;
    await Promise.all(
      managers.flatMap((manager) =>
        ['a', 'b', 'c'].map((name) => manager.get(name).runExclusive(() => undefined, { ttl: 500 })),
      ),
    );
    await Promise.all(managers.map((manager) => manager.close()));
    expect(await backEnd.left()).toEqual(noMore(backEnd));
  });

  test('the sweeper is made anew when its task was deleted with its user', async () => {
    const manager = backEnd.manager();
    const lease = await manager.get('sweeper').acquire({ ttl: 1_000 });
    await backEnd.query('tasks().each(|t| t.del());');
    const other = await manager.get('sweeper 2').acquire({ ttl: 1_000 });
    expect(await backEnd.left()).toMatchObject({ tasks: 1, hasSweeper: true });
    await lease.release();
    await other.release();
  });

  test('a user with the rights RUN, CHANGE and JOIN can lock, once an administrator has set up', async () => {
    await backEnd.manager().setup();
    const username = `${backEnd.collection}_user`;
    const scope = `//${backEnd.collection}`;
    await backEnd.query(
      'new_user(name); set_password(name, "secret"); grant(scope, name, RUN|CHANGE|JOIN);',
      { name: username, scope },
      '@thingsdb',
    );
    const auth = { username, password: 'secret' };
    const manager = new LockManager({ url: backEnd.urls, auth, collection: backEnd.collection });
    const other = backEnd.manager();
    try {
      const held = await other.get('rights').acquire();
      const acquiring = manager.get('rights').acquire();
      manager.once('waiting', () => void held.release());
      expect(await (await acquiring).release()).toBe(true);
    } finally {
      await manager.close();
      await backEnd.query('del_user(name);', { name: username }, '@thingsdb');
    }
  });

  test('a user without the right JOIN is told at the first use, and not when a lock is contended', async () => {
    await backEnd.manager().setup();
    const username = `${backEnd.collection}_no_join`;
    await backEnd.query(
      'new_user(name); set_password(name, "secret"); grant(scope, name, RUN|CHANGE);',
      { name: username, scope: `//${backEnd.collection}` },
      '@thingsdb',
    );
    const manager = backEnd.manager({ auth: { username, password: 'secret' } });
    try {
      for (const use of [manager.acquire('free'), manager.get('free').tryAcquire(), manager.setup()]) {
        const error = await rejection(use);
        expect(error).toBeInstanceOf(LockPermissionError);
        expect(String(error)).toContain('RUN|CHANGE|JOIN');
      }
      // What needs no push needs no such right.
      expect(await manager.isLocked('free')).toBe(false);
    } finally {
      await manager.close();
      await backEnd.query('del_user(name);', { name: username }, '@thingsdb');
    }
  });

  test('who does not know the id of a request cannot release, extend, withdraw, keep, hand on or adopt it, nor read it anywhere', async () => {
    await backEnd.manager().setup();
    const username = `${backEnd.collection}_other`;
    const scope = `//${backEnd.collection}`;
    await backEnd.query(
      'new_user(name); set_password(name, "secret"); grant(scope, name, RUN|CHANGE|JOIN);',
      { name: username, scope },
      '@thingsdb',
    );
    const lease = await backEnd.manager().get('mine').acquire();
    const client = clientFor(backEnd.urls[0] ?? '');
    await client.connect();
    await client.auth(username, 'secret');
    const id = (await backEnd.query('.thingsdb_lock.locks[":mine"].held.first().id;')) as string;
    const [guess, mine, inbox] = ['a'.repeat(32), 'b'.repeat(32), 'c'.repeat(32)];
    const batch = async (...operations: unknown[]): Promise<unknown> => {
      const reply = (await client.run(scope, 'lock_batch', [null, inbox, 'x', operations])) as unknown[];
      return reply[2];
    };
    const [gone, ended] = [
      [0, 0],
      [5, 0],
    ];
    expect(
      await batch(
        ['release', 'mine', guess],
        ['withdraw', 'mine', guess],
        ['acknowledge', 'mine', guess],
        ['extend', 'mine', guess, 1_000],
        ['keep', 'mine', guess, 1_000],
        ['transfer', 'mine', guess, 1_000],
        ['adopt', 'mine', guess, 'd'.repeat(32), 1],
      ),
    ).toEqual([ended, ended, gone, gone, ended, gone, gone]);
    expect(await client.run(scope, 'lock_close', [guess])).toBe(false);
    const answers: unknown[] = [
      await client.run(scope, 'lock_schema', []),
      await client.run(scope, 'locked', ['mine']),
      await batch(['try', mine, 1, 'mine', 1_000, 1, 1]),
      await batch(['acquire', mine, 1, 'mine', 1_000, 1, 1]),
      await client.run(scope, 'lock_query', ['mine', '', 1]),
      await client.run(scope, 'lock_query', [null, '', 100]),
      await client.run(scope, 'lock_ask', ['mine', 'x']),
      await client.run(scope, 'lock_watch', [['mine']]),
    ];
    expect(JSON.stringify(answers)).not.toContain(id.slice(1));
    await expect(client.query(scope, '.thingsdb_lock;')).rejects.toMatchObject({ error_code: -55 });
    await batch(['release', 'mine', mine]);
    await client.disconnect();
    expect(await lease.release()).toBe(true);
    await backEnd.query('del_user(name);', { name: username }, '@thingsdb');
  });

  test('wrong credentials and missing rights are a LockPermissionError at once, with the line that grants them', async () => {
    await backEnd.manager().setup();
    const wrong = { username: 'admin', password: 'not this' };
    const stranger = new LockManager({ url: backEnd.urls, auth: wrong, collection: backEnd.collection });
    expect(await rejection(stranger.get('x').acquire())).toBeInstanceOf(LockPermissionError);
    await stranger.close();

    const username = `${backEnd.collection}_nobody`;
    await backEnd.query('new_user(name); set_password(name, "p");', { name: username }, '@thingsdb');
    const auth = { username, password: 'p' };
    const nobody = new LockManager({ url: backEnd.urls, auth, collection: backEnd.collection });
    const error = await rejection(nobody.get('x').acquire());
    expect(error).toBeInstanceOf(LockPermissionError);
    expect(String(error)).toContain(`grant('//${backEnd.collection}', '${username}', RUN|CHANGE|JOIN)`);
    await nobody.close();
    await backEnd.query('del_user(name);', { name: username }, '@thingsdb');
  });

  test('a server that is not there is a LockConnectionError', async () => {
    const manager = backEnd.manager({ url: 'ws://127.0.0.1:1' });
    expect(await rejection(manager.get('x').acquire())).toBeInstanceOf(LockConnectionError);
    expect(await rejection(manager.isLocked('x'))).toBeInstanceOf(LockConnectionError);
  });
});
