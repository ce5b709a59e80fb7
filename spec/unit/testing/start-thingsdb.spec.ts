import { inspect } from 'node:util';
import { WebSocket } from 'ws';
import {
  type EmbeddedThingsDB,
  ManualClock,
  type StartOptions,
  startThingsDB,
} from '../../../lib/testing/index.js';
import { RawClient, type Received } from '../../support/raw-client.js';

const AUTH = 33;
const QUERY = 34;
const RUN = 37;
const JOIN = 38;

const DATA = 18;
const ERROR = 19;

const started: EmbeddedThingsDB[] = [];
const clients: RawClient[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await Promise.all(started.splice(0).map((db) => db.close()));
});

async function start(options?: StartOptions): Promise<EmbeddedThingsDB> {
  const db = await startThingsDB(options);
  started.push(db);
  return db;
}

async function login(db: EmbeddedThingsDB, user = 'admin', password = 'pass'): Promise<RawClient> {
  const client = await RawClient.overWebSocket(db.wsUrl);
  clients.push(client);
  client.request(1, AUTH, [user, password]);
  expect((await client.next()).type).toBe(17);
  return client;
}

async function query(client: RawClient, code: string, scope = '//stuff'): Promise<Received['body']> {
  client.request(2, QUERY, [scope, code]);
  const { type, body } = await client.next();
  if (type !== DATA) throw new Error(inspect(body));
  return body;
}

it('a fresh server is a fresh node: admin, the collection stuff, nothing in it', async () => {
  const db = await start();
  expect(db.url).toBe(`thingsdb://127.0.0.1:${db.tcpPort}`);
  expect(db.wsUrl).toBe(`ws://127.0.0.1:${db.port}`);
  const client = await login(db);
  expect(await query(client, '.keys();')).toEqual([]);
  expect(await query(client, 'collections_info().map(|c| c.load().name);', '@t')).toEqual(['stuff']);
  expect(await query(client, 'users_info().map(|u| u.load().name);', '@t')).toEqual(['admin']);
});

it('two servers have nothing to do with each other', async () => {
  const [one, other] = [await login(await start()), await login(await start())];
  await query(one, '.x = 1;');
  expect(await query(other, '.has("x");')).toBe(false);
});

it('WebSocket and TCP lead to the same data', async () => {
  const db = await start();
  await query(await login(db), '.x = 1;');
  const tcp = await RawClient.overTcp(db.tcpPort);
  clients.push(tcp);
  tcp.request(1, AUTH, ['admin', 'pass']);
  await tcp.next();
  expect(await query(tcp, '.x;')).toBe(1n);
});

it('a user with RUN, CHANGE and JOIN runs procedures and joins rooms but may not query', async () => {
  const db = await start({
    users: [{ name: 'worker', password: 'secret', access: { '//jobs': ['RUN', 'CHANGE', 'JOIN'] } }],
  });
  const admin = await login(db);
  const room = await query(
    admin,
    'new_procedure("count", || .n += 1); .n = 0; .r = room(); .r.id();',
    '//jobs',
  );
  const worker = await login(db, 'worker', 'secret');
  worker.request(3, RUN, ['//jobs', 'count']);
  expect(await worker.next()).toMatchObject({ type: DATA, body: 1n });
  worker.request(4, JOIN, ['//jobs', room!]);
  expect(await worker.next()).toMatchObject({ type: DATA, body: [room] });
  await worker.next();
  worker.request(5, QUERY, ['//jobs', '.n;']);
  expect(await worker.next()).toEqual({
    id: 5,
    type: ERROR,
    body: {
      error_code: -55n,
      error_msg:
        'user `worker` is missing the required privileges (`QUERY`) on scope `@collection:jobs`; ' +
        'see https://docs.thingsdb.io/v1/thingsdb-api/grant',
    },
  });
  worker.request(6, JOIN, ['//stuff', 1n]);
  expect(await worker.next()).toMatchObject({ type: ERROR, body: { error_code: -55n } });
});

it('a snapshot can be put back any number of times', async () => {
  const db = await start();
  const client = await login(db);
  await query(client, '.list = [1];');
  const snapshot = db.snapshot();
  for (let round = 0; round < 3; round += 1) {
    await query(client, '.list.push(2); .other = {a: 1}; new_type("T");');
    db.restore(snapshot);
    expect(await query(client, '[.list, .has("other"), has_type("T")];')).toEqual([[1n], false, false]);
  }
});

