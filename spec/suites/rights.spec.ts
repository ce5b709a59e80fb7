/** Each role of docs/OPERATIONS.md, with the lines that stand there: what it may do, and what it may not. */
import { LockPermissionError, type LockManager, type LockManagerOptions } from '../../lib/index.js';
import { procedures } from '../../lib/schema/source.generated.js';
import { Changes } from '../../lib/ui/changes.js';
import { UiServer } from '../../lib/ui/ui-server.js';
import { onEachBackEnd, type BackEnd } from '../support/back-end.js';
import { documentedRights, documentedRoles } from '../support/documented-rights.js';
import { eventText } from '../support/event-text.js';
import { nextEvent, rejection, until } from '../support/until.js';
import { untilAsked } from '../support/until-asked.js';

const OWN = ['lock_schema', 'lock_batch', 'lock_change', 'lock_close', 'lock_locked', 'lock_fence'];
const SEEING = ['lock_schema', 'lock_query', 'lock_watch', 'lock_locked'];

/** What each role may call. A procedure that is new belongs to one of them, or to the administrator alone. */
const MAY_CALL: Readonly<Record<string, readonly string[]>> = {
  service: OWN,
  'stealing service': [...OWN, 'lock_ask', 'lock_steal'],
  'python service': ['acquire', 'test', 'locked', 'release'],
  observer: SEEING,
  operator: [...SEEING, 'lock_ask', 'lock_force_release'],
  administrator: Object.keys(procedures),
};
const ROLES = Object.keys(MAY_CALL);
const PASSWORD = 'secret';
const FORBIDDEN = -55;

interface Login {
  readonly username: string;
  readonly password: string;
}

/** Makes a user by the lines of the page, for this collection and under a name of its own. */
async function makeUser(backEnd: BackEnd, role: string, collection = backEnd.collection): Promise<Login> {
  const lines = documentedRights(role);
  const [, documented = ''] = /new_user\('(.+?)'\)/.exec(lines) ?? [];
  const username = `${documented}-${collection}`;
  const code = lines
    .replaceAll(`'${documented}'`, `'${username}'`)
    .replaceAll("'//lock'", `'//${collection}'`)
    .replace(
      "new_collection('lock');",
      `has_collection('${collection}') || new_collection('${collection}');`,
    );
  await backEnd.query(
    `if (has_user('${username}')) { del_user('${username}'); }; ${code}`,
    undefined,
    '@thingsdb',
  );
  users.push(username);
  return { username, password: PASSWORD };
}

const users: string[] = [];
const managers: LockManager[] = [];

function managerOf(backEnd: BackEnd, auth: Login, options: Partial<LockManagerOptions> = {}): LockManager {
  const manager = backEnd.manager({ auth, ...options });
  managers.push(manager);
  return manager;
}

test('the roles that are tried here are those of the page', () => {
  expect(documentedRoles()).toEqual(ROLES);
});

