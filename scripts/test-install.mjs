// npm run test:install: packs the package and installs it into empty projects, as its users do: plain Node by import and
// require, TypeScript, esbuild, webpack, Vite, Jest and Vitest. Measures what an import costs and a bundle weighs, beside
// redlock with ioredis. It needs the registry, and takes minutes, so `npm test` does not do it.
//   --only NAME    one project: see PROJECTS
//   --keep         leaves the folders where they are
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { only: { type: 'string' }, keep: { type: 'boolean', default: false } },
});
const root = new URL('..', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'thingsdb-lock-install-'));

/** What every project does: locks on the embedded server, waits, and ends by itself. */
const USE = `
  const db = await startThingsDB();
  const manager = new LockManager({ url: db.url, auth: { username: 'admin', password: 'pass' } });
  const lease = await manager.acquire('a');
  const refused = await manager.acquire('a', { waitTimeout: 20 }).catch((error) => error);
  await lease.release();
  const result = await manager.runExclusive(['a', 'b'], (both) => both.names.length);
  await manager.close();
  await db.close();
`;
const SAY = `if (refused.name !== 'LockTimeoutError' || result !== 2) throw new Error('wrong'); console.log('works');`;
const IMPORT = `
  import { LockManager } from 'thingsdb-lock';
  import { startThingsDB } from 'thingsdb-lock/testing';
`;
const REQUIRE = `
  const { LockManager } = require('thingsdb-lock');
  const { startThingsDB } = require('thingsdb-lock/testing');
`;
const CHECK = `expect(refused.name).toBe('LockTimeoutError'); expect(result).toBe(2);`;
const BUNDLED = `${IMPORT} async function main() { ${USE} ${SAY} } void main();`;

const node = (file) => [process.execPath, file];
const tool = (name, ...args) => [process.execPath, join('node_modules', name), ...args];

/** For each: what it installs besides the package, its files, and the commands, the last of which says `works`. */
const PROJECTS = {
  import: { files: { 'main.mjs': `${IMPORT} ${USE} ${SAY}` }, commands: [node('main.mjs')] },
  require: {
    files: { 'main.cjs': `${REQUIRE} (async () => { ${USE} ${SAY} })();` },
    commands: [node('main.cjs')],
  },
  typescript: {
    install: ['typescript@5', '@types/node@20'],
    files: {
      'main.mts': `${IMPORT} ${USE.replace('(error) => error', '(error: Error) => error')} ${SAY}`,
      'tsconfig.json': JSON.stringify({
        compilerOptions: {
          ...{ module: 'nodenext', target: 'es2022', strict: true, skipLibCheck: false },
          // What comes of the promise is a lease or an error.
          ...{ noImplicitAny: true, types: ['node'] },
        },
        files: ['main.mts'],
      }),
    },
    commands: [tool('typescript/bin/tsc'), node('main.mjs')],
  },
  esbuild: {
    install: ['esbuild'],
    files: { 'main.js': BUNDLED },
    commands: [
      tool(
        'esbuild/bin/esbuild',
        ...['main.js', '--bundle', '--minify', '--platform=node', '--outfile=out.cjs'],
      ),
      node('out.cjs'),
    ],
  },
  webpack: {
    install: ['webpack', 'webpack-cli'],
    files: {
      'main.js': BUNDLED,
      'webpack.config.cjs': `module.exports = { target: 'node20', mode: 'production', entry: './main.js',
        output: { path: __dirname, filename: 'out.cjs' }, performance: false };`,
    },
    commands: [tool('webpack-cli/bin/cli.js'), node('out.cjs')],
  },
  vite: {
    install: ['vite'],
    files: {
      'main.js': BUNDLED,
      'vite.config.mjs': `export default { ssr: { noExternal: true }, build: { ssr: 'main.js', minify: true } };`,
    },
    commands: [tool('vite/bin/vite.js', 'build'), node('dist/main.js')],
    manifest: { type: 'module' },
  },
  jest: {
    install: ['jest'],
    files: {
      'main.test.js': `${REQUIRE} test('locks', async () => { ${USE} ${CHECK} console.log('works'); });`,
    },
    commands: [tool('jest/bin/jest.js')],
  },
  vitest: {
    install: ['vitest'],
    files: {
      'main.test.js': `import { expect, test } from 'vitest'; ${IMPORT} test('locks', async () => { ${USE} ${CHECK} console.log('works'); });`,
    },
    commands: [tool('vitest/vitest.mjs', 'run')],
  },
};

