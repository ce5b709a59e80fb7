/** What the clients take for granted of a server, asked of the embedded one and, with THINGSDB_URL, of a real node. */
import { randomBytes } from 'node:crypto';
import { BoundedClient } from '../../../lib/connection/bounded-client.js';
import { NodeConnection } from '../../../lib/connection/node-connection.js';
import { ServerError } from '../../../lib/client/server-error.js';
import type { ThingsDBClient } from '../../../lib/client/thingsdb-client.js';
import { clientFor } from '../../../lib/client/open-client.js';
import { LockConnectionError, LockPermissionError, LockSetupError } from '../../../lib/errors.js';
import { startThingsDB, type EmbeddedThingsDB } from '../../../lib/testing/index.js';
import { thingsdbJs } from '../../support/thingsdb-js.js';

/** One port of a node does not tell of the other: each is asked where its address is given. */
const { THINGSDB_URL = '', THINGSDB_WS_URL = '', THINGSDB_JS: thingsdbJsFile } = process.env;
const given = `${THINGSDB_URL},${THINGSDB_WS_URL}`.split(',');
const real = {
  TCP: given.find((url) => url.startsWith('thingsdb:')),
  WebSocket: given.find((url) => /^wss?:/.test(url)),
};
const isReal = real.TCP !== undefined || real.WebSocket !== undefined;
const username = (isReal && process.env['THINGSDB_USER']) || 'admin';
const password = (isReal && process.env['THINGSDB_PASSWORD']) || 'pass';

function boundedThingsDBJs(url: string): ThingsDBClient {
  return new BoundedClient(new (thingsdbJs())(url), 5_000);
}

const clients: [string, keyof typeof real, (url: string) => ThingsDBClient][] = [
  ['the built-in client over TCP', 'TCP', clientFor],
  ['the built-in client over WebSocket', 'WebSocket', clientFor],
];
if (thingsdbJsFile !== undefined) clients.push(['thingsdb.js', 'WebSocket', boundedThingsDBJs]);
const servers = isReal ? ['the embedded server', 'a real node'] : ['the embedded server'];
const cases = servers.flatMap((server) =>
  clients.map(([name, transport, make]) => ({ name, transport, server, make })),
);

describe.each(cases)('a connection by $name to $server', ({ transport, server, make }) => {
  const collection = `client_${randomBytes(6).toString('hex')}`;
  const scope = `//${collection}`;
  const user = `user_${collection}`;
  const open: NodeConnection[] = [];
  let embedded: EmbeddedThingsDB | undefined;
  let url = real[transport] ?? '';
  let admin: NodeConnection;

  async function connected(name: string, secret: string): Promise<NodeConnection> {
    const client = new NodeConnection(make(url));
    open.push(client);
    await client.connect();
    await client.authenticate({ username: name, password: secret });
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
      url = transport === 'TCP' ? embedded.url : embedded.wsUrl;
    }
    if (url === '')
      throw new Error('set THINGSDB_URL=thingsdb://host:9200 and THINGSDB_WS_URL=ws://host:9270');
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
    await Promise.all(open.map((client) => client.close(new LockConnectionError('the spec is over'))));
    await embedded?.close();
  });

  it('queries with vars, runs procedures', async () => {
    expect(await admin.query(scope, 'x + 1;', { x: 41 })).toBe(42);
    expect(await admin.query(scope, 'nil;')).toBeNull();
    expect(await admin.run(scope, 'sum', [1, 2])).toBe(3);
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
    const hearing = await connected(username, password);
    hearing.listen({
      onPush: listener,
      onEnd: () => undefined,
      onSilent: () => undefined,
      onStuck: () => undefined,
    });
    expect(await hearing.join(scope, room, 999_999)).toEqual([room, null]);
    await admin.query(scope, ".r.emit('go', 1, 'a');");
    await hearing.leave(scope, room);
    await left;
    expect(told.map(([type]) => type)).toEqual([6, 8, 7]);
    expect(told[1]?.[1]).toMatchObject({ id: room, event: 'go', args: [1, 'a'] });
  });

  it('is refused for a wrong password', async () => {
    expect(await failure(connected(username, 'certainly wrong'))).toBeInstanceOf(LockPermissionError);
  });

  it('is refused before it has authenticated', async () => {
    const client = new NodeConnection(make(url));
    open.push(client);
    await client.connect();
    expect(await failure(client.run(scope, 'sum', [1, 2]))).toBeInstanceOf(LockPermissionError);
  });

  it('is refused without the right, and the grant that the error names is what was missing', async () => {
    const client = await connected(user, 'pass');
    const error = await failure(client.run(scope, 'sum', [1, 2]));
    expect(error).toBeInstanceOf(LockPermissionError);
    const [grant] = /grant\(.*?\);/.exec(error.message) ?? [];
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

  it('rejects what is pending, and what comes after, when it is closed', async () => {
    const client = await connected(username, password);
    const pending = failure(client.query(scope, '1;'));
    await client.close(new LockConnectionError('it is over'));
    expect(await pending).toBeInstanceOf(LockConnectionError);
    expect(await failure(client.run(scope, 'sum', [1, 2]))).toBeInstanceOf(LockConnectionError);
  });
});
