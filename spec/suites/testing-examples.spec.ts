/** The examples of docs/TESTING.md are programs: each is run here as a user would run it. */
import { dirname, join } from 'node:path';
import { REPOSITORY, runNode } from '../support/run-node.js';

const LIMIT_MS = 60_000;

const jestConfig = {
  rootDir: join(REPOSITORY, 'examples/testing/jest'),
  testMatch: ['**/*.test.ts'],
  transform: {
    '^.+\\.ts$': [
      require.resolve('ts-jest'),
      { tsconfig: join(REPOSITORY, 'tsconfig.spec.json'), transpilation: true, diagnostics: false },
    ],
  },
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    '^thingsdb-lock$': join(REPOSITORY, 'lib/index.ts'),
    '^thingsdb-lock/testing$': join(REPOSITORY, 'lib/testing/index.ts'),
  },
};

it(
  'a service is tested with Jest, and with time that the test moves',
  async () => {
    const jest = join(dirname(require.resolve('jest/package.json')), 'bin/jest.js');
    expect(await runNode([jest, '--config', JSON.stringify(jestConfig)])).toMatchObject({
      status: 0,
      output: expect.stringMatching(/Tests: +4 passed, 4 total/) as string,
    });
  },
  LIMIT_MS,
);

it(
  'a service is tested with node:test',
  async () => {
    const file = 'examples/testing/node-test/invoice-service.test.ts';
    expect(await runNode(['--import', 'tsx', '--test', '--test-reporter', 'tap', file])).toMatchObject({
      status: 0,
      output: expect.stringMatching(/# pass 3\n# fail 0/) as string,
    });
  },
  LIMIT_MS,
);

it(
  'time is moved by hand with node:test',
  async () => {
    const file = 'examples/testing/node-test/moved-time.test.ts';
    expect(await runNode(['--import', 'tsx', '--test', '--test-reporter', 'tap', file])).toMatchObject({
      status: 0,
      output: expect.stringMatching(/# pass 2\n# fail 0/) as string,
    });
  },
  LIMIT_MS,
);

it('the page shows them as they are', async () => {
  expect(await runNode(['scripts/embed-examples.mjs', '--check'])).toMatchObject({ status: 0 });
});
