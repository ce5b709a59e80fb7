import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, posix } from 'node:path';
import ts from 'typescript';

const ROOT = join(__dirname, '../..');

interface SourceFile {
  /** From the root, with `/`: `lib/lease.ts`. */
  readonly path: string;
  readonly text: string;
  readonly tree: ts.SourceFile;
  /** The files of lib and the packages it imports, type imports too. */
  readonly imports: readonly string[];
}

function filesUnder(folder: string, extension: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map((file) => posix.join(folder, file.replaceAll('\\', '/')))
    .filter((file) => file.endsWith(extension))
    .sort();
}

/** Every module that a piece of source names: by import, export from, import(), require() or in a type. */
function modulesNamedIn(tree: ts.SourceFile): string[] {
  const names: string[] = [];
  const visit = (node: ts.Node): void => {
    if (
      (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) &&
      node.moduleSpecifier !== undefined
    ) {
      names.push((node.moduleSpecifier as ts.StringLiteral).text);
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      names.push((node.argument.literal as ts.StringLiteral).text);
    } else if (ts.isCallExpression(node)) {
      const [name] = node.arguments;
      const isLoading =
        node.expression.kind === ts.SyntaxKind.ImportKeyword ||
        /^require(\.resolve)?$/.test(node.expression.getText(tree));
      if (isLoading)
        names.push(name !== undefined && ts.isStringLiteralLike(name) ? name.text : '(computed)');
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return names;
}

function parsed(path: string, text: string): SourceFile {
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true);
  const imports = modulesNamedIn(tree).map((name) =>
    name.startsWith('.') ? posix.join(dirname(path), name).replace(/\.js$/, '.ts') : name,
  );
  return { path, text, tree, imports };
}

const FILES = [...filesUnder('lib', '.ts'), ...filesUnder('lib', '.tsx')].map((path) =>
  parsed(path, readFileSync(join(ROOT, path), 'utf8')),
);

/** Which parts of lib may import which: whatever is not listed is the lock layer. */
const PARTS = ['embedded', 'testing', 'cli', 'opentelemetry', 'nestjs', 'ui/page', 'ui'] as const;
type Part = (typeof PARTS)[number] | 'lock';

function partOf(path: string): Part {
  return PARTS.find((part) => path.startsWith(`lib/${part}/`)) ?? 'lock';
}

const MAY_IMPORT: Readonly<Record<Part, readonly Part[]>> = {
  lock: ['lock'],
  embedded: ['embedded'],
  testing: ['testing', 'embedded'],
  cli: ['cli', 'lock', 'testing', 'ui'],
  opentelemetry: ['opentelemetry', 'lock'],
  nestjs: ['nestjs', 'lock'],
  ui: ['ui', 'lock'],
  'ui/page': ['ui/page'],
};
/** Packages that whoever uses a part has anyway: optional peers. No other part may need them. */
const PEERS: Readonly<Partial<Record<Part, readonly string[]>>> = {
  nestjs: ['@nestjs/common', '@nestjs/core'],
  opentelemetry: ['@opentelemetry/api'],
};
/** What is in the file that a part is built into. */
const BUILT_IN: Readonly<Partial<Record<Part, readonly string[]>>> = {
  'ui/page': ['preact', 'uplot'],
};
/** What the page in the browser has in common with its server and with terminals. */
const OF_BOTH = ['lib/ui/messages.ts', 'lib/ui/two-units.ts'];
/** The one command that is the embedded server. */
const DEV_SERVER = 'lib/cli/commands/dev-server.ts';

function forbiddenImports({ path, imports }: SourceFile): string[] {
  const allowed: readonly Part[] =
    path === DEV_SERVER ? ['cli', 'testing', 'embedded'] : MAY_IMPORT[partOf(path)];
  return imports
    .filter((name) => name.startsWith('lib/') && !allowed.includes(partOf(name)))
    .filter((name) => partOf(path) !== 'ui/page' || !OF_BOTH.includes(name))
    .map((name) => `${path} imports ${name}`);
}

describe('the walls of lib', () => {
  it('stand: neither the lock layer nor the embedded server imports the other', () => {
    expect(FILES.flatMap(forbiddenImports)).toEqual([]);
  });

  it.each([
    ['lib/lease.ts', "import { Parser } from './embedded/language/parser.js';"],
    ['lib/options/inbox.ts', "export * from '../testing/index.js';"],
    ['lib/embedded/engine/engine.ts', "import type { Lease } from '../../lease.js';"],
    ['lib/embedded/model/accounts/user.ts', "let x: import('../../../errors.js').LockError;"],
    ['lib/embedded/engine/engine.ts', "void import('../../testing/manual-clock.js');"],
    ['lib/testing/index.ts', "const { LockError } = require('../errors.js');"],
    ['lib/lock-manager.ts', "import { LockModule } from './nestjs/index.js';"],
    ['lib/cli/commands/run.ts', "import { createEngine } from '../../embedded/engine/thingsdb-engine.js';"],
    ['lib/lock-manager.ts', "import { UiServer } from './ui/ui-server.js';"],
    ['lib/ui/ui-server.ts', "import { lockLink } from './page/lock-link.js';"],
    ['lib/ui/page/app.ts', "import { LockError } from '../../errors.js';"],
    ['lib/ui/page/app.ts', "import { LiveView } from '../live-view.js';"],
  ])('would be seen to fall: %s with %s', (path, text) => {
    expect(forbiddenImports(parsed(path, text))).toHaveLength(1);
  });

  it('enclose nothing but files that are there', () => {
    const paths = new Set(FILES.map(({ path }) => path.replace(/x$/, '')));
    const missing = FILES.flatMap(({ path, imports }) =>
      imports
        .filter((name) => name.startsWith('lib/') && !paths.has(name) && !existsSync(join(ROOT, name)))
        .map((name) => `${path}: ${name}`),
    );
    expect(missing).toEqual([]);
  });

  it('let in only the packages that package.json names, zod, which the build bundles, and to a part of its own the optional ones that it needs', () => {
    const { dependencies, devDependencies, peerDependencies, peerDependenciesMeta } = JSON.parse(
      readFileSync(join(ROOT, 'package.json'), 'utf8'),
    ) as {
      dependencies: Record<string, string>;
      devDependencies: Record<string, string>;
      peerDependencies: Record<string, string>;
      peerDependenciesMeta: Record<string, { optional: boolean }>;
    };
    expect(devDependencies).toHaveProperty('zod');
    expect(dependencies).not.toHaveProperty('zod');
    const known = new Set([...Object.keys(dependencies), 'zod']);
    const packages = (imports: readonly string[]): string[] =>
      imports
        .filter((name) => !name.startsWith('lib/') && !isBuiltin(name))
        .map((name) => /^(?:@[^/]+\/)?[^/]+/.exec(name)?.[0] ?? name);
    const others = FILES.flatMap(({ path, imports }) =>
      packages(imports)
        .filter(
          (name) => !known.has(name) && ![PEERS, BUILT_IN].some((own) => own[partOf(path)]?.includes(name)),
        )
        .map((name) => `${path}: ${name}`),
    );
    expect(others).toEqual([]);
    for (const name of Object.values(PEERS).flat()) {
      expect([name, peerDependencies[name], peerDependenciesMeta[name]]).toEqual([
        name,
        expect.any(String),
        { optional: true },
      ]);
    }
  });

  it('let OpenTelemetry see of the lock layer nothing but types', () => {
    const values = FILES.filter(({ path }) => partOf(path) === 'opentelemetry').flatMap(({ path, tree }) =>
      tree.statements
        .filter((node) => ts.isImportDeclaration(node) || ts.isExportDeclaration(node))
        .filter((node) => !(ts.isImportDeclaration(node) ? node.importClause?.isTypeOnly : node.isTypeOnly))
        .map((node) => (node.moduleSpecifier as ts.StringLiteral | undefined)?.text ?? '')
        .filter((name) => name.startsWith('../'))
        .map((name) => `${path} imports ${name}`),
    );
    expect(values).toEqual([]);
  });
});

/** The folders of the lock layer, the lowest first. */
const LAYERS = ['async', 'client', 'schema', 'options', 'request', 'connection', 'diagnostics', 'manager'];

function importsFromAbove({ path, imports }: SourceFile): string[] {
  const layerOf = (file: string): number => LAYERS.indexOf(file.split('/')[1] ?? '');
  return imports.filter((name) => layerOf(name) > layerOf(path)).map((name) => `${path} imports ${name}`);
}

it('the folders of the lock layer have an order: none imports one above it, not even for a type', () => {
  const inLayers = FILES.filter(({ path }) => LAYERS.includes(path.split('/')[1] ?? ''));
  expect(inLayers.length).toBeGreaterThan(100);
  expect(inLayers.flatMap(importsFromAbove)).toEqual([]);
  const wrong = parsed('lib/schema/x.ts', "import type { Calls } from '../connection/calls.js';");
  expect(importsFromAbove(wrong)).toHaveLength(1);
});

/** What waits, sends, tells the time, or gives another result the next time. */
const IMPURE = [
  'performance',
  'Date',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'Promise',
  'process',
  'crypto',
  'random',
];

function impurities({ path, tree }: SourceFile): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && IMPURE.includes(node.text)) found.push(`${path}: ${node.text}`);
    if (ts.isAwaitExpression(node)) found.push(`${path}: await`);
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

