import { execFile, type ExecFileException, spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { build as esbuild } from 'esbuild';
import { basename, dirname, join, relative } from 'node:path';

const ROOT = join(__dirname, '../..');
const MODULES = join(ROOT, 'node_modules');
/** A build takes its time on a busy machine. */
const LIMIT_MS = 180_000;
jest.setTimeout(LIMIT_MS);

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies: Record<string, string>;
  readonly bin: Record<string, string>;
}

interface Run {
  readonly status: number;
  readonly stdout: string;
  readonly output: string;
}

/** The repository as it would be published from; a copy, as others may build in it meanwhile. */
let source: string;
/** Somebody's project that has the package installed. */
let project: string;
let installed: string;
let tarball: string;
let packed: string[];
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;

function run(command: string, args: readonly string[], cwd: string): Promise<Run> {
  return new Promise((resolve) => {
    execFile(
      command,
      [...args],
      { cwd, maxBuffer: 2 ** 25 },
      (error: ExecFileException | null, stdout, stderr) => {
        const status = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
        resolve({ status, stdout, output: `${stdout}${stderr}` });
      },
    );
  });
}

const node = (args: readonly string[], cwd = project): Promise<Run> => run(process.execPath, args, cwd);

/** The file that a command of a development dependency starts. */
function command(packageName: string, name = packageName): string {
  const path = join(MODULES, packageName, 'package.json');
  const { bin } = JSON.parse(readFileSync(path, 'utf8')) as { bin: string | Record<string, string> };
  return join(dirname(path), typeof bin === 'string' ? bin : (bin[name] ?? ''));
}

function isCopied(path: string): boolean {
  const parts = relative(ROOT, path).split(/[\\/]/);
  const [top = '', next = ''] = parts;
  if (['dist', '.git', 'coverage', 'site'].includes(top) || parts.includes('node_modules')) return false;
  return !(top === 'spec' && next === 'vectors');
}

/** `Lock` and `LockManager` are names of the DOM too: the package's own must win. */
const USE = `
  import { DistributedLock, LockError, LockManager, type Lease, type LockOptions } from 'thingsdb-lock';
  import { LockInstrumentation } from 'thingsdb-lock/opentelemetry';
  import { ManualClock, startThingsDB } from 'thingsdb-lock/testing';

  export const instrument = (): LockInstrumentation => new LockInstrumentation({ nameInMetrics: (name) => name });
  export const options: LockOptions = { ttl: '30s' };
  export const isOurs = (error: unknown): boolean => error instanceof LockError;
  export async function use(): Promise<number> {
    const db = await startThingsDB({ clock: new ManualClock() });
    const manager = new LockManager({ url: db.url, auth: { username: 'admin', password: 'pass' } });
    const lock: DistributedLock = manager.get('a', options);
    lock.on('acquired', ({ fencingToken }) => fencingToken.toFixed());
    const lease: Lease = await lock.acquire();
    await lease.release();
    // @ts-expect-error the types are there: this is not any
    void lease.nothing;
    return lease.fencingToken;
  }
`;

