import { encodePackage } from '../../../../lib/embedded/protocol/package.js';
import { ThingsDBServer } from '../../../../lib/embedded/protocol/thingsdb-server.js';
import { Packed } from '../../../../lib/embedded/msgpack/wire.js';
import { WireEncoder } from '../../../../lib/embedded/msgpack/wire-encoder.js';
import { systemClock } from '../../../../lib/testing/system-clock.js';
import { RawClient } from '../../../support/raw-client.js';
import { StubEngine } from '../../../support/stub-engine.js';

const PING = 32;
const AUTH = 33;
const QUERY = 34;
const RUN = 37;
const JOIN = 38;
const LEAVE = 39;
const EMIT = 40;
const EMIT_PEERS = 41;

const PUSH_ID = 0xffff;

const kinds = ['WebSocket', 'TCP'] as const;

describe.each(kinds)('the server over %s', (kind) => {
  let engine: StubEngine;
  let server: ThingsDBServer;
  const clients: RawClient[] = [];

  beforeEach(async () => {
    engine = new StubEngine();
    server = await ThingsDBServer.listen({ engine, clock: systemClock, port: 0, tcpPort: 0 });
  });

  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    await server.close();
  });

  async function connect(): Promise<RawClient> {
    const client = await (kind === 'TCP'
      ? RawClient.overTcp(server.tcpPort)
      : RawClient.overWebSocket(server.wsUrl));
    clients.push(client);
    return client;
  }

  async function login(): Promise<RawClient> {
    const client = await connect();
    client.request(1, AUTH, ['admin', 'pass']);
    expect(await client.next()).toEqual({ id: 1, type: 17, body: undefined });
    return client;
  }

  const error = (code: number, message: unknown = expect.any(String)): object => ({
    error_code: BigInt(code),
    error_msg: message,
  });

  it('answers a ping before anybody has logged in', async () => {
    const client = await connect();
    client.request(7, PING);
    expect(await client.next()).toEqual({ id: 7, type: 16, body: undefined });
  });

  it.each([QUERY, RUN, JOIN, LEAVE, EMIT, EMIT_PEERS])(
    'refuses request %i until the client has logged in',
    async (type) => {
      const client = await connect();
      client.request(2, type, ['@t', 'x']);
      expect(await client.next()).toEqual({
        id: 2,
        type: 19,
        body: error(-56, 'connection is not authenticated'),
      });
    },
  );

  it('lets others in between when a client asks for what takes long, and serves each in order', async () => {
    const [busy, other] = [await login(), await login()];
    for (let id = 2; id < 7; id += 1) busy.request(id, QUERY, ['@t', 'spin']);
    other.request(2, PING);
    await other.next();
    expect(engine.spun).toBeLessThan(5);
    for (let id = 2; id < 7; id += 1) expect((await busy.next()).id).toBe(id);
    expect(engine.spun).toBe(5);
  });

  it('serves who asks for little after one request of those who ask for much, however many they are', async () => {
    const other = await login();
    const busy = await Promise.all(Array.from({ length: 6 }, login));
    for (const client of busy) for (let id = 2; id < 6; id += 1) client.request(id, QUERY, ['@t', 'spin']);
    // From here on it is known of each of them.
    while (engine.spun < busy.length) await other.upToPong();
    for (let round = 0; round < 4; round += 1) {
      const before = engine.spun;
      await other.upToPong();
      expect(engine.spun - before).toBeLessThanOrEqual(2);
    }
    expect(engine.spun).toBeLessThan(24);
  });

  it('carries out what a client has asked for before it left', async () => {
    const [busy, other] = [await login(), await login()];
    for (let id = 2; id < 5; id += 1) busy.request(id, QUERY, ['@t', 'spin']);
    await busy.next();
    busy.destroy();
    while (engine.dropped === 0) await other.upToPong();
    expect(engine.spun).toBe(3);
  });

  it('refuses wrong credentials and keeps the connection', async () => {
    const client = await connect();
    client.request(1, AUTH, ['admin', 'wrong']);
    expect(await client.next()).toEqual({
      id: 1,
      type: 19,
      body: error(-56, 'invalid username or password'),
    });
    client.request(2, AUTH, 5n);
    expect(await client.next()).toEqual({
      id: 2,
      type: 19,
      body: error(-53, 'invalid authentication request'),
    });
    client.request(3, AUTH, ['admin', 'pass']);
    expect(await client.next()).toEqual({ id: 3, type: 17, body: undefined });
  });

  it('hands queries and runs to the engine, with integers and floats kept apart', async () => {
    const client = await login();
    client.request(2, QUERY, ['@:stuff', 'code', { i: 1n, f: 1, big: 9_223_372_036_854_775_807n }]);
    expect(await client.next()).toEqual({
      id: 2,
      type: 18,
      body: ['@:stuff', 'code', { i: 1n, f: 1, big: 9_223_372_036_854_775_807n }],
    });
    client.request(3, RUN, ['//stuff', 'procedure', [1n]]);
    expect(await client.next()).toEqual({ id: 3, type: 18, body: ['//stuff', 'procedure', [1n]] });
    client.request(4, RUN, ['//stuff', 'procedure']);
    expect(await client.next()).toEqual({ id: 4, type: 18, body: ['//stuff', 'procedure', null] });
  });

  it('hands on what is no value as it is: the engine says what is wrong with it, and where', async () => {
    const client = await login();
    const body = WireEncoder.encode(['@:stuff', 'procedure']);
    body[0] = 0x93;
    client.sendBytes(encodePackage(2, RUN, Buffer.concat([body, Buffer.from('c30d02', 'hex')])));
    expect(await client.next()).toEqual({ id: 2, type: 18, body: ['@:stuff', 'procedure', true] });
    expect(engine.lastRun).toEqual(new Packed(Buffer.from('c30d02', 'hex')));
  });

  it.each<[number, unknown, number]>([
    [QUERY, undefined, -53],
    [QUERY, [], -53],
    [QUERY, [5n], -53],
    [QUERY, ['@t'], -61],
    [RUN, ['@t'], -61],
    [JOIN, [], -53],
    [LEAVE, [1n], -53],
    [EMIT, ['@:stuff', 1n], -53],
    [EMIT, ['@:stuff', 1n, 2n], -53],
  ])('refuses request %i with the body %j', async (type, body, code) => {
    const client = await login();
    client.request(2, type, body as never);
    expect(await client.next()).toEqual({ id: 2, type: 19, body: error(code) });
  });

  it('answers with the error of a query, and says so when the fault is its own', async () => {
    const client = await login();
    client.request(2, QUERY, ['@t', 'raise']);
    expect(await client.next()).toEqual({ id: 2, type: 19, body: error(-100, 'raised') });
    client.request(3, QUERY, ['@t', 'broken']);
    expect(await client.next()).toEqual({
      id: 3,
      type: 19,
      body: error(-1, expect.stringContaining('a bug')),
    });
    client.request(4, QUERY, ['@t', 'huge']);
    expect(await client.next()).toEqual({ id: 4, type: 19, body: error(-6) });
  });

  it('answers a request that came after one that is still at work', async () => {
    const client = await login();
    client.request(2, QUERY, ['@t', 'pending']);
    client.request(3, QUERY, ['@t', 'x']);
    expect((await client.next()).id).toBe(3);
  });

  it('an answer leaves before anything that the next request sets off', async () => {
    const client = await login();
    client.request(2, QUERY, ['@t', 'x']);
    client.request(3, EMIT, ['@:stuff', 5n, 'go']);
    client.request(4, QUERY, ['@t', 'later']);
    client.request(5, PING);
    const order = [];
    while (order.length < 5) order.push((await client.next()).id);
    expect(order).toEqual([2, PUSH_ID, 3, 5, 4]);
  });

  it('tells of a join after its answer and of a leave before its answer', async () => {
    const client = await login();
    client.request(2, JOIN, ['@:stuff', 5n, 'name', 6n]);
    expect(await client.next()).toEqual({ id: 2, type: 18, body: [5n, null, 6n] });
    expect(await client.next()).toEqual({ id: PUSH_ID, type: 6, body: { scope: '@:stuff', id: 5n } });
    expect(await client.next()).toEqual({ id: PUSH_ID, type: 6, body: { scope: '@:stuff', id: 6n } });
    client.request(3, LEAVE, ['@:stuff', 5n]);
    expect(await client.next()).toEqual({ id: PUSH_ID, type: 7, body: { scope: '@:stuff', id: 5n } });
    expect(await client.next()).toEqual({ id: 3, type: 18, body: [5n] });
  });

  it('an emit reaches everybody, and with "peers" everybody else', async () => {
    const [one, other] = [await login(), await login()];
    const pushed = { id: PUSH_ID, type: 8, body: { scope: '@:stuff', id: 5n, event: 'go', args: [1n] } };
    one.request(2, EMIT, ['@:stuff', 5n, 'go', 1n]);
    expect(await one.next()).toEqual(pushed);
    expect(await one.next()).toEqual({ id: 2, type: 17, body: undefined });
    expect(await other.next()).toEqual(pushed);
    one.request(3, EMIT_PEERS, ['@:stuff', 5n, 'go', 1n]);
    expect(await one.next()).toEqual({ id: 3, type: 17, body: undefined });
    expect(await other.next()).toEqual(pushed);
  });

  it('answers the old watch requests and ignores a type that does not exist', async () => {
    const client = await login();
    client.request(2, 35);
    client.request(3, 99);
    expect(await client.upToPong()).toEqual([{ id: 2, type: 17, body: undefined }]);
  });

  it('ignores what follows the value in a body', async () => {
    const client = await connect();
    const body = Buffer.concat([WireEncoder.encode(['admin', 'pass']), Buffer.from([0xc1, 0xc1])]);
    client.sendBytes(encodePackage(1, AUTH, body));
    expect(await client.next()).toEqual({ id: 1, type: 17, body: undefined });
  });

  it('a malformed package ends its connection and no other', async () => {
    const [bad, good] = [await login(), await login()];
    const broken = encodePackage(2, PING);
    broken[7] = 0;
    bad.sendBytes(broken);
    await bad.closed;
    good.request(2, PING);
    expect((await good.next()).type).toBe(16);
    expect(engine.sessions.size).toBe(1);
  });

  it('forgets a client that has gone, once', async () => {
    const client = await login();
    client.destroy();
    await client.closed;
    await server.close();
    expect(engine.sessions.size).toBe(0);
    expect(engine.dropped).toBe(1);
  });

  it('tells those who have logged in that it shuts down, then closes', async () => {
    const [known, unknown] = [await login(), await connect()];
    await server.close();
    expect(await known.next()).toEqual({ id: PUSH_ID, type: 0, body: { id: 0n, status: 'SHUTTING_DOWN' } });
    await expect(unknown.next()).rejects.toThrow('closed');
  });
});

