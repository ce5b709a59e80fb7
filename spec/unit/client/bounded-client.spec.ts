import {
  LockConnectionError,
  LockPermissionError,
  LockSetupError,
  type LockError,
} from '../../../lib/errors.js';
import { BoundedClient } from '../../../lib/client/bounded-client.js';
import { ServerError } from '../../../lib/client/server-error.js';
import type { ThingsDBClient } from '../../../lib/client/thingsdb-client.js';
import { WebSocketClient } from '../../../lib/client/web-socket-client.js';
import { FakeServer } from '../../support/fake-server.js';

const never = () => new Promise<never>(() => undefined);

/** A client as others write them: nothing settles unless a spec says so. */
function stub(methods: Partial<ThingsDBClient> = {}): ThingsDBClient {
  return {
    connect: jest.fn(() => Promise.resolve()),
    disconnect: jest.fn(() => Promise.resolve()),
    auth: jest.fn(() => Promise.resolve()),
    authToken: jest.fn(never),
    ping: jest.fn(never),
    query: jest.fn(never),
    run: jest.fn(never),
    join: jest.fn(never),
    leave: jest.fn(never),
    addEventListener: jest.fn(),
    removeEventListener: jest.fn(),
    ...methods,
  };
}

const bounded = (client: ThingsDBClient, requestTimeoutMs = 1000) =>
  new BoundedClient(client, { requestTimeoutMs });
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => 'resolved',
    (error: unknown) => error,
  );

/** Each request, and how an error names it. */
const REQUESTS: [string, (client: ThingsDBClient) => Promise<unknown>][] = [
  ['ping', (client) => client.ping()],
  ['auth', (client) => client.authToken('abc')],
  ['query in //lock', (client) => client.query('//lock', '1;')],
  ['run tl_request in //lock', (client) => client.run('//lock', 'tl_request', [1])],
  ['join in //lock', (client) => client.join('//lock', 1)],
  ['leave in //lock', (client) => client.leave('//lock', 1)],
];

