/** No secret that was given to the library stands in anything that it prints, throws, tells, or lets be inspected. */
import { inspect } from 'node:util';
import { LockManager, type LockManagerOptions } from '../../lib/index.js';
import { startThingsDB, type EmbeddedThingsDB } from '../../lib/testing/index.js';
import { onEachBackEnd } from '../support/back-end.js';
import { useCli } from '../support/cli.js';
import { eventText } from '../support/event-text.js';
import { Program } from '../support/program.js';
import { startTcpServer } from '../support/tcp-server.js';
import { nextEvent, rejection, until } from '../support/until.js';

const SECRET = 'c4n4ry-S3cret';
const CLI = 'lib/cli/main.ts';

/** All that somebody may come to see of a value: in a log, in JSON, in a debugger. */
function seen(value: unknown, depth = 0): string {
  const parts = [String(value), inspect(value, { depth: 20, showHidden: true })];
  try {
    parts.push(JSON.stringify(value) ?? '');
  } catch {
    // Circular: it cannot end up in a log as JSON.
  }
  if (value instanceof Error) {
    parts.push(value.message, value.stack ?? '', seen({ ...value }, depth));
    if (value.cause !== undefined && depth < 10) parts.push(seen(value.cause, depth + 1));
  }
  return parts.join('\n');
}

function thrown(make: () => unknown): unknown {
  try {
    return make();
  } catch (error) {
    return error;
  }
}

/** Console and standard streams of this process, while `run` runs. */
async function printedBy(run: () => Promise<unknown>): Promise<string> {
  let printed = '';
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    jest.spyOn(process[name], 'write').mockImplementation((chunk) => {
      printed += String(chunk);
      return true;
    }),
  );
  const consoles = (['log', 'warn', 'error', 'info', 'debug'] as const).map((name) =>
    jest.spyOn(console, name).mockImplementation((...all: unknown[]) => {
      printed += all.map((part) => seen(part)).join(' ');
    }),
  );
  const warn = (warning: Error): void => void (printed += seen(warning));
  process.on('warning', warn);
  try {
    await run();
  } finally {
    process.off('warning', warn);
    for (const spy of [...spies, ...consoles]) spy.mockRestore();
  }
  return printed;
}

describe('options with a secret in them, in the right place or not', () => {
  const auth = { username: 'somebody', password: SECRET };
  const wrong: readonly unknown[] = [
    ...[
      `http://u:${SECRET}@host`,
      `ws://u:${SECRET}@host:9270`,
      `wss://u:${SECRET}@host:9270`,
      `thingsdb://u:${SECRET}@host`,
      `thingsdb://host:${SECRET}`,
      `thingsdb://host/${SECRET}`,
      `thingsdb://host?password=${SECRET}`,
      `ws://host:9270/#${SECRET}`,
      `ws://[${SECRET}`,
      `u:${SECRET}@host`,
      SECRET,
    ].flatMap((url) => [
      { url, auth },
      { url: ['thingsdb://127.0.0.1:1', url], auth },
    ]),
    { url: { href: SECRET }, auth },
    { url: [[SECRET]], auth },
    { url: 'thingsdb://127.0.0.1:1', auth: SECRET },
    { url: 'thingsdb://127.0.0.1:1', auth: [SECRET] },
    { url: 'thingsdb://127.0.0.1:1', auth: ['somebody', SECRET] },
    { url: 'thingsdb://127.0.0.1:1', auth: { user: 'somebody', pass: SECRET } },
    { url: 'thingsdb://127.0.0.1:1', auth: { username: 5, password: SECRET } },
    { url: 'thingsdb://127.0.0.1:1', auth: { username: 'somebody', password: [SECRET] } },
    { url: 'thingsdb://127.0.0.1:1', auth: { username: 'somebody', password: { text: SECRET } } },
    { url: 'thingsdb://127.0.0.1:1', auth: { token: [SECRET] } },
    { url: 'thingsdb://127.0.0.1:1', auth: { token: SECRET, password: SECRET } },
    { url: 'thingsdb://127.0.0.1:1', auth: { Token: SECRET } },
    { url: 'thingsdb://127.0.0.1:1', password: SECRET },
    { url: 'thingsdb://127.0.0.1:1', token: SECRET, auth },
    { url: 'thingsdb://127.0.0.1:1', auth, tls: SECRET },
    { url: 'thingsdb://127.0.0.1:1', auth, tls: { key: SECRET, passphrase: SECRET } },
    { url: 'wss://127.0.0.1:1', auth, tls: { key: SECRET, passphrase: SECRET, cert: SECRET } },
    { client: SECRET, auth },
    { client: { password: SECRET }, auth },
    { auth },
  ];

  test.each(wrong.map((options) => [JSON.stringify(options).replaceAll(SECRET, '***'), options] as const))(
    '%s is told of without it',
    async (_, options) => {
      const made = thrown(() => new LockManager(options as LockManagerOptions));
      const manager = made instanceof LockManager ? made : undefined;
      let text = seen(made);
      text += await printedBy(async () => {
        text += seen(await manager?.acquire('x', { waitTimeout: 0 }).catch((error: unknown) => error));
        await manager?.close();
      });
      expect(text).not.toContain(SECRET);
    },
  );
});

