import { join, relative } from 'node:path';
import ts from 'typescript';

const ROOT = join(__dirname, '../..');

/** The options of this repository's own tsconfig.json. */
function ownOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
    config: object;
  };
  return ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, ROOT).options;
}

/**
 * Compiles files that exist, and others that exist in memory only, and tells what the compiler has to say of them:
 * `docs/ERRORS.md.1.mts:3: message`. The package's own name means its sources.
 */
export function compile(
  files: readonly string[],
  inMemory: Readonly<Record<string, string>> = {},
  otherOptions: ts.CompilerOptions = {},
): string[] {
  const virtual = new Map(Object.entries(inMemory).map(([path, text]) => [join(ROOT, path), text]));
  const options: ts.CompilerOptions = {
    ...ownOptions(),
    noEmit: true,
    declaration: false,
    sourceMap: false,
    ...otherOptions,
    paths: {
      'thingsdb-lock': [join(ROOT, 'lib/index.ts')],
      'thingsdb-lock/testing': [join(ROOT, 'lib/testing/index.ts')],
      'thingsdb-lock/opentelemetry': [join(ROOT, 'lib/opentelemetry/index.ts')],
      'thingsdb-lock/nestjs': [join(ROOT, 'lib/nestjs/index.ts')],
    },
  };
  const real = ts.createCompilerHost(options);
  const host: ts.CompilerHost = {
    ...real,
    fileExists: (path) => virtual.has(path) || real.fileExists(path),
    readFile: (path) => virtual.get(path) ?? real.readFile(path),
    getSourceFile: (path, language, ...rest) => {
      const text = virtual.get(path);
      return text === undefined
        ? real.getSourceFile(path, language, ...rest)
        : ts.createSourceFile(path, text, language);
    },
  };
  const roots = [...files.map((file) => join(ROOT, file)), ...virtual.keys()];
  const program = ts.createProgram(roots, options, host);
  // Of the files asked for: what else is wrong in the sources is not theirs to tell.
  const trees = roots.map((path) => program.getSourceFile(path)).filter((tree) => tree !== undefined);
  if (trees.length !== roots.length) throw new Error(`not all of ${roots.join(', ')} could be read`);
  const diagnostics = [
    ...program.getOptionsDiagnostics(),
    ...trees.flatMap((tree) => [
      ...program.getSyntacticDiagnostics(tree),
      ...program.getSemanticDiagnostics(tree),
    ]),
  ];
  return diagnostics.map(({ file, start, messageText }) => {
    const line = file === undefined ? 0 : file.getLineAndCharacterOfPosition(start ?? 0).line + 1;
    const where = file === undefined ? '' : `${relative(ROOT, file.fileName)}:${line}: `;
    return where + ts.flattenDiagnosticMessageText(messageText, ' ');
  });
}