describe('what only TCP does', () => {
  it('packages may be joined and split anywhere', async () => {
    const server = await ThingsDBServer.listen({
      engine: new StubEngine(),
      clock: systemClock,
      port: 0,
      tcpPort: 0,
    });
    const client = await RawClient.overTcp(server.tcpPort);
    client.sendBytes(
      Buffer.concat([encodePackage(1, PING), encodePackage(2, PING), encodePackage(3, PING).subarray(0, 3)]),
    );
    expect((await client.next()).id).toBe(1);
    expect((await client.next()).id).toBe(2);
    client.sendBytes(encodePackage(3, PING).subarray(3));
    expect((await client.next()).id).toBe(3);
    client.destroy();
    await server.close();
  });
});

it('requests that are not complete take so much memory together, and no more', async () => {
  const server = await ThingsDBServer.listen({
    engine: new StubEngine(),
    clock: systemClock,
    port: 0,
    tcpPort: 0,
    maxHeldBytes: 4 * 1024 * 1024,
  });
  const most = encodePackage(1, QUERY, Buffer.alloc(4_000_000)).subarray(0, 3_000_000);
  const first = await RawClient.overTcp(server.tcpPort);
  const second = await RawClient.overTcp(server.tcpPort);
  const third = await RawClient.overWebSocket(server.wsUrl);
  first.sendBytes(most);
  first.request(2, PING);
  second.sendBytes(most);
  await Promise.race([first.closed, second.closed]);
  await third.upToPong();
  for (const client of [first, second, third]) client.destroy();
  await server.close();
});

