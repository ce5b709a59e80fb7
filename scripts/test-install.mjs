// npm run test:install: packs the package and installs it into empty projects, as its users do: plain Node by import and
// require, two copies side by side, TypeScript, esbuild, webpack, Vite, Jest, Vitest, and NestJS 10 and 11. Measures what an
// import costs and a bundle weighs, beside redlock with ioredis. It needs the registry, and takes minutes, so `npm test` does
// not do it.
//   --only NAME    one project: see PROJECTS, or `figures`; may be given again
//   --keep         leaves the folders where they are
// With THINGSDB_JS=/path/to/thingsdb.js, its built file, each project uses that client too. It is not in the registry.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { only: { type: 'string', multiple: true }, keep: { type: 'boolean', default: false } },
});
const root = new URL('..', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'thingsdb-lock-install-'));
const thingsdbJs = process.env.THINGSDB_JS;

/** What every project does: locks on the embedded server, waits, and ends by itself. */
const USE = `
  const db = await startThingsDB();
  const manager = new LockManager(optionsFor(db));
  const lease = await manager.acquire('a');
  const refused = await manager.acquire('a', { waitTimeout: 20 }).catch((error) => error);
  await lease.release();
  const result = await manager.runExclusive(['a', 'b'], (both) => both.names.length);
  await manager.close();
  await db.close();
`;
const SAY = `if (refused.name !== 'LockTimeoutError' || result !== 2) throw new Error('wrong'); console.log('works');`;
const CHECK = `expect(refused.name).toBe('LockTimeoutError'); expect(result).toBe(2);`;
/** The usual 5 s are not enough on a machine that does much else. */
const TEST = `test('locks', async () => { ${USE} ${CHECK} console.log('works'); }, 30_000);`;
const NAMES = {
  'thingsdb-lock': '{ LockManager }',
  'thingsdb-lock/testing': '{ startThingsDB }',
};
/** It is made for browsers, and takes its WebSocket when it is loaded. A Node without one has to be given one. */
const WEB_SOCKET = `import { WebSocket } from 'ws'; globalThis.WebSocket ??= WebSocket;`;
const OTHER_CLIENT = `
  const optionsFor = (db) => ({
    client: () => new ThingsDB(db.wsUrl),
    auth: { username: 'admin', password: 'pass' },
  });`;
const OWN_CLIENT = `
  const optionsFor = (db) => ({ url: db.url, auth: { username: 'admin', password: 'pass' } });`;

function imports(isOther) {
  const names = isOther ? { ...NAMES, 'thingsdb.js': 'ThingsDB' } : NAMES;
  const lines = Object.entries(names).map(([module, what]) => `import ${what} from '${module}';`);
  return [
    ...(isOther ? ["import './web-socket.mjs';"] : []),
    ...lines,
    isOther ? OTHER_CLIENT : OWN_CLIENT,
  ].join('\n');
}

function requires(isOther) {
  const names = isOther ? { ...NAMES, 'thingsdb.js': 'ThingsDB' } : NAMES;
  const lines = Object.entries(names).map(([module, what]) => `const ${what} = require('${module}');`);
  const first = isOther ? ["globalThis.WebSocket ??= require('ws').WebSocket;"] : [];
  return [...first, ...lines, isOther ? OTHER_CLIENT : OWN_CLIENT].join('\n');
}
const bundled = (isOther) => `${imports(isOther)} async function main() { ${USE} ${SAY} } void main();`;

const node = (file) => [process.execPath, file];
/** A program of its own, not of Node. */
const esbuild = (...args) => [join('node_modules', '.bin', 'esbuild'), ...args];
const tool = (name, ...args) => [process.execPath, join('node_modules', name), ...args];

/** Two copies in one process, of which each must know the other's errors, and exclude the other's holders. */
const COPIES = `
  import * as one from 'thingsdb-lock';
  import * as other from 'another-copy';
  import { startThingsDB } from 'thingsdb-lock/testing';
  const db = await startThingsDB();
  const options = { url: db.url, auth: { username: 'admin', password: 'pass' } };
  const managers = [new one.LockManager(options), new other.LockManager(options)];
  const lease = await managers[0].acquire('a');
  const error = await managers[1].acquire('a', { waitTimeout: 20 }).catch((error) => error);
  const isKnown = error instanceof one.LockTimeoutError && one.isLockError(error);
  if (one.LockManager === other.LockManager || !isKnown) throw new Error('wrong');
  await lease.release();
  await Promise.all(managers.map((manager) => manager.close()));
  await db.close();
  console.log('works');
`;

