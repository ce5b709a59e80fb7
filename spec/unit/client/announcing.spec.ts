/** Requests that are announced, so that no small package of a server waits for an acknowledgement: see announcer.ts. */
import { randomBytes } from 'node:crypto';
import { Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { decode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { AnnouncedForm } from '../../../lib/client/announcement.js';
import { BoundedClient } from '../../../lib/connection/bounded-client.js';
import { NodeConnection } from '../../../lib/connection/node-connection.js';
import { RequestTable } from '../../../lib/client/request-table.js';
import { ServerError } from '../../../lib/client/server-error.js';
import { TcpClient } from '../../../lib/client/tcp-client.js';
import { LockConnectionError, LockProtocolError } from '../../../lib/errors.js';
import { startThingsDB, type EmbeddedThingsDB } from '../../../lib/testing/index.js';
import { describeIf } from '../../support/describe-if.js';
import { StallMeter } from '../../support/stall-meter.js';
import { answer, FakeServer, packageBytes, type FakeRequest } from '../../support/fake-server.js';

const RUNS = { scope: '//stuff', procedure: 'p', insteadOf: ['also p'], idle: ['idle', 0] };
const NO_PADDING = new Uint8Array(0);
const PUSH = packageBytes(0xffff, 8, { id: 1, event: 'e', args: [] });

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => 'resolved',
    (error: unknown) => error,
  );

/** The arguments of a run without its padding and filling; both must be there exactly if it was announced. */
function argumentsOf({ type, body }: Pick<FakeRequest, 'type' | 'body'>): unknown {
  if (type !== 37) return body;
  const [scope, procedure, args] = body as [string, string, unknown[]];
  if (scope !== RUNS.scope || procedure !== RUNS.procedure || !(args[0] instanceof Uint8Array)) return args;
  return args[0].length === 0 ? args.slice(1) : ['announced', ...args.slice(1, -1)];
}

describe('a client that announces', () => {
  let server: FakeServer;
  let client: TcpClient;

  beforeEach(async () => {
    server = await FakeServer.overTcp();
    client = new TcpClient(server.url);
    client.announceRuns(RUNS);
    await client.connect();
  });

  afterEach(async () => {
    await client.disconnect();
    await server.close();
  });

  const run = (...args: unknown[]) => client.run(RUNS.scope, RUNS.procedure, [NO_PADDING, ...args]);

  /** Sends a message and waits for the byte that acknowledges it. */
  async function pushAndWait(): Promise<void> {
    const piece = server.nextPiece();
    server.push(PUSH);
    expect(await piece).toHaveLength(1);
  }

  it('sends a byte for each message while somebody waits to be told, and nothing else', async () => {
    client.keepAlive();
    for (let i = 0; i < 20; i++) await pushAndWait();
    expect(server.pieces).toHaveLength(20);
    expect(server.requests).toEqual([]);
  });

  it('sends a byte between a message and the answer that is still owed', async () => {
    server.onRequest = () => undefined;
    const result = run('a', 1);
    await server.received(1);
    await pushAndWait();
    answer(server.requests[0] as FakeRequest);
    await result;
  });

  it('sends none when nothing is owed and nobody waits', async () => {
    const told = new Promise((resolve) => client.addEventListener(resolve));
    server.push(PUSH);
    await told;
    await turn();
    await turn();
    await client.ping();
    expect(Buffer.concat(server.pieces)).toEqual(packageBytes(1, 32));
  });

  it('sends none when whoever was told has sent something', async () => {
    client.keepAlive();
    const pinged = new Promise<void>((resolve) =>
      client.addEventListener(() => void client.ping().then(resolve)),
    );
    server.onRequest = ({ id, connection }) => connection.send(packageBytes(id, 16));
    server.push(PUSH);
    await pinged;
    expect(server.pieces[0]).toEqual(packageBytes(1, 32));
  });

  it('completes what it has announced by the next run, and gets its answer', async () => {
    client.keepAlive();
    await pushAndWait();
    await pushAndWait();
    const body = (await run('a', 1)) as [string, string, unknown[]];
    expect(body.slice(0, 2)).toEqual(['//stuff', 'p']);
    expect(argumentsOf(server.requests[0] as FakeRequest)).toEqual(['announced', 'a', 1]);
    expect(server.requests).toHaveLength(1);
  });

  it('fits any length up to its room exactly, and sends what is longer by itself', async () => {
    client.keepAlive();
    const sizes = new Set<number>();
    let isAnnounced = true;
    for (let length = 480; isAnnounced; length++) {
      await pushAndWait();
      const before = server.requests.length;
      await run('x'.repeat(length), 1);
      const [first] = server.requests.slice(before) as [FakeRequest];
      const args = argumentsOf(first) as unknown[];
      isAnnounced = args[1] !== 'idle';
      if (isAnnounced) expect(args).toEqual(['announced', 'x'.repeat(length), 1]);
      else expect(argumentsOf(server.requests.at(-1) as FakeRequest)).toEqual(['x'.repeat(length), 1]);
      sizes.add(length);
    }
    expect(Math.max(...sizes)).toBeGreaterThan(700);
  });

  it('answers each of 64 runs that are asked for at once, the first of which had been announced', async () => {
    client.keepAlive();
    await pushAndWait();
    const results = await Promise.all(Array.from({ length: 64 }, (_, i) => run('of 64', i)));
    expect(results.map((body) => ((body as unknown[])[2] as unknown[]).slice(1, 3))).toEqual(
      Array.from({ length: 64 }, (_, i) => ['of 64', i]),
    );
    expect(server.requests).toHaveLength(64);
    expect(argumentsOf(server.requests[0] as FakeRequest)).toEqual(['announced', 'of 64', 0]);
  });

  it('is announced for each procedure whose place it can take, which runs as itself when nothing was announced', async () => {
    client.keepAlive();
    await pushAndWait();
    for (const n of [1, 2]) await client.run(RUNS.scope, 'also p', [NO_PADDING, 'b', n]);
    expect(argumentsOf(server.requests[0] as FakeRequest)).toEqual(['announced', 'b', 1]);
    expect(server.requests[1]?.body).toEqual([RUNS.scope, 'also p', [NO_PADDING, 'b', 2]]);
    expect(server.requests).toHaveLength(2);
  });

  const other = [NO_PADDING, 'a', 1];
  it.each<[string, (client: TcpClient) => Promise<unknown>, number, unknown]>([
    ['a join', (c) => c.join('//stuff', 5), 38, ['//stuff', 5]],
    ['a heartbeat', (c) => c.ping(), 32, undefined],
    ['a query', (c) => c.query('//stuff', '1;'), 34, ['//stuff', '1;']],
    ['a run of another procedure', (c) => c.run('//stuff', 'q', other), 37, ['//stuff', 'q', other]],
    ['a run in another scope', (c) => c.run('//other', 'p', other), 37, ['//other', 'p', other]],
    ['a run with other arguments', (c) => c.run('//stuff', 'p', [1]), 37, ['//stuff', 'p', [1]]],
    ['a run without arguments', (c) => c.run('//stuff', 'p'), 37, ['//stuff', 'p']],
    [
      'a run that is too long',
      (c) => c.run('//stuff', 'p', [NO_PADDING, 'x'.repeat(5_000), 1]),
      37,
      ['//stuff', 'p', [NO_PADDING, 'x'.repeat(5_000), 1]],
    ],
  ])('precedes %s by a call that does nothing', async (_what, request, type, body) => {
    client.keepAlive();
    await pushAndWait();
    await request(client);
    expect(argumentsOf(server.requests[0] as FakeRequest)).toEqual(['announced', 'idle', 0]);
    expect(server.requests[1]).toMatchObject({ type });
    expect(server.requests[1]?.body).toEqual(body);
    expect(server.requests).toHaveLength(2);
    // Nothing is left of it: the next is announced again.
    await pushAndWait();
    await run('b', 2);
    expect(argumentsOf(server.requests[2] as FakeRequest)).toEqual(['announced', 'b', 2]);
  });

  it('goes on when all that can be sent ahead has been: by a call that does nothing', async () => {
    client.keepAlive();
    server.onRequest = () => undefined;
    while (server.requests.length === 0) {
      const piece = server.nextPiece();
      server.push(PUSH);
      await piece;
    }
    expect(argumentsOf(server.requests[0] as FakeRequest)).toEqual(['announced', 'idle', 0]);
    expect(server.pieces.length).toBeGreaterThan(256);
    await pushAndWait();
  });

  it('rejects a run that cannot be sent, and completes what was announced by the next', async () => {
    client.keepAlive();
    await pushAndWait();
    expect(await failure(run(() => 1, 1))).toBeInstanceOf(LockProtocolError);
    await run('a', 1);
    expect(argumentsOf(server.requests[0] as FakeRequest)).toEqual(['announced', 'a', 1]);
  });

  it('sends no byte to a server that sends without end and reads nothing', async () => {
    server.onRequest = () => undefined;
    const [socket] = server.connections;
    socket?.pause();
    // More than the buffers of a system hold.
    const result = failure(client.run('//stuff', 'f', [new Uint8Array(16 * 1024 * 1024)]));
    let told = 0;
    const write = jest.spyOn(Socket.prototype, 'write');
    client.addEventListener(() => told++);
    while (told < 200) {
      server.push(PUSH);
      await turn();
    }
    const bytes = write.mock.calls.filter(([piece]) => (piece as Uint8Array).length === 1);
    write.mockRestore();
    expect(bytes).toHaveLength(0);
    socket?.resume();
    await server.received(1);
    await pushAndWait();
    await client.disconnect();
    expect(await result).toBeInstanceOf(LockConnectionError);
  });

  it('begins anew on the next connection', async () => {
    client.keepAlive();
    await pushAndWait();
    server.connections[0]?.terminate();
    await new Promise((resolve) => client.onClose(resolve));
    await client.connect();
    await pushAndWait();
    await run('a', 1);
    expect(argumentsOf(server.requests[0] as FakeRequest)).toEqual(['announced', 'a', 1]);
  });

  it('may be told of another procedure at any time', async () => {
    client.keepAlive();
    await pushAndWait();
    server.onRequest = () => undefined;
    client.announceRuns({ scope: '//stuff', procedure: 'q', insteadOf: [], idle: [] });
    await server.received(1);
    // That the one before is not there any more says nothing about the new one.
    const gone = { error_code: -54, error_msg: 'not found' };
    const [idle] = server.requests as [FakeRequest];
    const acknowledged = server.nextPiece();
    idle.connection.send(packageBytes(idle.id, 19, gone));
    expect(await acknowledged).toHaveLength(1);
    server.onRequest = answer;
    await pushAndWait();
    await client.run('//stuff', 'q', [NO_PADDING]);
    expect(server.requests.map(({ body }) => (body as unknown[])[1])).toEqual(['p', 'q']);
    expect((server.requests[1]?.body as [string, string, unknown[]])[2][0]).toHaveLength(256);
  });

  it('is reached through a connection over any client, which passes it on only where there is such a client', async () => {
    const bounded = new NodeConnection(new BoundedClient(client, 1000));
    bounded.announceRuns({ ...RUNS, procedure: 'q' });
    client.keepAlive();
    await pushAndWait();
    await client.run('//stuff', 'q', [NO_PADDING, 'a', 1]);
    expect(server.requests).toHaveLength(1);
    const without = { ...client, onClose: undefined, announceRuns: undefined } as never;
    expect(() => new NodeConnection(new BoundedClient(without, 1000)).announceRuns(RUNS)).not.toThrow();
  });

  describe('to a server that refuses it', () => {
    /** Refuses what was announced, as a server would that looks more closely. */
    const refuseWith = (code: number): void => {
      server.onRequest = (request) => {
        const args = argumentsOf(request) as unknown[] | undefined;
        if (args?.[0] !== 'announced') return answer(request);
        request.connection.send(packageBytes(request.id, 19, { error_code: code, error_msg: 'no' }));
      };
    };

    /** Nothing goes out for a message any more. */
    async function expectSilence(): Promise<void> {
      const count = server.pieces.length;
      const told = new Promise((resolve) => client.addEventListener(resolve));
      server.push(PUSH);
      await told;
      await turn();
      await turn();
      await run('silent', 3);
      expect(server.pieces).toHaveLength(count + 1);
      expect(argumentsOf(server.requests.at(-1) as FakeRequest)).toEqual(['silent', 3]);
    }

    it.each([-53, -61, -62])(
      'with %d: makes the request again without, and goes on without',
      async (code) => {
        refuseWith(code);
        client.keepAlive();
        await pushAndWait();
        const body = (await run('a', 1)) as [string, string, unknown[]];
        expect(body[2].slice(1)).toEqual(['a', 1]);
        expect(server.requests.map(argumentsOf)).toEqual([
          ['announced', 'a', 1],
          ['a', 1],
        ]);
        await expectSilence();
      },
    );

    it('but has taken one before: the procedure itself has refused, which is told', async () => {
      client.keepAlive();
      await pushAndWait();
      await run('a', 1);
      refuseWith(-53);
      await pushAndWait();
      expect(await failure(run('b', 2))).toMatchObject({ error_code: -53 });
      expect(server.requests).toHaveLength(2);
    });

    it('with another code: that is the answer', async () => {
      refuseWith(-105);
      client.keepAlive();
      await pushAndWait();
      const error = await failure(run('a', 1));
      expect(error).toBeInstanceOf(ServerError);
      expect(error).toMatchObject({ error_code: -105 });
      expect(server.requests).toHaveLength(1);
      await pushAndWait();
    });

    it.each([-53, -54, -55, -62])('when it asks for nothing (%d): goes on without', async (code) => {
      refuseWith(code);
      client.keepAlive();
      await pushAndWait();
      await client.ping();
      expect(server.requests.map(argumentsOf)).toEqual([['announced', 'idle', 0], undefined]);
      await expectSilence();
      // Whoever has mended it says so.
      server.onRequest = answer;
      client.announceRuns(RUNS);
      await pushAndWait();
    });

    it.each([-51, -64, -5])('because it cannot serve now (%d): goes on', async (code) => {
      refuseWith(code);
      client.keepAlive();
      await pushAndWait();
      await client.ping();
      await pushAndWait();
    });
  });
});

describe('the ids of requests of which some were announced', () => {
  type Step = 'run' | 'long' | 'ping' | 'acknowledge' | 'answer' | 'answer last';
  const steps = fc.array(
    fc.constantFrom<Step>('run', 'long', 'ping', 'acknowledge', 'acknowledge', 'answer', 'answer last'),
    { maxLength: 80 },
  );

  it('are never used twice before an answer, and each request gets its own, whatever the order', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 1, max: 5 }), async (order, lastId) => {
        const wire = new Wire();
        const table = new RequestTable(60_000, (bytes) => wire.take(bytes), lastId);
        table.announce(new AnnouncedForm(RUNS));
        const results: Promise<unknown>[] = [];
        const expected: unknown[] = [];
        const ask = (args: unknown[] | undefined): void => {
          const body = args && [RUNS.scope, RUNS.procedure, [NO_PADDING, ...args]];
          results.push(table.send({ type: args === undefined ? 32 : 37, body, label: 'a request' }));
          expected.push(args ?? 'pong');
        };
        const settle = (request: ReturnType<Wire['answered']>): void => {
          if (request === undefined) return;
          table.received();
          const args = argumentsOf(request) as unknown[] | undefined;
          const own = args?.[0] === 'announced' ? args.slice(1) : args;
          table.settle({ id: request.id, type: 18, body: own ?? 'pong' });
        };
        for (const [i, step] of order.entries()) {
          if (step === 'run') ask(['a', i]);
          else if (step === 'long') ask(['x'.repeat(2_000), i]);
          else if (step === 'ping') ask(undefined);
          else if (step === 'acknowledge') table.acknowledge();
          else settle(wire.answered(step === 'answer' ? 0 : -1));
        }
        while (wire.owed > 0) settle(wire.answered(0));
        expect(await Promise.all(results)).toEqual(expected);
        table.end(new LockConnectionError('over'));
      }),
      { numRuns: 500 },
    );
  });

  /** The server's end: puts packages together and looks at their ids. */
  class Wire {
    #bytes = Buffer.alloc(0);
    readonly #owed: { id: number; type: number; body: unknown }[] = [];

    get owed(): number {
      return this.#owed.length;
    }

    take(bytes: Uint8Array): void {
      this.#bytes = Buffer.concat([this.#bytes, bytes]);
      while (this.#bytes.length >= 8 && this.#bytes.length >= 8 + this.#bytes.readUInt32LE(0)) {
        const end = 8 + this.#bytes.readUInt32LE(0);
        const id = this.#bytes.readUInt16LE(4);
        expect(this.#owed.map((request) => request.id)).not.toContain(id);
        const body = end > 8 ? decode(this.#bytes.subarray(8, end)) : undefined;
        this.#owed.push({ id, type: this.#bytes.readUInt8(6), body });
        this.#bytes = this.#bytes.subarray(end);
      }
    }

    answered(at: number): { id: number; type: number; body: unknown } | undefined {
      return this.#owed.splice(at, 1)[0];
    }
  }
});

