import { LockProtocolError } from '../../../lib/errors.js';
import { SHARED_LIMIT } from '../../../lib/schema/constants.js';
import { queueEntry } from '../../../lib/schema/queue-entry.js';

const AT = 1_700_000_000_000_000;
const HOLDER = ['my-lock', true, 2, 5, 'someone', AT - 5_000_000, AT + 1_500_000, 42, 0, false];
const WAITER = ['my-lock', false, 1, SHARED_LIMIT, 'other', AT - 2_000_000, 0, 0, 3, true];

/** The entry with one of its parts replaced. */
const but = (entry: readonly unknown[], at: number, part: unknown): unknown[] =>
  entry.map((own, i) => (i === at ? part : own));

describe('queueEntry', () => {
  it('reads one who holds: what is left of the lease counts from when the server said so', () => {
    expect(queueEntry(HOLDER, AT)).toEqual({
      name: 'my-lock',
      isHeld: true,
      want: 2,
      limit: 5,
      owner: 'someone',
      sinceMs: 1_699_999_995_000,
      leftMs: 1500,
      token: 42,
      ahead: 0,
      lingers: false,
    });
  });

  it('reads one who waits: of a lease that is not there nothing is left', () => {
    expect(queueEntry(WAITER, AT)).toMatchObject({
      isHeld: false,
      leftMs: 0,
      token: 0,
      ahead: 3,
      lingers: true,
      limit: SHARED_LIMIT,
    });
  });

  it('reads any text as a name or an owner, as it is', () => {
    const name = "'); \0 😀";
    expect(queueEntry(but(but(WAITER, 0, name), 4, ''), AT)).toMatchObject({ name, owner: '' });
  });

  it.each<[string, unknown]>([
    ['nil', null],
    ['nothing', undefined],
    ['a map', { name: 'my-lock' }],
    ['an empty list', []],
    ['too short a list', HOLDER.slice(0, 8)],
    ['too long a list', [...HOLDER, 1]],
    ['no name', but(HOLDER, 0, null)],
    ['a number for a name', but(HOLDER, 0, 5)],
    ['a number for held', but(HOLDER, 1, 1)],
    ['nil for held', but(HOLDER, 1, null)],
    ['a number for an owner', but(HOLDER, 4, 5)],
    ['a text for permits', but(HOLDER, 2, '2')],
    ['nil for the limit', but(HOLDER, 3, null)],
    ['a fraction for a time', but(HOLDER, 5, AT + 0.5)],
    ['NaN for the end', but(HOLDER, 6, NaN)],
    ['nil for the end', but(WAITER, 6, null)],
    ['a token too large to be exact', but(HOLDER, 7, 2 ** 53)],
    ['a bigint for a token', but(HOLDER, 7, 42n)],
    ['nil for whether it lingers', but(HOLDER, 9, null)],
    ['Infinity for the requests ahead', but(WAITER, 8, Infinity)],
  ])('refuses %s as LockProtocolError', (_what, reply) => {
    expect(() => queueEntry(reply, AT)).toThrow(LockProtocolError);
  });

  it('says what the server answered', () => {
    expect(() => queueEntry(but(HOLDER, 2, 'two of them'), AT)).toThrow(/two of them/);
  });
});
