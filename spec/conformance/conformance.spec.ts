import { join } from 'node:path';
import { describeIf } from '../support/describe-if.js';
import { installPythonThingsDB } from '../support/python-thingsdb.js';
import { Arena } from './arena.js';
import { type Check, judge, type Verdict } from './check.js';
import { CHECKS } from './checks/all-checks.js';

const adapter = (file: string): string => join(__dirname, 'adapters', file);
const OURS = [process.execPath, '--import', 'tsx', adapter('own-client.ts')];

/** Fails as the check did, with the program's own words. */
function expectPassed(verdict: Verdict): void {
  if (verdict.how === 'failed') throw verdict.error;
  expect(verdict).toEqual({ how: 'passed' });
}

describe("the conformance suite, of this package's own client", () => {
  let arena: Arena;
  beforeAll(async () => (arena = await Arena.open(OURS)));
  afterAll(() => arena[Symbol.asyncDispose]());

  it.each(CHECKS)('$title', async (check) => expectPassed(await judge(check, arena)));
});

const installed = installPythonThingsDB();
const reason = installed.env === undefined ? installed.reason : undefined;
describeIf('the conformance suite, of python-thingsdb', reason, () => {
  let arena: Arena;
  beforeAll(async () => {
    const path = installed.env?.PYTHONPATH ?? '';
    arena = await Arena.open(['env', `PYTHONPATH=${path}`, 'python3', adapter('python_lock.py')]);
  });
  afterAll(async () => {
    await arena[Symbol.asyncDispose]();
    if (installed.env !== undefined) installed.remove();
  });

  const needsNothing = ({ needs }: Check): boolean => needs.length === 0;

  it.each(CHECKS.filter(needsNothing))('$title', async (check) => expectPassed(await judge(check, arena)));

  it('asks nothing of it that it does not say it can do', async () => {
    const other = CHECKS.find((check) => !needsNothing(check)) as Check;
    expect(await judge(other, arena)).toMatchObject({ how: 'skipped', why: 'without inbox' });
  });
});