const realUrl = (process.env['THINGSDB_URL'] ?? '').split(',').find((url) => url.startsWith('thingsdb:'));
const servers = realUrl === undefined ? ['the embedded server'] : ['the embedded server', 'a real node'];

describe.each(servers)('announced runs on %s', (name) => {
  const collection = `announced_${randomBytes(6).toString('hex')}`;
  const scope = `//${collection}`;
  let embedded: EmbeddedThingsDB | undefined;
  let client: TcpClient;
  let url = realUrl ?? '';

  async function connected(): Promise<TcpClient> {
    const made = new TcpClient(url);
    await made.connect();
    await made.auth(process.env['THINGSDB_USER'] ?? 'admin', process.env['THINGSDB_PASSWORD'] ?? 'pass');
    return made;
  }

  beforeAll(async () => {
    // As a real node: what follows a package closely waits for the acknowledgement of that.
    if (name === 'the embedded server') embedded = await startThingsDB({ tcpNoDelay: false });
    url = embedded?.url ?? url;
    client = await connected();
    await client.query('@thingsdb', 'new_collection(name);', { name: collection });
    await client.query(
      scope,
      `
        .told = [];
        .room = room();
        .room.id();
        new_procedure('p', |padding, op, x| {
          if (op == 'write') { .told.push(x); .room.emit('written', x); };
          [op, x];
        });
      `,
    );
  });

  afterAll(async () => {
    await client.query('@thingsdb', 'del_collection(name);', { name: collection });
    await client.disconnect();
    await embedded?.close();
  });

  it('are taken, on top of each other, under joins, heartbeats and queries, and change what they should once', async () => {
    client.announceRuns({ scope, procedure: 'p', insteadOf: [], idle: ['idle', null] });
    const heard: unknown[] = [];
    client.addEventListener((_type, message) => heard.push((message as { args?: unknown[] }).args?.[0]));
    const letGo = client.keepAlive();
    const room = (await client.query(scope, '.room.id();')) as number;
    await client.join(scope, room);
    const written: number[] = [];
    for (let i = 0; i < 60; i++) {
      if (i % 10 === 3) await client.ping();
      if (i % 10 === 5) expect(await client.query(scope, '.told.len();')).toBe(i);
      if (i % 10 === 7) expect(await client.join(scope, room)).toEqual([room]);
      expect(await client.run(scope, 'p', [NO_PADDING, 'write', i])).toEqual(['write', i]);
      written.push(i);
    }
    expect(await client.query(scope, '.told;')).toEqual(written);
    letGo();
    expect(heard.filter((x) => x !== undefined)).toEqual(written);
  });

  it('that are refused by the procedure are told as refused', async () => {
    client.announceRuns({ scope, procedure: 'no_such_procedure', insteadOf: [], idle: [] });
    client.keepAlive();
    const room = (await client.query(scope, '.room.id();')) as number;
    await client.join(scope, room);
    await client.query(scope, ".room.emit('a'); .room.emit('b');");
    expect(await failure(client.run(scope, 'no_such_procedure', [NO_PADDING]))).toMatchObject({
      error_code: -54,
    });
    await client.ping();
  });

  // The delay is one of Linux; others have it too, but not to the millisecond.
  const reason = process.platform === 'linux' ? undefined : 'the delay is measured as Linux has it';
  describeIf('the wait for an acknowledgement', reason, () => {
    /** How many of 40 requests, each of which is told something before it is answered, took as long as that wait. */
    async function delayed(isAnnouncing: boolean): Promise<number> {
      const own = await connected();
      if (isAnnouncing) own.announceRuns({ scope, procedure: 'p', insteadOf: [], idle: ['idle', null] });
      await own.join(scope, (await own.query(scope, '.room.id();')) as number);
      const stalls = new StallMeter();
      stalls.start();
      let count = 0;
      for (let i = 0; i < 40; i++) {
        const startMs = performance.now();
        await own.run(scope, 'p', [NO_PADDING, 'write', i]);
        if (stalls.ranMs(startMs) > 30) count++;
      }
      stalls.stop();
      await own.disconnect();
      return count;
    }

    it('is there without announcing, and not with it', async () => {
      const [without, withIt] = [await delayed(false), await delayed(true)];
      expect(without).toBeGreaterThan(10);
      // A machine that is busy makes some of them slow, too.
      expect(withIt).toBeLessThan(without / 2);
    });
  });
});
