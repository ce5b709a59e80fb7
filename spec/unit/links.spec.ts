import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const ROOT = join(__dirname, '../..');
const DOCS = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' }).map(
  (file) => `docs/${file}`,
);
const PAGES = ['README.md', 'SECURITY.md', 'CHANGELOG.md', ...DOCS].filter((path) => path.endsWith('.md'));
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** Without what stands in blocks of code and between backticks. */
const prose = (page: string): string =>
  page.replaceAll(/^```[^]*?^```$/gm, '').replaceAll(/`[^`\n]*`/g, '``');

/** The anchors of a page's headings, as GitHub and TypeDoc make them. */
function anchorsOf(page: string): Set<string> {
  const headings = [...page.replaceAll(/^```[^]*?^```$/gm, '').matchAll(/^#{1,6} +(.+)$/gm)];
  return new Set(
    headings.map(([, title = '']) =>
      title
        .toLowerCase()
        .replaceAll(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    ),
  );
}

/** What is wrong with a page's links to other files and headings. */
function brokenLinks(path: string, text: string): string[] {
  return [...prose(text).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = '']) => {
    if (/^[a-z]+:/.test(target)) return [];
    const [file = '', anchor] = target.split('#');
    const whole = file === '' ? join(ROOT, path) : join(ROOT, dirname(path), file);
    if (!existsSync(whole)) return [`${path}: ${target} is not there`];
    if (anchor === undefined) return [];
    const page = relative(ROOT, whole);
    return anchorsOf(read(page)).has(anchor) ? [] : [`${path}: ${page} has no heading #${anchor}`];
  });
}

describe('the links of the pages', () => {
  it.each(PAGES)('%s leads to files and headings that are there', (path) => {
    expect(brokenLinks(path, read(path))).toEqual([]);
  });

  it('would be seen to lead nowhere', () => {
    const broken = '[a](docs/NOTHING.md), [b](SECURITY.md#no-such-heading), [c](#neither)';
    expect(brokenLinks('README.md', broken)).toHaveLength(3);
  });

  it('lead from README to pages only: a folder cannot be opened everywhere', () => {
    const links = [...prose(read('README.md')).matchAll(/\]\(([^)\s#]+)/g)].map(([, target = '']) => target);
    const targets = links.filter((target) => !/^[a-z]+:/.test(target));
    expect(targets.length).toBeGreaterThan(10);
    expect(targets.filter((target) => statSync(join(ROOT, target)).isDirectory())).toEqual([]);
  });

  it('reach every guide from README', () => {
    const guides = readdirSync(join(ROOT, 'docs/guides')).map((file) => `docs/guides/${file}`);
    expect(guides.filter((guide) => !read('README.md').includes(`(${guide})`))).toEqual([]);
  });
});
