import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { types } from 'node:util';
import { LockConnectionError } from '../../../lib/errors.js';
import { clientFor, type ClientOptions } from '../../../lib/client/open-client.js';
import { FakeServer } from '../../support/fake-server.js';
import { startTcpServer } from '../../support/tcp-server.js';
import { TEST_CERTIFICATE } from '../../support/test-certificate.js';

const servers: { close: () => unknown }[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

function open<T extends { close: () => unknown }>(server: T): T {
  servers.push(server);
  return server;
}

/** Connecting must fail: the error says to which host, why, and what to do, and keeps the cause. */
async function failureOf(url: string, options?: ClientOptions): Promise<LockConnectionError> {
  const client = clientFor(url, options);
  const error: unknown = await client.connect().then(
    () => client.disconnect().then(() => 'connected'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(LockConnectionError);
  expect((error as Error).message).toContain(`cannot connect to ${url}:`);
  expect(types.isNativeError((error as Error).cause)).toBe(true);
  return error as LockConnectionError;
}

describe('a connection that cannot be opened', () => {
  it('is refused: says that nothing listens there', async () => {
    const tcp = open(await startTcpServer());
    tcp.close();
    const { message } = await failureOf(`ws://127.0.0.1:${tcp.port}`);
    expect(message).toMatch(/ECONNREFUSED.*nothing listens there.*ws_port/);
  });

  it('is refused over TCP: says that nothing listens there, and which port it is by default', async () => {
    const tcp = open(await startTcpServer());
    tcp.close();
    const { message } = await failureOf(`thingsdb://127.0.0.1:${tcp.port}`);
    expect(message).toMatch(/ECONNREFUSED.*nothing listens there.*9200/);
    expect(message).not.toMatch(/WebSocket|ws_port/);
  });

  it.each(['ws', 'thingsdb'])('has no such host for %s: says to check its name', async (scheme) => {
    const { message } = await failureOf(`${scheme}://no-such-host.invalid:9270`);
    expect(message).toMatch(/check its name|name of the host could not be looked up/);
  });

  it('is another protocol that hangs up: says which port to use', async () => {
    const tcp = open(await startTcpServer((socket) => socket.destroy()));
    const { message } = await failureOf(`ws://127.0.0.1:${tcp.port}`);
    expect(message).toContain('use the port set as ws_port, or thingsdb:// for the TCP port');
  });

  it('is another protocol that talks: says which port to ask', async () => {
    const tcp = open(await startTcpServer((socket) => socket.write('220 mail.example ESMTP\r\n')));
    const { message } = await failureOf(`ws://127.0.0.1:${tcp.port}`);
    expect(message).toContain('ws_port');
  });

  it.each([200, 301, 404, 502])('answers with HTTP status %d: says so', async (status) => {
    const http = open(
      createServer((_request, response) => response.writeHead(status, { location: '/' }).end('no')),
    );
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    const { message } = await failureOf(`ws://127.0.0.1:${(http.address() as AddressInfo).port}`);
    expect(message).toContain(`HTTP status ${status}`);
  });

  it('does not speak TLS where TLS is asked for: says to use ws://', async () => {
    const server = open(await FakeServer.start());
    const { message } = await failureOf(server.url.replace('ws:', 'wss:'));
    expect(message).toContain('use ws://');
  });

  it('speaks TLS where none is asked for', async () => {
    const server = open(await FakeServer.start(TEST_CERTIFICATE));
    await failureOf(server.url.replace('wss:', 'ws:'));
  });

  it('has a certificate that nobody known has signed: says how to trust it', async () => {
    const server = open(await FakeServer.start(TEST_CERTIFICATE));
    const { message } = await failureOf(server.url);
    expect(message).toContain('tls: { ca }');
  });

  it('has a certificate for another host: says to use its name', async () => {
    const server = open(await FakeServer.start(TEST_CERTIFICATE));
    const { message } = await failureOf(server.url.replace('localhost', '127.0.0.1'), {
      tls: { ca: TEST_CERTIFICATE.cert },
    });
    expect(message).toContain('for another host');
  });
});

it('a connection over TLS opens when its authority is given', async () => {
  const server = open(await FakeServer.start(TEST_CERTIFICATE));
  const client = clientFor(server.url, { tls: { ca: TEST_CERTIFICATE.cert } });
  await client.connect();
  await client.ping();
  await client.disconnect();
});
