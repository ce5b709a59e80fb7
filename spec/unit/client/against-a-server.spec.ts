/** What the clients take for granted of a server, asked of the embedded one and, with THINGSDB_URL, of a real node. */
import { randomBytes } from 'node:crypto';
import { WebSocket } from 'ws';
import { BoundedClient } from '../../../lib/client/bounded-client.js';
import { ServerError } from '../../../lib/client/server-error.js';
import type { ThingsDBClient } from '../../../lib/client/thingsdb-client.js';
import { WebSocketClient } from '../../../lib/client/web-socket-client.js';
import { LockConnectionError, LockPermissionError, LockSetupError } from '../../../lib/errors.js';
import { startThingsDB, type EmbeddedThingsDB } from '../../../lib/testing/index.js';

const realUrl = process.env['THINGSDB_URL']?.split(',')[0];
const username = (realUrl && process.env['THINGSDB_USER']) ?? 'admin';
const password = (realUrl && process.env['THINGSDB_PASSWORD']) ?? 'pass';
const thingsdbJsFile = process.env['THINGSDB_JS'];

const builtIn = (url: string): ThingsDBClient => new WebSocketClient(url);

/** Bundled for browsers: on a Node without a global WebSocket it has to be given one. */
function thingsdbJs(url: string): ThingsDBClient {
  (globalThis as { WebSocket?: unknown }).WebSocket ??= WebSocket;
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- a file that is known at run time only
  const ThingsDB = require(thingsdbJsFile ?? '') as new (url: string) => ThingsDBClient;
  return new ThingsDB(url);
}

const clients: [string, (url: string) => ThingsDBClient][] = [['the built-in client', builtIn]];
if (thingsdbJsFile !== undefined) clients.push(['thingsdb.js', thingsdbJs]);
const servers = realUrl === undefined ? ['the embedded server'] : ['the embedded server', 'a real node'];
const cases = servers.flatMap((server) => clients.map(([name, make]) => ({ name, server, make })));

describe.each(cases)('$name, bounded, against $server', ({ server, make }) => {
  const collection = `client_${randomBytes(6).toString('hex')}`;
  const scope = `//${collection}`;
  const user = `user_${collection}`;
  const open: BoundedClient[] = [];
  let embedded: EmbeddedThingsDB | undefined;
  let url = realUrl ?? '';
  let admin: BoundedClient;

  async function connected(name: string, secret: string): Promise<BoundedClient> {
    const client = new BoundedClient(make(url), { requestTimeoutMs: 5_000 });
    open.push(client);
    await client.connect();
    await client.auth(name, secret);
    return client;
  }

  const failure = (promise: Promise<unknown>): Promise<Error> =>
    promise.then(
      () => new Error('it resolved'),
      (error: Error) => error,
    );

  beforeAll(async () => {
    if (server === 'the embedded server') {
      embedded = await startThingsDB();
      url = embedded.url;
    }
    admin = await connected(username, password);
    await admin.query('@thingsdb', 'new_collection(name);', { name: collection });
    await admin.query('@thingsdb', 'new_user(user); set_password(user, "pass");', { user });
    await admin.query(
      scope,
      "new_procedure('sum', |a, b| a + b); new_procedure('refuse', || raise(err(-105, 'no')));",
    );
  });

  afterAll(async () => {
    await admin.query('@thingsdb', 'del_collection(name); del_user(user);', { name: collection, user });
    await Promise.all(open.map((client) => client.disconnect()));
    await embedded?.close();
  });

  it('queries with vars, runs procedures, pings', async () => {
    expect(await admin.query(scope, 'x + 1;', { x: 41 })).toBe(42);
    expect(await admin.query(scope, 'nil;')).toBeNull();
    expect(await admin.run(scope, 'sum', [1, 2])).toBe(3);
    await admin.ping();
  });

  it('carries integers exactly up to 2^53 - 1, and text and lists as they are', async () => {
    const values = [0, -1, Number.MAX_SAFE_INTEGER, 0.5, true, null, '', 'grüße 🔒', [[]]];
    expect(await admin.query(scope, 'values;', { values })).toEqual(values);
  });

  it('joins rooms, is told null for one that does not exist, and hears what is emitted', async () => {
    const room = (await admin.query(scope, '.r = room(); .r.id();')) as number;
    const told: [number, unknown][] = [];
    let gone: () => void = () => undefined;
    const left = new Promise<void>((resolve) => (gone = resolve));
    const listener = (type: number, message: unknown): void => {
      if (type >= 6) told.push([type, message]);
      if (type === 7) gone();
    };
    admin.addEventListener(listener);
    expect(await admin.join(scope, room, 999_999)).toEqual([room, null]);
    await admin.query(scope, ".r.emit('go', 1, 'a');");
    await admin.leave(scope, room);
    await left;
    admin.removeEventListener(listener);
    expect(told.map(([type]) => type)).toEqual([6, 8, 7]);
    expect(told[1]?.[1]).toMatchObject({ id: room, event: 'go', args: [1, 'a'] });
  });

  it('is refused for a wrong password', async () => {
    expect(await failure(connected(username, 'certainly wrong'))).toBeInstanceOf(LockPermissionError);
  });

  it('is refused before it has authenticated', async () => {
    const client = new BoundedClient(make(url), { requestTimeoutMs: 5_000 });
    open.push(client);
    await client.connect();
    expect(await failure(client.run(scope, 'sum', [1, 2]))).toBeInstanceOf(LockPermissionError);
  });

  it('is refused without the right, and the grant that the error names is what was missing', async () => {
    const client = await connected(user, 'pass');
    const error = await failure(client.run(scope, 'sum', [1, 2]));
    expect(error).toBeInstanceOf(LockPermissionError);
    const [grant] = /grant\(.*\);/.exec(error.message) ?? [];
    await admin.query('@thingsdb', grant ?? 'no grant in the message');
    expect(await client.run(scope, 'sum', [1, 2])).toBe(3);
  });

  it('is told what does not exist', async () => {
    expect(await failure(admin.run(scope, 'no_such_procedure'))).toBeInstanceOf(LockSetupError);
    expect(await failure(admin.query('//no_such_collection', '1;'))).toBeInstanceOf(LockSetupError);
  });

  it('is told the code of a procedure that refuses', async () => {
    const error = await failure(admin.run(scope, 'refuse'));
    expect(error).toBeInstanceOf(ServerError);
    expect(error).toMatchObject({ error_code: -105, error_msg: 'no' });
  });

  it('rejects what is pending, and what comes after, when it is disconnected', async () => {
    const client = await connected(username, password);
    const pending = failure(client.query(scope, '1;'));
    await client.disconnect();
    expect(await pending).toBeInstanceOf(LockConnectionError);
    expect(await failure(client.ping())).toBeInstanceOf(LockConnectionError);
  });
});
