// Builds dist from lib. The entry points are what package.json exports and runs (`exports`, `bin`):
// `dist/cjs/x/index.js` is made from lib/x/index.ts, so a new one needs nothing here. The code is bundled, so that an
// import reads a few files instead of hundreds. What entry points share is a chunk, and so is what is loaded late.
// Dependencies stay outside, devDependencies are bundled. The types are those of tsc, as far as an entry point shows
// them.
//
// dist/cjs holds everything. The embedded server and the command line are big and there once. For what needs them,
// dist/esm passes on what CommonJS has. The types are there once too. dist/ui is the page of the live view, one file
// for browsers.
//
//   --bench FOLDER   instead, one file with what benchmarks use, some of which no user can import
import { Buffer } from 'node:buffer';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { build, transform } from 'esbuild';
import { compressedSchema } from './compressed-schema.mjs';

const require = createRequire(import.meta.url);
const manifest = JSON.parse(readFileSync('package.json', 'utf8'));

/** What a user has installed beside the package. */
const OUTSIDE = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
/** Of the rest nobody debugs: a map would be bigger than the code. */
const MAPPED = /^lib\//;
const WITHOUT_MAP = /^lib\/(cli|embedded|testing|ui)\//;
const EMBEDDED = /^lib\/embedded\//;

/** `x/index` for ./dist/cjs/x/index.js; npm wants a command without the dot */
const entryAt = (file) => /^(?:\.\/)?dist\/cjs\/(.*)\.js$/.exec(file.default ?? file)?.[1];
const modules = Object.values(manifest.exports).flatMap(({ require: file = '' }) => entryAt(file) ?? []);
const programs = Object.values(manifest.bin).map(entryAt);

/** Each is of use without the rest, and so in a chunk of its own. A bundler leaves out whole chunks only. */
const PARTS = ['lock-manager', 'errors', 'fencing-guard'];

const TARGET = { platform: 'node', target: 'node20', logLevel: 'warning' };

/** What esbuild makes of these entry points. Each file has its code, its map, and the sources that are in it. */
async function bundled(entries) {
  const { outputFiles, metafile } = await build({
    ...TARGET,
    entryPoints: entries.map((entry) => ({ in: `lib/${entry}.ts`, out: entry })),
    bundle: true,
    splitting: true,
    format: 'esm',
    chunkNames: 'chunks/[name]-[hash]',
    external: OUTSIDE,
    plugins: [compressedSchema],
    sourcemap: 'external',
    metafile: true,
    write: false,
    outdir: 'dist/out',
  });
  const code = outputFiles.filter(({ path: file }) => file.endsWith('.js'));
  return code.map((output) => {
    const name = path.relative('.', output.path);
    const { inputs, imports } = metafile.outputs[name];
    return {
      file: path.relative('dist/out', name),
      // Imported for its effects alone, of which it has none: bundlers warn of such an import. The lines stay as the map has them.
      code: output.text.replace(/^import "\.[^"]*";$/gm, ''),
      map: outputFiles.find(({ path: file }) => file === `${output.path}.map`).text,
      inputs: Object.keys(inputs),
      imports: imports
        .filter(({ external }) => !external)
        .map(({ path: file }) => path.relative('dist/out', file)),
    };
  });
}

/** The same as CommonJS. Splitting is a matter of ES modules in esbuild, so that each file is rewritten by itself. */
async function asCommonJs(output) {
  const inline = Buffer.from(output.map).toString('base64');
  const { code, map } = await transform(
    `${output.code}\n//# sourceMappingURL=data:application/json;base64,${inline}`,
    {
      ...TARGET,
      format: 'cjs',
      sourcefile: output.file,
      sourcemap: 'external',
      supported: { 'dynamic-import': false },
    },
  );
  return { ...output, code, map };
}

/** Somebody else's sources are not repeated; a debugger passes them by. */
function withoutForeignSources(map) {
  const { sources, sourcesContent, ...rest } = JSON.parse(map);
  const isForeign = (source) => source.includes('node_modules/');
  return JSON.stringify({
    ...rest,
    sources,
    sourcesContent: sourcesContent.map((text, index) => (isForeign(sources[index]) ? null : text)),
    ignoreList: sources.flatMap((source, index) => (isForeign(source) ? [index] : [])),
  });
}

