import { spawnSync } from 'node:child_process';
import { onEachBackEnd } from '../support/back-end.js';
import { environmentOf, useCli, type Cli } from '../support/cli.js';
import { describeIf } from '../support/describe-if.js';
import { until } from '../support/until.js';

/** Runs a program at a terminal of its own: what is written here is typed there, and its output comes from here. */
const TERMINAL = `
import os, pty, select, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
inputs = [0, terminal]
while terminal in inputs:
    for one in select.select(inputs, [], [])[0]:
        try:
            data = os.read(one, 65536)
        except OSError:
            data = b''
        if not data:
            inputs.remove(one)
        elif one == 0:
            os.write(terminal, data)
        else:
            os.write(1, data)
status = os.waitpid(pid, 0)[1]
sys.exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))
`;
const CTRL_C = '\u0003';
const CTRL_BACKSLASH = '\u001c';
const ESCAPE = '\u001b[';

const PYTHON = spawnSync('python3', ['-c', 'import pty']);

describeIf('at a terminal', PYTHON.status === 0 ? undefined : 'there is no python3 to make one', () => {
  const cli = useCli();

  test('dev-server says how the other commands reach it', async () => {
    const server = cli.by(['python3', '-c', TERMINAL], ['dev-server', '--port', '0'], { TERM: 'xterm' });
    await server.printed('for the other commands: export THINGSDB_URL=thingsdb://');
    const said = [...server.out.matchAll(/(THINGSDB_[A-Z]+)=(\S+)/g)];
    const env = Object.fromEntries(said.map(([, name = '', value]) => [name, value]));
    expect(await cli(['run', 'a', '--', 'true'], env).status).toBe(0);
    server.child.stdin.write(CTRL_C);
    expect(await server.status).toBe(0);
  });

  onEachBackEnd('thingsdb-lock at a terminal', (backEnd) => {
    const run = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Cli =>
      cli.by(['python3', '-c', TERMINAL], args, { TERM: 'xterm', ...environmentOf(backEnd), ...env });

    test('a line tells what is waited for, who holds it and since when, and goes away', async () => {
      const lease = await backEnd.manager({ owner: 'night shift' }).get('busy').acquire();
      const waiting = run(['run', 'busy', '--', 'echo', 'my turn']);
      await waiting.printed('1 ahead, held by night shift since');
      await lease.release();
      expect(await waiting.status).toBe(0);
      // Taken away before the command writes its own.
      expect(waiting.out.endsWith(`\r${ESCAPE}Kmy turn\r\n`)).toBe(true);
    });

    test('Ctrl-C ends the waiting, and leaves no place in the queue', async () => {
      const manager = backEnd.manager();
      const lease = await manager.get('queued').acquire();
      const waiting = run(['run', 'queued', '--', 'echo', 'ran']);
      await waiting.printed('1 ahead');
      waiting.child.stdin.write(CTRL_C);
      expect(await waiting.status).toBe(130);
      expect(waiting.out).not.toContain('ran\r\n');
      expect((await manager.query('queued')).pending).toEqual([]);
      await lease.release();
    });

    test.each([
      ['Ctrl-C', CTRL_C, 'SIGINT'],
      ['Ctrl-\\', CTRL_BACKSLASH, 'SIGQUIT'],
    ])('%s reaches the command once', async (_what, key, signal) => {
      // Whether a second one comes shows when the next signal has come, which was sent later.
      const script = `let told = 0; process.on('${signal}', () => console.log('told ' + ++told));
        process.on('SIGUSR2', () => process.exit(told)); console.log('ready'); setInterval(() => {}, 1000);`;
      const held = run([
        'run',
        'once',
        '--verbose',
        '--',
        'sh',
        '-c',
        'echo pid $PPID; exec "$@"',
        'sh',
        process.execPath,
        '-e',
        script,
      ]);
      await held.printed('ready');
      held.child.stdin.write(key);
      await held.printed('told 1');
      const [, pid] = /pid (\d+)/.exec(held.out) ?? [];
      process.kill(Number(pid), 'SIGUSR2');
      expect(await held.status).toBe(1);
    });

    test('watch and a lock that is held say what goes on, and how it is ended', async () => {
      await backEnd.manager().setup();
      const [some, all] = [run(['watch', 'a', 'b c']), run(['watch'])];
      await some.printed('watching "a" and "b c", Ctrl-C ends it');
      await all.printed('watching all names, Ctrl-C ends it');
      const held = run(['run', 'a']);
      await held.printed('Ctrl-C gives it back');
      await some.printed('acquired');
      for (const one of [held, some, all]) one.child.stdin.write(CTRL_C);
      expect([await held.status, await some.status, await all.status]).toEqual([0, 0, 0]);
    });

    test('colours are for terminals that want them', async () => {
      const lease = await backEnd.manager({ owner: 'me' }).get('c').acquire();
      const [coloured, plain, dumb] = [
        run(['inspect', 'c']),
        run(['inspect', 'c'], { NO_COLOR: '1' }),
        run(['inspect', 'c'], { TERM: 'dumb' }),
      ];
      expect([await coloured.status, await plain.status, await dumb.status]).toEqual([0, 0, 0]);
      expect(coloured.out).toContain(`${ESCAPE}33mheld${ESCAPE}39m`);
      expect(plain.out + dumb.out).not.toContain(ESCAPE);
      await lease.release();
    });

    test.each([
      ['y', 0],
      ['no', 1],
      ['\u0004', 1],
    ])('release shows who holds the lock and asks; the answer %j ends with %i', async (answer, status) => {
      const manager = backEnd.manager({ owner: 'stuck worker' });
      const lease = await manager.get('asked').acquire();
      const release = run(['release', 'asked']);
      await release.printed('Take it away? [y/N]');
      expect(release.out).toContain('stuck worker, since');
      release.child.stdin.write(answer === '\u0004' ? answer : `${answer}\r`);
      expect(await release.status).toBe(status);
      await until(async () => (await manager.isLocked('asked')) === (status === 1));
      await lease.release();
    });
  });
});