it('with a manual clock, tasks run when time is moved past them and not before', async () => {
  const clock = new ManualClock();
  const client = await login(await start({ clock }));
  await query(client, '.n = 0; task(datetime().move("seconds", 60), || .n += 1); nil;');
  await clock.advance(58_000);
  expect(await query(client, '.n;')).toBe(0n);
  await clock.advance(4000);
  expect(await query(client, '.n;')).toBe(1n);
});

it('a frozen server runs no tasks; thawed, it runs those that are due', async () => {
  const clock = new ManualClock();
  const db = await start({ clock });
  const client = await login(db);
  await query(client, '.n = 0; task(datetime().move("seconds", 10), || .n += 1); nil;');
  db.faults.freeze();
  await clock.advance(60_000);
  client.request(7, QUERY, ['//stuff', '.n;']);
  db.faults.thaw();
  await clock.advance(2000);
  await client.next();
  expect(await query(client, '.n;')).toBe(1n);
});

it('an answer that is dropped belongs to a request that was carried out', async () => {
  const db = await start();
  const client = await login(db);
  await query(client, '.n = 0;');
  db.faults.dropAfter(0);
  await expect(query(client, '.n += 1;')).rejects.toThrow('closed');
  expect(await query(await login(db), '.n;')).toBe(1n);
});

describe('forgetting changes', () => {
  it('takes the last ones back and cuts the connections, as a single node that is killed', async () => {
    const db = await start({ history: 3 });
    const client = await login(db);
    for (const n of [1, 2, 3, 4]) await query(client, `.n = ${n};`);
    // Reading makes no change.
    await query(client, '.n;');
    db.faults.forgetLastChanges(2);
    await client.closed;
    const again = await login(db);
    expect(await query(again, '.n;')).toBe(2n);
    db.faults.forgetLastChanges(1);
    expect(await query(await login(db), '.n;')).toBe(1n);
  });

  it('refuses to take back more than is kept', async () => {
    const db = await start({ history: 1 });
    expect(() => db.faults.forgetLastChanges(2)).toThrow(RangeError);
  });
});

it('the ports that were asked for are used, and free again after close', async () => {
  const first = await start();
  const { port, tcpPort } = first;
  await expect(startThingsDB({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  await first.close();
  await first.close();
  const second = await start({ port, tcpPort });
  expect([second.port, second.tcpPort]).toEqual([port, tcpPort]);
});

it.each<[unknown, string]>([
  [9200, 'startThingsDB takes an object such as { port: 9270 }, not 9200'],
  [null, 'startThingsDB takes an object such as { port: 9270 }, not null'],
  [
    { prot: 9270 },
    'startThingsDB has no option prot; there are port, tcpPort, tcpNoDelay, clock, password, users, collections, history',
  ],
  // Node would make a socket of this name in the file system.
  [{ port: 'a' }, 'port is "a"; expected a whole number from 0 to 65535'],
  [{ tcpPort: 70_000 }, 'tcpPort is 70000; expected a whole number from 0 to 65535'],
  [{ tcpPort: NaN }, 'tcpPort is NaN; expected a whole number from 0 to 65535'],
])('refuses %j', async (options, message) => {
  await expect(startThingsDB(options as object)).rejects.toThrow(new TypeError(message));
});

it('has the password that it is given instead of the one that everybody knows', async () => {
  const db = await start({ password: 'another', users: [{ name: 'worker', password: 'secret' }] });
  await login(db, 'admin', 'another');
  await login(db, 'worker', 'secret');
  const client = await RawClient.overTcp(db.tcpPort);
  clients.push(client);
  client.request(1, AUTH, ['admin', 'pass']);
  expect((await client.next()).type).toBe(ERROR);
});

describe('a WebSocket that a browser opens', () => {
  async function opened(origin: string): Promise<number> {
    const db = await start();
    const socket = new WebSocket(db.wsUrl, { origin });
    socket.on('error', () => undefined);
    const status = await new Promise<number>((resolve) => {
      socket.once('open', () => resolve(101));
      socket.once('unexpected-response', (_, response) => resolve(response.statusCode ?? 0));
    });
    socket.terminate();
    return status;
  }

  it.each([
    'https://example.com',
    'http://localhost.example.com',
    'http://127.0.0.1.example.com',
    'null',
    'x',
  ])('for a page of %s is refused', async (origin) => expect(await opened(origin)).toBe(403));

  it.each(['http://localhost:5173', 'http://127.0.0.1', 'https://[::1]:8443'])(
    'for a page of this machine (%s) is taken',
    async (origin) => expect(await opened(origin)).toBe(101),
  );
});

it('is closed at the end of the block it was made in', async () => {
  let client: RawClient;
  {
    await using db = await startThingsDB();
    client = await login(db);
  }
  await client.closed;
});
