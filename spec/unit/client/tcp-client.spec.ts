/** What only a TCP connection has; the rest is in package-client.spec.ts. */
import { createServer, type AddressInfo } from 'node:net';
import { LockConnectionError, LockOptionsError, LockProtocolError } from '../../../lib/errors.js';
import { TcpClient } from '../../../lib/client/tcp-client.js';
import { FakeServer } from '../../support/fake-server.js';
import { startTcpServer } from '../../support/tcp-server.js';

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => 'resolved',
    (error: unknown) => error,
  );

it('closes at once although the server owes it an answer: a node takes no harm from that', async () => {
  const server = await FakeServer.overTcp();
  server.onRequest = () => undefined;
  const client = new TcpClient(server.url);
  await client.connect();
  const pending = failure(client.run('//a', 'f'));
  await server.received(1);
  const closed = new Promise<void>((resolve) => server.connections[0]?.once('close', resolve));
  const timeouts = jest.spyOn(globalThis, 'setTimeout');
  await client.disconnect();
  await closed;
  // Nothing but the limit of the closing itself was waited for.
  expect(timeouts.mock.calls.map(([, delayMs]) => delayMs)).toEqual([1_000]);
  timeouts.mockRestore();
  expect(await pending).toBeInstanceOf(LockConnectionError);
  await server.close();
});

it('reaches an IPv6 address', async () => {
  const server = createServer((socket) =>
    socket.on('data', (data) => {
      socket.write(Buffer.from([0, 0, 0, 0, data[4] ?? 0, data[5] ?? 0, 16, 239]));
    }),
  );
  const listening = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(0, '::1', () => resolve(true));
  });
  // A machine without IPv6 shows at least that the brackets are understood.
  const port = listening ? (server.address() as AddressInfo).port : 9;
  const client = new TcpClient(`thingsdb://[::1]:${port}`);
  const connecting = failure(client.connect());
  if (!listening)
    expect(await connecting).toMatchObject({ message: expect.stringContaining('::1') as string });
  else {
    expect(await connecting).toBe('resolved');
    await client.ping();
  }
  await client.disconnect();
  server.close();
});

it('tells a port that speaks HTTP, and what to use for it', async () => {
  const http = await startTcpServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  const client = new TcpClient(`thingsdb://127.0.0.1:${http.port}`);
  const closed = new Promise<Error>((resolve) => void client.onClose(resolve));
  await client.connect();
  const reason = await closed;
  expect(reason).toBeInstanceOf(LockProtocolError);
  expect(reason.message).toContain('use ws://');
  http.close();
});

it('an address of another transport is refused', () => {
  expect(() => new TcpClient('ws://localhost:9270')).toThrow(LockOptionsError);
});
