import { LockBoard } from '../../../lib/ui/lock-board.js';
import type { EventView } from '../../../lib/ui/messages.js';
import { happening, held, pending } from '../../support/fake-lock-source.js';

let told: EventView[];
let board: LockBoard;

beforeEach(() => {
  told = [];
  board = new LockBoard({ mostNames: 3, tell: (event) => told.push(event) });
});

const no = (): boolean => false;
const NOW = { nowMs: 9_000 };
/** Who holds and who waits, by name. */
const shown = (): Record<string, [held: string[], waiting: string[]]> =>
  Object.fromEntries(
    board
      .views(no)
      .map((lock) => [
        lock.name,
        [lock.held.map(({ owner }) => owner), lock.waiting.map(({ owner }) => owner)],
      ]),
  );

describe('what is told', () => {
  it('is on the board at once: who holds, since when, until when, and who waits', () => {
    board.apply(happening('acquired', 'a', 'one', { fencingToken: 7, atMs: 5_000, ttlMs: 30_000 }));
    board.apply(happening('waiting', 'a', 'two', { queueLength: 1 }));
    expect(shown()).toEqual({ a: [['one'], ['two']] });
    expect(board.views(no)[0]?.held[0]).toEqual({
      ...{ owner: 'one', mode: 'exclusive', count: 1, permits: 1, fencingToken: 7, lingers: false },
      ...{ sinceMs: 5_000, endsMs: 35_000 },
    });
    expect(board.unsure.size).toBe(0);
  });

  it('hands over: the one who waited holds it, and is told with its wait', () => {
    board.apply(happening('acquired', 'a', 'one', { fencingToken: 7 }));
    board.apply(happening('waiting', 'a', 'two', { queueLength: 1 }));
    board.apply(happening('released', 'a', 'one', { fencingToken: 7, queueLength: 1, atMs: 6_000 }));
    board.apply(happening('acquired', 'a', 'two', { fencingToken: 8, atMs: 6_000, lastedMs: 1_000 }));
    expect(shown()).toEqual({ a: [['two'], []] });
    expect(told.map(({ kind }) => kind)).toEqual(['acquired', 'waiting', 'released', 'acquired']);
    expect(told[2]).toMatchObject({ owner: 'one', sinceMs: 5_000, atMs: 6_000 });
    expect(told[3]).toMatchObject({ owner: 'two', waitedMs: 1_000 });
  });

  it('of an owner that waits twice takes out the one that has waited for so long', () => {
    board.apply(happening('waiting', 'a', 'x', { atMs: 1_000, queueLength: 1 }));
    board.apply(happening('waiting', 'a', 'x', { atMs: 3_000, queueLength: 2 }));
    board.apply(happening('withdrawn', 'a', 'x', { atMs: 4_000, lastedMs: 1_000, queueLength: 1 }));
    expect(board.views(no)[0]?.waiting.map(({ sinceMs }) => sinceMs)).toEqual([1_000]);
  });

  it('of an adopted lease changes the owner, and tells whose it was', () => {
    board.apply(happening('acquired', 'a', 'one', { fencingToken: 7, ttlMs: 30_000 }));
    board.apply(happening('adopted', 'a', 'two', { fencingToken: 7, atMs: 8_000 }));
    expect(shown()).toEqual({ a: [['two'], []] });
    expect(told[1]).toMatchObject({ formerOwner: 'one', owner: 'two', sinceMs: 5_000, atMs: 8_000 });
    expect(board.views(no)[0]?.held[0]?.endsMs).toBe(35_000);
  });

  it('leaves nothing of a name that nobody is in any more', () => {
    board.apply(happening('acquired', 'a', 'one', { fencingToken: 7 }));
    board.apply(happening('expired', 'a', 'one', { fencingToken: 7 }));
    expect(board.size).toBe(0);
    expect(board.takeChanges(no)).toEqual({ locks: [], gone: ['a'] });
  });

  it('makes a name unsure when the queue is not as long as it should be', () => {
    board.apply(happening('released', 'a', 'one', { fencingToken: 7, queueLength: 2 }));
    board.apply(happening('acquired', 'a', 'two', { fencingToken: 8, queueLength: 1 }));
    expect([...board.unsure.keys()]).toEqual(['a']);
    const snapshot = { held: [held('a', 'two', 8)], pending: [pending('a', 'three')] };
    board.answered('a', { ...NOW, snapshot, askedAt: board.changes });
    expect(shown()).toEqual({ a: [['two'], ['three']] });
    expect(board.unsure.size).toBe(0);
  });

  it('in the wrong order, from two nodes, brings no ended lease back', () => {
    board.apply(happening('released', 'a', 'one', { fencingToken: 7 }));
    board.apply(happening('acquired', 'a', 'one', { fencingToken: 7 }));
    expect(board.size).toBe(0);
  });

  it('of more names than there is room for is passed over, and that is said', () => {
    for (const name of ['a', 'b', 'c', 'd'])
      board.apply(happening('acquired', name, 'x', { fencingToken: 1 }));
    expect(Object.keys(shown())).toEqual(['a', 'b', 'c']);
    expect(board.omitsNames).toBe(true);
  });
});

