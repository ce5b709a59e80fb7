import { LockOptionsError, StaleTokenError } from '../../lib/errors.js';
import { FencingGuard } from '../../lib/fencing-guard.js';

/** What a check has thrown. */
function refusal(check: () => void): unknown {
  try {
    check();
  } catch (error) {
    return error;
  }
  throw new Error('it was accepted');
}

describe('a fencing guard', () => {
  it('refuses a token older than the newest it has seen, and says both', () => {
    const guard = new FencingGuard();
    guard.check('report', 7);
    guard.check('report', 9);
    const error = refusal(() => guard.check('report', 8));
    expect(error).toBeInstanceOf(StaleTokenError);
    expect(error).toMatchObject({ code: 'LOCK_STALE_TOKEN', lockName: 'report', token: 8, newest: 9 });
    expect((error as Error).message).toBe('fencing token 8 of lock "report" is older than 9');
  });

  it('accepts the newest again, as often as its holder writes', () => {
    const guard = new FencingGuard();
    for (let write = 1; write <= 3; write++) guard.check('report', 9);
    expect([...guard.entries()]).toEqual([['report', 9]]);
  });

  it('does not learn from what it refuses', () => {
    const guard = new FencingGuard([['report', 9]]);
    refusal(() => guard.check('report', 8));
    guard.check('report', 9);
    expect([...guard.entries()]).toEqual([['report', 9]]);
  });

  it('knows each name by itself', () => {
    const guard = new FencingGuard();
    guard.check('report', 9);
    guard.check('Report', 1);
    guard.check('__proto__', 1);
    expect(refusal(() => guard.check('report', 1))).toBeInstanceOf(StaleTokenError);
    expect(refusal(() => guard.check('__proto__', 0))).toMatchObject({ lockName: '__proto__', newest: 1 });
  });

  it('starts with any token, also the lowest: a grant may be the first there is', () => {
    const guard = new FencingGuard();
    guard.check('report', Number.MIN_SAFE_INTEGER);
    guard.check('report', Number.MAX_SAFE_INTEGER);
    expect(refusal(() => guard.check('report', Number.MAX_SAFE_INTEGER - 1))).toBeInstanceOf(StaleTokenError);
  });

  it('goes on where another was, from its entries as they come back from a file', () => {
    const before = new FencingGuard();
    before.check('report', 9);
    before.check('stock', 4);
    const stored = JSON.stringify([...before.entries()]);
    const after = new FencingGuard(JSON.parse(stored) as [string, number][]);
    expect(refusal(() => after.check('report', 8))).toMatchObject({ newest: 9 });
    after.check('stock', 5);
    // What comes later is nothing to the one that it was made from.
    before.check('stock', 4);
  });

  it('is made from any iterable; of several entries for a name the newest counts', () => {
    expect([...new FencingGuard(new Map([['stock', 3]])).entries()]).toEqual([['stock', 3]]);
    const twice: [string, number][] = [
      ['report', 9],
      ['report', 8],
    ];
    expect([...new FencingGuard(twice).entries()]).toEqual([['report', 9]]);
  });

  it.each([
    ['nothing', ''],
    ['a number', 5],
    ['a lone surrogate', '\ud800'],
    ['more than 255 bytes', 'é'.repeat(128)],
  ])('takes no name that is %s', (_, name) => {
    const guard = new FencingGuard();
    expect(refusal(() => guard.check(name as string, 1))).toBeInstanceOf(LockOptionsError);
    expect([...guard.entries()]).toEqual([]);
  });

  it.each([
    ['1.5', 1.5],
    ['NaN', NaN],
    ['Infinity', Infinity],
    ['9007199254740992', 2 ** 53],
    ['undefined', undefined],
    ["'7'", '7'],
    ['7n', 7n],
  ])('takes no token that is %s, and says what it was', (shown, token) => {
    const guard = new FencingGuard([['report', 5]]);
    const error = refusal(() => guard.check('report', token as unknown as number));
    expect(error).toBeInstanceOf(LockOptionsError);
    expect((error as Error).message).toBe(`invalid fencing token: expected a safe integer, not ${shown}`);
    expect([...guard.entries()]).toEqual([['report', 5]]);
  });

  it.each([
    ['no list', 5],
    ['null', null],
    ['an object', { report: 5 }],
    ['a list of names', ['report']],
    ['a pair without a token', [['report']]],
    ['a pair and more', [['report', 5, 6]]],
    ['a token that is text', [['report', '5']]],
    ['a name that is none', [['', 5]]],
  ])('is not made from %s', (_, entries) => {
    expect(refusal(() => new FencingGuard(entries as Iterable<[string, number]>))).toBeInstanceOf(
      LockOptionsError,
    );
  });
});