function run([command, ...args], cwd) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status !== 0)
    throw new Error(`${[command, ...args].join(' ')} ended with ${status}:\n${stdout}${stderr}`);
  return `${stdout}${stderr}`;
}

function newProject(name, manifest, packages) {
  const project = join(folder, name);
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name, private: true, ...manifest }));
  run(['npm', 'install', '--no-audit', '--no-fund', '--loglevel=error', ...packages], project);
  return project;
}

function pack() {
  run(['npm', 'run', 'build'], root);
  const [{ filename }] = JSON.parse(
    execFileSync('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
      cwd: root,
      encoding: 'utf8',
    }),
  );
  return join(folder, filename);
}

function tryProject(name, tarball) {
  const { install = [], files, commands, manifest = {} } = PROJECTS[name];
  const project = newProject(name, manifest, [tarball, ...install]);
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(project, file)), { recursive: true });
    writeFileSync(join(project, file), text);
  }
  const output = commands.map((command) => run(command, project)).at(-1);
  if (!output.includes('works')) throw new Error(`${name} did not say that it works:\n${output}`);
  console.log(`${name.padEnd(12)} works`);
}

const ROUNDS = 15;
const BARE = ['bare node', 'undefined'];
const IMPORTS = [
  BARE,
  ['thingsdb-lock, import', "await import('thingsdb-lock')"],
  ['thingsdb-lock, require', "require('thingsdb-lock')"],
  ['redlock + ioredis, require', "require('ioredis'); require('redlock')"],
];
const BUNDLES = [
  ['thingsdb-lock', "import { LockManager } from 'thingsdb-lock'; console.log(LockManager);"],
  [
    'redlock + ioredis',
    "import Redis from 'ioredis'; import Redlock from 'redlock'; console.log(Redis, Redlock);",
  ],
];

/** By turns, so that what else the machine does meets all alike. Time on the processor, as it counts nothing else. */
function measure(tarball) {
  const project = newProject('figures', {}, [tarball, 'redlock@5.0.0-beta.2', 'ioredis@5', 'esbuild']);
  const times = new Map(IMPORTS.map(([name]) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, code] of IMPORTS) {
      const program = `(async () => { ${code}; const { user, system } = process.cpuUsage(); console.log((user + system) / 1000); })();`;
      times.get(name).push(Number(run([process.execPath, '-e', program], project)));
    }
  }
  const bareMs = median(times.get(BARE[0]));
  for (const [name, all] of times) {
    console.log(`${name.padEnd(28)} ${(median(all) - bareMs).toFixed(1).padStart(6)} ms over bare node`);
  }
  for (const [name, code] of BUNDLES) {
    writeFileSync(join(project, 'bundled.mjs'), code);
    const args = [
      'bundled.mjs',
      '--bundle',
      '--minify',
      '--platform=node',
      '--outfile=bundled.cjs',
      '--log-level=error',
    ];
    run(tool('esbuild/bin/esbuild', ...args), project);
    const { length } = readFileSync(join(project, 'bundled.cjs'));
    console.log(`${name.padEnd(28)} ${(length / 1000).toFixed(1).padStart(6)} kB bundled and minified`);
  }
  const importMs = median(times.get(IMPORTS[1][0])) - bareMs;
  if (importMs >= 60) throw new Error(`an import costs ${importMs.toFixed(1)} ms; it has to be below 60`);
}

function median(all) {
  return all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)];
}

try {
  const tarball = pack();
  const names = values.only === undefined ? [...Object.keys(PROJECTS), 'figures'] : [values.only];
  for (const name of names) {
    if (name === 'figures') measure(tarball);
    else tryProject(name, tarball);
  }
} finally {
  if (values.keep) console.log(folder);
  else rmSync(folder, { recursive: true, force: true });
}
