import { aborted } from '../support/aborted.js';
import { onEachBackEnd } from '../support/back-end.js';
import { environmentOf, recordsIn, useCli, type Cli } from '../support/cli.js';
import { documentedRights } from '../support/documented-rights.js';
import { until } from '../support/until.js';

const cli = useCli();

onEachBackEnd('thingsdb-lock for operators', (backEnd) => {
  const run = (...args: string[]): Cli => cli(args, environmentOf(backEnd));
  /** The locks that others set up and hold. */
  const others = (owner: string) => backEnd.manager({ owner });

  test('ls lists each name with its holders and how many wait, in the order of the names', async () => {
    const manager = others('holder');
    const lease = await manager.get('b lock').acquire();
    const some = await manager.semaphore('pool', { permits: 3 }).acquire({ count: 2 });
    const waits = others('waiter').get('b lock');
    const next = waits.acquire();
    await until(async () => (await manager.query('b lock')).pending.length === 1);

    const [text, json] = [run('ls'), run('ls', '--json')];
    expect([await text.status, await json.status]).toEqual([0, 0]);
    const [heading, ...rows] = text.out.trimEnd().split('\n');
    expect(heading).toMatch(/^NAME +HELD BY +MODE +SINCE +LEASE LEFT +WAITING$/);
    expect(rows).toHaveLength(2);
    // A lease of a minute is renewed when a third of it is over.
    expect(rows[0]).toMatch(/^b lock +holder +exclusive +\S+ ago +([45]\ds|1m) +1$/);
    expect(rows[1]).toMatch(/^pool +holder +2 of 3 permits +\S+ ago +([45]\ds|1m)$/);
    expect(json.records).toMatchObject([
      { type: 'lock', name: 'b lock', held: [{ owner: 'holder', fencingToken: lease.fencingToken }] },
      { type: 'lock', name: 'pool', held: [{ mode: 'semaphore', count: 2, permits: 3 }], waiting: [] },
    ]);
    expect(json.records[0]).toMatchObject({ waiting: [{ owner: 'waiter', ahead: 1, mode: 'exclusive' }] });
    await Promise.all([lease.release(), some.release()]);
    await (await next).release();
  });

  test('ls lists all pages, and says so when there is nothing', async () => {
    await others('setup').setup();
    const empty = run('ls');
    expect(await empty.status).toBe(0);
    expect(empty.out).toBe('no locks are held, and nobody waits\n');
    const manager = others('many');
    const names = Array.from({ length: 230 }, (_, i) => `n${String(i).padStart(3, '0')}`);
    const leases = await Promise.all(names.map((name) => manager.get(name).acquire()));
    const all = run('ls', '--json');
    expect(await all.status).toBe(0);
    expect(all.records.map(({ name }) => name)).toEqual(names);
    await Promise.all(leases.map((lease) => lease.release()));
  });

  test('inspect shows holders and queue of one name; its status says whether it is held', async () => {
    const lease = await others('a \u001b[31mred\nowner').get('one').acquire();
    const waits = others('next').get('one').acquire();
    await until(async () => (await others('x').query('one')).pending.length === 1);
    const [held, free, json] = [
      run('inspect', 'one'),
      run('inspect', 'nobody'),
      run('inspect', 'one', '--json'),
    ];
    expect([await held.status, await free.status, await json.status]).toEqual([0, 1, 0]);
    // What others call themselves is text, and nothing that a terminal obeys.
    expect(held.out).toContain('a \\u001b[31mred\\u000aowner');
    expect(held.out).toContain(String(lease.fencingToken));
    expect(held.out).toMatch(/1 +next +exclusive +\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ \(\S+ ago\)/);
    expect(free.out).toBe('"nobody": free, 0 waiting\n');
    expect(json.records).toMatchObject([{ type: 'lock', held: [{ owner: 'a \u001b[31mred\nowner' }] }]);
    await lease.release();
    await (await waits).release();
  });

  test('watch tells what happens to the names given, until it is ended', async () => {
    await others('setup').setup();
    const watch = run('watch', 'seen', 'also', '--json', '--verbose');
    await watch.complained('watching');
    const lease = await others('me').get('seen').acquire();
    await lease.release();
    await watch.printed('released');
    watch.child.kill('SIGINT');
    expect(await watch.status).toBe(0);
    expect(watch.records).toMatchObject([
      { type: 'event', event: 'acquired', name: 'seen', owner: 'me', fencingToken: lease.fencingToken },
      { type: 'event', event: 'released', name: 'seen', owner: 'me', fencingToken: lease.fencingToken },
    ]);
  });

  test('watch without names tells what happens to any, and of who waits', async () => {
    await others('setup').setup();
    const watch = run('watch', '--verbose');
    await watch.complained('watching all names');
    const lease = await others('me').get('any').acquire();
    const waits = others('you').semaphore('any', { permits: 3 }).acquire({ count: 2 });
    await watch.printed('waiting   "any" by you (2 of 3 permits), 1 waiting');
    await lease.release();
    await watch.printed(`released  "any" by me, token ${lease.fencingToken}, held for `);
    const next = await waits;
    // On a fast machine it has waited for less than a millisecond, which is nothing to speak of.
    await watch.printed(`acquired  "any" by you (2 of 3 permits), token ${next.fencingToken}`);
    watch.child.kill('SIGTERM');
    expect(await watch.status).toBe(0);
    await next.release();
  });

  test('ls and inspect show which lease may be kept between uses', async () => {
    const lease = await others('me').get('kept', { linger: '1m' }).acquire();
    const [list, one, json] = [run('ls'), run('inspect', 'kept'), run('ls', '--json')];
    expect([await list.status, await one.status, await json.status]).toEqual([0, 0, 0]);
    expect(list.out).toMatch(/^kept +me +exclusive, lingers /m);
    expect(one.out).toMatch(/^me +exclusive, lingers /m);
    expect(json.records).toMatchObject([{ name: 'kept', held: [{ owner: 'me', lingers: true }] }]);
    await lease.release();
  });

  test('ui serves the page until it is ended; where changes are allowed its link has a token', async () => {
    await others('setup').setup();
    const [plain, changing] = [
      run('ui', '--port', '0', '--json'),
      run('ui', '--port', '0', '--allow-changes'),
    ];
    await Promise.all([plain.printed('"listening"'), changing.printed('listening on ')]);
    const url = String(plain.records[0]?.['url']);
    expect(plain.records).toEqual([
      { type: 'listening', url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/$/) as string },
    ]);
    const link = /^listening on (\S+\/\?token=[\w-]{32})$/m.exec(changing.out)?.[1] ?? '';
    const status = async (at: string): Promise<number> =>
      (await fetch(at, { headers: { connection: 'close' } })).status;
    expect(await (await fetch(url, { headers: { connection: 'close' } })).text()).toBe(
      '<title>the page</title>',
    );
    expect([await status(link), await status(link.replace(/\?.*/, ''))]).toEqual([200, 401]);
    const taken = run('ui', '--port', new URL(url).port);
    expect(await taken.status).toBe(69);
    expect(taken.err).toContain('EADDRINUSE');
    for (const { child } of [plain, changing]) child.kill('SIGTERM');
    expect([await plain.status, await changing.status]).toEqual([0, 0]);
  });

  test.each(['', 'fe80::1%lo', 'a b', 'user@host'])(
    'ui refuses the host %j before it listens',
    async (host) => {
      const refused = run('ui', '--port', '0', '--host', host);
      expect(await refused.status).toBe(64);
      expect(refused.err).toContain('--host');
      expect(refused.out).toBe('');
    },
  );

  test('release --force takes a lock away: its holder is told; 1 when nobody holds it', async () => {
    const lease = await others('me').get('stuck').acquire();
    const first = run('release', 'stuck', '--force', '--json');
    expect(await first.status).toBe(0);
    expect(first.records).toEqual([{ type: 'released', name: 'stuck', count: 1 }]);
    await aborted(lease.signal);
    expect(lease.signal.reason).toMatchObject({ reason: 'force-released' });
    expect(await run('release', 'stuck', '--force').status).toBe(1);
  });

  test('release without --force asks, and takes nothing away where nobody can be asked', async () => {
    const lease = await others('me').get('kept').acquire();
    const refused = run('release', 'kept');
    expect(await refused.status).toBe(64);
    expect(refused.err).toContain('--force');
    expect(await lease.release()).toBe(true);
  });

  test('ask asks the holder, who hears who asks; 1 when there is nobody', async () => {
    const lock = others('me').get('wanted');
    const lease = await lock.acquire();
    const asked = new Promise((resolve) => lock.once('releaseRequested', resolve));
    const first = run('ask', 'wanted');
    expect(await first.status).toBe(0);
    expect(first.out).toBe('one holder was asked to release "wanted"\n');
    expect(await asked).toMatchObject({ by: expect.stringMatching(/:\d+$/) as string });
    await lease.release();
    expect(await run('ask', 'wanted').status).toBe(1);
  });

  test.each([
    ['ls'],
    ['inspect', 'a'],
    ['watch', 'a'],
    ['watch'],
    ['ui', '--port', '0'],
    ['release', 'a', '--force'],
    ['ask', 'a'],
    ['bench'],
  ])('%s makes no collection where there is none: it says how to, and exits with 69', async (...args) => {
    const elsewhere = cli([...args, '--collection', 'no_such_place'], environmentOf(backEnd));
    expect(await elsewhere.status).toBe(69);
    expect(elsewhere.err).toContain('thingsdb-lock setup');
    expect(await backEnd.query("has_collection('no_such_place');", undefined, '@thingsdb')).toBe(false);
  });

  test('setup --print connects to nothing, and prints what an administrator can run himself', async () => {
    const printed = cli(['setup', '--print', '--prefix', 'x_']);
    expect(await printed.status).toBe(0);
    expect(await backEnd.query(printed.out)).toEqual([1, 1]);
    expect(await backEnd.run('x_lock_schema')).toEqual([1, 1]);
    const bad = cli(['setup', '--print', '--prefix', '1']);
    expect(await bad.status).toBe(64);
  });

  test('setup sets up, and says what', async () => {
    const made = run('setup', '--json');
    expect(await made.status).toBe(0);
    expect(made.records).toEqual([{ type: 'setup', collection: backEnd.collection, schema: 1 }]);
    expect(await run('ls').status).toBe(0);
  });

  test('bench measures three workloads, and leaves nothing', async () => {
    const manager = others('setup');
    await manager.setup();
    const bench = run('bench', '--duration', '100ms', '--tasks', '4', '--json');
    expect(await bench.status).toBe(0);
    expect(bench.records).toHaveLength(3);
    for (const record of bench.records as {
      rounds: number;
      perSecond: number;
      p50Ms: number;
      p99Ms: number;
    }[]) {
      expect(record.rounds).toBeGreaterThan(0);
      expect(record.perSecond).toBeGreaterThan(0);
      expect(record.p99Ms).toBeGreaterThanOrEqual(record.p50Ms);
    }
    expect(await manager.query()).toMatchObject({ held: [], pending: [] });
  });

  test('reading what it writes may end early', async () => {
    const lease = await others('me').get('a').acquire();
    const piped = cli.by(['sh', '-c', '"$0" "$@" | true; echo done'], ['ls'], environmentOf(backEnd));
    expect(await piped.status).toBe(0);
    expect(piped.err).toBe('');
    await lease.release();
  });
});

