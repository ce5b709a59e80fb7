// Records what a server answers, or checks what has been recorded.
//
//   THINGSDB_URL=thingsdb://127.0.0.1:9200 node scripts/record-vectors.mjs CASES.json OUT.json
//   THINGSDB_URL=thingsdb://127.0.0.1:9200 node scripts/record-vectors.mjs --verify CASES.json
//
// CASES.json holds cases as scripts/vector-runner.mjs describes them, with or without answers; OUT.json may be the same
// file. THINGSDB_USER, THINGSDB_PASSWORD and THINGSDB_TOKEN say who asks (admin/pass by default).
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { differences, formatCases, runCases, serverFromEnvironment } from './vector-runner.mjs';

const { values, positionals } = parseArgs({
  options: { verify: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const [input, output] = positionals;
if (input === undefined || (output === undefined) !== values.verify) {
  console.error('usage: record-vectors.mjs CASES.json OUT.json | --verify CASES.json');
  process.exit(2);
}

const cases = JSON.parse(readFileSync(input, 'utf8'));
const answers = await runCases(serverFromEnvironment(), cases);

if (values.verify) {
  const wrong = cases.flatMap((recorded, index) => differences(recorded, answers[index]));
  for (const { recorded, answered } of wrong) {
    console.log(`recorded ${JSON.stringify(recorded)}\nanswered ${JSON.stringify(answered)}\n`);
  }
  console.log(`${cases.length} cases, ${wrong.length} answers that differ`);
  process.exitCode = wrong.length === 0 ? 0 : 1;
} else {
  writeFileSync(output, formatCases(answers));
  console.log(`${answers.length} cases recorded in ${output}`);
}