/**
 * An application as the Nest command line makes one. Over HTTP it locks, refuses with 409, and tells its health by
 * Terminus.
 */
const NEST = `
  import 'reflect-metadata';
  import { Controller, Get, Injectable, Module, Param } from '@nestjs/common';
  import { APP_FILTER, NestFactory } from '@nestjs/core';
  import { HealthCheckService, TerminusModule } from '@nestjs/terminus';
  import { type Lease, LockManager } from 'thingsdb-lock';
  import { CurrentLease, Exclusive, LockExceptionFilter, LockHealthIndicator, LockModule } from 'thingsdb-lock/nestjs';
  import { startThingsDB } from 'thingsdb-lock/testing';

  @Injectable()
  class Orders {
    constructor(readonly locks: LockManager) {}

    @Exclusive((id: string) => \`order \${id}\`, { waitTimeout: 0 })
    async pay(id: string, @CurrentLease() lease?: Lease): Promise<string> {
      return \`\${id} \${String(lease?.isHeld)}\`;
    }
  }

  @Controller()
  class App {
    constructor(
      private readonly orders: Orders,
      private readonly health: HealthCheckService,
      private readonly locks: LockHealthIndicator,
    ) {}

    @Get('orders/:id')
    pay(@Param('id') id: string): Promise<string> {
      return this.orders.pay(id);
    }

    @Get('health')
    check() {
      return this.health.check([() => this.locks.isHealthy('locks')]);
    }
  }

  async function main(): Promise<void> {
    const db = await startThingsDB();
    @Module({
      imports: [
        TerminusModule,
        LockModule.forRoot({ url: db.url, auth: { username: 'admin', password: 'pass' }, requestTimeout: 2_000 }),
      ],
      controllers: [App],
      providers: [Orders, { provide: APP_FILTER, useClass: LockExceptionFilter }],
    })
    class AppModule {}
    const app = await NestFactory.create(AppModule, { logger: false });
    await app.listen(0, '127.0.0.1');
    const ask = async (path: string): Promise<string> => {
      const response = await fetch(\`\${await app.getUrl()}/\${path}\`);
      return \`\${response.status} \${await response.text()}\`;
    };
    const answers = [await ask('orders/7'), await ask('health')];
    const lease = await app.get(LockManager).acquire('order 7');
    answers.push(await ask('orders/7'));
    await lease.release();
    await db.close();
    answers.push(await ask('health'));
    await app.close();
    const expected = [/^200 7 true$/, /^200 .*"up"/, /^409 .*LOCK_TIMEOUT/, /^503 .*"down"/];
    if (!expected.every((pattern, i) => pattern.test(answers[i] ?? ''))) throw new Error(answers.join('\\n'));
    console.log('works');
  }

  void main();
`;

function nest(version) {
  const ofNest = ['common', 'core', 'platform-express', 'terminus'].map(
    (name) => `@nestjs/${name}@${version}`,
  );
  const compilerOptions = {
    ...{ module: 'commonjs', moduleResolution: 'node10', target: 'es2022', strict: true, skipLibCheck: true },
    ...{ experimentalDecorators: true, emitDecoratorMetadata: true, types: ['node'] },
  };
  return {
    isOwnOnly: true,
    install: [...ofNest, 'reflect-metadata@0.2', 'rxjs@7', 'typescript@5', '@types/node@20'],
    files: () => ({
      'main.ts': NEST,
      'tsconfig.json': JSON.stringify({ compilerOptions, files: ['main.ts'] }),
    }),
    commands: [tool('typescript/bin/tsc'), node('main.js')],
  };
}

