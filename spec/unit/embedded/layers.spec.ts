import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import ts from 'typescript';

const ROOT = join(__dirname, '../../../lib/embedded');

/** From the bottom to the top: a folder may use those before it. */
const LAYERS = [
  'msgpack',
  'regex',
  'language',
  'model',
  'runtime',
  'builtins',
  'engine',
  'protocol',
] as const;

/** The protocol knows the engine by its interface alone. */
const SEAM = 'engine/engine.ts';

interface Import {
  readonly from: string;
  readonly to: string;
  /** Nothing of it is left when the program runs. */
  readonly isTypeOnly: boolean;
}

/** In place of a name that is not written here: what it would load cannot be told. */
const UNKNOWN = '../../../../unknown';

/** The imports and re-exports of a piece of source, whichever way they are written; paths are from lib/embedded on. */
function importsOf(path: string, text: string): Import[] {
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022);
  const found: Import[] = [];
  const add = (name: string, isTypeOnly: boolean): void => {
    if (!name.startsWith('.')) return;
    const to = posix.join(posix.dirname(path), name).replace(/\.js$/, '.ts');
    found.push({ from: path, to, isTypeOnly });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node))
      add((node.moduleSpecifier as ts.StringLiteral).text, isTypeImport(node));
    if (ts.isExportDeclaration(node) && node.moduleSpecifier) {
      add((node.moduleSpecifier as ts.StringLiteral).text, isTypeExport(node));
    }
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add((node.argument.literal as ts.StringLiteral).text, true);
    }
    if (ts.isExternalModuleReference(node)) add(textOf(node.expression), false);
    if (ts.isCallExpression(node) && isLoading(node.expression)) add(textOf(node.arguments[0]), false);
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

/** `import(...)`, `require(...)` and `require.resolve(...)`. */
function isLoading(called: ts.Expression): boolean {
  if (called.kind === ts.SyntaxKind.ImportKeyword) return true;
  const name = ts.isPropertyAccessExpression(called) ? called.expression : called;
  return ts.isIdentifier(name) && name.text === 'require';
}

const textOf = (node: ts.Expression | undefined): string =>
  node !== undefined && ts.isStringLiteralLike(node) ? node.text : UNKNOWN;

function isTypeImport({ importClause }: ts.ImportDeclaration): boolean {
  if (!importClause) return false;
  const { namedBindings, name, isTypeOnly } = importClause;
  if (isTypeOnly || name) return isTypeOnly;
  return (
    !!namedBindings && ts.isNamedImports(namedBindings) && namedBindings.elements.every((e) => e.isTypeOnly)
  );
}

function isTypeExport({ isTypeOnly, exportClause }: ts.ExportDeclaration): boolean {
  if (isTypeOnly) return true;
  return (
    !!exportClause && ts.isNamedExports(exportClause) && exportClause.elements.every((e) => e.isTypeOnly)
  );
}

const layerOf = (path: string): number => LAYERS.indexOf(path.split('/')[0] as (typeof LAYERS)[number]);

/** Imports of a layer that is not below; and whatever reaches past the engine's interface. */
function climbing(imports: readonly Import[]): string[] {
  return imports
    .filter(({ from, to }) => {
      if (layerOf(from) < 0 || layerOf(to) < 0) return true;
      if (from.startsWith('protocol/') && !to.startsWith('protocol/')) {
        return to !== SEAM && !to.startsWith('msgpack/');
      }
      return layerOf(to) > layerOf(from);
    })
    .map(({ from, to }) => `${from} imports ${to}`);
}

/** The first circle that each node is found in, as `a > b > a`. */
function circles(edges: readonly (readonly [from: string, to: string])[]): string[] {
  const next = new Map<string, Set<string>>();
  for (const [from, to] of edges) next.set(from, (next.get(from) ?? new Set<string>()).add(to));
  const done = new Set<string>();
  const found: string[] = [];
  const walk = (node: string, path: readonly string[]): void => {
    const at = path.indexOf(node);
    if (at >= 0) found.push([...path.slice(at), node].join(' > '));
    if (at >= 0 || done.has(node)) return;
    for (const other of next.get(node) ?? []) walk(other, [...path, node]);
    done.add(node);
  };
  for (const node of next.keys()) walk(node, []);
  return found;
}

const circlesOfValues = (imports: readonly Import[]): string[] =>
  circles(imports.filter(({ isTypeOnly }) => !isTypeOnly).map(({ from, to }) => [from, to]));

const circlesOfFolders = (imports: readonly Import[]): string[] =>
  circles(
    imports
      .map(({ from, to }) => [posix.dirname(from), posix.dirname(to)] as const)
      .filter(([from, to]) => from !== to),
  );

const FILES = readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.ts'))
  .sort();
const IMPORTS = FILES.flatMap((path) => importsOf(path, readFileSync(join(ROOT, path), 'utf8')));

describe('the embedded ThingsDB', () => {
  it('is built in layers: nothing uses what is above it', () => {
    expect(IMPORTS.length).toBeGreaterThan(500);
    expect(climbing(IMPORTS)).toEqual([]);
  });

  it('loads without a circle', () => {
    expect(circlesOfValues(IMPORTS)).toEqual([]);
  });

  it('has no two folders that need each other, not even by types', () => {
    expect(circlesOfFolders(IMPORTS)).toEqual([]);
  });
});

describe('a wrong import', () => {
  it.each([
    ['language/parser.ts', "import type { Value } from '../model/values/value.js';"],
    ['model/values/thing.ts', "import { Query } from '../../runtime/query.js';"],
    ['model/store/database.ts', "let x: import('../../runtime/query.js').Query;"],
    ['runtime/query.ts', "export { registry } from '../builtins/registry.js';"],
    ['builtins/rooms/rooms.ts', "import type { Engine } from '../../engine/engine.js';"],
    ['protocol/connection.ts', "import { createEngine } from '../engine/thingsdb-engine.js';"],
    ['protocol/connection.ts', "import { ThingsError } from '../model/things-error.js';"],
    ['regex/matcher.ts', "import { spendSteps } from '../somewhere/else.js';"],
    ['model/budget.ts', "const { Query } = await import('../runtime/query.js');"],
    ['model/budget.ts', "const { Query } = require('../runtime/query.js');"],
    ['model/budget.ts', "import query = require('../runtime/query.js');"],
    ['model/budget.ts', 'const { Query } = await import(name);'],
    ['protocol/connection.ts', 'await import(`../engine/thingsdb-engine.js`);'],
  ])('is named: %s with %s', (path, text) => {
    expect(climbing(importsOf(path, text))).toEqual([expect.stringContaining(`${path} imports `)]);
  });

  it('that closes a circle is named with the way round', () => {
    const imports = [
      ...importsOf('runtime/a.ts', "import { b } from './compiler/b.js';"),
      ...importsOf('runtime/compiler/b.ts', "import { c } from './c.js'; import type { a } from '../a.js';"),
    ];
    expect(circlesOfValues(imports)).toEqual([]);
    expect(circlesOfFolders(imports)).toEqual(['runtime > runtime/compiler > runtime']);
    const closed = [...imports, ...importsOf('runtime/compiler/c.ts', "export * from './b.js';")];
    expect(circlesOfValues(closed)).toEqual([
      'runtime/compiler/b.ts > runtime/compiler/c.ts > runtime/compiler/b.ts',
    ]);
  });
});
