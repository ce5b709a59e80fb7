// Prints the public surface, as TypeScript declares it, into docs/api-report.txt: a change of it is a change of that file.
//
//   node scripts/api-report.mjs [--check]
//
// With --check nothing is written; the exit status says whether the file shows the surface as it is.
import { readFileSync, writeFileSync } from 'node:fs';
import ts from 'typescript';

const REPORT = 'docs/api-report.txt';
const ENTRIES = {
  'thingsdb-lock': 'lib/index.ts',
  'thingsdb-lock/testing': 'lib/testing/index.ts',
  'thingsdb-lock/opentelemetry': 'lib/opentelemetry/index.ts',
  'thingsdb-lock/nestjs': 'lib/nestjs/index.ts',
};

/** The declarations of all files under lib, as users get them. */
function declarations() {
  const { config } = ts.readConfigFile('tsconfig.build.json', ts.sys.readFile);
  const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, '.');
  const emitted = new Map();
  const program = ts.createProgram(fileNames, {
    ...options,
    declaration: true,
    emitDeclarationOnly: true,
    noEmit: false,
    stripInternal: true,
    removeComments: true,
    outDir: `${process.cwd()}/declared`,
  });
  program.emit(undefined, (path, text) => emitted.set(path, text), undefined, true);
  return { emitted, options };
}

/** Each export of an entry with its declaration, by name. */
function surfaceOf(entry, program) {
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(
    entry.replace(/^lib/, `${process.cwd()}/declared`).replace(/\.ts$/, '.d.ts'),
  );
  return checker
    .getExportsOfModule(checker.getSymbolAtLocation(source))
    .map((symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol))
    .flatMap((symbol) => symbol.declarations.map((declaration) => [symbol.name, textOf(declaration)]))
    .sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0))
    .map(([, text]) => text);
}

function textOf(declaration) {
  const statement = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
  return statement
    .getText()
    .replaceAll(/^\s*#private;\n/gm, '')
    .replaceAll(/^export (declare )?|^declare /g, '');
}

const { emitted, options } = declarations();
const host = ts.createCompilerHost(options);
const read = (path) => emitted.get(path);
const declared = ts.createProgram(
  [...emitted.keys()].filter((path) => path.endsWith('index.d.ts')),
  options,
  {
    ...host,
    // The folder of the declarations is in memory only.
    directoryExists: undefined,
    fileExists: (path) => read(path) !== undefined || host.fileExists(path),
    readFile: (path) => read(path) ?? host.readFile(path),
    getSourceFile(path, language, ...rest) {
      const text = read(path);
      return text === undefined
        ? host.getSourceFile(path, language, ...rest)
        : ts.createSourceFile(path, text, language, true);
    },
  },
);
const report = Object.entries(ENTRIES)
  .map(([name, entry]) => `// ${name}\n\n${surfaceOf(entry, declared).join('\n\n')}\n`)
  .join('\n');

if (process.argv.includes('--check')) {
  if (readFileSync(REPORT, 'utf8') !== report) {
    console.error(
      `the public surface has changed: look at it with \`npm run api\`, and at the diff of ${REPORT}`,
    );
    process.exitCode = 1;
  }
} else writeFileSync(REPORT, report);
