import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { COMMANDS } from '../../../lib/cli/program.js';
import { useCli } from '../../support/cli.js';
import { describeIf } from '../../support/describe-if.js';
import { missing, SHELLS } from '../../support/offering-shells.js';

const cli = useCli();

async function scriptFor(shell: string): Promise<string> {
  const run = cli(['completion', shell]);
  expect(await run.status).toBe(0);
  return run.out;
}

const NAMES = [...COMMANDS.map(({ name }) => name), 'help'];

describe.each(['bash', 'zsh', 'fish'] as const)('completion %s', (shell) => {
  describeIf(`in ${shell}`, missing(shell), () => {
    let folder: string;
    let script: string;
    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'thingsdb-lock-completion-'));
      writeFileSync(join(folder, 'locks.json'), '{}');
      writeFileSync(join(folder, 'nightly-job'), '#!/bin/sh', { mode: 0o755 });
      script = join(folder, 'script');
      writeFileSync(script, await scriptFor(shell));
    });
    afterAll(() => rmSync(folder, { recursive: true }));

    /** What the shell offers at the end of each line, and what it should. */
    function expectOffers(cases: Readonly<Record<string, readonly string[]>>): void {
      const lines = Object.keys(cases);
      const offers = SHELLS[shell](
        script,
        lines.map((line) => `thingsdb-lock ${line}`),
        folder,
      );
      const offered = lines.map((line, i) => [line, (offers[i] ?? []).map(withoutOption).sort()]);
      expect(Object.fromEntries(offered)).toEqual(cases);
    }

    it('offers the commands', () => {
      const first = shell === 'bash' ? ['--help', '--version', ...NAMES] : NAMES;
      expectOffers({ '': first.toSorted(), in: ['inspect'], '--': ['--help', '--version'] });
    });

    it('offers the options of the command that is called, also behind others and their values', () => {
      expectOffers({
        'run name --no': ['--no-wait'],
        'run --ttl 5s -w 1m --own': ['--owner'],
        'run --ttl=5s name --own': ['--owner'],
        'run --name one --nam': ['--name'],
        'release --f': ['--force'],
        'ls --force': [],
        // A lock may be called as a command is.
        'inspect run --tt': [],
      });
    });

    it('offers the choices of an operand, files where files are meant, and nothing for free text', () => {
      expectOffers({
        'completion z': ['zsh'],
        'help do': ['doctor'],
        'ls --config lo': ['locks.json'],
        'ls --config=lo': ['locks.json'],
        'run --ttl ': [],
        'inspect lo': [],
      });
    });

    it('behind -- offers what the shell has for the command of run, and nothing of its own', () => {
      expectOffers({
        'run name -- nightly-j': ['nightly-job'],
        'run name -- pwd lo': ['locks.json'],
        'run name -- pwd --tt': [],
        'inspect -- --js': [],
      });
    });
  });
});

/** Some shells tell the whole word. */
function withoutOption(word: string): string {
  return word.replace(/^--config=/, '');
}

it.each(['zsh', 'fish'])('completion %s has every option of every command', async (shell) => {
  const script = await scriptFor(shell);
  for (const { name, options } of COMMANDS) {
    const lines = script
      .split('\n')
      .filter((line) => line.includes(` ${name}`) || line.includes(`_from ${name}'`));
    const text = lines.join('\n');
    for (const { long } of options) {
      const shown = shell === 'fish' ? ` -l ${long?.slice(2)} ` : new RegExp(`[*)]${long}=?\\[`);
      expect(text).toMatch(shown);
    }
  }
});

it('is refused for another shell', async () => {
  const run = cli(['completion', 'ksh']);
  expect(await run.status).toBe(64);
  expect(run.err).toContain('bash, zsh, fish');
});
