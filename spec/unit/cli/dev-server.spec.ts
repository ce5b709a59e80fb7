import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { RawClient } from '../../support/raw-client.js';

const ROOT = join(__dirname, '../../..');

const processes: ChildProcess[] = [];

afterEach(() => {
  for (const child of processes.splice(0)) child.kill('SIGKILL');
});

function run(...args: string[]): ChildProcess {
  const child = spawn(process.execPath, ['--import', 'tsx', 'lib/cli/main.ts', 'dev-server', ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  processes.push(child);
  return child;
}

function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once('exit', resolve));
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text;
}

/** Resolves with the addresses that the server prints, TCP first. */
async function ready(child: ChildProcess): Promise<[tcp: URL, webSocket: URL]> {
  const urls: URL[] = [];
  for await (const line of createInterface({ input: child.stdout! })) {
    const [, url] = /^listening on (\w+:\/\/127\.0\.0\.1:\d+)$/.exec(line) ?? [];
    if (url !== undefined) urls.push(new URL(url));
    const [tcp, webSocket] = urls;
    if (tcp !== undefined && webSocket !== undefined) return [tcp, webSocket];
  }
  throw new Error('the server ended before it was ready');
}

async function logIn(client: RawClient): Promise<RawClient> {
  client.request(1, 33, ['admin', 'pass']);
  expect((await client.next()).type).toBe(17);
  return client;
}

it.each(['SIGINT', 'SIGTERM'] as const)(
  'serves TCP and WebSockets once it says so, on free ports with --port 0 alone, and ends well by %s',
  async (signal) => {
    const child = run('--port', '0');
    const [tcp, webSocket] = await ready(child);
    expect([tcp.protocol, webSocket.protocol]).toEqual(['thingsdb:', 'ws:']);
    expect(['9200', '9270', '']).not.toContain(tcp.port);
    expect(['9200', '9270', '']).not.toContain(webSocket.port);
    const clients = [
      await logIn(await RawClient.overTcp(Number(tcp.port))),
      await logIn(await RawClient.overWebSocket(webSocket.href)),
    ];
    const exit = exitOf(child);
    child.kill(signal);
    expect(await exit).toBe(0);
    await Promise.all(clients.map((client) => client.closed));
  },
);

it('listens where it is told', async () => {
  const first = run('--port', '0');
  const [{ port: tcpPort }, { port }] = await ready(first);
  const exit = exitOf(first);
  first.kill('SIGTERM');
  await exit;
  const second = await ready(run('--port', port, '--tcp-port', tcpPort));
  expect(second.map(String)).toEqual([`thingsdb://127.0.0.1:${tcpPort}`, `ws://127.0.0.1:${port}/`]);
});

it.each(['--port', '--tcp-port'])('says that the port of %s is taken', async (option) => {
  const [tcp, webSocket] = await ready(run('--port', '0'));
  const taken = option === '--port' ? webSocket.port : tcp.port;
  const second = run('--port', '0', option, taken);
  const errors = textOf(second.stderr!);
  expect(await exitOf(second)).toBe(69);
  expect(await errors).toContain('EADDRINUSE');
});

it('takes 9200 and 9270 by itself', async () => {
  const help = run('--help');
  const text = textOf(help.stdout!);
  expect(await exitOf(help)).toBe(0);
  expect(await text).toMatch(/--port N .*default 9270/);
  expect(await text).toMatch(/--tcp-port N .*default 9200/);
});

it('with --generate-password admin has a password that only its output tells', async () => {
  const passwords = new Set<string>();
  for (let each = 0; each < 2; each++) {
    const child = run('--port', '0', '--generate-password');
    let password = '';
    const urls: URL[] = [];
    for await (const line of createInterface({ input: child.stdout! })) {
      password = /^user admin, password (\S{24,})$/.exec(line)?.[1] ?? password;
      const [, url] = /^listening on (\S+)$/.exec(line) ?? [];
      if (url !== undefined && urls.push(new URL(url)) === 2) break;
    }
    const [known, generated] = await Promise.all(
      ['pass', password].map(async (word) => {
        const client = await RawClient.overTcp(Number(urls[0]?.port));
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

it.each([[['--port', 'x']], [['--port', '65536']], [['--tcp-port', '-1']], [['--unknown']]])(
  'refuses %j and shows how it is used',
  async (args) => {
    const child = run(...args);
    const errors = textOf(child.stderr!);
    expect(await exitOf(child)).toBe(64);
    expect(await errors).toContain('Usage: thingsdb-lock dev-server');
  },
);