describe('the life of a request', () => {
  const pure = FILES.filter(({ path }) => path.startsWith('lib/request/'));

  it('waits for nothing, sends nothing and asks no clock', () => {
    expect(pure.length).toBeGreaterThan(5);
    expect(pure.flatMap(impurities)).toEqual([]);
    expect(impurities(parsed('lib/request/x.ts', 'await a; Date.now(); Math.random();'))).toHaveLength(3);
  });

  it('imports nothing but itself, the types and constants of the schema, and the reasons of a loss', () => {
    const allowed = ['lib/schema/operations.ts', 'lib/schema/constants.ts', 'lib/errors.ts'];
    const foreign = pure.flatMap(({ path, imports }) =>
      imports
        .filter((name) => !name.startsWith('lib/request/') && !allowed.includes(name))
        .map((name) => `${path}: ${name}`),
    );
    expect(foreign).toEqual([]);
  });
});

describe('only one place', () => {
  it('calls procedures: the schema folder, through the connection and the client that carry its calls', () => {
    const calling = FILES.filter(({ path, text, tree }) => {
      // The embedded server runs them, and a command of the shell is run by the same word.
      if (['embedded', 'cli'].includes(partOf(path))) return false;
      let isCalling = false;
      const visit = (node: ts.Node): void => {
        isCalling ||=
          ts.isPropertyAccessExpression(node) &&
          node.name.text === 'run' &&
          ts.isCallExpression(node.parent) &&
          node.parent.expression === node &&
          // What runs there is a function of ours, in a context of its own.
          !text.includes(`${node.expression.getText(tree)} = new AsyncLocalStorage`);
        ts.forEachChild(node, visit);
      };
      visit(tree);
      return isCalling;
    }).map(({ path }) => path);
    const carriers = [
      'lib/connection/node-connection.ts',
      'lib/connection/bounded-client.ts',
      'lib/connection/calls.ts',
      'lib/manager/manager-core.ts',
    ];
    expect(calling.filter((path) => !path.startsWith('lib/schema/') && !carriers.includes(path))).toEqual([]);
    expect(calling).toContain('lib/schema/setup.ts');
  });

  it('names procedures of the schema', () => {
    const names = filesUnder('lib/schema/procedures', '.ti').map((path) => posix.basename(path, '.ti'));
    const own = names.filter((name) => name.startsWith('lock_'));
    expect(own.length).toBeGreaterThan(5);
    const naming = FILES.filter(({ text }) => own.some((name) => text.includes(`'${name}'`)));
    expect(naming.map(({ path }) => path).filter((path) => !path.startsWith('lib/schema/'))).toEqual([]);
  });

  it('reads arguments: a program that locks does not load the command line', () => {
    const importing = FILES.filter(({ imports }) => imports.includes('commander')).map(({ path }) => path);
    expect(importing.length).toBeGreaterThan(0);
    expect(importing.filter((path) => partOf(path) !== 'cli')).toEqual([]);
  });

  it('may load thingsdb.js: it is optional, and no import of a package makes it needed', () => {
    const loading = FILES.filter(({ imports }) =>
      imports.some((name) => /^thingsdb(\.js)?$|^ThingsDB/.test(name)),
    );
    expect(loading.length).toBeLessThanOrEqual(1);
    const computed = FILES.filter(({ imports }) => imports.includes('(computed)'));
    expect(computed.length).toBeLessThanOrEqual(1);
  });
});

