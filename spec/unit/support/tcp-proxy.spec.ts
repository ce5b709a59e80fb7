import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { TcpProxy } from '../../support/tcp-proxy.js';
import { until } from '../../support/until.js';

describe('a proxy', () => {
  let server: Server;
  let proxy: TcpProxy;
  let client: Socket;
  let atServer = '';
  let atClient = '';

  beforeEach(async () => {
    [atServer, atClient] = ['', ''];
    // Says back what it hears.
    server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (bytes) => {
        atServer += bytes.toString();
        socket.write(bytes);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    proxy = await TcpProxy.to(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
    client = connect(Number(new URL(proxy.url).port), '127.0.0.1');
    client.on('error', () => undefined);
    client.on('data', (bytes) => (atClient += bytes.toString()));
    await once(client, 'connect');
  });

  afterEach(async () => {
    client.destroy();
    await proxy.close();
    server.close();
  });

  it('that is half-open loses what one side sends and passes what the other does', async () => {
    proxy.dropFrom('server');
    client.write('a');
    await until(() => atServer === 'a');
    client.write('b');
    await until(() => atServer === 'ab');
    expect(atClient).toBe('');
  });

  it('ends a half-open connection when that is over', async () => {
    proxy.dropFrom('client');
    client.write('a');
    const closed = new Promise((resolve) => client.once('close', resolve));
    proxy.restore();
    await closed;
    expect(atServer).toBe('');
  });

  it('that is mute takes new connections and lets them hear nothing, while those that there are go on', async () => {
    proxy.mute(true);
    const { hostname, port } = new URL(proxy.url);
    const other = connect(Number(port), hostname);
    await once(other, 'connect');
    const heard = jest.fn();
    other.on('data', heard);
    other.write('b');
    client.write('a');
    await until(() => atClient === 'a');
    expect(atServer).toBe('a');
    expect(heard).not.toHaveBeenCalled();
    other.destroy();
  });

  it('swallows what one side sends after so many bytes, in the middle of a message, and not on new connections', async () => {
    proxy.swallowAfter('client', 3);
    client.write('ab');
    client.write('cd');
    await until(() => atServer === 'abc');
    const { hostname, port } = new URL(proxy.url);
    const other = connect(Number(port), hostname);
    other.write('e');
    await once(other, 'data');
    other.destroy();
    expect(atServer).toBe('abce');
  });

  it('passes everything in order when a delay gets shorter', async () => {
    proxy.delay(60);
    const startedMs = performance.now();
    client.write('1');
    await new Promise((resolve) => setTimeout(resolve, 10));
    proxy.delay(0);
    client.write('2');
    await until(() => atClient === '12');
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(60);
  });

  it('that is silent loses all that is said on the connections that there are, and their ends; new ones pass', async () => {
    let hasEnded = false;
    client.on('close', () => (hasEnded = true));
    client.write('a');
    await until(() => atClient === 'a');
    proxy.silence();
    client.write('b');
    const { hostname, port } = new URL(proxy.url);
    const other = connect(Number(port), hostname);
    other.write('c');
    await once(other, 'data');
    other.destroy();
    expect([atServer, atClient, hasEnded]).toEqual(['ac', 'a', false]);
    proxy.endSilence();
    await until(() => hasEnded);
  });

  it('that is silent does not tell the server that the client has gone', async () => {
    const [closed, open] = [
      jest.fn(),
      () => new Promise((resolve) => server.getConnections((_, n) => resolve(n))),
    ];
    await until(async () => (await open()) === 1);
    proxy.silence();
    client.once('close', closed);
    client.destroy();
    await until(() => closed.mock.calls.length > 0);
    expect(await open()).toBe(1);
    proxy.endSilence();
    await until(async () => (await open()) === 0);
  });
});
