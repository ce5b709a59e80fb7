import { execFileSync, spawnSync } from 'node:child_process';
import { COMMANDS } from '../../../lib/cli/program.js';
import { useCli } from '../../support/cli.js';
import { describeIf } from '../../support/describe-if.js';

const cli = useCli();

function missing(shell: string): string | undefined {
  return spawnSync(shell, ['-c', 'true']).status === 0 ? undefined : `there is no ${shell}`;
}

async function scriptFor(shell: string): Promise<string> {
  const run = cli(['completion', shell]);
  expect(await run.status).toBe(0);
  return run.out;
}

describeIf('completion bash', missing('bash'), () => {
  let script: string;
  beforeEach(async () => {
    script = await scriptFor('bash');
  });

  /** What bash offers for the last of these words. */
  function offered(...words: string[]): string[] {
    const program = `${script}
      COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _thingsdb_lock; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const out = execFileSync('bash', ['--norc', '-c', program, 'bash', 'thingsdb-lock', ...words], {
      encoding: 'utf8',
    });
    return out.split('\n').filter((line) => line !== '');
  }

  it('offers the commands, and the options of each', () => {
    expect(offered('')).toEqual([...COMMANDS.map(({ name }) => name), 'help', '--help', '--version']);
    expect(offered('in')).toEqual(['inspect']);
    expect(offered('run', 'name', '--no')).toEqual(['--no-wait']);
    expect(offered('release', '--f')).toEqual(['--force']);
    expect(offered('ls', '--force')).toEqual([]);
  });

  it('offers the choices of an operand, files where files are meant, and nothing for free text', () => {
    expect(offered('completion', '')).toEqual(expect.arrayContaining(['bash', 'zsh', 'fish']) as string[]);
    expect(offered('help', 'do')).toEqual(['doctor']);
    expect(offered('ls', '--config', '/et')).toEqual(['/etc']);
    expect(offered('run', '--ttl', '')).toEqual([]);
  });

  it('behind -- offers the commands of the machine, and leaves their arguments to them', () => {
    expect(offered('run', 'name', '--', 'ech')).toContain('echo');
    expect(offered('run', 'name', '--', 'echo', '--tt')).toEqual([]);
  });
});

describeIf('completion zsh', missing('zsh'), () => {
  it('is a script that zsh can read', async () => {
    execFileSync('zsh', ['-n', '-c', await scriptFor('zsh')]);
  });
});

describeIf('completion fish', missing('fish'), () => {
  it('is a script that fish can read', async () => {
    execFileSync('fish', ['--no-execute', '-c', await scriptFor('fish')]);
  });
});

it.each(['zsh', 'fish'])('completion %s has every option of every command', async (shell) => {
  const script = await scriptFor(shell);
  for (const { name, options } of COMMANDS) {
    const lines = script
      .split('\n')
      .filter((line) => line.includes(` ${name}`) || line.includes(`_from ${name}'`));
    const text = lines.join('\n');
    for (const { long } of options) {
      const shown = shell === 'fish' ? ` -l ${long?.slice(2)} ` : `'${long}[`;
      expect(text).toContain(shown);
    }
  }
});

it('is refused for another shell', async () => {
  const run = cli(['completion', 'ksh']);
  expect(await run.status).toBe(64);
  expect(run.err).toContain('bash, zsh, fish');
});
