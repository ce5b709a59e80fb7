// How long the functions of some folders are: node scripts/function-lengths.mjs lib/request lib/manager ...
// Counted: functions, methods, accessors and constructors, and closures that have a name. Their comments and blank lines count.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const isSource = (file) => /\.tsx?$/.test(file) && !file.endsWith('.generated.ts');

function hasName(node) {
  if (!ts.isArrowFunction(node) && !ts.isFunctionExpression(node)) return true;
  return ts.isVariableDeclaration(node.parent) || ts.isPropertyDeclaration(node.parent);
}

function functionsOf(file, text) {
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
  const lineAt = (position) => tree.getLineAndCharacterOfPosition(position).line + 1;
  const found = [];
  const visit = (node) => {
    if (ts.isFunctionLike(node) && node.body && hasName(node)) {
      const first = lineAt(node.getStart(tree));
      found.push({ length: lineAt(node.end) - first + 1, at: `${file}:${first}` });
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

const folders = process.argv.slice(2);
const files = folders.flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(isSource)
    .map((file) => join(folder, file)),
);
const texts = files.map((file) => readFileSync(file, 'utf8'));
const functions = files
  .flatMap((file, i) => functionsOf(file, texts[i]))
  .sort((one, other) => one.length - other.length);
if (functions.length === 0) throw new Error(`no functions in ${folders.join(', ') || 'no folders'}`);

const share = (part) => functions[Math.ceil(functions.length * part) - 1].length;
const longest = functions.at(-1);
console.log(
  `files ${files.length}, lines ${texts.reduce((sum, text) => sum + text.split('\n').length - 1, 0)}`,
);
console.log(`functions ${functions.length}, median ${share(0.5)}, 90th percentile ${share(0.9)}`);
console.log(`longest ${longest.length} (${longest.at})`);