describe('a client that never answers', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it.each(REQUESTS)(
    '%s rejects when the time limit has passed, and says which request it was',
    async (name, send) => {
      const error = failure(send(bounded(stub())));
      jest.advanceTimersByTime(1100);
      expect(await error).toBeInstanceOf(LockConnectionError);
      expect(((await error) as Error).message).toBe(`${name} had no answer within 1000 ms`);
    },
  );

  it.each(REQUESTS)('%s rejects on disconnect(), and no timer is left', async (_name, send) => {
    const client = bounded(stub());
    const error = failure(send(client));
    await client.disconnect();
    expect(await error).toBeInstanceOf(LockConnectionError);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('needs one timer for a thousand requests', async () => {
    const client = bounded(stub());
    const all = Array.from({ length: 1000 }, () => failure(client.run('//lock', 'f')));
    expect(jest.getTimerCount()).toBe(1);
    await client.disconnect();
    await Promise.all(all);
  });

  it('disconnect() resolves although the client never closes', async () => {
    const closed = bounded(stub({ disconnect: never })).disconnect();
    jest.advanceTimersByTime(2000);
    await closed;
    expect(jest.getTimerCount()).toBe(0);
  });

  it('disconnect() resolves although the client fails to close', async () => {
    const client = stub({ disconnect: () => Promise.reject(new Error('not connected')) });
    await expect(bounded(client).disconnect()).resolves.toBeUndefined();
  });

  it('connect() rejects in time, and closes what may open later', async () => {
    const disconnect = jest.fn(() => Promise.resolve());
    const error = failure(bounded(stub({ connect: never, disconnect })).connect());
    jest.advanceTimersByTime(1100);
    expect(await error).toBeInstanceOf(LockConnectionError);
    expect(disconnect).toHaveBeenCalledTimes(1);
  });
});

describe('what a client rejects with', () => {
  // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- clients reject with anything
  const rejecting = (reason: unknown) => bounded(stub({ run: () => Promise.reject(reason) }));

  it('becomes a typed error by its code, with the request and its cause', async () => {
    const error = await failure(rejecting({ error_code: -54, error_msg: 'not found' }).run('//lock', 'f'));
    expect(error).toBeInstanceOf(LockSetupError);
    expect(error).toMatchObject({ cause: { error_code: -54 } });
    expect((error as Error).message).toContain('run f in //lock');
  });

  it('stays what it is when our own procedure refuses', async () => {
    const error = await failure(rejecting({ error_code: -105, error_msg: 'no' }).run('//lock', 'f'));
    expect(error).toBeInstanceOf(ServerError);
    expect(error).toMatchObject({ error_code: -105, error_msg: 'no' });
  });

  it('names the user who authenticated, when that one lacks a right', async () => {
    const client = rejecting({ error_code: -55, error_msg: 'missing' });
    await client.auth('worker', 'secret');
    const error = await failure(client.run('//lock', 'f'));
    expect(error).toBeInstanceOf(LockPermissionError);
    expect((error as Error).message).toContain("grant('//lock', 'worker', RUN|CHANGE|JOIN);");
    expect((error as Error).message).not.toContain('secret');
  });

  it.each([
    ['an error of its own', new TypeError("Cannot read properties of undefined (reading 'send')")],
    ['an event', { type: 'error', message: 'connection refused' }],
    ['nothing at all', undefined],
  ])('becomes a LockConnectionError when it is %s', async (_what, reason) => {
    const error = await failure(rejecting(reason).run('//lock', 'f'));
    expect(error).toBeInstanceOf(LockConnectionError);
    expect((error as Error).cause).toBe(reason);
  });

  it('is a rejection also when the client throws instead', async () => {
    const client = stub({
      ping: () => {
        throw new Error('not connected');
      },
    });
    expect(await failure(bounded(client).ping())).toBeInstanceOf(LockConnectionError);
  });
});

describe('answers', () => {
  it('come through as they are, with the arguments that were given', async () => {
    const run = jest.fn(() => Promise.resolve([1, 'a']));
    const query = jest.fn(() => Promise.resolve(7));
    const client = stub({ run, query });
    expect(await bounded(client).run('//lock', 'f', [1])).toEqual([1, 'a']);
    expect(await bounded(client).query('//lock', 'x;', { x: 7 })).toBe(7);
    expect(run).toHaveBeenCalledWith('//lock', 'f', [1]);
    expect(query).toHaveBeenCalledWith('//lock', 'x;', { x: 7 });
  });

  it('that come after the time limit change nothing', async () => {
    let resolve: (value: unknown) => void = () => undefined;
    const client = stub({ run: () => new Promise((done) => (resolve = done)) });
    const error = await failure(bounded(client, 5).run('//lock', 'f'));
    resolve('late');
    expect(error).toBeInstanceOf(LockConnectionError);
  });
});

describe('the end of the connection', () => {
  it('is told once, whichever side ended it, and pending calls have rejected by then', async () => {
    const server = await FakeServer.start();
    const client = bounded(new WebSocketClient(server.url));
    await client.connect();
    server.onRequest = () => undefined;
    const order: string[] = [];
    const reasons: LockError[] = [];
    const closed = new Promise<void>((resolve) =>
      client.onClose((reason) => {
        reasons.push(reason);
        order.push('told');
        resolve();
      }),
    );
    const pending = client.ping().catch(() => order.push('rejected'));
    await server.received(1);
    server.connections[0]?.terminate();
    await Promise.all([closed, pending]);
    await client.disconnect();
    expect(reasons).toHaveLength(1);
    expect(reasons[0]).toBeInstanceOf(LockConnectionError);
    expect(await failure(client.ping())).toBeInstanceOf(LockConnectionError);
    await server.close();
  });

  it('is over with the next connect()', async () => {
    const server = await FakeServer.start();
    const client = bounded(new WebSocketClient(server.url));
    await client.connect();
    await client.disconnect();
    await client.connect();
    await expect(client.ping()).resolves.toBeUndefined();
    await client.disconnect();
    await server.close();
  });

  it('disconnect() is told to those who listen, also for a client that tells nothing itself', async () => {
    const client = bounded(stub());
    const told = jest.fn();
    client.onClose(told);
    await client.disconnect();
    await client.disconnect();
    expect(told).toHaveBeenCalledTimes(1);
  });
});
