import { checkHistory } from '../../chaos/check-history.js';
import { brokenRules } from '../../support/broken-rules.js';
import { Story } from '../../support/chaos-story.js';
import { NOTHING, type StateLeft } from '../../support/state-left.js';

const LAST_EXIT_MS = 100_001;
const LONG_AFTER_MS = LAST_EXIT_MS + 125_000;

/** The sweeper that is there whenever something is due. */
const SWEPT: Partial<StateLeft> = { latestDueMs: 50_000, tasks: 1, hasSweeper: true, sweepsInMs: 49_000 };

/** All processes have ended at 100,001; then this is left, or so long after. */
function leaving(left: Partial<StateLeft>, story = new Story(), atMs = LAST_EXIT_MS + 1_000): Story {
  story.note('p0', 0, { event: 'started', pid: 1 });
  return story.harness(atMs, { event: 'state-left', left: { ...NOTHING, ...left } });
}

const withDead = (): Story => new Story().killed('p1', 1);

/** One of its requests was rejected a second before the end. */
function withWithdrawn(): Story {
  const story = new Story();
  story.request('p2').requested(98_000).rejected(99_000, 'LOCK_CONNECTION');
  return story;
}

describe('at the end', () => {
  it('nothing may be left', () => {
    expect(brokenRules(leaving({}))).toEqual([]);
  });

  it.each<[string, Partial<StateLeft>]>([
    ['a lock', { locks: 1 }],
    ['a request', { requests: 1 }],
    ['a request without a queue', { waiting: 1 }],
    ['a Python request without a queue', { python: 1 }],
    ['an inbox', { inboxes: 1, ...SWEPT }],
    ['a withdrawal that nobody made', { tombstones: 1, ...SWEPT }],
    ['a room of a name that is watched', { watches: 1, ...SWEPT }],
    ['a sweeper that does not run', { ...SWEPT, sweepsInMs: -3_001 }],
    ['a task', { tasks: 1 }],
  ])('not even %s', (_what, left) => {
    expect(brokenRules(leaving(left))).toEqual(['left']);
  });

  it('it has to be looked at', () => {
    const records = new Story().records().filter(({ event }) => event !== 'state-left');
    expect(checkHistory(records).violations.map(({ rule }) => rule)).toEqual(['left']);
  });

  it('a look that failed is not taken for nothing left', () => {
    const story = new Story().harness(LAST_EXIT_MS, { event: 'state-unread', message: 'no connection' });
    const records = story.records().filter(({ event }) => event !== 'state-left');
    const { violations } = checkHistory(records);
    expect(violations.map(({ rule, what }) => [rule, what])).toEqual([
      ['left', 'what is left was not seen: no connection'],
    ]);
  });
});

describe('for a while', () => {
  it('the inboxes of the dead may be left, one each', () => {
    expect(brokenRules(leaving({ inboxes: 1, ...SWEPT }, withDead()))).toEqual([]);
    expect(brokenRules(leaving({ inboxes: 2, ...SWEPT }, withDead()))).toEqual(['left']);
  });

  it('withdrawals may be remembered, one of each request that ended lately', () => {
    const left = { tombstones: 1, ...SWEPT };
    expect(brokenRules(leaving(left, withWithdrawn()))).toEqual([]);
    expect(brokenRules(leaving({ tombstones: 2, ...SWEPT }, withWithdrawn()))).toEqual(['left']);
  });

  it('the sweeper may be left, until it has run', () => {
    expect(brokenRules(leaving({ ...SWEPT, latestDueMs: 0 }))).toEqual([]);
  });

  it('the rooms of names that were watched may be left, one each', () => {
    const watched = (): Story => {
      const story = new Story();
      for (const process of ['p1', 'p2']) story.watch(process).watching(10).closed(99_000);
      return story;
    };
    const rooms = (watches: number): Partial<StateLeft> => ({
      watches,
      ...SWEPT,
      latestDueMs: 119_000,
    });
    expect(brokenRules(leaving(rooms(1), watched()))).toEqual([]);
    expect(brokenRules(leaving(rooms(2), watched()))).toEqual(['left']);
    const watchedAll = (): Story => {
      const story = watched();
      story.watch('p3').watching(10, true).closed(99_000);
      return story;
    };
    expect(brokenRules(leaving(rooms(2), watchedAll()))).toEqual([]);
    expect(brokenRules(leaving(rooms(3), watchedAll()))).toEqual(['left']);
    expect(brokenRules(leaving(rooms(1), watched(), LONG_AFTER_MS))).toEqual(['left']);
  });

  it('and for no longer', () => {
    const long = (left: Partial<StateLeft>, story: Story): string[] =>
      brokenRules(leaving(left, story, LONG_AFTER_MS));
    expect(long({}, withDead())).toEqual([]);
    expect(long({ inboxes: 1, ...SWEPT }, withDead())).toEqual(['left']);
    expect(long({ tombstones: 1, ...SWEPT }, withWithdrawn())).toEqual(['left']);
  });

  const kept = { inboxes: 1, ...SWEPT };
  it.each<[string, Partial<StateLeft>]>([
    ['due later than anything is remembered', { ...kept, latestDueMs: 60_001 }],
    ['overdue', { ...kept, overdueMs: 3_001 }],
    ['with no sweeper to end it', { ...kept, hasSweeper: false, tasks: 0 }],
    ['with a sweeper that has no task', { ...kept, tasks: 0 }],
    ['with two tasks', { ...kept, tasks: 2 }],
  ])('but nothing may be %s', (_how, left) => {
    expect(brokenRules(leaving(left, withDead()))).toEqual(['left']);
  });
});
