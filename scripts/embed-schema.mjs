// Writes lib/schema/source.generated.ts from the .ti files, so that the package needs no files beside its modules.
// `node scripts/embed-schema.mjs --check` fails when the generated file is not what it would write.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';

const schema = new URL('../lib/schema/', import.meta.url);
const target = new URL('source.generated.ts', schema);

function folder(name) {
  const files = readdirSync(new URL(`${name}/`, schema)).filter((file) => file.endsWith('.ti'));
  const entries = files.sort().map((file) => {
    const code = readFileSync(new URL(`${name}/${file}`, schema), 'utf8').trim();
    return `  ${JSON.stringify(file.slice(0, -'.ti'.length))}: ${JSON.stringify(code)},\n`;
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
