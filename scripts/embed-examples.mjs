// Puts the examples' source into the pages that show them, between <!-- example: FILE --> and <!-- /example -->:
//
//   node scripts/embed-examples.mjs [--check]
//
// With --check nothing is written; the exit status says whether the pages show the files as they are.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { extname } from 'node:path';

const GUIDES = readdirSync('docs/guides').map((file) => `docs/guides/${file}`);
const PAGES = ['README.md', 'docs/TESTING.md', 'docs/CONTRIBUTING.md', ...GUIDES];
/** How a block of this kind of file begins. */
const FENCES = { '.ts': 'ts', '.mjs': 'js', '.yaml': 'yaml' };
const PLACE = /(<!-- example: (\S+) -->)[^]*?(<!-- \/example -->)/g;

for (const page of PAGES) {
  const text = readFileSync(page, 'utf8');
  const shown = text.replace(
    PLACE,
    (_all, begin, file, end) =>
      `${begin}\n\n\`\`\`${FENCES[extname(file)]}\n${readFileSync(file, 'utf8')}\`\`\`\n\n${end}`,
  );
  if (shown === text) continue;
  if (process.argv.includes('--check')) {
    console.error(`${page} does not show its examples as they are`);
    process.exitCode = 1;
  } else writeFileSync(page, shown);
}
