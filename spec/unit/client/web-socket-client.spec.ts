/** What only a WebSocket has; the rest is in package-client.spec.ts. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import { LockConnectionError, LockOptionsError } from '../../../lib/errors.js';
import { WebSocketClient } from '../../../lib/client/web-socket-client.js';
import { FakeServer, answer, packageBytes, type FakeRequest } from '../../support/fake-server.js';
import { startTcpServer } from '../../support/tcp-server.js';

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => 'resolved',
    (error: unknown) => error,
  );

it('a package that is split over frames is read', async () => {
  const server = new WebSocketServer({ port: 0 });
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[WebSocket]>;
  const client = new WebSocketClient(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  await client.connect();
  const told = new Promise((resolve) => client.addEventListener((_type, message) => resolve(message)));
  const [connection] = await accepted;
  const bytes = packageBytes(0xffff, 8, 'in two frames');
  connection.send(bytes.subarray(0, 11), { fin: false });
  connection.send(bytes.subarray(11), { fin: true });
  expect(await told).toBe('in two frames');
  await client.disconnect();
  server.close();
});

it('disconnect() before a socket is there leaves none behind', async () => {
  const server = await FakeServer.start();
  const client = new WebSocketClient(server.url);
  const connecting = failure(client.connect());
  await client.disconnect();
  expect(await connecting).toMatchObject({
    message: expect.stringContaining('closed by disconnect()') as string,
  });
  // Whoever comes later is the first.
  await client.connect();
  expect(server.connections).toHaveLength(1);
  await client.disconnect();
  await server.close();
});

it('a port that takes the connection and says nothing is given up', async () => {
  const silent = await startTcpServer();
  const client = new WebSocketClient(`ws://127.0.0.1:${silent.port}`, { connectTimeoutMs: 50 });
  expect(await failure(client.connect())).toMatchObject({
    message: expect.stringContaining('no connection within 50 ms') as string,
  });
  silent.close();
});

describe('a connection that is owed answers', () => {
  let server: FakeServer;
  let client: WebSocketClient;
  let pending: FakeRequest[];
  let closed: boolean;

  beforeEach(async () => {
    server = await FakeServer.start();
    client = new WebSocketClient(server.url, { requestTimeoutMs: 60 });
    await client.connect();
    pending = [];
    closed = false;
    server.connections[0]?.once('close', () => (closed = true));
    server.onRequest = (request) => pending.push(request);
  });

  afterEach(async () => {
    await client.disconnect();
    await server.close();
  });

  /** Half a second for the answers, then it is over for everybody here. */
  async function disconnect(): Promise<void> {
    const reasons: Error[] = [];
    client.onClose((reason) => reasons.push(reason));
    await client.disconnect();
    expect(reasons).toHaveLength(1);
    expect(await failure(client.ping())).toBeInstanceOf(LockConnectionError);
  }

  it('stays open behind disconnect() until the last of them is in, those to requests that timed out too', async () => {
    const late = failure(client.run('//a', 'timed out'));
    await server.received(1);
    expect(await late).toBeInstanceOf(LockConnectionError);
    const rejected = failure(client.run('//a', 'pending'));
    await server.received(2);
    await disconnect();
    expect(await rejected).toBeInstanceOf(LockConnectionError);
    answer(pending[0] as FakeRequest);
    // The answer to a request of the server's own making shows that the one before it has been dealt with.
    const connection = server.connections[0] as unknown as WebSocket;
    const ponged = once(connection, 'pong');
    connection.ping();
    await ponged;
    expect(closed).toBe(false);
    const gone = new Promise<void>((resolve) => connection.once('close', () => resolve()));
    answer(pending[1] as FakeRequest);
    await gone;
  });

  it('is not kept from a new one by the same client', async () => {
    void failure(client.run('//a', 'pending'));
    await server.received(1);
    await disconnect();
    await client.connect();
    server.onRequest = answer;
    await client.ping();
    expect(server.connections).toHaveLength(2);
  });

  it('is closed after 100 seconds at the most, by a timer that does not keep the process alive', async () => {
    const timeouts = jest.spyOn(globalThis, 'setTimeout');
    void failure(client.run('//a', 'never answered'));
    await server.received(1);
    await disconnect();
    const index = timeouts.mock.calls.findIndex(([, delayMs]) => delayMs === 100_000);
    const timer = timeouts.mock.results[index]?.value as NodeJS.Timeout;
    expect(timer.hasRef()).toBe(false);
    const gone = new Promise<void>((resolve) => server.connections[0]?.once('close', resolve));
    (timeouts.mock.calls[index]?.[0] as () => void)();
    await gone;
    timeouts.mockRestore();
  });
});

it('tls is refused for an address that is reached without', () => {
  expect(() => new WebSocketClient('ws://localhost', { tls: {} })).toThrow(LockOptionsError);
});