/** Compiles files that use the package, with the types of the package and of its dependencies checked as well. */
function compileIn(folder: string, files: readonly string[], resolution: object): Promise<Run> {
  const compilerOptions = {
    target: 'ES2022',
    lib: ['ES2022', 'DOM'],
    types: ['node'],
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    skipLibCheck: false,
    ...resolution,
  };
  mkdirSync(join(project, folder));
  for (const file of files) writeFileSync(join(project, folder, file), USE);
  writeFileSync(join(project, folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  return node([join(MODULES, 'typescript/bin/tsc'), '-p', folder]);
}

/** What takes long, all at once. */
const start = () => ({
  publint: node([command('publint'), 'run', tarball, '--strict']),
  attw: node([command('@arethetypeswrong/cli', 'attw'), tarball, '--format', 'json']),
  nodenext: compileIn('nodenext', ['use.mts', 'use.cts'], {
    module: 'nodenext',
    moduleResolution: 'nodenext',
  }),
  bundler: compileIn('bundler', ['use.ts'], { module: 'esnext', moduleResolution: 'bundler' }),
});
let started: ReturnType<typeof start>;

beforeAll(async () => {
  const temporary = mkdtempSync(join(tmpdir(), 'thingsdb-lock-package-'));
  source = join(temporary, 'source');
  project = join(temporary, 'project');
  cpSync(ROOT, source, { recursive: true, filter: isCopied });
  symlinkSync(MODULES, join(source, 'node_modules'));

  const built = await node(['scripts/build.mjs'], source);
  if (built.status !== 0) throw new Error(`the build has failed:\n${built.output}`);
  // It has just been built: `prepare` would do it again.
  const pack = await run(
    'npm',
    ['pack', '--ignore-scripts', '--json', '--pack-destination', temporary],
    source,
  );
  const [report] = JSON.parse(pack.stdout) as { filename: string; files: { path: string }[] }[];
  if (report === undefined) throw new Error(pack.output);
  tarball = join(temporary, basename(report.filename));
  packed = report.files.map((file) => file.path);

  installed = join(project, 'node_modules', manifest.name);
  mkdirSync(installed, { recursive: true });
  await run('tar', ['-xzf', tarball, '--strip-components=1', '-C', installed], project);
  for (const dependency of [...Object.keys(manifest.dependencies), '@opentelemetry/api', '@types/node']) {
    const link = join(project, 'node_modules', dependency);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(MODULES, dependency), link);
  }
  started = start();
}, LIMIT_MS);

afterAll(async () => {
  await Promise.all(Object.values(started ?? {}));
  rmSync(dirname(source), { recursive: true, force: true });
});

describe('what is published', () => {
  it('is dist, and the papers that belong to it, and nothing else', () => {
    const others = packed.filter((path) => !/^(dist|docs|examples)\//.test(path));
    expect(others.sort()).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'SECURITY.md', 'package.json']);
    expect(packed.filter((path) => path.startsWith('docs/api/'))).toEqual([]);
  });

  it('holds no specs, no .ti files, no TypeScript but the types', () => {
    const kinds = /(\.js|\.d\.ts|\.js\.map|\/package\.json)$/;
    expect(packed.filter((path) => path.startsWith('dist/') && !kinds.test(path))).toEqual([]);
    expect(packed.filter((path) => /^dist\/.*((^|[/.])spec[/.]|fixture)|\.ti$/.test(path))).toEqual([]);
  });

  it('holds a module and its types for each kind of module', () => {
    const modules = (kind: string, extension: string): string[] =>
      packed
        .filter((path) => path.startsWith(`dist/${kind}/`) && path.endsWith(extension))
        .map((path) => path.slice(`dist/${kind}/`.length, -extension.length))
        .sort();
    const [cjs, esm] = [modules('cjs', '.js'), modules('esm', '.js')];
    for (const kind of ['cjs', 'esm']) expect(modules(kind, '.d.ts')).toEqual(modules(kind, '.js'));
    expect(cjs).toEqual(
      expect.arrayContaining(['index', 'opentelemetry/index', 'testing/index', 'cli/main']),
    );
    expect(esm.filter((path) => !cjs.includes(path))).toEqual([]);
    expect(esm).toEqual(expect.arrayContaining(['index', 'opentelemetry/index']));
    // The embedded server is big: it is there once.
    expect(esm.filter((path) => /^(embedded|testing|cli)\//.test(path))).toEqual(['testing/index']);
  });

  it('has no link in its papers that leads nowhere', () => {
    const dead = packed
      .filter((path) => /^(README|SECURITY|CHANGELOG)\.md$/.test(path))
      .flatMap((path) => linksIn(path).map((link) => [path, link] as const))
      .filter(([path, link]) => !existsSync(join(installed, dirname(path), link)));
    expect(linksIn('README.md').length).toBeGreaterThan(5);
    expect(dead).toEqual([]);
  });

  it('has nothing that runs when it is installed', () => {
    const { scripts } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const atInstall = ['preinstall', 'install', 'postinstall'];
    expect(Object.keys(scripts).filter((name) => atInstall.includes(name))).toEqual([]);
  });

  it('lets in newer versions of what it needs, and reads nothing private of them', () => {
    expect(Object.values(manifest.dependencies).filter((range) => !range.startsWith('^'))).toEqual([]);
  });

  it('has a source map beside each module, which holds the source', () => {
    const modules = packed.filter(
      (path) => /^dist\/.*\.js$/.test(path) && path !== 'dist/esm/testing/index.js',
    );
    expect(modules.filter((path) => !packed.includes(`${path}.map`))).toEqual([]);
  });

  it('has source maps that lead to a source', () => {
    const leadingNowhere = packed.filter((path) => {
      if (!path.endsWith('.map')) return false;
      const map = JSON.parse(readFileSync(join(installed, path), 'utf8')) as {
        sources: string[];
        sourcesContent?: (string | null)[];
      };
      return map.sources.some(
        (name, i) =>
          typeof map.sourcesContent?.[i] !== 'string' && !existsSync(join(installed, dirname(path), name)),
      );
    });
    expect(leadingNowhere).toEqual([]);
  });
});

describe('the tools that look for mistakes', () => {
  it('publint finds none, not even a warning', async () => {
    const { status, output } = await started.publint;
    expect({ status, output }).toEqual({ status: 0, output: expect.stringContaining('All good') as string });
  });

  it('attw finds none: the types fit the code for node10, node16 and bundlers alike', async () => {
    const { status, stdout } = await started.attw;
    const { analysis } = JSON.parse(stdout) as {
      analysis: { problems: unknown[]; entrypoints: Record<string, unknown> };
    };
    expect(analysis.problems).toEqual([]);
    expect(Object.keys(analysis.entrypoints)).toEqual(
      expect.arrayContaining(['.', './opentelemetry', './testing']),
    );
    expect(status).toBe(0);
  });
});

/** The files that a page links to, without anchors. */
function linksIn(path: string): string[] {
  const text = readFileSync(join(installed, path), 'utf8');
  return [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map(([, link = '']) => link);
}

/** 262 kB were measured: the client's core, the text of the schema, ws, and zod/mini. */
const MOST_BYTES = 264_000;

describe('bundled and minified', () => {
  const bundle = async (code: string, format: 'esm' | 'cjs'): Promise<string> => {
    const { outputFiles } = await esbuild({
      stdin: { contents: code, resolveDir: project },
      bundle: true,
      minify: true,
      write: false,
      platform: 'node',
      format,
      logLevel: 'silent',
      banner:
        format === 'esm'
          ? {
              js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
            }
          : {},
    });
    return outputFiles[0]?.text ?? '';
  };

  it.each(['esm', 'cjs'] as const)(
    'the lock is no bigger than it was, as %s, and has nothing of the server',
    async (format) => {
      const text = await bundle("export { LockManager } from 'thingsdb-lock';", format);
      expect(text.length).toBeGreaterThan(20_000);
      expect(text.length).toBeLessThan(MOST_BYTES);
      expect(text).not.toContain('embedded ThingsDB');
    },
  );

  it.each(['esm', 'cjs'] as const)('errors keep their names, and their class, as %s', async (format) => {
    const code = `
      import { isLockError, LockError, LockManager } from 'thingsdb-lock';
      const manager = new LockManager({ url: 'thingsdb://127.0.0.1:1', auth: { token: 'x' }, requestTimeout: 300 });
      manager.acquire('a').catch((error) => {
        console.log(error.name, error.code, isLockError(error), error instanceof LockError, String(error.stack).split(':')[0]);
        return manager.close();
      });
    `;
    const file = join(project, format === 'esm' ? 'minified.mjs' : 'minified.cjs');
    writeFileSync(file, await bundle(code, format));
    expect(await node([file])).toMatchObject({
      status: 0,
      output: 'LockConnectionError LOCK_CONNECTION true true LockConnectionError\n',
    });
  });
});

/** The names that a source exports as values. */
function valuesOf(path: string): string[] {
  const text = readFileSync(path, 'utf8')
    .replace(/export type \{[^}]*\}[^;]*;/g, '')
    .replace(/\/\*[\s\S]*?\*\//g, '');
  return [...text.matchAll(/export \{([^}]*)\}/g)]
    .flatMap(([, names = '']) => names.split(','))
    .map((name) => name.trim())
    .filter((name) => name !== '' && !name.startsWith('type '))
    .sort();
}

describe('the package', () => {
  it.each([
    ['thingsdb-lock', join(ROOT, 'lib/index.ts')],
    ['thingsdb-lock/testing', join(ROOT, 'lib/testing/index.ts')],
    ['thingsdb-lock/opentelemetry', join(ROOT, 'lib/opentelemetry/index.ts')],
  ])('gives the same names to import and to require: %s', async (name, path) => {
    const required = await node(['-p', `JSON.stringify(Object.keys(require('${name}')).sort())`]);
    const imported = await node([
      '--input-type=module',
      '-e',
      `import * as all from '${name}'; console.log(JSON.stringify(Object.keys(all).sort()));`,
    ]);
    expect(valuesOf(path).length).toBeGreaterThan(0);
    expect(JSON.parse(required.stdout)).toEqual(valuesOf(path));
    expect(JSON.parse(imported.stdout)).toEqual(valuesOf(path));
  });

  const useIt = `
    (async () => {
      const db = await startThingsDB();
      const manager = new LockManager({ url: db.url, auth: { username: 'admin', password: 'pass' } });
      const token = await manager.get('a').runExclusive((lease) => lease.fencingToken);
      await manager.close();
      await db.close();
      console.log('token', token > 0);
    })();
  `;

  it.each([
    [
      'require',
      [
        '-e',
        `const { LockManager } = require('thingsdb-lock'); const { startThingsDB } = require('thingsdb-lock/testing'); ${useIt}`,
      ],
    ],
    [
      'import',
      [
        '--input-type=module',
        '-e',
        `import { LockManager } from 'thingsdb-lock'; import { startThingsDB } from 'thingsdb-lock/testing'; ${useIt}`,
      ],
    ],
  ])(
    'locks on the server that it brings along, by %s, and the process ends by itself',
    async (_how, args) => {
      expect(await node(['--unhandled-rejections=strict', ...args])).toMatchObject({
        status: 0,
        output: 'token true\n',
      });
    },
  );

  it('knows its errors when it is loaded both ways in one process', async () => {
    const code = `
      import * as imported from 'thingsdb-lock';
      import { createRequire } from 'node:module';
            const required = createRequire(import.meta.url)('thingsdb-lock');
      const error = new required.LockTimeoutError('a', 1);
      console.log(
        required.LockTimeoutError !== imported.LockTimeoutError,
        error instanceof imported.LockTimeoutError,
        error instanceof imported.LockError,
        error instanceof imported.LockLostError,
      );
    `;
    writeFileSync(join(project, 'both.mjs'), code);
    expect(await node(['both.mjs'])).toMatchObject({ status: 0, output: 'true true true false\n' });
  });

  it('works beside another copy of itself: they exclude each other, and each tells its own events', async () => {
    const code = `
      import * as imported from 'thingsdb-lock';
      import { startThingsDB } from 'thingsdb-lock/testing';
      import { createRequire } from 'node:module';
      const required = createRequire(import.meta.url)('thingsdb-lock');
      const db = await startThingsDB();
      const options = { url: db.url, auth: { username: 'admin', password: 'pass' } };
      const [one, other] = [new imported.LockManager(options), new required.LockManager(options)];
      const told = [];
      for (const [name, manager] of [['one', one], ['other', other]]) {
        for (const event of ['waiting', 'acquired', 'released']) manager.on(event, () => told.push(name + ' ' + event));
      }
      const lease = await one.acquire('a');
      const failed = await other.acquire('a', { waitTimeout: 1000 }).catch((error) => error);
      console.log(failed instanceof imported.LockTimeoutError, imported.isLockError(failed), failed.position);
      const adopted = await other.adopt(await lease.serialize());
      console.log(await adopted.release(), told.join(', '));
      await Promise.all([one.close(), other.close(), db.close()]);
    `;
    writeFileSync(join(project, 'copies.mjs'), code);
    expect(await node(['copies.mjs'])).toMatchObject({
      status: 0,
      output: 'true true 1\ntrue one acquired, other waiting, other acquired, other released\n',
    });
  });

  it('loads nothing by itself that could fail: thingsdb.js is absent here', () => {
    expect(existsSync(join(project, 'node_modules', 'thingsdb'))).toBe(false);
  });

  it('brings a command that starts', async () => {
    const path = join(installed, manifest.bin['thingsdb-lock'] ?? '');
    expect(readFileSync(path, 'utf8').startsWith('#!/usr/bin/env node\n')).toBe(true);
    expect(statSync(path).mode & 0o111).toBe(0o111);
    expect(await node([path, '--version'])).toMatchObject({
      status: 0,
      stdout: expect.stringContaining(manifest.version) as string,
    });
  });
});

describe("somebody's TypeScript project", () => {
  it.each(['nodenext', 'bundler'] as const)('compiles against the package under %s', async (resolution) => {
    const { status, output } = await started[resolution];
    expect({ status, output }).toEqual({ status: 0, output: '' });
  });
});

describe('the quick start of README', () => {
  it('runs as it is pasted, beside the dev-server that the package brings', async () => {
    const pasted =
      /^```js\n([^]*?)^```$/m.exec(readFileSync(join(installed, 'README.md'), 'utf8'))?.[1] ?? '';
    const command = join(installed, manifest.bin['thingsdb-lock'] ?? '');
    // On any free port: the one that the page names may be in use on this machine.
    const server = spawn(process.execPath, [command, 'dev-server', '--port', '0'], { stdio: 'pipe' });
    try {
      const address = await new Promise<string>((resolve) => {
        let said = '';
        // Whoever stops to listen ends the server, which has more to say.
        server.stdout.on('data', (text) => {
          said += String(text);
          const [found] = /thingsdb:\/\/\S+(?=\s)/.exec(said) ?? [];
          if (found !== undefined) resolve(found);
        });
      });
      expect(pasted).toContain("'thingsdb://127.0.0.1:9200'");
      const program = pasted.replace('thingsdb://127.0.0.1:9200', address).replace('5_000', '5');
      writeFileSync(join(project, 'quick-start.mjs'), program);
      expect(await node(['quick-start.mjs'])).toMatchObject({
        status: 0,
        output: expect.stringMatching(/^I have the lock, .* \d+\nI have given it back\n$/) as string,
      });
    } finally {
      server.kill();
    }
  });
});
