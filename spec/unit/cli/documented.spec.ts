import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command, Option } from 'commander';
import { connectionOptions } from '../../../lib/cli/connection-options.js';
import { COMMANDS, createProgram } from '../../../lib/cli/program.js';

const ROOT = join(__dirname, '../../..');
const PAGE = readFileSync(join(ROOT, 'docs/CLI.md'), 'utf8');

const program = createProgram({
  env: {},
  behindDashes: undefined,
  version: '1.2.3',
  isJson: false,
  exit: () => undefined,
});

/** What stands under a heading of the second level. */
function section(title: string): string {
  const parts = PAGE.split(/^## +(.+)$/m);
  const at = parts.indexOf(title);
  if (at === -1) throw new Error(`docs/CLI.md has no section ${title}`);
  return parts[at + 1] ?? '';
}

/** The cells of the rows of all tables, without headings. */
function rows(text: string): string[][] {
  return text
    .split('\n')
    .filter((line) => /^\|(?!---)/.test(line))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
    .filter(([first = '']) => !['option', 'status', 'variable', 'check', 'type'].includes(first));
}

/** The names of options in the first column: `-n`, `--no-wait`. */
function documentedOptions(text: string): string[] {
  const names = rows(text).flatMap(([first = '']) => first.match(/`--?[a-z][a-z-]*/gi) ?? []);
  return names.map((name) => name.slice(1)).sort();
}

function namesOf(options: readonly Option[]): string[] {
  return options
    .flatMap(({ short, long }) => [short, long].filter((name) => typeof name === 'string'))
    .sort();
}

function helpOf(command: Command): string {
  // What stands behind it, the exit statuses, is written and not given back.
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
  return text;
}

describe('docs/CLI.md', () => {
  it.each(COMMANDS)('has the options of $name, and no others', ({ name, options }) => {
    const shared = new Set(namesOf(connectionOptions()));
    const own = namesOf(options).filter((option) => !shared.has(option));
    expect(documentedOptions(section(`\`${name}\``))).toEqual(own);
  });

  it('has the options of every connection, their variables and the keys of the file', () => {
    const text = section('Connection');
    expect(documentedOptions(text)).toEqual(namesOf(connectionOptions()));
    const variables = rows(text).flatMap(([, variable = '']) => /`(\w+)`/.exec(variable)?.[1] ?? []);
    const known = connectionOptions().flatMap(({ envVar }) => envVar ?? []);
    expect(variables.sort()).toEqual([...known, 'THINGSDB_PASSWORD', 'THINGSDB_TOKEN'].sort());
    const keys = rows(text).flatMap(([, , key = '']) => /`(\w+)`/.exec(key)?.[1] ?? []);
    const source = readFileSync(join(ROOT, 'lib/cli/config-file.ts'), 'utf8');
    const shape = /const KEYS[^{]*\{([^}]*)\}/.exec(source)?.[1] ?? '';
    expect(keys.sort()).toEqual([...shape.matchAll(/(\w+):/g)].map(([, key]) => key).sort());
  });

  it('has every exit status, and the commands that use it', () => {
    const all = COMMANDS.map(({ name }) => name);
    const documented = rows(section('Exit status')).map(([status = '', , commands = '']) => {
      const named = [...commands.matchAll(/`([a-z-]+)`/g)].map(([, name]) => name ?? '');
      if (!commands.startsWith('all')) return [status, named.sort()] as const;
      return [status, all.filter((name) => !named.includes(name)).sort()] as const;
    });
    const statuses = [
      ...new Set(COMMANDS.flatMap((command) => command.statuses.map(({ status }) => status))),
    ];
    const used = statuses.map((status) => {
      const users = COMMANDS.filter((command) => command.statuses.some((one) => one.status === status));
      return [status, users.map(({ name }) => name).sort()] as const;
    });
    expect(new Map(documented)).toEqual(new Map(used));
  });

  it('has every type of record that a command writes, and no other', () => {
    const sources = readdirSync(join(ROOT, 'lib/cli'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => readFileSync(join(ROOT, 'lib/cli', file), 'utf8'));
    const written = sources.flatMap((source) =>
      [...source.matchAll(/\btype: '([a-z-]+)'/g)].map(([, type]) => type),
    );
    const documented = rows(section('JSON')).flatMap(([types = '']) =>
      [...types.matchAll(/`([a-z-]+)`/g)].map(([, type]) => type),
    );
    expect([...new Set(documented)].sort()).toEqual([...new Set(written)].sort());
  });

  it('has every check of the doctor, and no other', () => {
    const source = readFileSync(join(ROOT, 'lib/cli/doctor/finding.ts'), 'utf8');
    const type = /export type Check =([^;]*);/.exec(source)?.[1] ?? '';
    const checks = [...type.matchAll(/'([^']+)'/g)].map(([, check]) => check);
    expect(rows(section('`doctor`')).map(([check]) => check)).toEqual(checks);
  });
});

describe('--help', () => {
  it.each(COMMANDS)('of $name shows each of its options and exit statuses', ({ name, options, statuses }) => {
    const command = program.commands.find((one) => one.name() === name);
    const text = helpOf(command as Command);
    for (const option of options) expect(text).toContain(option.flags);
    for (const { status } of statuses)
      expect(text).toMatch(new RegExp(`^ {2}${status.replace('+', '\\+')} `, 'm'));
    expect(text).toContain('--json');
    expect(text).toContain('--verbose');
  });

  it('has a line for each command', () => {
    const text = helpOf(program);
    for (const { name, summary } of COMMANDS) {
      expect(text.replace(/\s+/g, ' ')).toContain(`${name} ${summary}`);
    }
  });
});
