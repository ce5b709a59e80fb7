import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { LockManager } from '../../lib/index.js';
import { onEachBackEnd } from '../support/back-end.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';

const MAIN = path.join(__dirname, '../../lib/cli/main.ts');
const { version } = JSON.parse(readFileSync(path.join(__dirname, '../../package.json'), 'utf8')) as {
  version: string;
};

/** A run of the command line, with what it has written so far. */
class Cli {
  readonly child: ChildProcessWithoutNullStreams;
  /** Its exit status: -1 if a signal ended it. */
  readonly status: Promise<number>;
  out = '';
  err = '';
  readonly #waiting = new Set<() => void>();

  constructor(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const { PATH, HOME } = process.env;
    this.child = spawn(process.execPath, ['--import', 'tsx', MAIN, ...args], { env: { PATH, HOME, ...env } });
    this.child.stdout.on('data', (data: Buffer) => {
      this.out += data.toString();
      for (const check of this.#waiting) check();
    });
    this.child.stderr.on('data', (data: Buffer) => (this.err += data.toString()));
    this.status = new Promise((resolve) => this.child.on('close', (code) => resolve(code ?? -1)));
  }

  /** Resolves once the text has been written to the standard output; rejects if the process ends without. */
  printed(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        if (!this.out.includes(text)) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
      void this.status.then((status) => reject(new Error(`ended with ${status}: ${this.err}`)));
    });
  }
}

const started: Cli[] = [];

function cli(args: readonly string[], env?: NodeJS.ProcessEnv): Cli {
  const run = new Cli(args, env);
  started.push(run);
  return run;
}

afterEach(async () => {
  for (const { child } of started) child.kill('SIGKILL');
  await Promise.all(started.splice(0).map(({ status }) => status));
});

describe('thingsdb-lock', () => {
  test('--help and --version answer on the standard output', async () => {
    const [help, shown] = [cli(['--help']), cli(['--version'])];
    expect(await help.status).toBe(0);
    expect(help.out).toContain('thingsdb-lock run NAME');
    expect(await shown.status).toBe(0);
    expect(shown.out.trim()).toBe(version);
  });

  test.each([[[]], [['jump']]])(
    'without a subcommand that it knows (%j) it shows its usage and exits with 64',
    async (args) => {
      const run = cli(args);
      expect(await run.status).toBe(64);
      expect(run.err).toContain('Usage: thingsdb-lock');
      expect(run.out).toBe('');
    },
  );

  const env = { THINGSDB_URL: 'ws://127.0.0.1:1', THINGSDB_USER: 'admin', THINGSDB_PASSWORD: 'pass' };
  const withoutUrl = { THINGSDB_USER: 'admin', THINGSDB_PASSWORD: 'pass' };
  const withoutCredentials = { THINGSDB_URL: 'ws://127.0.0.1:1' };

  test.each<[string, string[], NodeJS.ProcessEnv, string]>([
    ['no name', ['--', 'true'], env, 'name of the lock is missing'],
    ['no command', ['a'], env, 'command is missing'],
    ['nothing after --', ['a', '--'], env, 'command is missing'],
    ['two names', ['a', 'b', '--', 'true'], env, '"b"'],
    ['an option that it does not know', ['a', '--fast', '--', 'true'], env, '--fast'],
    ['a ttl that is none', ['a', '--ttl', 'soon', '--', 'true'], env, '"soon"'],
    ['a grace that is none', ['a', '--kill-after', '10', '--', 'true'], env, '"10"'],
    [
      'both ways not to wait',
      ['a', '--no-wait', '--wait-timeout', '1s', '--', 'true'],
      env,
      'exclude each other',
    ],
    ['a certificate that is not there', ['a', '--tls-ca', '/no/such/file', '--', 'true'], env, '--tls-ca'],
    ['TLS over a port that has none', ['a', '--tls-no-verify', '--', 'true'], env, 'use wss://'],
    ['no server', ['a', '--', 'true'], withoutUrl, 'THINGSDB_URL'],
    ['no credentials', ['a', '--', 'true'], withoutCredentials, 'THINGSDB_TOKEN'],
  ])('run with %s exits with 64, says why, and runs nothing', async (_what, args, given, why) => {
    const run = cli(['run', ...args], given);
    expect(await run.status).toBe(64);
    expect(run.err).toContain(why);
  });

  test('run exits with 69 when the server cannot be reached, says where, and runs nothing', async () => {
    const run = cli(['run', 'a', '--', 'echo', 'ran'], env);
    expect(await run.status).toBe(69);
    expect(run.err).toContain('ws://127.0.0.1:1');
    expect(run.out).toBe('');
  });
});

