import type { EventView, LockView } from '../../../lib/ui/messages.js';
import { assignLanes, liveliestNames, spansOf, type LaneSource } from '../../../lib/ui/page/lanes.js';
import { sortedRows, type SortKey } from '../../../lib/ui/page/lock-rows.js';
import { waitText } from '../../../lib/ui/page/time-text.js';
import { twoUnits } from '../../../lib/ui/two-units.js';
import { visibleText } from '../../../lib/ui/page/visible-text.js';
import { waitFigures } from '../../../lib/ui/page/wait-bins.js';

const HOLDER = { mode: 'exclusive', count: 1, permits: 1, lingers: false } as const;

function lock(name: string, owner: string, sinceMs = 0, waiting: string[] = []): LockView {
  const holder = { ...HOLDER, owner, sinceMs, fencingToken: 1, endsMs: sinceMs + 1_000 };
  return {
    ...{ name, held: [holder], heldCount: 1, isOurs: false },
    waiting: waiting.map((waiter) => ({ ...HOLDER, owner: waiter, sinceMs })),
    waitingCount: waiting.length,
  };
}

describe('the rows', () => {
  const locks = new Map(
    [lock('b', 'one', 30), lock('a', 'two', 10, ['x', 'y']), lock('C', 'Three', 20, ['ONE'])].map((one) => [
      one.name,
      one,
    ]),
  );
  const names = (search: string, key: SortKey = 'name', isDescending = false): string[] =>
    sortedRows(locks, [], search, { key, isDescending }).map(({ name }) => name);

  it.each<[SortKey, string[]]>([
    ['name', ['C', 'a', 'b']],
    ['owner', ['C', 'b', 'a']],
    ['since', ['a', 'C', 'b']],
    ['left', ['a', 'C', 'b']],
    ['waiting', ['b', 'C', 'a']],
  ])('are sorted by %s, in both directions', (key, order) => {
    expect(names('', key)).toEqual(order);
    expect(names('', key, true)).toEqual([...order].reverse());
  });

  it('are found by their names, and by who holds or waits', () => {
    expect(names('c')).toEqual(['C']);
    expect(names(' one ')).toEqual(['C', 'b']);
    expect(names('three')).toEqual(['C']);
    expect(names('nothing')).toEqual([]);
  });

  it('are as they are now, whatever was shown before', () => {
    const before = [lock('gone', 'x'), lock('b', 'old')];
    const rows = sortedRows(locks, before, '', { key: 'name', isDescending: false });
    expect(rows).toEqual([locks.get('C'), locks.get('a'), locks.get('b')]);
  });
});

describe('the lanes', () => {
  it('stay where they are, and are given on when they become free', () => {
    const first = assignLanes([], ['a', 'b', 'c', 'd'], 3);
    expect(first).toEqual(['a', 'b', 'c']);
    expect(assignLanes(first, ['d', 'c', 'a'], 3)).toEqual(['a', 'd', 'c']);
    expect(assignLanes(first, ['c'], 3)).toEqual(['c']);
  });

  const event = (kind: EventView['kind'], name: string, atMs: number, more = {}): EventView => ({
    ...{ kind, name, atMs, owner: 'me', mode: 'exclusive' },
    ...more,
  });
  const source = (events: EventView[], locks: LockView[] = []): LaneSource => ({
    ...{ events, locks, fromMs: 1_000, nowMs: 9_000 },
  });

  it('are for those names first where something has happened last', () => {
    const events = [
      event('acquired', 'old', 900),
      event('acquired', 'a', 2_000),
      event('released', 'b', 3_000),
    ];
    const of = source(events, [lock('quiet', 'x'), lock('a', 'x')]);
    expect(liveliestNames(of, () => true, 10)).toEqual(['b', 'a', 'quiet']);
    expect(liveliestNames(of, (name) => name !== 'b', 2)).toEqual(['a', 'quiet']);
  });

  it('have a bar for each lease: over, lost, handed over, or still held; and for waits where those are shown', () => {
    const events = [
      event('released', 'a', 500, { sinceMs: 100 }),
      event('released', 'a', 2_000, { sinceMs: 500 }),
      event('lost', 'a', 4_000, { sinceMs: 3_000 }),
      event('adopted', 'a', 5_000, { sinceMs: 4_000, formerOwner: 'other' }),
      event('acquired', 'a', 6_000, { waitedMs: 700 }),
    ];
    const spans = spansOf(source(events, [lock('a', 'now', 6_000, ['next'])]), () => 0, true);
    expect(
      spans.map(({ kind, owner, fromMs, toMs, isOpen, isLoss }) => [
        kind,
        owner,
        fromMs,
        toMs,
        isOpen,
        isLoss,
      ]),
    ).toEqual([
      ['held', 'me', 500, 2_000, false, false],
      ['held', 'me', 3_000, 4_000, false, true],
      ['held', 'other', 4_000, 5_000, false, false],
      ['waited', 'me', 5_300, 6_000, false, false],
      ['held', 'now', 6_000, 9_000, true, false],
      ['waited', 'next', 6_000, 9_000, true, false],
    ]);
    expect(spansOf(source(events), () => 0, false).filter(({ kind }) => kind === 'waited')).toEqual([]);
  });
});

describe('texts', () => {
  it('show what would not be seen, and leave all other writing alone', () => {
    expect(visibleText('plain name, مفتاح 鍵 🔒')).toBe('plain name, مفتاح 鍵 🔒');
    expect(visibleText('a\u202egnp.exe\u0000\u200b')).toBe('a\\u{202e}gnp.exe\\u{0}\\u{200b}');
    expect(visibleText(' a\tb\u00a0 ')).toBe('\\u{20}a\\u{9}b\\u{a0}\\u{20}');
  });

  it('of times are as short as can be', () => {
    expect([0, 999, 61_000, 3_600_000, 90_061_000].map(twoUnits)).toEqual([
      '0s',
      '0s',
      '1m 1s',
      '1h',
      '1d 1h',
    ]);
    expect([0.04, 23.4, 1_234, 61_000].map(waitText)).toEqual(['0.0 ms', '23 ms', '1.2 s', '1m 1s']);
  });
});

it('waits are counted in bins, with their median and their 99th of 100', () => {
  const figures = waitFigures([0, 0.5, 2, 2, 500, 61_000]);
  expect(figures.counts).toEqual([2, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
  expect(figures).toMatchObject({ total: 6, medianMs: 2, p99Ms: 61_000 });
  expect(waitFigures([])).toMatchObject({ total: 0, medianMs: undefined, p99Ms: undefined });
});
