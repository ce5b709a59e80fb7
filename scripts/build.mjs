// Builds dist/esm and dist/cjs from lib: the same sources through tsc twice, each folder marked with its module kind.
// The second time they are not checked again.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const kinds = [
  { folder: 'cjs', type: 'commonjs', flags: ['--module', 'nodenext', '--moduleResolution', 'nodenext'] },
  {
    folder: 'esm',
    type: 'module',
    flags: ['--module', 'esnext', '--moduleResolution', 'bundler', '--noCheck'],
  },
];

rmSync('dist', { recursive: true, force: true });
for (const { folder, type, flags } of kinds) {
  const outDir = `dist/${folder}`;
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', outDir, ...flags], {
    stdio: 'inherit',
  });
  mkdirSync(outDir, { recursive: true });
  writeFileSync(`${outDir}/package.json`, `${JSON.stringify({ type })}\n`);
}
chmodSync('dist/cjs/cli/main.js', 0o755);
