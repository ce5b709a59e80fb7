// npm run coverage:cli: which lines of lib/cli the specs of the command line reach. They run the real program, in processes of
// their own, so that Jest sees nothing of it: each process writes down what V8 saw (NODE_V8_COVERAGE). A line counts if any
// process ran code of it; one that was ended by SIGKILL wrote nothing. Fails below the floor, which rises with the figure.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const FLOOR_PERCENT = 94;
const OWN = 'lib/cli/';
const SPECS = ['spec/suites/cli', 'spec/unit/cli/'];

const folder = mkdtempSync(path.join(tmpdir(), 'thingsdb-lock-coverage-'));
const env = { ...process.env, CLI_COVERAGE: folder };
const { status } = spawnSync(process.execPath, ['node_modules/jest/bin/jest.js', ...SPECS], {
  env,
  stdio: 'inherit',
});

/** Of each file the lines with code, and whether any process ran it. */
const lines = new Map();
for (const file of readdirSync(folder)) addProcess(JSON.parse(readFileSync(path.join(folder, file), 'utf8')));
rmSync(folder, { recursive: true });

function addProcess({ result, 'source-map-cache': maps = {} }) {
  for (const { url, functions } of result) {
    const map = maps[url];
    if (map?.data === undefined || map.data === null) continue;
    const size = map.lineLengths.reduce((sum, length) => sum + length + 1, 0);
    const ran = painted(functions, size);
    const starts = startsOf(map.lineLengths);
    for (const { line, column, source, original } of segmentsOf(map.data)) {
      const name = map.data.sources[source] ?? '';
      const at = name.indexOf(OWN);
      if (at === -1) continue;
      const own = name.slice(at);
      if (!lines.has(own)) lines.set(own, new Map());
      const known = lines.get(own);
      known.set(original, (known.get(original) ?? false) || ran[starts[line] + column] === 1);
    }
  }
}

/** Which characters ran: V8 gives ranges within ranges, and the innermost is right. */
function painted(functions, size) {
  const ran = new Uint8Array(size).fill(1);
  const ranges = functions.flatMap(({ ranges: own }) => own);
  ranges.sort((one, other) => one.startOffset - other.startOffset || other.endOffset - one.endOffset);
  for (const { startOffset, endOffset, count } of ranges) ran.fill(count > 0 ? 1 : 0, startOffset, endOffset);
  return ran;
}

function startsOf(lineLengths) {
  let start = 0;
  return lineLengths.map((length) => {
    const own = start;
    start += length + 1;
    return own;
  });
}

/** The places of a source map, version 3: each field is the difference to the last one of its kind. */
function* segmentsOf({ mappings }) {
  let [source, original] = [0, 0];
  for (const [line, text] of mappings.split(';').entries()) {
    let column = 0;
    for (const segment of text.split(',')) {
      if (segment === '') continue;
      const [columns, sources, originals] = numbersOf(segment);
      column += columns;
      if (sources === undefined) continue;
      source += sources;
      original += originals;
      yield { line, column, source, original: original + 1 };
    }
  }
}

/** Base 64, five bits a digit, the sixth says that more follow; the lowest bit of a number is its sign. */
function numbersOf(segment) {
  const numbers = [];
  let [value, shift] = [0, 0];
  for (const digit of segment) {
    const bits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'.indexOf(digit);
    value += (bits & 31) << shift;
    shift += 5;
    if (bits & 32) continue;
    numbers.push(value & 1 ? -(value >> 1) : value >> 1);
    [value, shift] = [0, 0];
  }
  return numbers;
}

let [all, reached] = [0, 0];
for (const [file, known] of [...lines].sort()) {
  const missed = [...known].filter(([, hasRun]) => !hasRun).map(([line]) => line);
  all += known.size;
  reached += known.size - missed.length;
  if (missed.length > 0) console.log(`${file}: not ${missed.sort((one, other) => one - other).join(', ')}`);
}
const percent = all === 0 ? 0 : (100 * reached) / all;
console.log(
  `lib/cli: ${reached} of ${all} lines, ${percent.toFixed(1)} %; at least ${FLOOR_PERCENT} % are expected`,
);
process.exitCode = status === 0 && percent >= FLOOR_PERCENT ? 0 : 1;
