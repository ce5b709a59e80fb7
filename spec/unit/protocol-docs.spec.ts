import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { CHECKS } from '../conformance/checks/all-checks.js';
import { FEATURES } from '../conformance/messages.js';

const ROOT = join(__dirname, '../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

function sourcesUnder(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ti'))
    .map((file) => join(folder, file));
}

describe('docs/PROTOCOL.md', () => {
  const page = read('docs/PROTOCOL.md');
  const headings = new Set([...page.matchAll(/^### (\w+)$/gm)].map(([, title]) => title));

  it.each(sourcesUnder('lib/schema/procedures'))('has a section for %s, with its arguments', (path) => {
    const name = basename(path, '.ti');
    const [, parameters = ''] = /^\|([a-z_, ]*)\|/.exec(read(path)) ?? [];
    expect(headings).toContain(name);
    expect(page).toContain(`\n${name}(${parameters}) -> `);
  });

  it('has a section for each event that the schema pushes, Python’s apart', () => {
    const events = sourcesUnder('lib/schema').flatMap((path) =>
      [...read(path).matchAll(/\.emit\('(\w+)'|fn\.tell\([^']*'(\w+)'/g)].map(
        ([, one, other]) => one ?? other,
      ),
    );
    expect(new Set(events).size).toBeGreaterThan(7);
    expect([...new Set(events)].filter((event) => event !== 'go' && !headings.has(event))).toEqual([]);
    expect(page).toContain('`go`');
  });

  it.each(['Free', 'Contended', 'Silent', 'Reconnect', 'Transfer'])('draws the sequence %s', (title) => {
    expect(page).toMatch(new RegExp(`^### ${title}\n\n\`\`\`\n[^\`]*▶`, 'm'));
  });
});

describe('docs/CONFORMANCE.md', () => {
  const page = read('docs/CONFORMANCE.md');

  it('lists the checks as they are, with what they need', () => {
    const rows = [...page.matchAll(/^\| (.+) \| ((?:`[a-z-]+`(?:, )?)*) ?\|$/gm)].map(([, title, needs]) => ({
      title,
      needs: [...(needs ?? '').matchAll(/`([a-z-]+)`/g)].map(([, feature]) => feature),
    }));
    const listed = rows.filter(({ title }) => CHECKS.some((check) => check.title === title));
    expect(listed).toEqual(CHECKS.map(({ title, needs }) => ({ title, needs })));
  });

  it.each(FEATURES)('says what the feature %s means', (feature) => {
    expect(page).toMatch(new RegExp(`^\\| (\`[a-z-]+\`, )*\`${feature}\``, 'm'));
  });

  it('knows each order', () => {
    const [, orders = ''] =
      /export type Order =([^]*?);\n\n/.exec(read('spec/conformance/messages.ts')) ?? [];
    const named = [...orders.matchAll(/'([a-z-]+)'/g)].map(([, order]) => order);
    expect(named.length).toBeGreaterThan(8);
    expect(named.filter((order) => !page.includes(`| \`${order}\``))).toEqual([]);
  });
});
