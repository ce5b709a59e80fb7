// Bundles a program of TypeScript into one file and runs it. Where it computes for long, that is faster than its
// modules one by one.
//
//   node scripts/run-bundled.mjs FILE.ts [ARGUMENT...]
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildSync } from 'esbuild';

const [entry, ...args] = process.argv.slice(2);
const folder = mkdtempSync(path.join(tmpdir(), 'bundled-'));
process.once('exit', () => rmSync(folder, { recursive: true }));
const outfile = path.join(folder, 'program.js');
buildSync({
  entryPoints: [entry],
  outfile,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  sourcemap: 'inline',
  logLevel: 'error',
});
process.setSourceMapsEnabled(true);
process.argv = [process.argv[0], outfile, ...args];
createRequire(import.meta.url)(outfile);
