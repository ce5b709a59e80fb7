/** What a real ThingsDB answered, the embedded one answers too: asked as a client asks, over TCP. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type EmbeddedThingsDB, startThingsDB } from '../../lib/testing/index.js';
import { REPOSITORY, runNode } from '../support/run-node.js';

const FOLDER = 'spec/vectors';
const LIMIT_MS = 60_000;

const files = readdirSync(join(REPOSITORY, FOLDER)).filter((name) => name.endsWith('.json'));

let db: EmbeddedThingsDB;

beforeAll(async () => {
  db = await startThingsDB();
});

afterAll(() => db.close());

it.each(files)(
  'every answer recorded in %s',
  async (file) => {
    const cases = JSON.parse(readFileSync(join(REPOSITORY, FOLDER, file), 'utf8')) as unknown[];
    const script = ['scripts/record-vectors.mjs', '--verify', `${FOLDER}/${file}`];
    const { output } = await runNode(script, {
      THINGSDB_URL: db.url,
      THINGSDB_USER: 'admin',
      THINGSDB_PASSWORD: 'pass',
      THINGSDB_TOKEN: undefined,
    });
    // The whole output: where an answer differs, it is there.
    expect(output).toContain(`${cases.length} cases, 0 answers that differ`);
  },
  LIMIT_MS,
);

it(
  'the table in docs/TESTING.md is true',
  async () => {
    const script = ['--import', 'tsx', 'scripts/agreement-table.mjs', '--check'];
    expect(await runNode(script)).toMatchObject({ status: 0 });
  },
  LIMIT_MS,
);