onEachBackEnd('thingsdb-lock doctor', (backEnd) => {
  const doctor = (env: NodeJS.ProcessEnv = environmentOf(backEnd), ...args: string[]): Cli =>
    cli(['doctor', '--json', ...args], env);
  const levels = (run: Cli, check: string): unknown[] =>
    run.records.filter((record) => record['check'] === check).map(({ level }) => level);

  test('finds nothing wrong with a service that is set up, and leaves nothing behind', async () => {
    const manager = backEnd.manager();
    await manager.setup();
    const run = doctor();
    expect(await run.status).toBe(0);
    const checks = new Set(run.records.map(({ check }) => check));
    for (const check of ['connection', 'transport', 'credentials', 'version', 'nodes', 'schema', 'rights']) {
      expect(checks).toContain(check);
    }
    for (const check of ['clocks', 'tasks', 'sweeper', 'hand-over'])
      expect(levels(run, check)).toContain('ok');
    // How fast this machine is depends on what else it does.
    const trips = run.records.find(({ check }) => check === 'round trips');
    const [, medianMs] = /median ([\d.]+) ms/.exec(String(trips?.['message'])) ?? [];
    expect(trips).toMatchObject({ level: Number(medianMs) < 30 ? 'ok' : 'warning' });
    const rights = run.records.filter(({ check }) => check === 'rights').map(({ message }) => message);
    expect(rights).toContain('besides, this user may: look, ask, force-release, steal');
    expect(run.records.at(-1)).toMatchObject({ type: 'diagnosis', problem: 0 });
    expect(await manager.query()).toMatchObject({ held: [], pending: [] });
  });

  test('says in text what is wrong, and what to do about it', async () => {
    const run = cli(['doctor'], environmentOf(backEnd));
    expect(await run.status).toBe(0);
    expect(run.out).toMatch(/^ok +connection: /m);
    expect(run.out).toMatch(/^0 problems, /m);
  });

  test('finds a collection without locks, says how to set it up, and does not', async () => {
    const run = doctor(environmentOf(backEnd), '--collection', 'no_such_place');
    expect(await run.status).toBe(1);
    const finding = run.records.find(({ check }) => check === 'schema');
    expect(finding).toMatchObject({ level: 'problem', cure: expect.stringContaining('setup') as string });
    expect(await backEnd.query("has_collection('no_such_place');", undefined, '@thingsdb')).toBe(false);
  });

  test('finds a node that is not there, beside one that is; 69 when there is none', async () => {
    await backEnd.manager().setup();
    const nowhere = 'thingsdb://127.0.0.1:1';
    const one = doctor(environmentOf(backEnd, `${nowhere},${backEnd.urls[0]}`));
    const none = doctor(environmentOf(backEnd, nowhere));
    expect([await one.status, await none.status]).toEqual([1, 69]);
    expect(levels(one, 'connection')).toEqual(['problem', 'ok']);
    expect(levels(one, 'hand-over')).toEqual(['ok']);
    expect(levels(none, 'connection')).toEqual(['problem']);
  });

  test('finds credentials that are refused: a problem of a node that was reached', async () => {
    const run = doctor({
      ...environmentOf(backEnd),
      THINGSDB_TOKEN: '',
      THINGSDB_USER: 'nobody',
      THINGSDB_PASSWORD: 'x',
    });
    expect(await run.status).toBe(1);
    expect(levels(run, 'credentials')).toEqual(['problem']);
  });

  describe('of users with fewer rights', () => {
    const made: string[] = [];
    afterEach(async () => {
      for (const user of made.splice(0)) await backEnd.query(`del_user('${user}');`, undefined, '@thingsdb');
    });

    /** A user as docs/OPERATIONS.md makes it, under a name of this suite's own; `change` may take something away. */
    async function user(role: string, change = (lines: string): string => lines): Promise<NodeJS.ProcessEnv> {
      await backEnd.manager().setup();
      const name = `doc_${backEnd.collection}_${made.length}`;
      const lines = documentedRights(role)
        .replace(/'my-\w+'/g, `'${name}'`)
        .replaceAll('//lock', `//${backEnd.collection}`)
        .replace(/^new_collection.*$/m, '');
      await backEnd.query(change(lines), undefined, '@thingsdb');
      made.push(name);
      const env: NodeJS.ProcessEnv = {
        ...environmentOf(backEnd),
        THINGSDB_USER: name,
        THINGSDB_PASSWORD: 'secret',
      };
      delete env['THINGSDB_TOKEN'];
      return env;
    }
    const right = (run: Cli): string =>
      run.records.map(({ check, message }) => `${String(check)}: ${String(message)}`).join('\n');

    test('a service with the documented rights is well, and is told what it may not see', async () => {
      const run = doctor(await user('service'));
      expect(await run.status).toBe(0);
      expect(right(run)).toContain(
        'besides, this user may: nothing; may not: look, ask, force-release, steal',
      );
      expect(levels(run, 'nodes')).toEqual(['skipped']);
      expect(levels(run, 'tasks')).toEqual(['skipped']);
    });

    test('an operator may look, ask and force-release, and may not lock', async () => {
      const run = doctor(await user('operator'));
      expect(await run.status).toBe(1);
      expect(right(run)).toContain('may: look, ask, force-release; may not: steal');
      expect(right(run)).toContain('may not lock');
    });

    test('one without JOIN may not wait', async () => {
      const run = doctor(await user('service', (lines) => lines.replace('RUN|CHANGE|JOIN', 'RUN|CHANGE')));
      expect(await run.status).toBe(1);
      expect(right(run)).toContain('the right JOIN is missing');
    });

    test('one without CHANGE may not lock', async () => {
      const run = doctor(await user('service', (lines) => lines.replace('RUN|CHANGE|JOIN', 'RUN|JOIN')));
      expect(await run.status).toBe(1);
      expect(right(run)).toMatch(/may not lock: .*CHANGE/);
    });

    test('the other commands say which right is missing, with 69', async () => {
      const refused = cli(['ls', '--json'], await user('service'));
      expect(await refused.status).toBe(69);
      expect(recordsIn(refused.err)).toMatchObject([{ type: 'error', code: 'LOCK_PERMISSION', status: 69 }]);
    });
  });
});
