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

/** Resolves with the URL that the server prints. */
async function ready(child: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: child.stdout! })) {
    const url = /^listening on (ws:\/\/127\.0\.0\.1:\d+)$/.exec(line)?.[1];
    if (url !== undefined) return url;
  }
  throw new Error('the server ended before it was ready');
}

it.each(['SIGINT', 'SIGTERM'] as const)('serves once it says so, and ends well by %s', async (signal) => {
  const child = run('--port', '0', '--tcp-port', '0');
  const client = await RawClient.overWebSocket(await ready(child));
  client.request(1, 33, ['admin', 'pass']);
  expect((await client.next()).type).toBe(17);
  const exit = exitOf(child);
  child.kill(signal);
  expect(await exit).toBe(0);
  await client.closed;
});

it('says that a port is taken', async () => {
  const child = run('--port', '0');
  const { port } = new URL(await ready(child));
  const second = run('--port', port);
  const errors = textOf(second.stderr!);
  expect(await exitOf(second)).toBe(69);
  expect(await errors).toContain('EADDRINUSE');
});

it.each([[['--port', 'x']], [['--port', '65536']], [['--unknown']]])(
  'refuses %j and shows how it is used',
  async (args) => {
    const child = run(...args);
    const errors = textOf(child.stderr!);
    expect(await exitOf(child)).toBe(64);
    expect(await errors).toContain('Usage: thingsdb-lock dev-server');
  },
);