describe('thingsdb-lock dev-server', () => {
  test('says where it listens once a command can be run against it, and ends with 0 when told to', async () => {
    const server = cli(['dev-server', '--port', '0']);
    await server.printed('listening on ws://');
    const [, url] = /^listening on (thingsdb:\S+)$/m.exec(server.out) ?? [];
    const env = { THINGSDB_URL: url, THINGSDB_USER: 'admin', THINGSDB_PASSWORD: 'pass' };
    expect(await cli(['run', 'a', '--', 'true'], env).status).toBe(0);
    server.child.kill('SIGTERM');
    expect(await server.status).toBe(0);
  });
});

onEachBackEnd('thingsdb-lock run', (backEnd) => {
  function run(name: string, args: readonly string[], url = backEnd.urls.join(',')): Cli {
    const credentials =
      'token' in backEnd.auth
        ? { THINGSDB_TOKEN: backEnd.auth.token }
        : { THINGSDB_USER: backEnd.auth.username, THINGSDB_PASSWORD: backEnd.auth.password };
    const env = { ...credentials, THINGSDB_URL: url };
    return cli(['run', name, '--collection', backEnd.collection, ...args], env);
  }

  test('passes its standard input, the name and a fencing token to the command, and exits as that did', async () => {
    const first = run('a name', [
      '--',
      'sh',
      '-c',
      'cat; echo "$THINGSDB_LOCK_NAME,$THINGSDB_LOCK_TOKEN"; exit 7',
    ]);
    first.child.stdin.end('from stdin\n');
    expect(await first.status).toBe(7);
    const [, token] = /^from stdin\na name,(\d+)\n$/.exec(first.out) ?? [];
    const second = run('a name', ['--', 'sh', '-c', 'echo "$THINGSDB_LOCK_TOKEN"']);
    expect(await second.status).toBe(0);
    expect(Number(second.out)).toBeGreaterThan(Number(token));
  });

  test('leaves everything after -- to the command', async () => {
    const echo = run('a', ['--', 'echo', '--help', '--', '--ttl']);
    expect(await echo.status).toBe(0);
    expect(echo.out).toBe('--help -- --ttl\n');
  });

  test('exits with 128 plus the signal that ended the command', async () => {
    expect(await run('a', ['--', 'sh', '-c', 'kill -KILL $$']).status).toBe(137);
  });

  test('exits with 127 when there is no such command, with 126 when it cannot be run; the lock is free then', async () => {
    expect(await run('a', ['--', 'no-such-command']).status).toBe(127);
    expect(await run('a', ['--', __filename]).status).toBe(126);
    expect(await backEnd.manager().isLocked('a')).toBe(false);
  });

  test('holds the lock while the command runs: no second one runs with --no-wait or in a time too short', async () => {
    const holder = run('busy', ['--', 'sh', '-c', 'echo held; read line']);
    await holder.printed('held');
    const [never, late] = [
      run('busy', ['--no-wait', '--', 'echo', 'ran']),
      run('busy', ['--wait-timeout', '200ms', '--', 'echo', 'ran']),
    ];
    expect([await never.status, await late.status]).toEqual([75, 75]);
    expect(never.out + late.out).toBe('');
    holder.child.stdin.end('\n');
    expect(await holder.status).toBe(0);
  });

  test('a second one runs its command after the first has ended', async () => {
    const first = run('turns', ['--', 'sh', '-c', 'echo held; read line; echo done']);
    await first.printed('held');
    const manager = backEnd.manager();
    const second = run('turns', ['--', 'echo', 'my turn']);
    await until(async () => (await ahead(manager, 'turns')) === 2);
    expect(second.out).toBe('');
    first.child.stdin.end('\n');
    expect(await second.status).toBe(0);
    expect(first.out).toBe('held\ndone\n');
    expect(second.out).toBe('my turn\n');
    expect(await manager.isLocked('turns')).toBe(false);
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s reaches the command; the lock is given back at once', async (signal, status) => {
    const held = run('told', [
      '--',
      process.execPath,
      '-e',
      'console.log("held"); setInterval(() => {}, 1000)',
    ]);
    await held.printed('held');
    held.child.kill(signal);
    expect(await held.status).toBe(status);
    expect(await backEnd.manager().isLocked('told')).toBe(false);
  });

  test('a command that handles the signal has the last word on the exit status', async () => {
    const script =
      'process.on("SIGTERM", () => process.exit(3)); console.log("held"); setInterval(() => {}, 1000)';
    const held = run('handled', ['--', process.execPath, '-e', script]);
    await held.printed('held');
    held.child.kill('SIGTERM');
    expect(await held.status).toBe(3);
  });

  test('a signal ends the waiting, and leaves no place in the queue', async () => {
    const manager = backEnd.manager();
    const lease = await manager.get('queued').acquire();
    const waiting = run('queued', ['--', 'echo', 'ran']);
    const others = backEnd.manager();
    // Behind the one that waits: as long as that is in the queue, two are ahead.
    await until(async () => (await ahead(others, 'queued')) === 2);
    waiting.child.kill('SIGTERM');
    expect(await waiting.status).toBe(143);
    expect(waiting.out).toBe('');
    expect(await ahead(others, 'queued')).toBe(1);
    await lease.release();
  });

  test('a lost lock stops the command: SIGTERM, then SIGKILL, and the status is 76', async () => {
    const proxy = await TcpProxy.to(backEnd.urls[0] ?? '');
    const script =
      'process.on("SIGTERM", () => console.log("told")); console.log("held"); setInterval(() => {}, 1000)';
    const args = ['--ttl', '2s', '--kill-after', '2s', '--', process.execPath, '-e', script];
    const holder = run('lost', args, proxy.url);
    await holder.printed('held');
    proxy.freeze();
    await holder.printed('told');
    await proxy.close();
    expect(await holder.status).toBe(76);
    expect(holder.err).toContain('was lost');
  });
});

