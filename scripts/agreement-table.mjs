// Writes into docs/TESTING.md how many of the recorded answers the embedded server gives, by group:
//
//   node --import tsx scripts/agreement-table.mjs [--check]
//
// All files in spec/vectors are run over the server's TCP port, as a real node's would be. With --check nothing is
// written; the exit status says whether the table in the file is still true.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { startThingsDB } from '../lib/testing/index.ts';
import { agrees, runCases } from './vector-runner.mjs';

const VECTORS = 'spec/vectors';
const PAGE = 'docs/TESTING.md';
const BEGIN = '<!-- agreement: made by scripts/agreement-table.mjs, do not edit -->';
const END = '<!-- /agreement -->';

const files = readdirSync(VECTORS)
  .filter((name) => name.endsWith('.json'))
  .sort();
const cases = files.flatMap((name) => JSON.parse(readFileSync(`${VECTORS}/${name}`, 'utf8')));

const db = await startThingsDB();
const groups = new Map();
try {
  await runCases({ url: db.url, credentials: ['admin', 'pass'] }, cases, (recorded, answered) => {
    const count = groups.get(recorded.group) ?? { agree: 0, all: 0 };
    count.all += 1;
    if (agrees(recorded, answered)) count.agree += 1;
    else console.log(`differs: ${JSON.stringify(recorded)}\n     is: ${JSON.stringify(answered)}`);
    groups.set(recorded.group, count);
  });
} finally {
  await db.close();
}

const table = makeTable([...groups].sort(([one], [other]) => (one < other ? -1 : 1)));
const page = readFileSync(PAGE, 'utf8');
const [before, rest] = page.split(BEGIN);
const after = rest?.split(END)[1];
if (after === undefined) throw new Error(`${PAGE} has no place for the table: ${BEGIN} ... ${END}`);
const written = `${before}${BEGIN}\n\n${table}\n\n${END}${after}`;

console.log(table);
if (!process.argv.includes('--check')) writeFileSync(PAGE, written);
else if (written !== page) {
  console.error(`${PAGE} is not up to date`);
  process.exitCode = 1;
}

function makeTable(rows) {
  const sum = rows.reduce(
    (total, [, { agree, all }]) => ({ agree: total.agree + agree, all: total.all + all }),
    {
      agree: 0,
      all: 0,
    },
  );
  const lines = [...rows, ['**all**', sum]].map(([group, { agree, all }]) => [group, `${agree}`, `${all}`]);
  const cells = [['group', 'agree', 'of'], ...lines];
  const widths = [0, 1, 2].map((column) => Math.max(...cells.map((row) => row[column].length)));
  const format = (row) =>
    `| ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join(' | ')} |`;
  const ruler = `| ${'-'.repeat(widths[0])} | ${'-'.repeat(widths[1] - 1)}: | ${'-'.repeat(widths[2] - 1)}: |`;
  return [format(cells[0]), ruler, ...lines.map(format)].join('\n');
}
