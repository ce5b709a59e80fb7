// Looks for what the recorded answers do not cover. Runs generated programs on a real node and on the embedded server,
// and prints where they differ.
//
//   THINGSDB_URL=thingsdb://127.0.0.1:9200 node --import tsx scripts/compare-with-node.mjs [COUNT] [SEED] [general|types|features|typed|calls]
//
// The node is one for tests: the programs run in collections of their own, but they do whatever comes.
import fc from 'fast-check';
import { startThingsDB } from '../lib/testing/index.ts';
import { thingsdbCallPrograms } from '../spec/support/thingsdb-call-programs.ts';
import { thingsdbFeaturePrograms } from '../spec/support/thingsdb-feature-programs.ts';
import { thingsdbPrograms } from '../spec/support/thingsdb-programs.ts';
import { thingsdbTypePrograms } from '../spec/support/thingsdb-type-programs.ts';
import { thingsdbTypedPrograms } from '../spec/support/thingsdb-typed-programs.ts';
import { differences, runCases, serverFromEnvironment } from './vector-runner.mjs';

const DEFAULT_COUNT = 2000;

/** Programs that show all that is stored themselves, and do nothing that only one server can. */
const SHOWING = new Set(['typed', 'calls']);

/** Of the other generated programs: what differs from call to call, reaches beyond the collection, or is not there on purpose. */
const SKIPPED =
  /\b(rand\w*|now|datetime|timeval|choice|change_id|log|shutdown|restore|import|export|\w*user\w*|\w*collection\w*|\w*token|grant|task|tasks|\w+_info)\(/;

const GENERATORS = {
  general: thingsdbPrograms,
  types: thingsdbTypePrograms,
  features: thingsdbFeaturePrograms,
  typed: thingsdbTypedPrograms,
  calls: thingsdbCallPrograms,
};

const [count = DEFAULT_COUNT, seed = Date.now() % 2 ** 31, kind = 'general'] = process.argv.slice(2);
const programs = fc
  .sample(GENERATORS[kind], { numRuns: Number(count), seed: Number(seed) })
  .filter((code) => SHOWING.has(kind) || !SKIPPED.test(code));
const cases = programs.map((q) => ({
  group: 'generated',
  steps: [
    { q, v: { x: 5, list: [1, 2, 'text'] } },
    ...(SHOWING.has(kind) ? [] : [{ q: 'return .copy(9), 9;' }]),
  ],
}));

const db = await startThingsDB();
try {
  const real = await runCases(serverFromEnvironment(), cases);
  const embedded = await runCases({ url: db.url, credentials: ['admin', 'pass'] }, cases);
  const wrong = real.flatMap((answered, index) => differences(answered, embedded[index]));
  for (const { recorded, answered } of wrong) {
    console.log(`${recorded.q}\n  node:     ${describe(recorded)}\n  embedded: ${describe(answered)}\n`);
  }
  console.log(`seed ${seed}: ${cases.length} programs, ${wrong.length} that differ`);
} finally {
  await db.close();
}

function describe({ result, error }) {
  return JSON.stringify(error ?? result);
}
