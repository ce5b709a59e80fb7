import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REPOSITORY, runNode } from '../support/run-node.js';

const LIMIT_MS = 120_000;
let site: string;

beforeAll(() => {
  site = mkdtempSync(join(tmpdir(), 'site-'));
});

afterAll(() => rmSync(site, { recursive: true }));

it(
  'the site has every public symbol, documented, and no link that leads nowhere',
  async () => {
    const typedoc = join(REPOSITORY, 'node_modules/typedoc/bin/typedoc');
    // It is written, since anchors are known only then.
    const { status, output } = await runNode([typedoc, '--out', site, '--logLevel', 'Warn'], {}, LIMIT_MS);
    expect({ status, output }).toEqual({ status: 0, output: '' });
    // TypeDoc looks for those of other pages only.
    const pages = readdirSync(join(site, 'documents'));
    expect(pages.length).toBeGreaterThan(20);
    expect(pages.flatMap((page) => brokenAnchors(join(site, 'documents', page)))).toEqual([]);
  },
  LIMIT_MS,
);

/** The links of a page to places in itself that it does not have. */
function brokenAnchors(page: string): string[] {
  const html = readFileSync(page, 'utf8');
  const places = new Set(all(html, / id="([^"]+)"/g));
  return all(html, / href="#([^"]+)"/g)
    .filter((anchor) => !places.has(anchor))
    .map((anchor) => `${page}#${anchor}`);
}

const all = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([, found = '']) => found);