onEachBackEnd('a login', (backEnd) => {
  test.each([
    [{ username: 'nobody of this name', password: SECRET }],
    [{ username: 'admin', password: SECRET }],
    [{ token: SECRET }],
  ])('that is refused is told of without it, also by the events: %#', async (auth) => {
    const manager = new LockManager({ url: backEnd.urls, auth, collection: backEnd.collection });
    const told: unknown[] = [];
    for (const event of ['connected', 'disconnected', 'reconnecting', 'error'] as const) {
      manager.on(event as 'error', (payload) => told.push(payload));
    }
    const printed = await printedBy(async () => {
      told.push(await rejection(manager.acquire('x')), await rejection(manager.setup()), manager);
      await manager.close();
    });
    expect(told.length).toBeGreaterThan(2);
    expect(told.map((one) => seen(one)).join('\n') + printed).not.toContain(SECRET);
  });

  test('that is good shows in no manager, lock, lease, event or error, and no id of a lease either', async () => {
    const username = `u_${backEnd.collection}`;
    await backEnd.manager().setup();
    await backEnd.query(
      `new_user(name); set_password(name, password); grant(scope, name, RUN|CHANGE|JOIN);`,
      { name: username, password: SECRET, scope: `//${backEnd.collection}` },
      '@thingsdb',
    );
    const auth = { username, password: SECRET };
    const [manager, other] = [1, 2].map(
      () => new LockManager({ url: backEnd.urls, auth, collection: backEnd.collection }),
    ) as [LockManager, LockManager];
    const told: unknown[] = [];
    for (const event of [
      'connected',
      'waiting',
      'acquired',
      'extended',
      'released',
      'lost',
      'error',
    ] as const) {
      manager.on(event as 'error', (payload) => told.push(payload));
    }
    const printed = await printedBy(async () => {
      const lease = await manager.acquire('x');
      const waiting = other.acquire('x');
      await nextEvent(other, 'waiting');
      told.push(
        manager,
        lease,
        manager.get('x'),
        await manager.query(),
        await rejection(manager.setup().then(() => manager.get('x').extend('1h'))),
      );
      await lease.extend();
      const handed = await lease.serialize();
      told.push(lease);
      const ids = idsIn(handed);
      expect(ids.length).toBeGreaterThan(0);
      for (const id of ids) expect(told.map((one) => seen(one)).join('\n')).not.toContain(id);
      const adopted = await other.adopt(handed);
      told.push(adopted);
      await adopted.release();
      await (await waiting).release();
      await Promise.all([manager.close(), other.close()]);
      told.push(manager, await rejection(manager.acquire('x')));
    });
    await backEnd.query('del_user(name);', { name: username }, '@thingsdb');
    expect(told.map((one) => seen(one)).join('\n') + printed).not.toContain(SECRET);
  });
});

/** Every text in a serialized lease that looks like an id. */
function idsIn(serialized: unknown): string[] {
  return JSON.stringify(serialized).match(/[A-Za-z0-9_-]{22,}/g) ?? [];
}

