import { Faults } from '../../../../lib/embedded/protocol/faults.js';
import { ThingsDBServer } from '../../../../lib/embedded/protocol/thingsdb-server.js';
import { ManualClock } from '../../../../lib/testing/manual-clock.js';
import { RawClient } from '../../../support/raw-client.js';
import { StubEngine } from '../../../support/stub-engine.js';

const PING = 32;
const AUTH = 33;
const PACKAGE_BYTES = 8;

describe.each(['WebSocket', 'TCP'] as const)('faults over %s', (kind) => {
  let engine: StubEngine;
  let faults: Faults;
  let clock: ManualClock;
  let server: ThingsDBServer;
  const clients: RawClient[] = [];

  beforeEach(async () => {
    engine = new StubEngine();
    faults = new Faults();
    clock = new ManualClock(0);
    server = await ThingsDBServer.listen({ engine, clock, faults, port: 0, tcpPort: 0 });
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

  /** Resolves once the server has read everything sent so far on connections that are not frozen. */
  async function untilRead(client: RawClient): Promise<void> {
    await client.upToPong();
  }

  it('latency holds every package back for that long, in order', async () => {
    const client = await connect();
    faults.latency(100);
    client.request(1, PING);
    client.request(2, PING);
    // Another connection is read after these, but its answer waits as well: only the clock can tell.
    const answers: number[] = [];
    const answered = (async () => {
      answers.push((await client.next()).id, (await client.next()).id);
    })();
    while (answers.length < 2) await clock.advance(50);
    await answered;
    expect(answers).toEqual([1, 2]);
    expect(clock.now()).toBeGreaterThanOrEqual(100);
  });

  it('a latency that ends does not let answers overtake', async () => {
    const client = await connect();
    faults.latency(100);
    client.request(1, PING);
    await clock.advance(0);
    await clock.advance(0);
    faults.latency(0);
    client.request(2, PING);
    const first = client.next();
    const second = first.then(() => client.next());
    let isDone = false;
    void second.then(() => (isDone = true));
    while (!isDone) await clock.advance(20);
    expect([(await first).id, (await second).id]).toEqual([1, 2]);
  });

  it('frozen, the server takes bytes and answers nothing; thawed, it answers all in order', async () => {
    const [frozen, other] = [await connect(), await connect()];
    faults.freeze();
    frozen.request(1, PING);
    frozen.request(2, PING);
    const late = connect();
    let answered = 0;
    const answers = Promise.all([frozen.next(), frozen.next()]).then(([a, b]) => {
      answered += 2;
      return [a.id, b.id];
    });
    await clock.advance(60_000);
    expect(answered).toBe(0);
    faults.thaw();
    expect(await answers).toEqual([1, 2]);
    await untilRead(other);
    await untilRead(await late);
  });

  it('frozen, it does not notice who leaves, and its timers wait', async () => {
    const client = await connect();
    client.request(1, AUTH, ['admin', 'pass']);
    await client.next();
    let rung = 0;
    faults.clock(clock).at(1000, () => (rung += 1));
    faults.freeze();
    client.destroy();
    await client.closed;
    await clock.advance(60_000);
    expect([rung, engine.dropped]).toEqual([0, 0]);
    faults.thaw();
    expect(rung).toBe(1);
    while (engine.dropped === 0) await clock.advance(0);
  });

  it('the answer that would go beyond the bytes is lost, once, although the request was carried out', async () => {
    const client = await connect();
    client.request(1, PING);
    await client.next();
    faults.dropAfter(PACKAGE_BYTES + 3);
    client.request(2, PING);
    client.request(3, AUTH, ['admin', 'pass']);
    expect((await client.next()).id).toBe(2);
    await client.closed;
    await expect(client.next()).rejects.toThrow('closed');
    await untilRead(await connect());
  });

  it('refuses new connections and keeps those it has', async () => {
    const client = await connect();
    faults.refuseConnections(true);
    // TCP may connect before it is reset: what counts is that nothing is answered.
    await expect(connect().then((refused) => refused.upToPong())).rejects.toThrow();
    await untilRead(client);
    faults.refuseConnections(false);
    await untilRead(await connect());
  });

  it('cuts all connections without a good-bye', async () => {
    const all = [await connect(), await connect()];
    faults.cutConnections();
    await Promise.all(all.map(({ closed }) => closed));
    await untilRead(await connect());
  });

  it('a frozen server can be closed', async () => {
    await connect();
    faults.freeze();
    const waiting = connect().catch(() => undefined);
    await server.close();
    await waiting;
  });
});