describe('what only WebSocket does', () => {
  let server: ThingsDBServer;
  let client: RawClient;

  beforeEach(async () => {
    server = await ThingsDBServer.listen({
      engine: new StubEngine(),
      clock: systemClock,
      port: 0,
      tcpPort: 0,
    });
    client = await RawClient.overWebSocket(server.wsUrl);
  });

  afterEach(async () => {
    client.destroy();
    await server.close();
  });

  it('says that there is no HTTP API, as that API would say it', async () => {
    const answer = await fetch(`http://127.0.0.1:${server.port}/collection/stuff`, {
      method: 'POST',
      body: '{}',
    });
    expect(answer.status).toBe(422);
    expect(await answer.text()).toMatch(
      /^not supported by the embedded ThingsDB: the HTTP API.* \(-63\)\r\n$/,
    );
  });

  it('a message is one package: a second one in it is not seen', async () => {
    client.sendBytes(Buffer.concat([encodePackage(1, PING), encodePackage(2, PING)]));
    expect((await client.upToPong()).map(({ id }) => id)).toEqual([1]);
  });

  it.each([0, 3, 7, 12])(
    'a message of the first %i bytes of a package ends the connection',
    async (length) => {
      client.sendBytes(encodePackage(1, AUTH, WireEncoder.encode(['admin', 'pass'])).subarray(0, length));
      await client.closed;
    },
  );
});