describe('every file', () => {
  const offending = (isWrong: (file: SourceFile) => boolean): string[] =>
    FILES.filter(isWrong).map(({ path }) => path);

  it('has no default export', () => {
    const isDefault = (node: ts.Statement): boolean =>
      ts.isExportAssignment(node) ||
      (ts.canHaveModifiers(node) &&
        (ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword) ?? false));
    const hasDefault = ({ tree, text }: SourceFile): boolean =>
      tree.statements.some(isDefault) || /export\s*\{[^}]*\bas default\b/.test(text);
    expect(offending(hasDefault)).toEqual([]);
    for (const text of ['export default class {}', 'export default 5;', 'export { x as default };']) {
      expect(hasDefault(parsed('lib/x.ts', text))).toBe(true);
    }
  });

  it('is named in kebab-case after what it holds, and none is a drawer for everything', () => {
    expect(
      offending(({ path }) => !/^([a-z0-9]+-)*[a-z0-9]+(\.generated)?\.tsx?$/.test(posix.basename(path))),
    ).toEqual([]);
    expect(
      offending(({ path }) => /^(utils?|helpers?|misc|common)\.tsx?$/.test(posix.basename(path))),
    ).toEqual([]);
  });

  it('imports its neighbours as ES modules do, with .js', () => {
    const isWithout = ({ tree }: SourceFile): boolean =>
      modulesNamedIn(tree).some((name) => name.startsWith('.') && !/\.(js|css)$/.test(name));
    expect(offending(isWithout)).toEqual([]);
  });
});

it('every .ti file is a closure that starts with its docstring', () => {
  const files = filesUnder('lib/schema', '.ti');
  expect(files.length).toBeGreaterThan(20);
  const closure = /^\|[a-z_, ]*\| \{\n {4}"[A-Z][^"]{10,}"; *\n[\s\S]*\}\n$/;
  expect(files.filter((path) => !closure.test(readFileSync(join(ROOT, path), 'utf8')))).toEqual([]);
});