function write(kind, { file, code, map, inputs }) {
  const target = path.join('dist', kind, file);
  mkdirSync(path.dirname(target), { recursive: true });
  const isMapped =
    inputs.some((input) => MAPPED.test(input)) && !inputs.some((input) => WITHOUT_MAP.test(input));
  writeFileSync(target, isMapped ? `${code}//# sourceMappingURL=${path.basename(file)}.map\n` : code);
  if (isMapped) writeFileSync(`${target}.map`, withoutForeignSources(map));
}

/** All sources that a file leads to. */
function sourcesOf(file, outputs, seen = new Set()) {
  if (seen.has(file)) return [];
  seen.add(file);
  const { inputs, imports } = outputs.find((output) => output.file === file);
  return [...inputs, ...imports.flatMap((next) => sourcesOf(next, outputs, seen))];
}

/**
 * Moves the code of a big CommonJS entry point beside it. It is passed on from there, to ES modules too. Node reads a
 * CommonJS module that is imported a second time, for the names of its exports. A big one takes 60 ms.
 */
function passOn(entry) {
  const file = `${entry}.js`;
  const folder = path.posix.dirname(entry);
  renameSync(`dist/cjs/${file}`, `dist/cjs/${folder}/code.js`);
  const names = Object.keys(require(path.resolve(`dist/cjs/${folder}/code.js`)));
  const given = names.map((name) => `${name}: code.${name}`).join(', ');
  const code = `'use strict';\nconst code = require('./code.js');\nmodule.exports = { ${given} };\n`;
  write('cjs', { file, code, inputs: [] });
  const from = path.posix.relative(`dist/esm/${folder}`, `dist/cjs/${file}`);
  const passed = `import all from '${from}';\nexport const { ${names.join(', ')} } = all;\n`;
  write('esm', { file, code: passed, inputs: [] });
}

