import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** What an interactive shell that has read the script offers at the end of each line, whose words are divided by one space. */
export type Offers = (script: string, lines: readonly string[], folder: string) => string[][];

const WITHIN = { timeout: 30_000, killSignal: 'SIGKILL' } as const;
const ESCAPE = '\u001b';
const OFFERED_BY_ZSH = join(__dirname, 'offered-by-zsh.zsh');

export const SHELLS = {
  /** Its line editor puts all that it offers into the line, and the command is a function that prints its arguments. */
  bash(script, lines, folder) {
    const input = [
      `source '${script}'; thingsdb-lock() { printf '%s\\t' "$@"; echo; }`,
      ...lines.map((line) => `${line}${ESCAPE}*`),
      'exit',
    ];
    const out = execFileSync('bash', ['--norc', '--noprofile', '-i'], {
      ...WITHIN,
      cwd: folder,
      input: `${input.join('\n')}\n`,
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { PATH: pathWith(folder), INPUTRC: '/dev/null', TERM: 'dumb', PS1: '' },
    });
    return linesOf(out).map((line, i) => {
      const typed = (lines[i] ?? '').split(' ').slice(1);
      const words = line.split('\t').slice(typed.length - 1, -1);
      // Where nothing is offered the line stays as it was typed.
      return words.length === 1 && words[0] === typed.at(-1) ? [] : words;
    });
  },

  zsh(script, lines, folder) {
    const out = execFileSync('zsh', ['-f', OFFERED_BY_ZSH, script, ...lines], {
      ...WITHIN,
      cwd: folder,
      encoding: 'utf8',
      env: { PATH: pathWith(folder), HOME: folder },
    });
    return linesOf(out).map((line) => line.split('\t').filter((word) => word !== ''));
  },

  fish(script, lines, folder) {
    const asked = lines.map((line) => `complete -C '${line}'; printf '\\1'`);
    const out = execFileSync('fish', ['-N', '-c', [`source '${script}'`, ...asked].join('\n')], {
      ...WITHIN,
      cwd: folder,
      encoding: 'utf8',
      env: { PATH: pathWith(folder), HOME: folder },
    });
    // The words of each have their descriptions behind a tab.
    return lines.map((_line, i) =>
      linesOf(out.split('\u0001')[i] ?? '').map((offered) => offered.replace(/\t.*/, '')),
    );
  },
} as const satisfies Record<string, Offers>;

export function missing(shell: string): string | undefined {
  return spawnSync(shell, ['-c', 'true']).status === 0 ? undefined : `there is no ${shell}`;
}

/** Programs in the folder are found too. */
function pathWith(folder: string): string {
  return `${folder}:${process.env['PATH']}`;
}

function linesOf(out: string): string[] {
  return out.split('\n').slice(0, -1);
}