describe('a server that ends the connection, or is none', () => {
  test.each(['thingsdb', 'ws'])('over %s is told of without the password', async (scheme) => {
    const server = await startTcpServer((socket) => socket.once('data', () => socket.end('nonsense')));
    const url = `${scheme}://127.0.0.1:${server.port}`;
    const manager = new LockManager({ url, auth: { username: 'u', password: SECRET }, requestTimeout: 500 });
    const told: unknown[] = [];
    const printed = await printedBy(async () => {
      told.push(await rejection(manager.acquire('x', { waitTimeout: 500 })), manager);
      await manager.close();
    });
    server.close();
    expect(told.map((one) => seen(one)).join('\n') + printed).not.toContain(SECRET);
  });
});

describe('the command line', () => {
  let db: EmbeddedThingsDB;
  const cli = useCli();
  beforeAll(async () => {
    db = await startThingsDB({ password: SECRET });
  });
  afterAll(() => db.close());

  const env = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
    THINGSDB_URL: db.url,
    THINGSDB_USER: 'admin',
    THINGSDB_PASSWORD: SECRET,
    THINGSDB_TOKEN: undefined,
    ...more,
  });
  const printEnv = [
    '-e',
    'console.log("names " + Object.keys(process.env).join(" ")); console.log(JSON.stringify(process.env))',
  ];
  const run = (more: NodeJS.ProcessEnv, ...options: string[]): Program =>
    new Program(CLI, ['run', 'x', ...options, '--', process.execPath, ...printEnv], env(more));

  test('a command under a lock does not inherit the password', async () => {
    await using program = run({});
    expect(await program.ended).toBe(0);
    expect(program.output).toContain('THINGSDB_LOCK_TOKEN');
    expect(program.output + program.errors).not.toContain(SECRET);
    expect(program.output).not.toMatch(/names .*THINGSDB_PASSWORD/);
  });

  test('a command under a lock does not inherit a token', async () => {
    const admin = new LockManager({ url: db.url, auth: { username: 'admin', password: SECRET } });
    await admin.setup();
    await admin.close();
    await using program = run({ THINGSDB_TOKEN: `${SECRET}-token` });
    expect(await program.ended).toBe(69);
    expect(program.output + program.errors).not.toContain(SECRET);
  });

  test('it does with --pass-credentials', async () => {
    await using program = run({}, '--pass-credentials');
    expect(await program.ended).toBe(0);
    expect(program.output).toContain(`"THINGSDB_PASSWORD":"${SECRET}"`);
  });

  test('the live view shows where the node is, and nothing else of its address', async () => {
    const admin = new LockManager({ url: db.url, auth: { username: 'admin', password: SECRET } });
    await admin.setup();
    await admin.close();
    const address = `${db.wsUrl}/path?key=${SECRET}`;
    const view = cli(['ui', '--port', '0', '--json'], env({ THINGSDB_URL: address }));
    await view.printed('"listening"');
    const events = eventText(`${String(view.records[0]?.['url'])}events`);
    await until(() => events.text().includes('event: snapshot'));
    events.end();
    expect(events.text()).toContain(db.wsUrl);
    expect(events.text() + view.out + view.err).not.toContain(SECRET);
    expect(events.text()).not.toContain('key=');
  });

  const wrong: readonly NodeJS.ProcessEnv[] = [
    { THINGSDB_URL: 'thingsdb://127.0.0.1:1' },
    { THINGSDB_URL: `thingsdb://u:${SECRET}@127.0.0.1` },
    { THINGSDB_URL: `ws://u:${SECRET}@127.0.0.1` },
    { THINGSDB_URL: `http://u:${SECRET}@127.0.0.1` },
    { THINGSDB_URL: SECRET },
    { THINGSDB_USER: undefined },
    { THINGSDB_USER: 'nobody of this name' },
  ];

  // The title must not hold it either: what is inspected leads to the test itself.
  test.each(wrong.map((more) => [JSON.stringify(more).replaceAll(SECRET, '***'), more] as const))(
    '%s ends it with a message, and without the password',
    async (_, more) => {
      await using program = run(more);
      expect([64, 69]).toContain(await program.ended);
      expect(program.errors).not.toBe('');
      expect(program.output + program.errors).not.toContain(SECRET);
    },
  );
});
