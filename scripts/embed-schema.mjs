// Writes lib/schema/source.generated.ts from the .ti files, so that the package needs no files beside its modules.
// `node scripts/embed-schema.mjs --check` fails when the generated file is not what it would write.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';

const schema = new URL('../lib/schema/', import.meta.url);
const target = new URL('source.generated.ts', schema);

/** Text in quotes, a remark, or a line's end with the indentation of the next. */
const PIECE = /"(?:[^"]|"")*"|'(?:[^']|'')*'|`[^`]*`|\/\/.*|\n\s*/g;

/** A node keeps the text that it is given: without remarks, indentation and empty lines. */
function compact(code) {
  const short = (piece) => (piece.startsWith('//') ? '' : piece.startsWith('\n') ? '\n' : piece);
  return code.replace(PIECE, short).replace(/^\n/gm, '');
}

/** What a function does stands in its file. Of a procedure it is shown to whoever asks the node, and stays. */
const withoutHead = (code) => code.replace(/^(.*\{)\n"(?:[^"]|"")*";\n/, '$1\n');

/** Folders within are for the reader. What a file holds is known by its name alone, so that no two may share one. */
function folder(name) {
  const all = readdirSync(new URL(`${name}/`, schema), { recursive: true });
  const files = all.filter((file) => file.endsWith('.ti')).map((file) => [basename(file, '.ti'), file]);
  if (new Map(files).size < files.length) throw new Error(`two files of one name in ${name}`);
  const entries = files.sort().map(([key, file]) => {
    const text = compact(readFileSync(new URL(`${name}/${file}`, schema), 'utf8').trim());
    const code = name === 'functions' ? withoutHead(text) : text;
    return `  ${JSON.stringify(key)}: ${JSON.stringify(code)},\n`;
  });
  return `export const ${name}: Readonly<Record<string, string>> = {\n${entries.join('')}};\n`;
}

const text = [
  '// Made by scripts/embed-schema.mjs from the .ti files beside it: change those, then run `npm run schema`.\n',
  folder('functions'),
  folder('migrations'),
  folder('procedures'),
].join('\n');

if (process.argv.includes('--check')) {
  if (readFileSync(target, 'utf8') !== text) {
    console.error('lib/schema/source.generated.ts is out of date: run `npm run schema`');
    process.exitCode = 1;
  }
} else {
  writeFileSync(target, text);
}
