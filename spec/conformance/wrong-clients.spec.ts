import { join } from 'node:path';
import { Arena } from './arena.js';
import { type Check, judge } from './check.js';
import { CHECKS } from './checks/all-checks.js';

const BARE = [process.execPath, '--import', 'tsx', join(__dirname, 'adapters/bare-client.ts')];

const WRONG: readonly [wrong: string, title: RegExp, found: RegExp][] = [
  ['enters-at-once', /^of several processes one at a time/, /told that they hold/],
  ['polls', /^two that wait are granted in the order/, /0 wait for it; expected 1 and 1/],
  ['believes-pushes', /^a grant with a proof that is not/, /a forged grant was believed/],
  ['acknowledges-nothing', /^a grant that was pushed is acknowledged/, /counts \d+ ms of a ttl/],
  ['repeats-tokens', /^each grant has a greater fencing token/, /token 1 after 1/],
  ['releases-always', /^a release says whether/, /true !== false/],
  ['leaves-its-requests', /^whoever closes lets go/, /1 hold .*; expected 0 and 0/],
];

describe('the conformance suite, of a bare client', () => {
  it('passes what it says that it can do', async () => {
    await using arena = await Arena.open(BARE);
    const hows: string[] = [];
    for (const check of CHECKS) {
      const verdict = await judge(check, arena);
      if (verdict.how === 'failed') throw verdict.error;
      hows.push(verdict.how);
    }
    expect(hows.filter((how) => how === 'passed')).toHaveLength(12);
  });

  it.each(WRONG)('finds one that %s', async (wrong, title, found) => {
    const check = CHECKS.find((one) => title.test(one.title)) as Check;
    await using arena = await Arena.open([...BARE, wrong], undefined, 2_000);
    const verdict = await judge(check, arena);
    expect(verdict).toEqual({ how: 'failed', error: expect.anything() as Error });
    expect(String((verdict as { error: unknown }).error)).toMatch(found);
  });
});
