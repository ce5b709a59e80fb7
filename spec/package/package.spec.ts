import { type ChildProcess, execFile, type ExecFileException, spawn } from 'node:child_process';
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
import { build as esbuild, type BuildOptions } from 'esbuild';
import { basename, dirname, join, relative } from 'node:path';

const ROOT = join(__dirname, '../..');
const MODULES = join(ROOT, 'node_modules');
/** 142 files of 3.7 MB were measured, of which 0.7 MB are the embedded server and 1.5 MB source maps. */
const MOST_FILES = 148;
const MOST_INSTALLED_BYTES = 3_800_000;
/** 240 kB were measured: the lock itself (158), ws (49), zod/mini (16), the compressed text of the schema (13), eventemitter3 (3). */
const MOST_BYTES = 240_000;
/** What a bundler that makes chunks loads of it at once: 69 kB were measured. */
const MOST_BYTES_AT_ONCE = 71_000;
/** And what of it once a lock is taken over TCP: 176 kB were measured. */
const MOST_BYTES_OVER_TCP = 178_000;
/** Modules, of our own and of others, that an import reads: 15 were counted, 17 with the server. With hundreds it took 80 ms. */
const MOST_MODULES = 19;
/** The page of the live view; 103 kB were measured: Preact, uPlot, and the page itself. */
const MOST_PAGE_BYTES = 115_000;
/** A build takes its time on a busy machine. */
const LIMIT_MS = 180_000;
jest.setTimeout(LIMIT_MS);

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies: Record<string, string>;
  readonly bin: Record<string, string>;
  readonly exports: Record<string, string | Record<string, string>>;
}

interface Run {
  readonly status: number;
  readonly stdout: string;
  readonly output: string;
}

/** What somebody has who uses `thingsdb-lock/nestjs`. */
const OF_NEST = ['@nestjs/common', '@nestjs/core', 'reflect-metadata', 'rxjs'];

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
  if (['built', 'dist', '.git', 'coverage', 'site'].includes(top) || parts.includes('node_modules'))
    return false;
  return !(top === 'spec' && next === 'vectors');
}

