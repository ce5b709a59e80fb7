// Builds the page of the live view. It is one file of HTML, with its scripts, its styles and their licences in it.
//
//   node scripts/build-page.mjs FILE
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const require = createRequire(import.meta.url);
const SOURCES = fileURLToPath(new URL('../lib/ui/page', import.meta.url));
/** What is bundled, with the file that is next to its licence. */
const BUNDLED = { Preact: 'preact/package.json', uPlot: 'uplot/package.json' };

const { outputFiles } = await build({
  entryPoints: [join(SOURCES, 'main.tsx')],
  outdir: 'page',
  bundle: true,
  minify: true,
  write: false,
  format: 'esm',
  target: 'es2022',
  charset: 'utf8',
  legalComments: 'none',
  logLevel: 'error',
});

const textOf = (extension) => outputFiles.find(({ path }) => path.endsWith(extension)).text.trim();

/** What the licences ask for: they stand where the code is. */
function licences() {
  return Object.entries(BUNDLED).map(([name, file]) => {
    const path = require.resolve(file);
    const text = readFileSync(join(dirname(path), 'LICENSE'), 'utf8');
    return `${name} ${require(path).version}\n\n${text.trim()}`;
  });
}

const page = readFileSync(join(SOURCES, 'page.html'), 'utf8')
  // Not as texts: a `$` in a script would mean something to `replace`.
  .replace('%STYLE%', () => textOf('.css'))
  .replace('%SCRIPT%;', () => textOf('.js'))
  .replace('<head>', () => `<head>\n    <!--\n${licences().join('\n\n')}\n    -->`);

const [, , file] = process.argv;
mkdirSync(dirname(file), { recursive: true });
writeFileSync(file, page);
