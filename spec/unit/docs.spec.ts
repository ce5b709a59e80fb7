import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import * as surface from '../../lib/index.js';
import { compile } from '../support/compile.js';

const ROOT = join(__dirname, '../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** What stands under each heading of a page, by the heading's text. */
function sections(page: string): Map<string, string> {
  const parts = page.split(/^#{2,3} +(.+)$/m).slice(1);
  return new Map(parts.flatMap((part, i) => (i % 2 === 0 ? [[part, parts[i + 1] ?? '']] : [])));
}

/** The members of an interface, and the texts of a union of texts, by the compiler's own reading of the source. */
function membersOf(path: string, name: string): { name: string; type: string }[] {
  const tree = ts.createSourceFile(path, read(path), ts.ScriptTarget.ES2022, true);
  for (const node of tree.statements) {
    if (ts.isInterfaceDeclaration(node) && node.name.text === name) {
      const own = node.members
        .filter((member) => ts.isPropertySignature(member))
        .map((member) => ({ name: member.name.getText(), type: member.type?.getText() ?? '' }));
      const parents = node.heritageClauses?.flatMap(({ types }) => types.map((type) => type.getText())) ?? [];
      return [...parents.flatMap((parent) => membersOf(path, parent)), ...own];
    }
    if (ts.isTypeAliasDeclaration(node) && node.name.text === name && ts.isUnionTypeNode(node.type)) {
      return node.type.types.map((type) => ({ name: type.getText().replace(/^'|'$/g, ''), type: '' }));
    }
  }
  throw new Error(`${path} has no ${name}`);
}
const namesOf = (path: string, name: string): string[] => membersOf(path, name).map((member) => member.name);

const CLASSES = Object.entries(surface)
  // Not with `instanceof`, which these classes answer by their instances' marks.
  .filter(([, value]) => Object.prototype.isPrototypeOf.call(surface.LockError.prototype, value.prototype))
  .map(([name, value]) => ({ name, code: (value as unknown as { code: string }).code }));

describe('docs/ERRORS.md', () => {
  const page = read('docs/ERRORS.md');

  it('has a section for each class of error, and none for another', () => {
    expect(CLASSES.length).toBeGreaterThan(5);
    expect([...sections(page).keys()].sort()).toEqual(CLASSES.map(({ name }) => name).sort());
  });

  it.each(CLASSES)('tells of $name its code, when, what is true then and what to do', ({ name, code }) => {
    const section = sections(page).get(name) ?? '';
    expect(section).toContain(`Code \`${code}\`.`);
    for (const point of ['When', 'What is true now', 'What to do'])
      expect(section).toContain(`**${point}:**`);
    expect(page).toContain(`| \`${name}\` | \`${code}\` |`);
  });

  it('knows every code, and no other', () => {
    const documented = [...new Set(page.match(/\bLOCK_[A-Z_]+\b/g))];
    expect(documented.sort()).toEqual(namesOf('lib/errors.ts', 'LockErrorCode').sort());
  });

  it('knows every reason for a loss, and no other', () => {
    const section = sections(page).get('LockLostError') ?? '';
    const documented = [...section.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, reason]) => reason);
    expect(documented.sort()).toEqual(namesOf('lib/errors.ts', 'LostReason').sort());
  });

  it.each([
    ['LockTimeoutError', new surface.LockTimeoutError('a', 1)],
    ['LockLostError', new surface.LockLostError('a', 'stolen', 1)],
    ['LockNotHeldError', new surface.LockNotHeldError('a')],
    ['StaleTokenError', new surface.StaleTokenError('a', 1, 2)],
  ])('names the fields of %s', (name, error) => {
    const fields = Object.keys(error).filter((key) => !['name', 'code'].includes(key));
    for (const field of fields)
      expect(sections(page).get(name)).toMatch(new RegExp(`Fields?: .*\`${field}\``));
  });
});