onEachBackEnd('thingsdb-lock run, when the server does not answer', (backEnd) => {
  let proxy: TcpProxy;
  beforeEach(async () => {
    proxy = await TcpProxy.to(backEnd.urls[0] ?? '');
  });
  afterEach(() => proxy.close());

  function run(args: readonly string[]): Cli {
    const credentials =
      'token' in backEnd.auth
        ? { THINGSDB_TOKEN: backEnd.auth.token }
        : { THINGSDB_USER: backEnd.auth.username, THINGSDB_PASSWORD: backEnd.auth.password };
    const env = { ...credentials, THINGSDB_URL: proxy.url };
    return cli(['run', 'a', '--collection', backEnd.collection, ...args], env);
  }

  /** How long it takes to end from now on, in milliseconds, and with what. */
  async function ending({ status }: Cli): Promise<{ status: number; afterMs: number }> {
    const startMs = performance.now();
    return { status: await status, afterMs: performance.now() - startMs };
  }

  test('with --wait-timeout waits for a server that is not there yet', async () => {
    proxy.refuse(true);
    const waiting = run(['--wait-timeout', '30s', '--', 'echo', 'ran']);
    await proxy.accepted(2);
    proxy.refuse(false);
    expect(await waiting.status).toBe(0);
    expect(waiting.out).toBe('ran\n');
  });

  test('with --wait-timeout ends soon after that, with 69, when the server never answers', async () => {
    proxy.freeze();
    const waiting = run(['--wait-timeout', '1500ms', '--', 'echo', 'ran']);
    await proxy.accepted(1);
    const { status, afterMs } = await ending(waiting);
    expect(status).toBe(69);
    expect(afterMs).toBeLessThan(4_000);
    expect(waiting.err).toContain('out of reach');
  });

  test('leaves at once at the second signal', async () => {
    proxy.freeze();
    const waiting = run(['--wait-timeout', '60s', '--', 'echo', 'ran']);
    await proxy.accepted(1);
    waiting.child.kill('SIGINT');
    setImmediate(() => waiting.child.kill('SIGTERM'));
    const { status, afterMs } = await ending(waiting);
    expect([130, 143]).toContain(status);
    expect(afterMs).toBeLessThan(1_000);
  });

  test('when the lock is lost ends soon after the command, with 76', async () => {
    const script = 'console.log("held"); setInterval(() => {}, 1000)';
    const holder = run(['--ttl', '2s', '--', process.execPath, '-e', script]);
    await holder.printed('held');
    proxy.freeze();
    const { status, afterMs } = await ending(holder);
    expect(status).toBe(76);
    expect(afterMs).toBeLessThan(2_000 + 2_500);
  });
});

/** How many are in the queue of a lock, seen by one that steps in line and out again. */
async function ahead(manager: LockManager, name: string): Promise<number> {
  const lock = manager.get(name);
  const abort = new AbortController();
  const position = new Promise<number>((resolve) => lock.once('waiting', (event) => resolve(event.position)));
  const acquired = lock.acquire({ signal: abort.signal }).catch(() => undefined);
  const found = await position;
  abort.abort();
  await acquired;
  return found;
}