/** For each: what it installs besides the package, its files, and the commands, the last of which says `works`. */
const PROJECTS = {
  import: {
    files: (isOther) => ({ 'main.mjs': `${imports(isOther)} ${USE} ${SAY}` }),
    commands: [node('main.mjs')],
  },
  require: {
    files: (isOther) => ({ 'main.cjs': `${requires(isOther)} (async () => { ${USE} ${SAY} })();` }),
    commands: [node('main.cjs')],
  },
  copies: {
    isOwnOnly: true,
    install: ['another-copy@file:TARBALL'],
    files: () => ({ 'main.mjs': COPIES }),
    commands: [node('main.mjs')],
  },
  typescript: {
    isOwnOnly: true,
    install: ['typescript@5', '@types/node@20'],
    files: () => ({
      'main.mts': `
        import { LockManager } from 'thingsdb-lock';
        import { startThingsDB, type EmbeddedThingsDB } from 'thingsdb-lock/testing';
        ${OWN_CLIENT.replace('(db)', '(db: EmbeddedThingsDB)')}
        ${USE.replace('(error) => error', '(error: Error) => error')} ${SAY}`,
      // The library is checked too.
      'tsconfig.json': JSON.stringify({
        compilerOptions: {
          ...{ module: 'nodenext', target: 'es2022', lib: ['es2022', 'esnext.disposable'] },
          ...{ strict: true, skipLibCheck: false, types: ['node'] },
        },
        files: ['main.mts'],
      }),
    }),
    // What comes of the promise is a lease or an error, of which only one has a name.
    commands: [tool('typescript/bin/tsc'), node('main.mjs')],
  },
  esbuild: {
    install: ['esbuild'],
    files: (isOther) => ({ 'main.js': bundled(isOther) }),
    commands: [
      esbuild('main.js', '--bundle', '--minify', '--platform=node', '--outfile=out.cjs'),
      node('out.cjs'),
    ],
  },
  webpack: {
    install: ['webpack', 'webpack-cli'],
    files: (isOther) => ({
      'main.js': bundled(isOther),
      'webpack.config.cjs': `module.exports = { target: 'node20', mode: 'production', entry: './main.js',
        output: { path: __dirname, filename: 'out.cjs' }, performance: false };`,
    }),
    commands: [tool('webpack-cli/bin/cli.js'), node('out.cjs')],
  },
  vite: {
    install: ['vite'],
    files: (isOther) => ({
      'main.js': bundled(isOther),
      'vite.config.mjs': `export default { ssr: { noExternal: true }, build: { ssr: 'main.js', minify: true } };`,
    }),
    commands: [tool('vite/bin/vite.js', 'build'), node('dist/main.js')],
    manifest: { type: 'module' },
  },
  jest: {
    install: ['jest'],
    files: (isOther) => ({
      'main.test.js': `${requires(isOther)} ${TEST}`,
    }),
    commands: [tool('jest/bin/jest.js')],
  },
  vitest: {
    install: ['vitest'],
    files: (isOther) => ({
      'main.test.js': `import { expect, test } from 'vitest'; ${imports(isOther)} ${TEST}`,
    }),
    commands: [tool('vitest/vitest.mjs', 'run')],
  },
  nest10: nest(10),
  nest11: nest(11),
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

function pack(from) {
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
  const [{ filename }] = JSON.parse(execFileSync('npm', args, { cwd: from, encoding: 'utf8' }));
  return join(folder, filename);
}

/** As it would come from the registry, if it were there. */
function packThingsdbJs() {
  const source = join(folder, 'thingsdb.js-source');
  mkdirSync(source);
  copyFileSync(thingsdbJs, join(source, 'thingsdb.js'));
  const manifest = { name: 'thingsdb.js', version: '0.2.0', main: 'thingsdb.js' };
  writeFileSync(join(source, 'package.json'), JSON.stringify(manifest));
  return pack(source);
}

/** `other`: the tarball of another client than the package's own. */
function tryProject(name, tarball, other) {
  const { install = [], files, commands, manifest = {} } = PROJECTS[name];
  const packages = [tarball, ...install.map((one) => one.replace('TARBALL', tarball))];
  const shown = other === undefined ? name : `${name}, with thingsdb.js`;
  const project = newProject(
    shown.replace(', ', '-').replace(' ', '-'),
    manifest,
    other === undefined ? packages : [...packages, other, 'ws'],
  );
  const all = { ...files(other !== undefined), ...(other !== undefined && { 'web-socket.mjs': WEB_SOCKET }) };
  for (const [file, text] of Object.entries(all)) writeFileSync(join(project, file), text);
  const output = commands.map((command) => run(command, project)).at(-1);
  if (!output.includes('works')) throw new Error(`${shown} did not say that it works:\n${output}`);
  console.log(`${shown.padEnd(28)} works`);
}

const ROUNDS = 20;
const MOST_IMPORT_MS = 60;
const MOST_TESTING_IMPORT_MS = 60;
const BARE = ['bare node', 'undefined'];
const IMPORTS = [
  BARE,
  ['thingsdb-lock, import', "await import('thingsdb-lock')", MOST_IMPORT_MS],
  ['thingsdb-lock, require', "require('thingsdb-lock')", MOST_IMPORT_MS],
  ['thingsdb-lock/testing, import', "await import('thingsdb-lock/testing')", MOST_TESTING_IMPORT_MS],
  ['thingsdb-lock/testing, require', "require('thingsdb-lock/testing')", MOST_TESTING_IMPORT_MS],
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
function importTimes(project) {
  const times = new Map(IMPORTS.map(([name]) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, code] of IMPORTS) {
      const program = `(async () => { ${code}; const { user, system } = process.cpuUsage(); console.log((user + system) / 1000); })();`;
      times.get(name).push(Number(run([process.execPath, '-e', program], project)));
    }
  }
  return new Map([...times].map(([name, all]) => [name, median(all)]));
}

function measure(tarball) {
  const project = newProject('figures', {}, [tarball, 'redlock@5.0.0-beta.2', 'ioredis@5', 'esbuild']);
  const medians = importTimes(project);
  const bareMs = medians.get(BARE[0]);
  console.log(`${BARE[0].padEnd(32)} ${bareMs.toFixed(1).padStart(6)} ms`);
  for (const [name, , mostMs = Infinity] of IMPORTS.slice(1)) {
    const overMs = medians.get(name) - bareMs;
    console.log(`${name.padEnd(32)} ${overMs.toFixed(1).padStart(6)} ms over bare node`);
    if (overMs >= mostMs)
      throw new Error(`${name} costs ${overMs.toFixed(1)} ms; it has to be below ${mostMs}`);
  }
  for (const [name, code] of BUNDLES) {
    writeFileSync(join(project, 'bundled.mjs'), code);
    const options = ['--bundle', '--minify', '--platform=node', '--outfile=bundled.cjs', '--log-level=error'];
    run(esbuild('bundled.mjs', ...options), project);
    const { length } = readFileSync(join(project, 'bundled.cjs'));
    console.log(`${name.padEnd(32)} ${(length / 1000).toFixed(1).padStart(6)} kB bundled and minified`);
  }
  for (const [name, packages] of [
    ['thingsdb-lock', [tarball]],
    ['redlock + ioredis', ['redlock@5.0.0-beta.2', 'ioredis@5']],
  ]) {
    const installed = newProject(`weight-of-${name.replaceAll(/[^a-z-]+/g, '-')}`, {}, packages);
    const files = readdirSync(join(installed, 'node_modules'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => statSync(join(entry.parentPath, entry.name)).size);
    const bytes = files.reduce((sum, size) => sum + size, 0);
    console.log(
      `${name.padEnd(32)} ${(bytes / 1e6).toFixed(1).padStart(6)} MB installed, in ${files.length} files`,
    );
  }
}

function median(all) {
  return all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)];
}

/** What fails is told, and the others are tried all the same. */
function tried(name, tarball, other) {
  try {
    if (name === 'figures') return measure(tarball);
    tryProject(name, tarball);
    if (other !== undefined && !PROJECTS[name].isOwnOnly) tryProject(name, tarball, other);
  } catch (error) {
    console.error(`${name.padEnd(28)} FAILED: ${error.message}`);
    process.exitCode = 1;
  }
}

try {
  run(['npm', 'run', 'build'], root);
  const tarball = pack(root);
  const other = thingsdbJs === undefined ? undefined : packThingsdbJs();
  if (other === undefined) console.log('thingsdb.js is not tried: THINGSDB_JS does not name its built file');
  for (const name of values.only ?? [...Object.keys(PROJECTS), 'figures']) tried(name, tarball, other);
} finally {
  if (values.keep) console.log(folder);
  else rmSync(folder, { recursive: true, force: true });
}
