import fc from 'fast-check';
import { checkHistory, describeFault, summary, type Fault } from '../../../examples/demo/check-history.js';
import type { HistoryEvent, HistoryRecord } from '../../../examples/demo/history.js';

/** What `name` noted, as pairs of time and event. */
function notes(
  name: string,
  ...events: readonly (readonly [atMs: number, event: HistoryEvent])[]
): HistoryRecord[] {
  return events.map(([atMs, event]) => ({ process: name, atMs, ...event }));
}

const acquired = (fencingToken: number, deadlineMs = 1e6): HistoryEvent => ({
  event: 'acquired',
  fencingToken,
  deadlineMs,
});
const wrote = (read: number): HistoryEvent => ({ event: 'wrote', read, value: read + 1 });
const releasing: HistoryEvent = { event: 'releasing' };

/** The faults of a history whose file held 0 first and `final` last. */
function faultsOf(history: readonly HistoryRecord[], final = 0): readonly Fault[] {
  return checkHistory(history, { initial: 0, final }).faults;
}

/** Who overlaps whom. */
function overlapsOf(history: readonly HistoryRecord[]): string[] {
  return faultsOf(history).flatMap((fault) =>
    fault.kind === 'overlap' ? [`${fault.first.process}${fault.second.process}`] : [],
  );
}

function holdOf(name: string, token: number, startMs: number, endMs: number): HistoryRecord[] {
  return notes(name, [startMs, acquired(token)], [endMs, releasing]);
}

describe('holds', () => {
  it('one after the other are no fault, even when one starts in the moment the other ends', () => {
    const history = [...holdOf('A', 1, 0, 10), ...holdOf('B', 2, 10, 20), ...holdOf('A', 3, 25, 30)];
    expect(faultsOf(history)).toEqual([]);
    expect(summary(checkHistory(history, { initial: 0, final: 0 }))).toBe(
      'grants=3 overlaps=0 lost-updates=0',
    );
  });

  it('that share any moment are an overlap', () => {
    expect(overlapsOf([...holdOf('A', 1, 0, 10), ...holdOf('B', 2, 9.999, 20)])).toEqual(['AB']);
  });

  it('inside another are an overlap', () => {
    expect(overlapsOf([...holdOf('A', 1, 0, 10), ...holdOf('B', 2, 4, 5)])).toEqual(['AB']);
  });

  it('are compared with every other, not only with the next', () => {
    const history = [...holdOf('A', 1, 0, 100), ...holdOf('B', 2, 10, 20), ...holdOf('C', 3, 30, 40)];
    expect(overlapsOf(history)).toEqual(['AB', 'AC']);
  });

  it('of one process overlap too: two tasks of one process exclude each other', () => {
    expect(overlapsOf(notes('A', [0, acquired(1, 50)], [10, acquired(2)], [20, releasing]))).toEqual(['AA']);
  });

  it('are found whatever the order in which the files were read', () => {
    expect(overlapsOf([...holdOf('B', 2, 5, 20), ...holdOf('A', 1, 0, 10)])).toEqual(['AB']);
  });

  it('overlap exactly where two of them contain a common moment', () => {
    const spans = fc.array(fc.tuple(fc.nat(40), fc.integer({ min: 1, max: 10 })), { maxLength: 8 });
    fc.assert(
      fc.property(spans, (drawn) => {
        const history = drawn.flatMap(([start, length], i) => holdOf(String(i), i, start, start + length));
        const halves = Array.from({ length: 60 }, (_, i) => i + 0.5);
        const common = drawn.flatMap(([a, aLength], i) =>
          drawn.slice(i + 1).filter(([b, bLength]) => {
            return halves.some((t) => t > a && t < a + aLength && t > b && t < b + bLength);
          }),
        );
        expect(overlapsOf(history)).toHaveLength(common.length);
      }),
    );
  });

  it('end where the release is sent: the next may be granted before its success is heard', () => {
    const history = [...notes('A', [0, acquired(1)], [10, releasing]), ...holdOf('B', 2, 10.2, 20)];
    expect(faultsOf(history)).toEqual([]);
  });

  it('of a process that learned late of its loss last until it knew', () => {
    const late = notes('A', [0, acquired(1, 10)], [15, { event: 'lost' }]);
    expect(overlapsOf([...late, ...holdOf('B', 2, 12, 20)])).toEqual(['AB']);
    expect(overlapsOf([...late, ...holdOf('B', 2, 16, 20)])).toEqual([]);
  });
});

describe('the hold of a killed process', () => {
  const killed = notes('A', [0, acquired(1, 100)], [30, { event: 'killed' }]);

  it('lasts to the end of its lease: a grant before that is an overlap, though its process was dead', () => {
    expect(overlapsOf([...killed, ...holdOf('B', 2, 99, 120)])).toEqual(['AB']);
  });

  it('ends with its lease: a grant after that is none', () => {
    expect(faultsOf([...killed, ...holdOf('B', 2, 100, 120)])).toEqual([]);
  });

  it('lasts to the end of its extended lease', () => {
    const extended = notes('A', [20, { event: 'extended', deadlineMs: 120 }]);
    expect(overlapsOf([...killed, ...extended, ...holdOf('B', 2, 110, 130)])).toEqual(['AB']);
    expect(overlapsOf([...killed, ...extended, ...holdOf('B', 2, 120, 130)])).toEqual([]);
  });

  it('counts as a grant', () => {
    expect(summary(checkHistory(killed, { initial: 0, final: 0 }))).toBe(
      'grants=1 overlaps=0 lost-updates=0',
    );
  });

  it('lasts to the last thing it did, if that was after the end of its lease', () => {
    const slow = notes(
      'A',
      [0, acquired(1, 10)],
      [15, { event: 'read', value: 0 }],
      [16, { event: 'killed' }],
    );
    expect(overlapsOf([...slow, ...holdOf('B', 2, 12, 20)])).toEqual(['AB']);
  });
});

