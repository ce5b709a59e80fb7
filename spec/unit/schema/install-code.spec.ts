import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import * as constants from '../../../lib/schema/constants.js';
import { installCode } from '../../../lib/schema/install-code.js';
import { functions, migrations, procedures } from '../../../lib/schema/source.generated.js';
import { parse } from '../../../lib/embedded/language/parser.js';
import { printCompact } from '../../../lib/embedded/language/printer.js';
import { Source } from '../../../lib/embedded/language/source.js';

const ROOT = join(__dirname, '../../..');
const SCHEMA = join(ROOT, 'lib/schema');

interface TiFile {
  readonly kind: 'functions' | 'migrations' | 'procedures';
  readonly name: string;
  readonly source: string;
}

const FILES: TiFile[] = (['functions', 'migrations', 'procedures'] as const).flatMap((kind) =>
  (readdirSync(join(SCHEMA, kind), { recursive: true }) as string[])
    .filter((file) => file.endsWith('.ti'))
    .map((file) => ({
      kind,
      name: basename(file, '.ti'),
      source: readFileSync(join(SCHEMA, kind, file), 'utf8'),
    })),
);
const GENERATED = { functions, migrations, procedures };

/** The text of a closure as a node gives it to clients: what it leaves out has no meaning. */
function asNodeTells(code: string): string {
  const source = new Source(constants.withConstants(code));
  const [closure] = parse(source).statements;
  if (closure === undefined) throw new Error('no closure');
  return printCompact(source, closure);
}

const of = (kind: TiFile['kind']) => FILES.filter((file) => file.kind === kind);

describe('the .ti files', () => {
  it('are what the package holds: the generated source is up to date', () => {
    const check = spawnSync(process.execPath, ['scripts/embed-schema.mjs', '--check'], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    expect(check.stderr).toBe('');
    expect(check.status).toBe(0);
  });

  it.each(FILES)(
    '$kind/$name is installed without remarks and indentation, and otherwise as it is',
    (file) => {
      const { kind, name, source } = file;
      const text = GENERATED[kind][name] ?? '';
      const head = kind === 'functions' ? /(?<=^\|[^|]*\|\{)"(?:[^"]|"")*";/ : '';
      expect(asNodeTells(text)).toBe(asNodeTells(source).replace(head, ''));
      expect(text.replace(/"[^"]*"/g, '')).not.toMatch(/\/\/|\n\s|\s$/);
    },
  );

  it.each(FILES)('$kind/$name names only constants that exist', ({ source }) => {
    expect(() => constants.withConstants(source)).not.toThrow();
    expect(constants.withConstants(source)).not.toContain('$');
  });

  it.each(FILES)('$kind/$name calls only functions that exist', ({ source }) => {
    const called = [...source.matchAll(/\.fn\.([a-z_]+)\(/g)].map(([, name]) => name);
    const known = of('functions').map(({ name }) => name);
    expect(called.filter((name) => !known.includes(name as string))).toEqual([]);
  });

  it('hold no function that nobody calls', () => {
    const code = FILES.map(({ source }) => source).join('\n') + installCode();
    expect(
      of('functions')
        .filter(({ name }) => !code.includes(`fn.${name}(`))
        .map(({ name }) => name),
    ).toEqual([]);
  });

  it('head each procedure by what goes in and comes out', () => {
    for (const { source } of of('procedures')) {
      const [parameters = ''] = source.split('\n');
      const head = /^.*\n {4}"([^"]*)"/.exec(source)?.[1] ?? '';
      expect(head).toMatch(/\n {4}Output: /);
      expect(head.includes('Input: ')).toBe(parameters !== '|| {');
      // What ends a lease, grants or asks tells somebody; whoever only reads does not.
      expect(head.includes('Events: ')).toBe(/wse\(|future\(|emit\(|fn\.locked/.test(source));
    }
  });

  it('hold the migrations up to the newest schema, each once', () => {
    const steps = Array.from({ length: constants.SCHEMA }, (_, i) => String(i + 1));
    expect(
      of('migrations')
        .map(({ name }) => name)
        .sort(),
    ).toEqual(steps.sort());
  });

  it('hold the procedures of the Python lock, with its arguments', () => {
    const python = {
      acquire: '|name, timeout|',
      test: '|room_id|',
      locked: '|name|',
      release: '|name, room_id|',
    };
    const ours = Object.fromEntries(of('procedures').map(({ name, source }) => [name, source]));
    for (const [name, args] of Object.entries(python)) expect(ours[name]?.startsWith(args)).toBe(true);
  });
});

describe('withConstants', () => {
  it('puts the value in the place of the name', () => {
    expect(constants.withConstants('t < $MAX_COUNT && .$STATE.x')).toBe(
      `t < ${constants.SHARED_LIMIT} && .thingsdb_lock.x`,
    );
  });

  it.each(['$NOPE', '$HOLD', '$STATES'])('refuses %s, and names it', (name) => {
    expect(() => constants.withConstants(`x = ${name};`)).toThrow(name);
  });
});

describe('the refusals', () => {
  it('have codes of their own within those that ThingsDB leaves to its users', () => {
    const codes = Object.values(constants.Refusal);
    expect(new Set(codes).size).toBe(codes.length);
    for (const code of codes) expect(code >= -127 && code <= -100).toBe(true);
  });
});

describe('installCode', () => {
  const code = installCode();

  it('holds every function, procedure and migration, and no constant by its name', () => {
    for (const { kind, name } of FILES) {
      expect(code).toContain(constants.withConstants(GENERATED[kind][name] ?? 'nothing'));
      if (kind === 'procedures') expect(code).toContain(`new_procedure('${name}'`);
    }
    expect(code).not.toMatch(/\$[A-Z]/);
  });

  it('looks whether there is anything to do before all else, and refuses before the first change', () => {
    const firstChange = code.search(/^\s*\.thingsdb_lock\b.*=[^=]|migrate\(\)|(new|mod)_procedure\(/m);
    const refusal = code.indexOf('raise(');
    expect(code.indexOf('return [')).toBeLessThan(refusal);
    expect(refusal).toBeLessThan(firstChange);
  });

  it('with a prefix names every procedure and the state by it, and touches nothing without', () => {
    const prefixed = installCode('jobs_');
    for (const { name } of of('procedures')) {
      expect(prefixed).toContain(`new_procedure('jobs_${name}'`);
      expect(prefixed).not.toMatch(new RegExp(`(new|mod|has)_procedure\\('${name}'`));
    }
    expect(prefixed).toContain('.jobs_thingsdb_lock');
    expect(prefixed).not.toMatch(/[^_]thingsdb_lock/);
    expect(prefixed).not.toMatch(/\$[A-Z]/);
  });

  it('with a prefix refuses names that are taken, whether Python has set the collection up or not', () => {
    const condition = (code: string) =>
      /if \(!known && \((.*)\) && (\[.*\])\.some/.exec(code)?.slice(1) ?? [];
    const [when, names] = condition(installCode('jobs_'));
    expect(when).toBe("'jobs_' != '' || !has_type('Inner')");
    expect(JSON.parse(names ?? '')).toEqual(of('procedures').map(({ name }) => `jobs_${name}`));
    expect(condition(code)[0]).toBe("'' != '' || !has_type('Inner')");
  });

  it('is the same every time', () => {
    expect(installCode()).toBe(code);
  });
});
