/** That Jest, as it is configured here, finds a rejection that nobody handles, and blames the test that it is of. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import config from '../../../jest.config';
import { runNode } from '../../support/run-node.js';

const JEST = require.resolve('jest/bin/jest');
const TESTS = `
const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const reject = (why) => { void Promise.reject(new Error(why)); };
test('leaves one in its last turn', () => reject('at once'));
test('leaves one that comes in the next test', () => { setTimeout(() => reject('late'), 5); });
test('runs while that comes', () => later(50));
test('handles one later', async () => { const one = Promise.reject(new Error('handled')); await later(20); await one.catch(() => {}); });
describe('with a hook', () => {
  afterEach(() => reject('in a hook'));
  test('has a hook that leaves one', () => {});
});
`;

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly title: string; readonly status: string }[];
  }[];
}

/** By title: how each of those tests ended. */
async function outcomes(directory: string): Promise<Record<string, string>> {
  writeFileSync(join(directory, 'some.test.js'), TESTS);
  const { waitForUnhandledRejections } = config;
  const own = { rootDir: directory, transform: {}, waitForUnhandledRejections };
  const path = join(directory, 'report.json');
  await runNode([JEST, '--json', `--outputFile=${path}`, '--config', JSON.stringify(own)]);
  const { testResults } = JSON.parse(readFileSync(path, 'utf8')) as Report;
  const all = testResults.flatMap(({ assertionResults }) => assertionResults);
  return Object.fromEntries(all.map(({ title, status }) => [title, status]));
}

it('a rejection that nobody handles fails the test that it is of, and no other', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'rejections-'));
  try {
    expect(await outcomes(directory)).toEqual({
      'leaves one in its last turn': 'failed',
      'leaves one that comes in the next test': 'failed',
      'runs while that comes': 'passed',
      'handles one later': 'passed',
      'has a hook that leaves one': 'failed',
    });
  } finally {
    rmSync(directory, { recursive: true });
  }
});
