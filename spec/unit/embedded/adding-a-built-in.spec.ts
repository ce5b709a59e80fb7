/** The example of docs/CONTRIBUTING.md is a built-in that works. */
import { swapCase } from '../../../examples/built-in/swap-case.js';
import { registry } from '../../../lib/embedded/builtins/registry.js';
import { defaultLimits } from '../../../lib/embedded/model/limits.js';
import { ProgramLoader } from '../../../lib/embedded/runtime/compiler/program-loader.js';
import { Query } from '../../../lib/embedded/runtime/query.js';
import { Database } from '../../../lib/embedded/model/store/database.js';
import { ManualClock } from '../../../lib/testing/manual-clock.js';

const programs = new ProgramLoader(
  new Map([...registry, [swapCase.name, swapCase]]),
  defaultLimits.sourceLength,
);
const database = new Database(new ManualClock(), defaultLimits, programs);

function run(code: string): unknown {
  const query = new Query(database, database.scope('//stuff'), database.accounts.user('admin'), null);
  return programs.load(code, 'collection').run(query);
}

it('a built-in is one object in the registry, and code can call it', () => {
  expect(run('"aBc".swap_case()')).toBe('AbC');
  expect(() => run('"aBc".swap_case(1)')).toThrow('takes 0 arguments but 1 was given');
  expect(() => run('(1).swap_case()')).toThrow('type `int` has no function `swap_case`');
});