describe('updates', () => {
  const update = (name: string, token: number, startMs: number, read: number): HistoryRecord[] =>
    notes(name, [startMs, acquired(token)], [startMs + 5, wrote(read)], [startMs + 6, releasing]);

  it('that each start from the one before are no fault', () => {
    expect(faultsOf([...update('A', 1, 0, 0), ...update('B', 2, 10, 1)], 2)).toEqual([]);
  });

  it('are lost when a process writes what it had read before another wrote, without any overlap', () => {
    const history = [...update('A', 1, 0, 0), ...update('B', 2, 10, 1), ...update('C', 3, 20, 0)];
    const verdict = checkHistory(history, { initial: 0, final: 1 });
    expect(summary(verdict)).toBe('grants=3 overlaps=0 lost-updates=2');
  });

  it('are lost when the file ends with less than was written last', () => {
    const verdict = checkHistory([...update('A', 1, 0, 0), ...update('B', 2, 10, 1)], {
      initial: 0,
      final: 1,
    });
    expect(summary(verdict)).toBe('grants=2 overlaps=0 lost-updates=1');
  });

  it('of nobody known are a fault too: what was in the file is gone', () => {
    const verdict = checkHistory(update('A', 1, 0, 7), { initial: 0, final: 8 });
    expect(verdict.faults).toMatchObject([{ kind: 'lost-update', by: 'A' }]);
    expect(verdict.lostUpdates).toBe(1);
  });

  it('are all lost when the file holds no number in the end', () => {
    const history = [...update('A', 1, 0, 0), ...update('B', 2, 10, 1)];
    expect(checkHistory(history, { initial: 0, final: NaN }).lostUpdates).toBe(2);
  });

  it('that were undone and brought back by a later stale write are not counted as lost', () => {
    // C undoes A and B; D had read what B wrote, and undoes C: only C's update is missing.
    const history = [
      ...update('A', 1, 0, 0),
      ...update('B', 2, 10, 1),
      ...update('C', 3, 20, 0),
      ...update('D', 4, 30, 2),
    ];
    expect(checkHistory(history, { initial: 0, final: 3 })).toMatchObject({
      lostUpdates: 1,
      faults: [{ by: 'C' }, { by: 'D' }],
    });
  });

  it('are found to be lost exactly when some are missing from the file', () => {
    // Each process has read what some earlier write left, or the start: an arbitrary want of exclusion.
    const picks = fc.array(fc.nat(9), { maxLength: 10 });
    fc.assert(
      fc.property(picks, (drawn) => {
        const values = [0];
        const history = drawn.flatMap((pick, i) => {
          const read = values[pick] ?? values.at(-1) ?? 0;
          values.push(read + 1);
          return update(String(i), i, i * 10, read);
        });
        const final = values.at(-1) ?? 0;
        const verdict = checkHistory(history, { initial: 0, final });
        const missing = drawn.length - final;
        expect(summary(verdict)).toBe(`grants=${drawn.length} overlaps=0 lost-updates=${missing}`);
        expect(verdict.faults.length > 0).toBe(missing > 0);
      }),
    );
  });

  it('written after the release, or without ever having the lock, are a fault', () => {
    const after = notes('A', [0, acquired(1)], [5, releasing], [6, wrote(0)]);
    expect(faultsOf(after, 1)).toMatchObject([{ kind: 'unguarded-write', by: 'A', atMs: 6 }]);
    expect(faultsOf(notes('B', [1, wrote(0)]), 1)).toMatchObject([{ kind: 'unguarded-write', by: 'B' }]);
  });
});

describe('fencing tokens', () => {
  it.each([
    ['equal to', 5],
    ['below', 4],
    ['not a number after', NaN],
  ])('%s that of an earlier grant are a fault', (_, token) => {
    const history = [...holdOf('A', 5, 0, 10), ...holdOf('B', token, 20, 30)];
    expect(faultsOf(history)).toMatchObject([{ kind: 'token-order', second: { process: 'B' } }]);
  });

  it('are compared with the greatest so far, not only with the one before', () => {
    const history = [...holdOf('A', 5, 0, 10), ...holdOf('B', 3, 20, 30), ...holdOf('C', 4, 40, 50)];
    expect(faultsOf(history)).toHaveLength(2);
  });
});

describe('a fault', () => {
  it('is told with who, and when', () => {
    const [fault] = faultsOf([...holdOf('A', 1, 1_000, 2_000), ...holdOf('B', 2, 1_500, 3_000)]);
    expect(fault && describeFault(fault, 1_000)).toBe(
      'overlap: A (0.000 s to 1.000 s) and B (0.500 s to 2.000 s) held the lock at once',
    );
  });
});