describe('docs/EVENTS.md', () => {
  const page = read('docs/EVENTS.md');
  const documented = [...sections(page).keys()].flatMap((title) => /^`(\w+)`$/.exec(title)?.[1] ?? []);
  const ofLocks = membersOf('lib/events.ts', 'LockEvents');
  const ofManagers = membersOf('lib/events.ts', 'LockManagerEvents');

  it('has a section for each event, and none for another', () => {
    expect(ofLocks.length).toBeGreaterThan(5);
    expect(documented.sort()).toEqual(ofManagers.map(({ name }) => name).sort());
  });

  it('keeps the events of managers apart from those that locks tell as well', () => {
    const [locks = '', managers = ''] = page.split(/^## Of managers$/m);
    for (const { name } of ofManagers) {
      const isOfLocks = ofLocks.some((event) => event.name === name);
      expect(isOfLocks ? locks : managers).toContain(`### \`${name}\``);
    }
  });

  it.each(ofManagers)('tells the payload of $name, field by field', ({ name, type }) => {
    const section = sections(page).get(`\`${name}\``) ?? '';
    const payload = /event: (\w+)/.exec(type)?.[1];
    if (payload === undefined) {
      expect(section).toMatch(/^\s*No payload:/);
      return;
    }
    const fields = /^\s*`\{ (.+?) \}`:/
      .exec(section)?.[1]
      ?.split(', ')
      .map((field) => field.replace('?', ''));
    expect(fields?.sort()).toEqual(namesOf('lib/events.ts', payload).sort());
  });

  it('names every reason for a loss', () => {
    for (const reason of namesOf('lib/errors.ts', 'LostReason')) expect(page).toContain(`\`${reason}\``);
  });
});

describe('the channels in docs/EVENTS.md', () => {
  const page = read('docs/EVENTS.md');
  const MESSAGES = 'lib/diagnostics/messages.ts';
  const EVENTS = 'lib/events.ts';
  const channels = ['LockTracingChannels', 'LockChannels'].flatMap((map) => membersOf(MESSAGES, map));
  /** A message has the fields of its event. */
  const fieldsOf = (payload: string): string[] => {
    const event = /interface \w+ extends (\w+Event)/.exec(
      read(MESSAGES)
        .split('\n')
        .find((line) => line.includes(`interface ${payload} `)) ?? '',
    )?.[1];
    if (event === undefined) return namesOf(MESSAGES, payload);
    return ['manager', ...namesOf(EVENTS, event)];
  };

  it('are those that there are', () => {
    const documented = [...page.matchAll(/^\| `(thingsdb-lock:\w+)` \|/gm)].map(([, name]) => name);
    expect(documented.sort()).toEqual(channels.map(({ name }) => name.replaceAll("'", '')).sort());
  });

  it.each(channels)('tell the payload of $name, field by field', ({ type }) => {
    const [, text = ''] = new RegExp(`\`${type}\`: ([^]*?)(?:\n- |\n\n| \\|)`).exec(page) ?? [];
    const fields = text
      .replace(/\([^)]*\)/g, '')
      .split(/,\s+/)
      .flatMap((part) => /^\s*`(\w+)`/.exec(part)?.[1] ?? []);
    expect(fields.sort()).toEqual(fieldsOf(type).sort());
  });
});

describe('the examples in the documentation', () => {
  const folder = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' });
  const pages = ['README.md', ...folder.map((file) => `docs/${file}`)].filter(
    (path) => path.endsWith('.md') && existsSync(join(ROOT, path)),
  );

  /** What an example may take as given; whatever it declares itself comes before these. */
  const given = `
    import type { DistributedLock, Lease, LockManager } from 'thingsdb-lock';
    declare global {
      const manager: LockManager;
      const lock: DistributedLock;
      const lease: Lease;
    }
  `;

  /** A block of \`\`\`ts, and the example program that it shows, if it shows one. */
  const BLOCK = /(?:^<!-- example: (\S+) -->\n\n)?^```ts\n([\s\S]*?)^```$/gm;

  /** Each block as a module whose lines are those of the page; that of an example program stands beside it. */
  function examplesOf(path: string): Record<string, string> {
    const page = read(path);
    return Object.fromEntries(
      [...page.matchAll(BLOCK)].map((block, i) => {
        const [text, program, code = ''] = block;
        const lines = page.slice(0, block.index + text.indexOf('```ts')).split('\n').length;
        const folder = program === undefined ? 'docs/' : `${dirname(program)}/`;
        return [
          `${folder}${path.replace('docs/', '').replaceAll('/', '-')}.${i + 1}.mts`,
          `${'\n'.repeat(lines)}${code}\nexport {};\n`,
        ];
      }),
    );
  }

  /** An example may end before it uses all that it declares. */
  const compiled = (examples: Record<string, string>): string[] =>
    compile([], { 'docs/given.mts': given, ...examples }, { noUnusedLocals: false });

  it('compile against the public types', () => {
    const examples = Object.assign({}, ...pages.map(examplesOf)) as Record<string, string>;
    expect(Object.keys(examples).length).toBeGreaterThanOrEqual(2);
    expect(compiled(examples)).toEqual([]);
  });

  it('would be told when they do not, by page and line', () => {
    const wrong = { 'docs/WRONG.md.1.mts': "\n\nawait lock.acquire({ timeout: '5s' });\nexport {};\n" };
    expect(compiled(wrong)).toEqual([expect.stringMatching(/^docs\/WRONG\.md\.1\.mts:3: .*timeout/)]);
  });
});
