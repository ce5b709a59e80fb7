import type { LockManager } from '../../lib/index.js';
import { onEachBackEnd } from '../support/back-end.js';
import { environmentOf, recordsIn, useCli, version, type Cli } from '../support/cli.js';
import type { TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';

const cli = useCli();
/** What a process does that ends when it is told to, and says so when it is ready. */
const HOLD = 'console.log("held"); setInterval(() => {}, 1000)';

/** npx has a shell start the command: a signal for npx ends that, and goes no further. */
const SHELL_OF_NPX = ['sh', '-c', '"$@"; exit', 'sh'];

describe('thingsdb-lock', () => {
  test('--help and --version answer on the standard output', async () => {
    const [help, shown] = [cli(['--help']), cli(['--version'])];
    expect(await help.status).toBe(0);
    for (const name of ['run', 'ls', 'doctor', 'dev-server'])
      expect(help.out).toMatch(new RegExp(`^  ${name} `, 'm'));
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
    ['nothing after --', ['a', '--'], env, 'command is missing'],
    [
      'a command without --',
      ['a', 'ls'],
      env,
      'the command comes after --, as in thingsdb-lock run a -- ls ',
    ],
    [
      'the same, of words that a shell would split',
      ['a b', 'echo', "it's", '$HOME'],
      env,
      "run 'a b' -- echo 'it'\\''s' '$HOME'",
    ],
    ['a command without -- under permits', ['a', 'ls', '--permits', '2'], env, 'run a -- ls '],
    ['what flock(1) calls it', ['a', '--wait', '5s', '--', 'true'], env, 'it is called --wait-timeout here'],
    ['a password that all would see', ['a', '--password=x'], env, 'set THINGSDB_PASSWORD or'],
    ['a time without a unit', ['a', '-w', '5', '--', 'true'], env, '"5"'],
    ['a time beyond what a timer can wait', ['a', '--kill-after', '600h', '--', 'true'], env, '"600h"'],
    ['both kinds of sharing', ['a', '--shared', '--permits', '2', '--', 'true'], env, 'exclude each other'],
    ['permits of nothing', ['a', '--count', '2', '--', 'true'], env, 'give --permits too'],
    ['more permits than there are', ['a', '--permits', '2', '--count', '3', '--', 'true'], env, 'permits'],
    ['a semaphore of two names', ['a', 'b', '--permits', '2', '--', 'true'], env, 'one name'],
    ['a status that is none', ['a', '-E', '256', '--', 'true'], env, '"256"'],
    ['the same name twice', ['a', 'a', '--', 'true'], env, 'name'],
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
    ['neither', ['a', '--', 'true'], {}, '; also no credentials: set THINGSDB_USER'],
    ['no credentials', ['a', '--', 'true'], withoutCredentials, 'THINGSDB_TOKEN'],
  ])('run with %s exits with 64, says why, and runs nothing', async (_what, args, given, why) => {
    const run = cli(['run', ...args], given);
    expect(await run.status).toBe(64);
    expect(run.err).toContain(why);
  });

  test.each([
    [['help', 'nosuch'], "unknown command 'nosuch'"],
    [['help', 'unlock'], "unknown command 'unlock': it is thingsdb-lock release here"],
    [['lock', 'a'], "unknown command 'lock': it is thingsdb-lock run here"],
    [['ls', 'a'], 'One lock is shown by thingsdb-lock inspect NAME.'],
    [['inspect', 'a', 'b'], 'It is of one lock: call it for each.'],
    [['dev-server', '9300'], 'Its ports are given by --tcp-port and --port.'],
  ])('%j exits with 64 and says what may be meant', async (args, why) => {
    const run = cli(args);
    expect(await run.status).toBe(64);
    expect(run.err).toContain(why);
    expect(run.out).toBe('');
  });

  test('help shows what a command takes, and help help all commands', async () => {
    const [one, all] = [cli(['help', 'ask']), cli(['help', 'help'])];
    expect([await one.status, await all.status]).toEqual([0, 0]);
    expect(one.out).toMatch(/^Usage: thingsdb-lock ask \[options\] <name>/);
    expect(all.out).toMatch(/^Usage: thingsdb-lock \[options\] \[command\]/);
  });

  test('every wrong option is told at once, as text and as a record', async () => {
    const args = ['run', 'a', '--fast', '-E', '256', '--ttl', 'soon', '--slow', '--', 'true'];
    const wrong = [
      "unknown option '--fast'",
      "unknown option '--slow'",
      `option '-E, --conflict-exit-code <status>' is wrong: a whole number from 0 to 255 is expected, not "256"`,
      `option '--ttl <time>' is wrong: a time such as 250ms, 10s or 5m is expected, up to 24d, not "soon"`,
    ];
    const text = cli(args, env);
    expect(await text.status).toBe(64);
    expect(text.err.split('\n').slice(0, 4)).toEqual(wrong.map((line) => `thingsdb-lock: ${line}`));
    const record = cli(['run', '--json', ...args.slice(1)], env);
    expect(await record.status).toBe(64);
    expect(recordsIn(record.err)).toEqual([
      { type: 'error', code: 'USAGE', status: 64, message: wrong.join('\n') },
    ]);
  });

  test('what the library refuses is told as a mistake of the command', async () => {
    const [ttl, url] = [
      cli(['run', 'a', '--ttl', '50ms', '--', 'true'], env),
      cli(['ls', '--url', 'db1'], env),
    ];
    expect([await ttl.status, await url.status]).toEqual([64, 64]);
    expect(ttl.err).toMatch(/^thingsdb-lock: ttl is "50ms"; expected at least 100 ms,/);
    expect(url.err).toMatch(/^thingsdb-lock: url: not the address of a ThingsDB node: no known scheme;/);
  });

  test('arguments that exclude each other, and a server that is missing, are told at once', async () => {
    const run = cli(['run', 'a', '--name', 'b', '--shared', '--permits', '2', '--count', '3'], {});
    expect(await run.status).toBe(64);
    for (const why of [
      'exclude each other',
      'more than there are permits',
      'one name',
      'no server',
      'no credentials',
    ]) {
      expect(run.err).toContain(why);
    }
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

  test('ends when npx has been ended, although no signal reaches it', async () => {
    const server = cli.by(SHELL_OF_NPX, ['dev-server', '--port', '0'], { npm_command: 'exec' });
    await server.printed('listening on ws://');
    server.child.kill('SIGTERM');
    // Its output is open until the server has ended too.
    expect(await server.status).toBe(-1);
  });
});

onEachBackEnd('thingsdb-lock run', (backEnd) => {
  function run(name: string, args: readonly string[], url?: string): Cli {
    return cli(['run', name, ...args], environmentOf(backEnd, url));
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

  test('locks a name that begins with -, and the other commands know it too', async () => {
    const script = 'echo "$THINGSDB_LOCK_NAME"; read line';
    const held = cli(['run', '--name', '--json', '--', 'sh', '-c', script], environmentOf(backEnd));
    await held.printed('--json');
    const shown = cli(['inspect', '--', '--json'], environmentOf(backEnd));
    expect(await shown.status).toBe(0);
    expect(shown.out).toMatch(/^"--json": held, 0 waiting/);
    held.child.stdin.end('\n');
    expect(await held.status).toBe(0);
  });

  test('locks several names together, given as they are and by --name', async () => {
    const run = cli(
      ['run', 'a', '--name', 'b', '--name', 'c', '--', 'printenv', 'THINGSDB_LOCK_TOKENS'],
      environmentOf(backEnd),
    );
    expect(await run.status).toBe(0);
    expect(Object.keys(JSON.parse(run.out) as object)).toEqual(['a', 'b', 'c']);
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
    expect(never.err).toBe('thingsdb-lock: "busy" is not free, and --no-wait does not wait\n');
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
    ['SIGQUIT', 131],
    ['SIGUSR2', 140],
  ] as const)('%s reaches the command; the lock is given back at once', async (signal, status) => {
    const held = run('told', ['--', process.execPath, '-e', HOLD]);
    await held.printed('held');
    held.child.kill(signal);
    expect(await held.status).toBe(status);
    expect(await backEnd.manager().isLocked('told')).toBe(false);
  });

  test('when npx has been ended, the command is told SIGTERM, and the lock is given back', async () => {
    const script = `process.on('SIGTERM', () => { console.log('told'); process.exit(3); }); ${HOLD}`;
    const args = ['run', 'npx', '--', process.execPath, '-e', script];
    const held = cli.by(SHELL_OF_NPX, args, { ...environmentOf(backEnd), npm_command: 'exec' });
    await held.printed('held');
    held.child.kill('SIGTERM');
    expect(await held.status).toBe(-1);
    expect(held.out).toBe('held\ntold\n');
    expect(await backEnd.manager().isLocked('npx')).toBe(false);
  });

  test('a command that handles the signal has the last word on the exit status', async () => {
    const script =
      'process.on("SIGTERM", () => process.exit(3)); console.log("held"); setInterval(() => {}, 1000)';
    const held = run('handled', ['--', process.execPath, '-e', script]);
    await held.printed('held');
    held.child.kill('SIGTERM');
    expect(await held.status).toBe(3);
  });

  test('what stops run stops the command too, and both go on together', async () => {
    const script =
      'process.on("SIGTSTP", () => console.log("stopping")); process.on("SIGCONT", () => console.log("going on"));';
    const held = run('stopped', ['--', process.execPath, '-e', `${script} ${HOLD}`]);
    await held.printed('held');
    held.child.kill('SIGTSTP');
    await held.printed('stopping');
    // It stops itself just after its command. What tells it to go on before that is in vain.
    await until(() => {
      held.child.kill('SIGCONT');
      return held.out.includes('going on');
    });
    held.child.kill('SIGTERM');
    expect(await held.status).toBe(143);
  });

  test('without a command it holds until it is ended, says so, and gives the lock back', async () => {
    const manager = backEnd.manager();
    const held = run('kept', []);
    await held.printed('holding "kept", fencing token ');
    expect(await manager.isLocked('kept')).toBe(true);
    held.child.kill('SIGTERM');
    expect(await held.status).toBe(0);
    expect(await manager.isLocked('kept')).toBe(false);
  });

  test('several names are locked together, each with its token', async () => {
    const manager = backEnd.manager();
    const both = cli(['run', 'left', '--name', 'right', '--json'], environmentOf(backEnd));
    await both.printed('}\n');
    const [acquired] = both.records;
    expect(acquired).toMatchObject({ type: 'acquired', names: ['left', 'right'] });
    const { fencingTokens } = acquired as { fencingTokens: Record<string, number> };
    expect(Object.keys(fencingTokens)).toEqual(['left', 'right']);
    expect(await manager.get('left').tryAcquire()).toBeNull();
    expect(await manager.get('right').tryAcquire()).toBeNull();
    both.child.kill('SIGINT');
    expect(await both.status).toBe(0);
    const command = cli(
      ['run', 'left', 'right', '--', 'sh', '-c', 'echo "$THINGSDB_LOCK_TOKENS"'],
      environmentOf(backEnd),
    );
    expect(await command.status).toBe(0);
    const tokens = JSON.parse(command.out) as Record<string, number>;
    expect(tokens['right']).toBeGreaterThan(fencingTokens['right'] ?? Infinity);
  });

  test('--shared holds beside others that are shared, not beside one that is not', async () => {
    const reader = await backEnd.manager().get('read').acquire({ mode: 'shared' });
    const [shared, exclusive] = [
      run('read', ['--shared', '-n', '--', 'true']),
      run('read', ['-n', '-E', '7', '--', 'true']),
    ];
    expect([await shared.status, await exclusive.status]).toEqual([0, 7]);
    await reader.release();
  });

  test('--permits and --count take part of a semaphore', async () => {
    const some = await backEnd.manager().semaphore('pool', { permits: 3 }).acquire();
    const [two, three] = [
      run('pool', ['--permits', '3', '--count', '2', '-n', '--', 'true']),
      run('pool', ['--permits', '3', '--count', '3', '-n', '--', 'true']),
    ];
    expect([await two.status, await three.status]).toEqual([0, 75]);
    await some.release();
  });

  test('--min-hold keeps the lock for as long after a command that was quick', async () => {
    expect(await run('job', ['--min-hold', '60s', '--', 'true']).status).toBe(0);
    expect(await run('job', ['-n', '--', 'true']).status).toBe(75);
  });

  test('--owner is what others see; --verbose tells who is waited for, and what happens', async () => {
    const manager = backEnd.manager({ owner: 'somebody' });
    const lease = await manager.get('seen').acquire();
    const waiting = run('seen', ['--owner', 'me', '--verbose', '--', 'true']);
    await waiting.complained('1 ahead, held by somebody since');
    const { pending } = await manager.query('seen');
    expect(pending).toMatchObject([{ owner: 'me' }]);
    await lease.release();
    expect(await waiting.status).toBe(0);
    expect(waiting.err).toMatch(/connected[\s\S]*waiting for "seen"[\s\S]*holding "seen"[\s\S]*released/);
  });

  test('tells its command nothing when somebody asks for the lock, and its standard error who', async () => {
    const held = run('wanted', ['--', process.execPath, '-e', HOLD]);
    await held.printed('held');
    expect(await backEnd.manager({ owner: 'neighbour' }).requestRelease('wanted')).toBe(1);
    await held.complained('neighbour asks to release');
    held.child.kill('SIGTERM');
    expect(await held.status).toBe(143);
  });

  test('--json tells each failure as a record with its code and its status', async () => {
    const lease = await backEnd.manager().get('taken').acquire();
    const late = run('taken', ['--json', '-n', '--', 'true']);
    const absent = run('free', ['--json', '--', 'no-such-command']);
    const wrong = run('free', ['--json', '--fast']);
    expect([await late.status, await absent.status, await wrong.status]).toEqual([75, 127, 64]);
    expect(recordsIn(late.err)).toMatchObject([{ type: 'error', code: 'LOCK_TIMEOUT', status: 75 }]);
    expect(recordsIn(absent.err)).toMatchObject([{ type: 'error', code: 'COMMAND', status: 127 }]);
    expect(recordsIn(wrong.err)).toMatchObject([{ type: 'error', code: 'USAGE', status: 64 }]);
    await lease.release();
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
    const proxy = await backEnd.proxy();
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
    proxy = await backEnd.proxy();
  });
  function run(args: readonly string[]): Cli {
    return cli(['run', 'a', ...args], environmentOf(backEnd, proxy.url));
  }

  /** How long it takes to end from now on, in milliseconds, and with what. */
  async function ending({ status }: Cli): Promise<{ status: number; afterMs: number }> {
    const startMs = performance.now();
    return { status: await status, afterMs: backEnd.ranMs(startMs) };
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
    const holder = run(['--ttl', '2s', '--', process.execPath, '-e', HOLD]);
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