/** `Lock` and `LockManager` are names of the DOM too: the package's own must win. */
const USE = `
  import { DistributedLock, LockError, LockManager, type Lease, type LockOptions } from 'thingsdb-lock';
  import { LockModule } from 'thingsdb-lock/nestjs';
  import { LockInstrumentation } from 'thingsdb-lock/opentelemetry';
  import { ManualClock, startThingsDB } from 'thingsdb-lock/testing';

  export const instrument = (): LockInstrumentation => new LockInstrumentation({ nameInMetrics: (name) => name });
  export const modules = [LockModule.forRoot({ url: 'thingsdb://127.0.0.1', auth: { token: 'x' }, name: 'a' })];
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
  // It has just been built: `prepack` would do it again.
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
  const peers = [...OF_NEST, '@opentelemetry/api'];
  for (const dependency of [...Object.keys(manifest.dependencies), ...peers, '@types/node']) {
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
    const kinds = /(\.js|\.d\.ts|\.js\.map|\/package\.json|\/BUNDLED-LICENCES\.txt|^dist\/ui\/page\.html)$/;
    expect(packed.filter((path) => path.startsWith('dist/') && !kinds.test(path))).toEqual([]);
    expect(packed.filter((path) => /^dist\/.*((^|[/.])spec[/.]|fixture)|\.ti$/.test(path))).toEqual([]);
  });

  it('holds a module and its types for each entry point and each kind of module', () => {
    const paths = Object.values(manifest.exports).flatMap((entry) =>
      typeof entry === 'string' ? [entry] : Object.values(entry),
    );
    const files = paths.flatMap((path) => [path, path.replace(/\.js$/, '.d.ts')]);
    expect(files.length).toBeGreaterThan(8);
    expect(files.filter((path) => !packed.includes(path.slice('./'.length)))).toEqual([]);
  });

  it('has the embedded server once, and the licences of what is bundled', () => {
    const withServer = packed.filter(
      (path) => path.endsWith('.js') && textOf(path).includes('not supported by the embedded ThingsDB'),
    );
    expect(withServer).toEqual(['dist/cjs/testing/code.js']);
    expect(textOf('dist/BUNDLED-LICENCES.txt')).toMatch(/^zod .*\(MIT\)\n[^]*Permission is hereby granted/);
  });

  it('is small: few files, and no more than it has to hold', () => {
    const inDist = packed.filter((path) => path.startsWith('dist/'));
    const bytes = inDist.reduce((sum, path) => sum + statSync(join(installed, path)).size, 0);
    expect(inDist.length).toBeLessThan(MOST_FILES);
    expect(bytes).toBeLessThan(MOST_INSTALLED_BYTES);
  });

  it('has no link in its papers that leads nowhere', () => {
    const dead = packed
      .filter((path) => path.endsWith('.md'))
      .flatMap((path) => linksIn(path).map((link) => [path, link] as const))
      .filter(([path, link]) => !existsSync(join(installed, dirname(path), link)));
    expect(linksIn('README.md').length).toBeGreaterThan(5);
    expect(dead).toEqual([]);
  });

  it('has examples that import the package by its name, and nothing that is not in it', () => {
    const examples = packed.filter((path) => /^examples\/.*\.(ts|mjs)$/.test(path));
    const imported = examples.flatMap((path) =>
      [...textOf(path).matchAll(/(?:from |import\()'(\.[^']+)'/g)].map(([, name = '']) => ({ path, name })),
    );
    const nowhere = imported.filter(
      ({ path, name }) => !existsSync(join(installed, dirname(path), name.replace(/\.js$/, '.ts'))),
    );
    expect(imported.length).toBeGreaterThan(5);
    expect(nowhere).toEqual([]);
    expect(examples.filter((path) => textOf(path).includes("'thingsdb-lock'")).length).toBeGreaterThan(12);
  });

  it('has nothing that runs when it is installed', () => {
    const { scripts } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    // `prepare` is not run from a tarball, but npm warns of it.
    const atInstall = ['preinstall', 'install', 'postinstall', 'prepublish', 'prepare'];
    expect(Object.keys(scripts).filter((name) => atInstall.includes(name))).toEqual([]);
  });

  it('lets in newer versions of what it needs, and reads nothing private of them', () => {
    expect(Object.values(manifest.dependencies).filter((range) => !range.startsWith('^'))).toEqual([]);
  });

  it('has source maps of the lock, which hold its sources', () => {
    const maps = packed.filter((path) => path.endsWith('.map'));
    const sources = maps.flatMap((path) => {
      const map = JSON.parse(textOf(path)) as { sources: string[]; sourcesContent: (string | null)[] };
      return map.sources.map((name, i) => [name.replace(/^(\.\.\/)+/, ''), map.sourcesContent[i]] as const);
    });
    const own = sources.filter(([name]) => !name.includes('node_modules/'));
    expect(own.filter(([, content]) => typeof content !== 'string')).toEqual([]);
    for (const file of ['lib/lock-manager.ts', 'lib/manager/desk.ts', 'lib/errors.ts']) {
      // Once for each kind of module.
      expect(own.filter(([name]) => name === file)).toEqual(
        Array(2).fill([file, readFileSync(join(ROOT, file), 'utf8')]),
      );
    }
  });

  it.each(['require', 'import'])('has a stack that leads to its sources, by %s', async (how) => {
    const code = `
      (async () => {
        const { LockManager } = ${how === 'require' ? "require('thingsdb-lock')" : "await import('thingsdb-lock')"};
        try { new LockManager({}); } catch (error) { console.log(error.stack); }
      })();`;
    const { output } = await node(['--enable-source-maps', '-e', code]);
    expect(output).toMatch(/LockOptionsError: invalid LockManager options/);
    expect(output).toMatch(/lib\/options\/resolved-manager-options\.ts:\d+/);
    expect(output).toMatch(/new LockManager \(.*lib\/lock-manager\.ts:\d+/);
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
      expect.arrayContaining(['.', './nestjs', './opentelemetry', './testing']),
    );
    expect(status).toBe(0);
  });
});

const textOf = (path: string): string => readFileSync(join(installed, path), 'utf8');

/** The files that a page links to, without anchors; what stands in code is no link. */
function linksIn(path: string): string[] {
  const text = textOf(path)
    .replaceAll(/^```[^]*?^```$/gm, '')
    .replaceAll(/`[^`\n]*`/g, '');
  return [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map(([, link = '']) => link);
}

