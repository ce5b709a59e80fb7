/** What a client guarantees, over each transport. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Socket } from 'node:net';
import path from 'node:path';
import { LockConnectionError, LockProtocolError } from '../../../lib/errors.js';
import { clientFor, type ClientOptions } from '../../../lib/client/open-client.js';
import type { PackageClient } from '../../../lib/client/package-client.js';
import { ServerError } from '../../../lib/client/server-error.js';
import { AnsweringWorker } from '../../support/answering-worker.js';
import { FakeServer, answer, packageBytes, packageOf } from '../../support/fake-server.js';
import { startTcpServer } from '../../support/tcp-server.js';

const closing = (client: PackageClient) => new Promise<Error>((resolve) => void client.onClose(resolve));
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => 'resolved',
    (error: unknown) => error,
  );

describe.each(['thingsdb', 'ws'] as const)('over %s://', (scheme) => {
  let server: FakeServer;
  const clients: PackageClient[] = [];

  beforeEach(async () => {
    server = await (scheme === 'ws' ? FakeServer.start() : FakeServer.overTcp());
  });

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.disconnect()));
    await server.close();
  });

  function clientOf(url = server.url, options?: ClientOptions): PackageClient {
    const client = clientFor(url, options);
    clients.push(client);
    return client;
  }

  async function connected(options?: ClientOptions, url = server.url): Promise<PackageClient> {
    const client = clientOf(url, options);
    await client.connect();
    return client;
  }

  describe('requests', () => {
    it.each<[string, (client: PackageClient) => Promise<unknown>, number, unknown]>([
      ['ping', (client) => client.ping(), 32, undefined],
      ['auth', (client) => client.auth('admin', 'pass'), 33, ['admin', 'pass']],
      ['authToken', (client) => client.authToken('abc'), 33, 'abc'],
      ['query', (client) => client.query('//stuff', 'x;', { x: 1 }), 34, ['//stuff', 'x;', { x: 1 }]],
      ['query without vars', (client) => client.query('//stuff', '1;'), 34, ['//stuff', '1;']],
      ['run', (client) => client.run('//stuff', 'f', [1, 'a']), 37, ['//stuff', 'f', [1, 'a']]],
      ['run without args', (client) => client.run('//stuff', 'f'), 37, ['//stuff', 'f']],
      ['join', (client) => client.join('//stuff', 5, 6), 38, ['//stuff', 5, 6]],
      ['leave', (client) => client.leave('//stuff', 5, 6), 39, ['//stuff', 5, 6]],
    ])('%s is sent as the protocol wants it', async (_name, request, type, body) => {
      await request(await connected());
      expect(server.requests[0]).toMatchObject({ type });
      expect(server.requests[0]?.body).toEqual(body);
    });

    it('rejects with the code and the words of the server', async () => {
      server.onRequest = ({ id, connection }) =>
        connection.send(packageBytes(id, 19, { error_code: -54, error_msg: 'not found' }));
      const error = await failure((await connected()).run('//stuff', 'f'));
      expect(error).toBeInstanceOf(ServerError);
      expect(error).toMatchObject({ error_code: -54, error_msg: 'not found' });
    });

    it('settles each by its own answer when answers come in another order', async () => {
      const client = await connected();
      server.onRequest = () => undefined;
      const results = Promise.all([client.query('//a', '1'), client.query('//b', '2')]);
      await server.received(2);
      for (const request of [...server.requests].reverse()) answer(request);
      expect(await results).toEqual([
        ['//a', '1'],
        ['//b', '2'],
      ]);
    });

    it('reads answers that come joined in one piece, and split over several', async () => {
      const client = await connected();
      server.onRequest = () => undefined;
      const results = Promise.all([client.ping(), client.query('//a', '1'), client.query('//b', '2')]);
      await server.received(3);
      const [ping, first, second] = server.requests.map(({ id }) => id);
      const bytes = Buffer.concat([
        packageBytes(ping as number, 16),
        packageBytes(first as number, 18, 'x'.repeat(1000)),
        packageBytes(second as number, 18, 'y'),
      ]);
      server.push(bytes.subarray(0, 500));
      server.push(bytes.subarray(500, 700));
      server.push(bytes.subarray(700));
      expect(await results).toEqual([undefined, 'x'.repeat(1000), 'y']);
    });

    it('go out at once: TCP_NODELAY is on', async () => {
      const noDelay = jest.spyOn(Socket.prototype, 'setNoDelay');
      await connected();
      // Both ends live in this process: the client's is the one that the server sees at the other end.
      const ownPort = server.remotePorts[0];
      const calls = noDelay.mock.contexts.map((socket, i) => [
        (socket as Socket).localPort,
        noDelay.mock.calls[i]?.[0] ?? true,
      ]);
      expect(calls).toContainEqual([ownPort, true]);
      noDelay.mockRestore();
    });
  });

  describe('time limit', () => {
    it('rejects a request that has no answer, says which, and ignores the answer that comes late', async () => {
      const client = await connected({ requestTimeoutMs: 30 });
      server.onRequest = () => undefined;
      const error = await failure(client.run('//stuff', 'slow'));
      expect(error).toBeInstanceOf(LockConnectionError);
      expect((error as Error).message).toBe('run slow in //stuff had no answer within 30 ms');
      // Told by what comes after it, which no time limit is running for.
      const told = new Promise((resolve) => client.addEventListener((_type, message) => resolve(message)));
      for (const late of server.requests) answer(late);
      server.push(packageBytes(0xffff, 8, 'after it'));
      expect(await told).toBe('after it');
    });

    it('gives up on an address that does not answer, and says which', async () => {
      jest.useFakeTimers();
      const connecting = failure(connected({ connectTimeoutMs: 50 }));
      jest.advanceTimersByTime(50);
      jest.useRealTimers();
      const error = await connecting;
      expect(error).toBeInstanceOf(LockConnectionError);
      expect((error as Error).message).toContain(
        `cannot connect to ${server.url}: no connection within 50 ms`,
      );
    });

    it('does not give up on an answer that came while the process was stopped', async () => {
      const worker = await AnsweringWorker.start(scheme);
      const client = await connected({ requestTimeoutMs: 100 }, worker.url);
      const answered = client.ping();
      worker.blockUntilAnswered(200);
      await expect(answered).resolves.toBeUndefined();
      await client.disconnect();
      await worker.close();
    });
  });

  describe('the end of a connection', () => {
    it.each<[string, (client: PackageClient) => void]>([
      ['the server closes it', () => server.connections[0]?.close()],
      ['it breaks', () => server.connections[0]?.terminate()],
      ['disconnect() is called', (client) => void client.disconnect()],
    ])('rejects all that is pending when %s, and says so once', async (_how, end) => {
      const client = await connected();
      const reasons: Error[] = [];
      client.onClose((reason) => reasons.push(reason));
      server.onRequest = () => undefined;
      const pending = [client.ping(), client.query('//a', '1'), client.run('//a', 'f')].map(failure);
      await server.received(3);
      end(client);
      for (const error of await Promise.all(pending)) expect(error).toBeInstanceOf(LockConnectionError);
      expect(await failure(client.ping())).toBeInstanceOf(LockConnectionError);
      await client.disconnect();
      expect(reasons).toHaveLength(1);
      expect(reasons[0]).toBeInstanceOf(LockConnectionError);
    });

    it('lets what was sent before disconnect() reach the server', async () => {
      const client = await connected();
      const pending = failure(client.run('//a', 'release'));
      await client.disconnect();
      await pending;
      await server.received(1);
      expect(server.requests[0]?.body).toEqual(['//a', 'release']);
    });

    it('disconnect() ends although the server never answers it', async () => {
      const client = await connected();
      server.connections[0]?.pause();
      const before = performance.now();
      await client.disconnect();
      expect(performance.now() - before).toBeLessThan(3000);
    });

    it('disconnect() while connecting makes connect() reject', async () => {
      const silent = await startTcpServer();
      const client = clientFor(`${scheme}://127.0.0.1:${silent.port}`);
      const connecting = failure(client.connect());
      await client.disconnect();
      expect(await connecting).toBeInstanceOf(LockConnectionError);
      silent.close();
    });

    it('leaves the client ready to connect again', async () => {
      const client = await connected();
      const closed = closing(client);
      server.connections[0]?.terminate();
      await closed;
      await client.connect();
      await client.ping();
      expect(server.connections).toHaveLength(1);
    });

    it('a request before connect() rejects, a second connect() too', async () => {
      expect(await failure(clientFor(server.url).ping())).toBeInstanceOf(LockConnectionError);
      expect(await failure((await connected()).connect())).toBeInstanceOf(LockConnectionError);
    });
  });

  describe('pushed messages', () => {
    const emitted = { id: 5, event: 'go', args: [1] };

    it('reach every listener with type and message, in the order in which they came', async () => {
      const client = await connected();
      const told: unknown[] = [];
      const all = new Promise<void>((resolve) =>
        client.addEventListener((type, message) => {
          told.push([type, message]);
          if (told.length === 6) resolve();
        }),
      );
      for (const type of [0, 5, 6, 7, 8, 9]) server.push(packageBytes(0xffff, type, { ...emitted, type }));
      await all;
      expect(told).toEqual([0, 5, 6, 7, 8, 9].map((type) => [type, { ...emitted, type }]));
    });

    it('of a type that is not known yet are passed over', async () => {
      const client = await connected();
      server.push(packageBytes(0xffff, 12, emitted));
      await expect(client.ping()).resolves.toBeUndefined();
    });

    it('reach the other listeners, and requests their answers, when one listener throws', async () => {
      const warning = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
      const client = await connected();
      client.addEventListener(() => {
        throw new Error('from a listener');
      });
      const told = new Promise((resolve) => client.addEventListener((_type, message) => resolve(message)));
      server.push(packageBytes(0xffff, 8, emitted));
      expect(await told).toEqual(emitted);
      await client.ping();
      expect(warning).toHaveBeenCalledWith(expect.objectContaining({ message: 'from a listener' }));
      warning.mockRestore();
    });

    it('reach no listener that was removed, nor any after disconnect()', async () => {
      const client = await connected();
      const removed = jest.fn();
      client.addEventListener(removed);
      client.removeEventListener(removed);
      const told = new Promise<number>((resolve) => {
        let count = 0;
        client.addEventListener(() => {
          count++;
          void client.disconnect().then(() => resolve(count));
        });
      });
      const twice = packageBytes(0xffff, 8, emitted);
      server.push(Buffer.concat([twice, twice]));
      expect(await told).toBe(1);
      expect(removed).not.toHaveBeenCalled();
    });
  });

  describe('what cannot be read', () => {
    /** Each would end or stall a program that believes it. */
    const HOSTILE: [string, number[]][] = [
      ['no MessagePack', [0xc1]],
      ['an extension', [0xd4, 0x00, 0x00]],
      [
        'lists in lists that claim 33 million items each',
        Array(40).fill([0xdd, 2, 0, 0, 0]).flat() as number[],
      ],
      ['deeper than anything', Array(20_000).fill(0x91) as number[]],
    ];

    it.each(HOSTILE)(
      'as an answer (%s) rejects its own request only, and the next is served',
      async (_what, body) => {
        const client = await connected();
        server.onRequest = ({ id, connection }) => connection.send(packageOf(id, 18, body));
        const other = client.query('//a', 'another');
        await server.received(1);
        server.onRequest = answer;
        const error = await failure(other);
        expect(error).toBeInstanceOf(LockProtocolError);
        expect((error as Error).message).toMatch(/^query in \/\/a was answered, but it cannot be read: /);
        expect(await client.query('//a', '1')).toEqual(['//a', '1']);
      },
    );

    it.each(HOSTILE)(
      'as a message (%s) is passed over with one warning, and what follows is told',
      async (_what, body) => {
        const warning = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
        const client = await connected();
        const told: unknown[] = [];
        const last = new Promise<void>((resolve) =>
          client.addEventListener((_type, message) => {
            told.push(message);
            resolve();
          }),
        );
        const unreadable = packageOf(0xffff, 8, body);
        server.push(Buffer.concat([unreadable, unreadable, packageBytes(0xffff, 8, 'readable')]));
        await last;
        await client.ping();
        expect(told).toEqual(['readable']);
        expect(warning).toHaveBeenCalledTimes(1);
        expect(warning.mock.calls[0]?.[0]).toContain(`a message from ${server.url} is passed over`);
        warning.mockRestore();
      },
    );

    it('as an error of the server rejects its request as an error of the protocol', async () => {
      const client = await connected();
      server.onRequest = ({ id, connection }) => connection.send(packageBytes(id, 19, 'oops'));
      expect(await failure(client.run('//a', 'f'))).toBeInstanceOf(LockProtocolError);
      server.onRequest = answer;
      await client.ping();
    });

    it('is found out before anybody has logged in', async () => {
      const client = await connected();
      server.onRequest = ({ id, connection }) =>
        connection.send(packageOf(id, 17, HOSTILE[2]?.[1] as number[]));
      expect(await failure(client.auth('admin', 'pass'))).toBeInstanceOf(LockProtocolError);
    });
  });

  describe('a server that is not ThingsDB', () => {
    const badCheck = packageBytes(1, 18, 'x');
    badCheck[7] = 0;

    it.each<[string, Buffer | string]>([
      ['text', 'hello, who is there?'],
      ['a wrong check byte', badCheck],
      ['a request', packageBytes(1, 34, ['//a', '1'])],
      ['bytes of something else', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ])('is told by %s: pending calls reject, and the connection closes', async (_what, bytes) => {
      const client = await connected();
      server.onRequest = () => server.push(bytes);
      const closed = closing(client);
      const serverSide = new Promise<void>((resolve) => server.connections[0]?.once('close', resolve));
      expect(await failure(client.ping())).toBeInstanceOf(LockProtocolError);
      expect(await closed).toBeInstanceOf(LockProtocolError);
      await serverSide;
    });

    it('is told by what it says on connecting', async () => {
      server.onConnection = (connection) => connection.send('220 welcome');
      const client = clientFor(server.url);
      clients.push(client);
      const closed = closing(client);
      await client.connect();
      expect(await closed).toBeInstanceOf(LockProtocolError);
    });
  });

  describe('the process', () => {
    const script = path.join(__dirname, '../../support/client-process.ts');

    function start(mode: string) {
      const child = spawn(process.execPath, ['--import', 'tsx', script, server.url, mode]);
      const lines: string[] = [];
      child.stdout.on('data', (data: Buffer) => lines.push(...data.toString().trim().split('\n')));
      child.stderr.on('data', (data: Buffer) => lines.push(data.toString()));
      return { lines, ended: once(child, 'exit').then(([code]) => code as number) };
    }

    it('ends by itself although a connection is open and idle', async () => {
      const { lines, ended } = start('idle');
      expect(await ended).toBe(0);
      expect(lines).toEqual(['connected']);
    });

    it('lives while a request is pending, until its time limit', async () => {
      server.onRequest = () => undefined;
      const { lines, ended } = start('pending');
      expect(await ended).toBe(0);
      expect(lines).toEqual(['query in //stuff had no answer within 300 ms']);
    });

    it('lives while the connection is held, and ends when it is let go', async () => {
      const { lines, ended } = start('held');
      await server.received(1);
      // Longer than anything but the hold could keep it.
      await new Promise((resolve) => setTimeout(resolve, 1000));
      server.push(packageBytes(0xffff, 8, {}));
      expect(await ended).toBe(0);
      expect(lines).toEqual(['connected', 'told']);
    });
  });
});
