import { lockSnapshot, modeOf } from '../../lib/lock-info.js';
import { SHARED_LIMIT } from '../../lib/schema/constants.js';
import type { QueueEntry } from '../../lib/schema/queue-entry.js';

const SINCE = Date.UTC(2026, 0, 2, 3, 4, 5);

function entry(values: Partial<QueueEntry>): QueueEntry {
  return {
    name: 'my-lock',
    isHeld: true,
    want: 1,
    limit: 1,
    owner: 'someone',
    sinceMs: SINCE,
    leftMs: 1500,
    token: 42,
    ahead: 0,
    lingers: false,
    ...values,
  };
}
const waiter = (values: Partial<QueueEntry>): QueueEntry =>
  entry({ isHeld: false, leftMs: 0, token: 0, ahead: 1, ...values });
const snapshot = (...entries: QueueEntry[]) => lockSnapshot({ entries, next: undefined });

describe('modeOf', () => {
  it.each<[number, string]>([
    [1, 'exclusive'],
    [2, 'semaphore'],
    [SHARED_LIMIT - 1, 'semaphore'],
    [SHARED_LIMIT, 'shared'],
  ])('of a limit of %p is %p', (limit, mode) => {
    expect(modeOf(limit)).toBe(mode);
  });
});

describe('lockSnapshot', () => {
  it('tells of a holder who it is, since when, with what token, and what is left of the lease', () => {
    expect(snapshot(entry({})).held).toEqual([
      {
        name: 'my-lock',
        mode: 'exclusive',
        count: 1,
        permits: 1,
        owner: 'someone',
        since: new Date(SINCE),
        fencingToken: 42,
        remaining: 1500,
        lingers: false,
      },
    ]);
  });

  it('tells of a waiter its position, and nothing that only a holder has', () => {
    expect(snapshot(waiter({ ahead: 3 })).pending).toEqual([
      {
        name: 'my-lock',
        mode: 'exclusive',
        count: 1,
        permits: 1,
        owner: 'someone',
        since: new Date(SINCE),
        position: 3,
      },
    ]);
  });

  it.each<[string, Partial<QueueEntry>, object]>([
    ['an exclusive lock', { want: 1, limit: 1 }, { mode: 'exclusive', count: 1, permits: 1 }],
    // The number that stands for "as many as like" is nobody's business.
    ['a shared lock', { want: 1, limit: SHARED_LIMIT }, { mode: 'shared', count: 1, permits: 1 }],
    ['a semaphore', { want: 2, limit: 5 }, { mode: 'semaphore', count: 2, permits: 5 }],
  ])('shows %s as such, held or waiting', (_what, values, shown) => {
    const { held, pending } = snapshot(entry(values), waiter(values));
    expect(held).toMatchObject([shown]);
    expect(pending).toMatchObject([shown]);
  });

  it('keeps the order of the queues', () => {
    const entries = ['a', 'b', 'c'].flatMap((name) => [
      entry({ name }),
      waiter({ name, owner: '1' }),
      waiter({ name, owner: '2' }),
    ]);
    const { held, pending } = snapshot(...entries);
    expect(held.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
    expect(pending.map(({ name, owner }) => name + owner)).toEqual(['a1', 'a2', 'b1', 'b2', 'c1', 'c2']);
  });

  it('never shows less than nothing left of a lease that is over and not yet settled', () => {
    expect(snapshot(entry({ leftMs: -20 })).held[0]?.remaining).toBe(0);
  });

  it('says where to go on, or that these were the last', () => {
    expect(lockSnapshot({ entries: [], next: 'b' })).toEqual({ held: [], pending: [], next: 'b' });
    expect(snapshot().next).toBeUndefined();
  });
});
