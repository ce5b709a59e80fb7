// Builds dist from lib. dist/cjs holds everything; dist/esm the lock alone. The embedded server and the command line are
// big and used in one place, so they are shipped once, as CommonJS; dist/esm/testing passes on what that has.
// Each folder is marked with its module kind. The second time the sources are not checked again.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const tsc = require.resolve('typescript/bin/tsc');

function compile(project, folder, type) {
  execFileSync(process.execPath, [tsc, '-p', project, '--outDir', folder], { stdio: 'inherit' });
  writeFileSync(`${folder}/package.json`, `${JSON.stringify({ type })}\n`);
}

rmSync('dist', { recursive: true, force: true });
compile('tsconfig.build.json', 'dist/cjs', 'commonjs');
compile('tsconfig.build.esm.json', 'dist/esm', 'module');

const names = Object.keys(require('../dist/cjs/testing/index.js')).join(', ');
mkdirSync('dist/esm/testing');
writeFileSync(
  'dist/esm/testing/index.js',
  `import testing from '../../cjs/testing/index.js';\nexport const { ${names} } = testing;\n`,
);
writeFileSync('dist/esm/testing/index.d.ts', "export * from '../../cjs/testing/index.js';\n");
chmodSync('dist/cjs/cli/main.js', 0o755);
