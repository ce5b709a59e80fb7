import { useCli, type Cli } from '../../support/cli.js';
import { RawClient } from '../../support/raw-client.js';

const cli = useCli();

function run(...args: string[]): Cli {
  return cli(['dev-server', ...args]);
}

/** Resolves with the addresses that the server prints, TCP first. */
async function ready(server: Cli): Promise<[tcp: URL, webSocket: URL]> {
  await server.printed('listening on ws://');
  const urls = [...server.out.matchAll(/^listening on (\w+:\/\/127\.0\.0\.1:\d+)$/gm)].map(([, url]) => url);
  expect(urls).toHaveLength(2);
  return [new URL(urls[0] ?? ''), new URL(urls[1] ?? '')];
}

async function logIn(client: RawClient): Promise<RawClient> {
  client.request(1, 33, ['admin', 'pass']);
  expect((await client.next()).type).toBe(17);
  return client;
}

it.each(['SIGINT', 'SIGTERM'] as const)(
  'serves TCP and WebSockets once it says so, on free ports with --port 0 alone, and ends well by %s',
  async (signal) => {
    const server = run('--port', '0');
    const [tcp, webSocket] = await ready(server);
    expect([tcp.protocol, webSocket.protocol]).toEqual(['thingsdb:', 'ws:']);
    expect(['9200', '9270', '']).not.toContain(tcp.port);
    expect(['9200', '9270', '']).not.toContain(webSocket.port);
    const clients = [
      await logIn(await RawClient.overTcp(Number(tcp.port))),
      await logIn(await RawClient.overWebSocket(webSocket.href)),
    ];
    server.child.kill(signal);
    expect(await server.status).toBe(0);
    await Promise.all(clients.map((client) => client.closed));
  },
);

it('listens where it is told', async () => {
  const first = run('--port', '0');
  const [{ port: tcpPort }, { port }] = await ready(first);
  first.child.kill('SIGTERM');
  await first.status;
  const second = await ready(run('--port', port, '--tcp-port', tcpPort));
  expect(second.map(String)).toEqual([`thingsdb://127.0.0.1:${tcpPort}`, `ws://127.0.0.1:${port}/`]);
});

it.each(['--port', '--tcp-port'])('says that the port of %s is taken', async (option) => {
  const [tcp, webSocket] = await ready(run('--port', '0'));
  const taken = option === '--port' ? webSocket.port : tcp.port;
  const second = run('--port', '0', option, taken);
  expect(await second.status).toBe(69);
  expect(second.err).toContain('EADDRINUSE');
  expect(second.err).toContain(`127.0.0.1:${taken}`);
  expect(second.err).toContain('--port 0 --tcp-port 0 takes free ports');
});

it('with --json tells its addresses as records', async () => {
  const server = run('--port', '0', '--json');
  await server.printed('ws://');
  expect(server.records).toEqual([
    { type: 'listening', url: expect.stringMatching(/^thingsdb:/) as string },
    { type: 'listening', url: expect.stringMatching(/^ws:/) as string },
  ]);
});

it('with --generate-password admin has a password that only its output tells', async () => {
  const passwords = new Set<string>();
  for (let each = 0; each < 2; each++) {
    const server = run('--port', '0', '--generate-password');
    const [{ port }] = await ready(server);
    const password = /^user admin, password (\S{24,})$/m.exec(server.out)?.[1] ?? '';
    const [known, generated] = await Promise.all(
      ['pass', password].map(async (word) => {
        const client = await RawClient.overTcp(Number(port));
        client.request(1, 33, ['admin', word]);
        const { type } = await client.next();
        client.destroy();
        return type;
      }),
    );
    expect([known, generated]).toEqual([19, 17]);
    passwords.add(password);
  }
  expect(passwords.size).toBe(2);
});

it.each([[['--port', 'x']], [['--port', '65536']], [['--tcp-port', '-1']], [['--unknown']], [['extra']]])(
  'refuses %j and shows how it is used',
  async (args) => {
    const server = run(...args);
    expect(await server.status).toBe(64);
    expect(server.err).toContain('Usage: thingsdb-lock dev-server');
  },
);