onEachBackEnd('the rights of the page', (backEnd) => {
  beforeAll(() => backEnd.manager().setup());

  afterEach(async () => {
    managers.length = 0;
    for (const name of users.splice(0)) {
      await backEnd.query('del_user(name);', { name }, '@thingsdb');
    }
  });

  test.each(ROLES)('of the %s reach the procedures that it needs, and no other', async (role) => {
    const client = await backEnd.client(await makeUser(backEnd, role));
    const reached: string[] = [];
    for (const procedure of Object.keys(procedures)) {
      // Without arguments: a procedure that is reached refuses them with a code of its own.
      const error = await client
        .run(`//${backEnd.collection}`, procedure, [])
        .catch((reason: unknown) => reason);
      const code = (error as { error_code?: number } | null)?.error_code;
      if (code !== FORBIDDEN) reached.push(procedure);
    }
    expect(reached.sort()).toEqual([...(MAY_CALL[role] ?? [])].sort());
  });

  test.each(ROLES.filter((role) => role !== 'administrator'))(
    'of the %s do not reach what is stored, nor other scopes',
    async (role) => {
      const client = await backEnd.client(await makeUser(backEnd, role));
      for (const scope of [`//${backEnd.collection}`, '@thingsdb', '//stuff']) {
        await expect(client.query(scope, '1;')).rejects.toMatchObject({ error_code: FORBIDDEN });
      }
      await expect(client.run('//stuff', 'lock_schema', [])).rejects.toHaveProperty('error_code');
    },
  );

  test('those of an observer are enough for the live view, which says what they are not enough for', async () => {
    const manager = managerOf(backEnd, await makeUser(backEnd, 'observer'));
    const lease = await backEnd.manager({ owner: 'somebody' }).acquire('x');
    const server = new UiServer({ manager, page: '', port: 0, allowsChanges: false, place: 'here' });
    backEnd.atEnd(() => server.close());
    const events = eventText(`${await server.listen()}events`);
    await until(() => events.text().includes('"state":"live"'));
    expect(events.text()).toContain('"owner":"somebody"');
    await lease.release();
    await until(() => events.text().includes('"kind":"released"'));
    await expect(
      new Changes(manager, () => undefined).make({ kind: 'release', name: 'x', seen: [] }),
    ).rejects.toBeInstanceOf(LockPermissionError);
    events.end();
  });

  test('a service locks, waits, is handed over to, and releases its own', async () => {
    const auth = await makeUser(backEnd, 'service');
    const [one, other] = [managerOf(backEnd, auth), managerOf(backEnd, auth)];
    const lease = await one.acquire('x');
    const next = other.acquire('x');
    await nextEvent(other, 'waiting');
    expect(await one.isLocked('x')).toBe(true);
    expect(await lease.release()).toBe(true);
    expect(await (await next).release()).toBe(true);
    const permit = await one.semaphore('seats', { permits: 2 }).acquire();
    expect(await permit.release()).toBe(true);
    const adopted = await other.adopt(await (await one.acquire('y')).serialize());
    expect(await adopted.release()).toBe(true);
  });

  test('a service does not steal, force, ask, query or watch, and says whose right it is', async () => {
    const auth = await makeUser(backEnd, 'service');
    const [one, other] = [managerOf(backEnd, auth), managerOf(backEnd, auth)];
    const lease = await one.acquire('x');
    const refused = [
      () => other.acquire('x', { steal: true }),
      () => other.forceRelease('x'),
      () => other.requestRelease('x'),
      () => other.query('x'),
      () => other.watch('x'),
    ];
    for (const call of refused) {
      const error = await rejection(call());
      expect(error).toBeInstanceOf(LockPermissionError);
      expect(String(error)).toMatch(/whitelist/);
    }
    expect(lease.isHeld).toBe(true);
    expect(await lease.release()).toBe(true);
  });

  test('a service that may steal does', async () => {
    const lease = await managerOf(backEnd, await makeUser(backEnd, 'service')).acquire('x');
    const thief = managerOf(backEnd, await makeUser(backEnd, 'stealing service'));
    await untilAsked(thief, 'x', [managers[0] as LockManager]);
    const stolen = await thief.acquire('x', { steal: true });
    expect(stolen.fencingToken).toBeGreaterThan(lease.fencingToken);
    expect(await lease.release()).toBe(false);
    await stolen.release();
    expect(await rejection(thief.forceRelease('x'))).toBeInstanceOf(LockPermissionError);
  });

  test('a Python service locks as python-thingsdb does', async () => {
    const client = await backEnd.client(await makeUser(backEnd, 'python service'));
    const run = (procedure: string, ...args: unknown[]): Promise<unknown> =>
      client.run(`//${backEnd.collection}`, procedure, args);
    const [immediately, room] = (await run('acquire', 'p', 60)) as [boolean, number, number];
    expect([immediately, await run('locked', 'p'), await run('test', room)]).toEqual([true, true, true]);
    expect(await client.join(`//${backEnd.collection}`, room)).toEqual([room]);
    await run('release', 'p', room);
    expect(await run('locked', 'p')).toBe(false);
  });

  test('an observer sees who holds and what happens, no ids, and changes nothing', async () => {
    const service = managerOf(backEnd, await makeUser(backEnd, 'service'), { owner: 'the service' });
    const observer = managerOf(backEnd, await makeUser(backEnd, 'observer'));
    const watch = await observer.watch('x');
    const acquired = nextEvent<{ owner: string }>(watch, 'acquired');
    const lease = await service.acquire('x');
    expect((await acquired).owner).toBe('the service');
    const { held } = await observer.query('x');
    expect(held.map(({ owner }) => owner)).toEqual(['the service']);
    const handed = JSON.stringify(await lease.serialize());
    for (const [id] of handed.matchAll(/[A-Za-z0-9_-]{22,}/g)) expect(JSON.stringify(held)).not.toContain(id);
    for (const call of [
      () => observer.acquire('y'),
      () => observer.forceRelease('x'),
      () => observer.requestRelease('x'),
    ]) {
      expect(await rejection(call())).toBeInstanceOf(LockPermissionError);
    }
    expect(await observer.isLocked('x')).toBe(true);
    await observer.close();
    const again = await service
      .adopt(handed as never)
      .catch(() => service.adopt(JSON.parse(handed) as never));
    expect(await again.release()).toBe(true);
  });

  test('an operator ends a lease, and takes none', async () => {
    const lease = await managerOf(backEnd, await makeUser(backEnd, 'service')).acquire('x');
    const operator = managerOf(backEnd, await makeUser(backEnd, 'operator'));
    expect(await operator.requestRelease('x')).toBe(1);
    expect(await operator.forceRelease('x')).toBe(1);
    expect(await lease.release()).toBe(false);
    for (const call of [() => operator.acquire('x'), () => operator.acquire('x', { steal: true })]) {
      expect(await rejection(call())).toBeInstanceOf(LockPermissionError);
    }
  });

  test('an administrator sets up, in a collection that is there, and has no right outside of it', async () => {
    const collection = `${backEnd.collection}_own`;
    const auth = await makeUser(backEnd, 'administrator', collection);
    const administrator = managerOf(backEnd, auth, { collection });
    await administrator.setup();
    await backEnd.query(
      `grant('//${collection}', name, RUN|CHANGE|JOIN);`,
      { name: (await makeUser(backEnd, 'service')).username },
      '@thingsdb',
    );
    const service = managerOf(backEnd, { username: users.at(-1) ?? '', password: PASSWORD }, { collection });
    expect(await (await service.acquire('x')).release()).toBe(true);
    const client = await backEnd.client(auth);
    for (const scope of ['@thingsdb', `//${backEnd.collection}`]) {
      await expect(client.query(scope, '1;')).rejects.toMatchObject({ error_code: FORBIDDEN });
    }
    await service.close();
    await administrator.close();
    await backEnd.query('del_collection(name);', { name: collection }, '@thingsdb');
  });

  test('who has no JOIN can tell no room, and is told so at once when he wants to wait', async () => {
    const auth = await makeUser(backEnd, 'service');
    await backEnd.query(
      'revoke(scope, name, JOIN);',
      { scope: `//${backEnd.collection}`, name: auth.username },
      '@thingsdb',
    );
    const error = await rejection(managerOf(backEnd, auth).acquire('free'));
    expect(error).toBeInstanceOf(LockPermissionError);
    expect(String(error)).toMatch(/JOIN/);
  });
});