describe('an answer', () => {
  const page = (...infos: ReturnType<typeof held>[]) => ({ held: infos, pending: [] });

  it('tells what was not told, without an event: it did not happen now', () => {
    board.answeredPage({ ...NOW, snapshot: page(held('a', 'one', 7, 500)), askedAt: board.changes });
    expect(shown()).toEqual({ a: [['one'], []] });
    expect(board.views(no)[0]?.held[0]).toMatchObject({ sinceMs: 1_000, endsMs: 9_500 });
    expect(told).toEqual([]);
  });

  it('that is older than the end of a lease does not bring it back', () => {
    board.apply(happening('acquired', 'a', 'one', { fencingToken: 7 }));
    const askedAt = board.changes;
    board.apply(happening('released', 'a', 'one', { fencingToken: 7 }));
    board.answeredPage({ ...NOW, snapshot: page(held('a', 'one', 7)), askedAt });
    expect(board.size).toBe(0);
  });

  it('that is older than a grant does not take it away', () => {
    const askedAt = board.changes;
    board.apply(happening('acquired', 'a', 'one', { fencingToken: 7 }));
    board.answered('a', { ...NOW, snapshot: page(), askedAt });
    board.answeredAll(new Set(), true, { ...NOW, askedAt });
    expect(shown()).toEqual({ a: [['one'], []] });
  });

  it('without a lease that was there ends it, and tells so', () => {
    board.apply(happening('acquired', 'a', 'one', { fencingToken: 7 }));
    board.answeredAll(new Set(), true, { ...NOW, askedAt: board.changes });
    expect(board.size).toBe(0);
    expect(told.at(-1)).toMatchObject({ kind: 'ended', owner: 'one', sinceMs: 5_000, atMs: 9_000 });
  });

  it('that was asked for before the queue has changed leaves the queue, for a second at most', () => {
    const askedAt = board.changes;
    const answer = { snapshot: { held: [], pending: [pending('a', 'old')] }, askedAt };
    board.apply(happening('waiting', 'a', 'new', { queueLength: 2, atMs: 5_000 }));
    board.answered('a', { ...answer, nowMs: 5_500 });
    expect(shown()).toEqual({ a: [[], ['new']] });
    expect(board.unsure.has('a')).toBe(true);
    board.answered('a', { ...answer, nowMs: 6_500 });
    expect(shown()).toEqual({ a: [[], ['old']] });
    expect(board.unsure.has('a')).toBe(false);
  });

  it('is a change only where something is different: a renewal, not a lease whose end is where it was', () => {
    board.answeredPage({ ...NOW, snapshot: page(held('a', 'one', 7, 5_000)), askedAt: 0 });
    board.takeChanges(no);
    board.answeredPage({ nowMs: 10_000, snapshot: page(held('a', 'one', 7, 4_100)), askedAt: 0 });
    expect(board.hasChanges).toBe(false);
    board.answeredPage({ nowMs: 11_000, snapshot: page(held('a', 'one', 7, 5_000)), askedAt: 0 });
    expect(board.takeChanges(no).locks).toMatchObject([{ held: [{ endsMs: 16_000 }] }]);
  });
});

it('tells fifty of those who wait, and how many there are', () => {
  const waiters = Array.from({ length: 120 }, (_, i) => pending('a', `w${i}`, i + 1));
  board.answered('a', { ...NOW, snapshot: { held: [], pending: waiters }, askedAt: 0 });
  expect(board.views(no)[0]?.waiting).toHaveLength(50);
  expect(board.views(no)[0]?.waitingCount).toBe(120);
});