/** The modules that a text of declarations names. */
const modulesIn = (text) =>
  [...text.matchAll(/(?:\bfrom |\bimport\()(['"])([^'"]+)\1/g)].map(([, , name]) => name);

const IMPORT = /^import (?:type )?\{([^}]*)\} from .*;\n/gm;
const FUNCTION =
  /(?:^\/\*\*(?:(?!\*\/)[^])*\*\/\n)?^export declare function (\w+)[^]*?;\n(?=export|import|declare|\/\*\*|$)/gm;

/**
 * Without the functions that no entry point passes on, and without the imports that only these and internal code need.
 */
function shown(text, isPassedOn) {
  const declarations = text.replace(FUNCTION, (statement, name) => (isPassedOn(name) ? statement : ''));
  const code = declarations.replace(IMPORT, '').replace(/\/\*[^]*?\*\//g, '');
  const isUsed = (name) => new RegExp(`\\b${name.trim().split(/\s/).at(-1)}\\b`).test(code);
  return declarations.replace(IMPORT, (statement, names) => (names.split(',').some(isUsed) ? statement : ''));
}

/** `@scope/name` or `name` */
const packageOf = (module) => /^(?:@[^/]+\/)?[^/]+/.exec(module)?.[0];

/** Copies the declarations of these entry points, and what they refer to. */
function copyTypes(from, entries) {
  const read = (file) => readFileSync(path.join(from, file), 'utf8');
  const names = entries.map((entry) => read(`${entry}.d.ts`)).join();
  const isPassedOn = (name) => new RegExp(`\\b${name}\\b`).test(names);
  const seen = new Set();
  const copy = (file) => {
    if (seen.has(file)) return;
    seen.add(file);
    const text = shown(read(file), isPassedOn);
    const target = path.join('dist/cjs', file);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, text);
    for (const name of modulesIn(text)) {
      if (name.startsWith('.')) copy(path.join(path.dirname(file), name.replace(/\.js$/, '.d.ts')));
      else if (!OUTSIDE.includes(packageOf(name)) && packageOf(name) in manifest.devDependencies)
        throw new Error(`the types of ${file} need ${name}`);
    }
  };
  for (const entry of entries) copy(`${entry}.d.ts`);
}

function writeTypes() {
  const declared = mkdtempSync(path.join(tmpdir(), 'thingsdb-lock-types-'));
  try {
    const tsc = require.resolve('typescript/bin/tsc');
    const args = ['-p', 'tsconfig.build.json', '--emitDeclarationOnly', '--outDir', declared];
    execFileSync(process.execPath, [tsc, ...args], { stdio: 'inherit' });
    copyTypes(declared, modules);
  } finally {
    rmSync(declared, { recursive: true });
  }
  for (const entry of modules) {
    const from = path.posix.relative(path.posix.dirname(`dist/esm/${entry}`), `dist/cjs/${entry}.js`);
    writeFileSync(`dist/esm/${entry}.d.ts`, `export * from '${from}';\n`);
  }
}

/** What the licences of bundled packages ask for. */
function writeLicences(outputs) {
  const packages = new Set(
    outputs.flatMap(({ inputs }) =>
      inputs.flatMap((input) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1] ?? []),
    ),
  );
  const texts = [...packages].sort().map((name) => {
    const { version, license } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8'));
    const file = readdirSync(`node_modules/${name}`).find((one) => /^licen[cs]e/i.test(one));
    return `${name} ${version} (${license})\n\n${readFileSync(`node_modules/${name}/${file}`, 'utf8').trim()}\n`;
  });
  writeFileSync('dist/BUNDLED-LICENCES.txt', texts.join(`\n${'-'.repeat(80)}\n\n`));
}

/** Bundlers look into the nearest package.json for both. */
function describe(kind, type) {
  writeFileSync(
    `dist/${kind}/package.json`,
    `${JSON.stringify({ type, sideEffects: manifest.sideEffects })}\n`,
  );
}

async function buildPackage() {
  rmSync('dist', { recursive: true, force: true });
  const all = await bundled([...modules, ...programs]);
  for (const output of all) write('cjs', await asCommonJs(output));
  describe('cjs', 'commonjs');
  for (const program of programs) chmodSync(`dist/cjs/${program}.js`, 0o755);

  const isPassedOn = (entry) => sourcesOf(`${entry}.js`, all).some((source) => EMBEDDED.test(source));
  const own = await bundled([...modules.filter((entry) => !isPassedOn(entry)), ...PARTS]);
  const isPart = ({ file }) => PARTS.some((part) => file === `${part}.js`);
  for (const output of own.filter((output) => !isPart(output))) write('esm', output);
  modules.filter(isPassedOn).forEach(passOn);
  describe('esm', 'module');
  writeTypes();
  writeLicences([...all, ...own]);
  execFileSync(process.execPath, ['scripts/build-page.mjs', 'dist/ui/page.html'], { stdio: 'inherit' });
}

/** What benchmarks use, bundled as for users. By itself each module is slower: a name of another one is a getter there. */
const FOR_BENCHMARKS = [
  'index',
  'client/open-client',
  'client/tcp-client',
  'manager/random-id',
  'schema/constants',
  'schema/lock-procedures',
  'schema/setup',
];

async function buildForBenchmarks(outdir) {
  const contents = FOR_BENCHMARKS.map((name) => `export * from './lib/${name}.ts';`).join('\n');
  await build({
    ...TARGET,
    stdin: { contents, resolveDir: '.', loader: 'ts' },
    bundle: true,
    format: 'cjs',
    external: OUTSIDE,
    plugins: [compressedSchema],
    sourcemap: true,
    outfile: path.join(outdir, 'library.js'),
  });
  writeFileSync(path.join(outdir, 'package.json'), '{"type":"commonjs"}\n');
}

const { values } = parseArgs({ options: { bench: { type: 'string' } } });
await (values.bench === undefined ? buildPackage() : buildForBenchmarks(values.bench));