describe('bundled and minified', () => {
  const bundled = (code: string, options: BuildOptions) =>
    esbuild({
      stdin: { contents: code, resolveDir: project },
      bundle: true,
      minify: true,
      write: false,
      platform: 'node',
      // A warning is one that users get too.
      logLevel: 'silent',
      ...options,
    });

  const bundle = async (code: string, format: 'esm' | 'cjs'): Promise<string> => {
    const js = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
    const banner = format === 'esm' ? { js } : {};
    const { outputFiles, warnings } = await bundled(code, { format, banner });
    expect(warnings).toEqual([]);
    return outputFiles?.[0]?.text ?? '';
  };

  it.each(['esm', 'cjs'] as const)(
    'the lock is no bigger than it was, as %s, and has nothing of the server',
    async (format) => {
      const text = await bundle("export { LockManager } from 'thingsdb-lock';", format);
      expect(text.length).toBeGreaterThan(20_000);
      expect(text.length).toBeLessThan(MOST_BYTES);
      expect(Math.abs(text.length / told('bundled by esbuild and minified') - 1)).toBeLessThan(0.03);
      expect(text).not.toContain('embedded ThingsDB');
    },
  );

  /** What the page says of its size, in bytes. */
  const told = (line: string): number => {
    const [, kB = 'nothing'] =
      new RegExp(`^\\| ${line} \\| (\\d+) kB`, 'm').exec(textOf('docs/guides/faq.md')) ?? [];
    return Number(kB) * 1000;
  };

  it('where a bundler makes chunks, what gets locks, WebSockets and the text of the schema are loaded by who needs them', async () => {
    const { outputFiles, metafile } = await bundled("export { LockManager } from 'thingsdb-lock';", {
      format: 'esm',
      splitting: true,
      metafile: true,
      outdir: 'out',
    });
    expect(outputFiles?.length).toBeGreaterThan(2);
    const outputs = metafile?.outputs ?? {};
    const entry = Object.keys(outputs).find((file) => outputs[file]?.entryPoint !== undefined) ?? '';
    const inputsOf = (file: string): string[] => Object.keys(outputs[file]?.inputs ?? {});
    const follow = (file: string, loaded = new Set<string>()): ReadonlySet<string> => {
      if (loaded.has(file)) return loaded;
      loaded.add(file);
      for (const { path, kind, external } of outputs[file]?.imports ?? []) {
        if (kind === 'import-statement' && external !== true) follow(path, loaded);
      }
      return loaded;
    };
    const bytesOf = (files: ReadonlySet<string>): number =>
      [...files].reduce((sum, file) => sum + (outputs[file]?.bytes ?? 0), 0);
    const atOnce = follow(entry);
    expect(
      [...atOnce].flatMap(inputsOf).filter((input) => /install-code|manager-core|\/ws\//.test(input)),
    ).toEqual([]);
    expect(bytesOf(atOnce)).toBeLessThan(MOST_BYTES_AT_ONCE);
    const core = Object.keys(outputs).find((file) =>
      inputsOf(file).some((input) => input.includes('manager-core')),
    );
    const once = follow(core ?? '', new Set(atOnce));
    expect(once.size).toBeGreaterThan(atOnce.size);
    expect(bytesOf(once)).toBeLessThan(MOST_BYTES_OVER_TCP);
    const shares: readonly (readonly [string, ReadonlySet<string>])[] = [
      ['of that loaded at once, where the bundler makes chunks', atOnce],
      ['and once a lock is taken over TCP', once],
    ];
    for (const [line, files] of shares) expect(Math.abs(bytesOf(files) / told(line) - 1)).toBeLessThan(0.03);
  });

  it.each([
    ['isLockError', 5_000],
    ['LockTimeoutError', 5_000],
    ['FencingGuard', 8_000],
  ])('%s alone is not the whole lock', async (name, mostBytes) => {
    expect((await bundle(`export { ${name} } from 'thingsdb-lock';`, 'esm')).length).toBeLessThan(mostBytes);
  });

  it.each(['esm', 'cjs'] as const)('errors keep their names, and their class, as %s', async (format) => {
    const code = `
      import { inspect } from 'node:util';
      import { isLockError, LockError, LockManager } from 'thingsdb-lock';
      const manager = new LockManager({ url: 'thingsdb://127.0.0.1:1', auth: { token: 'x' }, requestTimeout: 300 });
      manager.acquire('a').catch((error) => {
        const shown = [String(error.stack), inspect(error)].map((text) => text.split(':')[0]);
        console.log(error.name, error.code, isLockError(error), error instanceof LockError, ...shown);
        return manager.close();
      });
    `;
    const file = join(project, format === 'esm' ? 'minified.mjs' : 'minified.cjs');
    writeFileSync(file, await bundle(code, format));
    expect(await node([file])).toMatchObject({
      status: 0,
      output: 'LockConnectionError LOCK_CONNECTION true true LockConnectionError LockConnectionError\n',
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
    ['thingsdb-lock/nestjs', join(ROOT, 'lib/nestjs/index.ts')],
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

  it.each(['thingsdb-lock', 'thingsdb-lock/testing'])('is loaded from few files: %s', async (name) => {
    const { output } = await node(['-p', `require('${name}'); Object.keys(require.cache).length`]);
    expect(Number(output)).toBeGreaterThan(1);
    expect(Number(output)).toBeLessThan(MOST_MODULES);
  });

  it('loads neither WebSockets nor the text of the schema before they are needed', async () => {
    const { output } = await node(['-p', "require('thingsdb-lock'); Object.keys(require.cache).join()"]);
    expect(output).toContain('dist/cjs/index.js');
    expect(output).not.toMatch(/node_modules\/ws\/|install-code/);
  });

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

  it('brings the page of the live view in one file, with the licences of what is built into it', () => {
    const page = readFileSync(join(installed, 'dist/ui/page.html'), 'utf8');
    expect(page.match(/Permission is hereby granted, free of charge/g)).toHaveLength(2);
    // Nothing of it comes from elsewhere.
    expect(page).not.toMatch(/<(script|link|img)[^>]*(src|href)="(?!data:)/);
    expect(page.length).toBeLessThan(MOST_PAGE_BYTES);
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

describe('README, in an empty folder', () => {
  let folder: string;
  let page: string;
  beforeAll(() => {
    folder = join(dirname(project), 'newcomer');
    mkdirSync(folder);
    page = readFileSync(join(installed, 'README.md'), 'utf8');
  });

  /** Runs a block as it stands in bash, but what it would take from the network, and on any free port. */
  function pasted(block: string): ChildProcess {
    const bin = `node_modules/.bin/${manifest.name}`;
    const played = `
      npm() {
        if [ "$*" != 'install ${manifest.name}' ]; then command npm "$@"; return; fi
        mkdir -p node_modules/.bin
        ln -s '${installed}' node_modules/${manifest.name}
        ln -s '../${manifest.name}/${manifest.bin[manifest.name] ?? ''}' ${bin}
      }
      npx() { case "$*" in *dev-server) set -- "$@" --port 0;; esac; command npx "$@"; }
      docker() { echo "docker $*"; }
    `;
    return spawn('bash', ['-ec', `${played}\n${block}`], { cwd: folder, stdio: 'pipe', detached: true });
  }

  const blocksOf = (language: string): string[] =>
    [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'gm'))].map(([, code = '']) => code);

  it('the package is installed, its server starts, the quick start takes a lock there, and ls shows it', async () => {
    const [install = '', look = ''] = blocksOf('sh');
    const [program = ''] = blocksOf('js');
    expect(install).toContain('npm install');
    const server = pasted(install);
    try {
      const address = await saidBy(server, /thingsdb:\/\/\S+(?=\s)/);
      expect(program).toContain("'thingsdb://127.0.0.1:9200'");
      const code = program.replace('thingsdb://127.0.0.1:9200', address).replace('5_000', '5');
      writeFileSync(join(folder, 'quick-start.mjs'), code);
      expect(await node(['quick-start.mjs'], folder)).toMatchObject({
        status: 0,
        output: expect.stringMatching(/^I have the lock, .* \d+\nI have given it back\n$/) as string,
      });
      const long = program.replace('thingsdb://127.0.0.1:9200', address).replace('5_000', '60_000');
      writeFileSync(join(folder, 'holder.mjs'), long);
      const holder = spawn(process.execPath, ['holder.mjs'], { cwd: folder });
      await saidBy(holder, /I have the lock/);
      expect(look).toContain('thingsdb://127.0.0.1:9200');
      await saidBy(
        pasted(look.replace('thingsdb://127.0.0.1:9200', address)),
        /^my-lock +\S+:\d+ +exclusive /m,
      );
      holder.kill('SIGKILL');
    } finally {
      // With all that bash has started.
      process.kill(-(server.pid as number));
    }
  });

  it('a real ThingsDB is started as this project starts one for its own tests', async () => {
    const [, , docker = '', ...others] = blocksOf('sh');
    expect(others).toEqual([]);
    const workflow = readFileSync(join(ROOT, '.github/workflows/ci.yml'), 'utf8');
    const used = /docker run .*/.exec(workflow)?.[0] ?? '';
    const shown = await saidBy(pasted(docker), /docker run .*/);
    const imageOn = (command: string): string => command.slice(command.indexOf('ghcr.io'));
    expect(imageOn(shown)).toBe(imageOn(used));
    for (const command of [shown, used]) expect(command).toContain(' -p 9200:9200 ');
  });
});

/** What a program prints that matches; whoever stopped to listen would end it, as it may have more to say. */
function saidBy(program: ChildProcess, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    const listen = (text: unknown): void => {
      said += String(text);
      const [found] = pattern.exec(said) ?? [];
      if (found !== undefined) resolve(found);
    };
    program.stdout?.on('data', listen);
    program.stderr?.on('data', (text) => (said += String(text)));
    program.once('close', () => reject(new Error(`it has ended, and said: ${said}`)));
  });
}
