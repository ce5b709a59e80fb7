import { NODE_ENDS } from '../../chaos/fault-kinds.js';
import { planFaults, USUAL_FAULTS } from '../../chaos/schedule.js';
import { PACES, type PaceName } from '../../chaos/pace.js';
import { RoundPlan, type Round, type Uses } from '../../chaos/round-plan.js';
import { Random } from '../../chaos/random.js';

const SINGLE = { canRestart: true, nodes: 1 };
const isNodeEnd = (kind: string): boolean => NODE_ENDS.some((end) => end === kind);

/** The first rounds of a hand, of six locks. */
function rounds(part: string, pace: PaceName, hand = 0, uses: Uses = 'all'): Round[] {
  const plan = new RoundPlan(Random.of(7, part), PACES[pace], ['a', 'b', 'c', 'd', 'e', 'f'], hand, uses);
  return Array.from({ length: 300 }, () => plan.next());
}

describe('a seed', () => {
  it('decides the faults: the same again, others for another', () => {
    expect(planFaults(7, 60_000, SINGLE)).toEqual(planFaults(7, 60_000, SINGLE));
    expect(planFaults(8, 60_000, SINGLE)).not.toEqual(planFaults(7, 60_000, SINGLE));
  });

  it('orders the same faults at the beginning, however long the run', () => {
    const short = planFaults(7, 10_000, SINGLE);
    expect(short.length).toBeGreaterThan(5);
    expect(planFaults(7, 60_000, SINGLE).slice(0, short.length)).toEqual(short);
  });

  it.each(Object.keys(PACES) as PaceName[])(
    'decides what a process does, for each process differently (%s)',
    (pace) => {
      expect(rounds('p1', pace)).toEqual(rounds('p1', pace));
      expect(rounds('p2', pace)).not.toEqual(rounds('p1', pace));
    },
  );
});

describe('what is ordered', () => {
  const kinds = (abilities: typeof SINGLE): Set<string> =>
    new Set(planFaults(1, 3_600_000, abilities).map(({ kind }) => kind));

  it('is nothing that a server whose processes are not ours cannot suffer', () => {
    const ordered = kinds({ canRestart: false, nodes: 1 });
    expect([...ordered].filter((kind) => /server|restart|node/.test(kind))).toEqual([]);
    expect(ordered).toContain('freeze-network');
  });

  it('is the end of a node late in a run where that is wanted, each kind in its turn', () => {
    const abilities = { canRestart: true, nodes: 3 };
    const order = { everyMs: 700, without: [], lateNodeEnds: 2 };
    const ends = (seed: number): { kind: string; atMs: number }[] =>
      planFaults(seed, 60_000, abilities, order).filter(({ kind }) => isNodeEnd(kind));
    const all = [10, 11, 12].flatMap(ends);
    expect(new Set(all.map(({ kind }) => kind)).size).toBe(3);
    expect(all.map(({ atMs }) => atMs)).toEqual([45_000, 55_000, 45_000, 55_000, 45_000, 55_000]);
    const others = planFaults(10, 60_000, abilities, order).map(({ kind }) => kind);
    expect(others.length).toBeGreaterThan(60);
    expect(others).toContain('isolate-node');
  });

  it('is no end of a node that is left out, nor one where there is only one', () => {
    const order = { everyMs: 700, without: ['kill-node' as const], lateNodeEnds: 3 };
    const ends = (nodes: number): string[] =>
      planFaults(10, 60_000, { canRestart: true, nodes }, order).flatMap(({ kind }) =>
        isNodeEnd(kind) ? [kind] : [],
      );
    expect(ends(3).sort()).toEqual(['hang-node', 'restart-node', 'restart-node']);
    expect(ends(1)).toEqual([]);
  });

  it('is no loss of state where several nodes keep it', () => {
    const ordered = kinds({ canRestart: true, nodes: 3 });
    expect(ordered).not.toContain('restart-with-loss');
    expect(ordered).toContain('kill-node');
    expect(ordered).toContain('isolate-node');
  });
});

describe('a brisk pace', () => {
  const wanted = (hand: number): string[] => [
    ...new Set(rounds('p1', 'brisk', hand, 'locks').flatMap(({ names }) => names)),
  ];

  it('has every fourth hand wait for the crowded names, and no other', () => {
    expect(wanted(4).sort()).toEqual(['a', 'b', 'c', 'd']);
    expect(wanted(5).sort()).toEqual(['e', 'f']);
  });

  it('has holds that outlast the shortest ttl nevertheless', () => {
    expect(Math.max(...rounds('p1', 'brisk').map(({ holdMs }) => holdMs))).toBeGreaterThan(300);
  });
});

describe('what is asked for', () => {
  const all = rounds('p1', 'brisk', 1);

  it('is of every kind', () => {
    expect(all.some(({ limit, names }) => limit === 1 && names.length === 1)).toBe(true);
    expect(all.some(({ limit, names }) => limit === null && names.length === 1)).toBe(true);
    expect(all.some(({ want, limit }) => want > 1 && want <= (limit ?? 0))).toBe(true);
    expect(all.some(({ names }) => names.length > 1)).toBe(true);
    expect(all.some(({ isSteal }) => isSteal)).toBe(true);
    expect(all.some(({ minHoldMs }) => minHoldMs > 300)).toBe(true);
    expect(new Set(all.map(({ handOn }) => handOn))).toEqual(new Set(['no', 'one', 'two', 'lost']));
  });

  it('is never more than there is, nor a name twice, nor permits of several names', () => {
    const isOdd = ({ want, limit, names }: Round): boolean =>
      want > (limit ?? 1) ||
      new Set(names).size < names.length ||
      (names.length > 1 && limit !== 1 && limit !== null);
    expect(all.filter(isOdd)).toEqual([]);
    expect(all.filter(({ isSteal, limit }) => isSteal && limit !== 1)).toEqual([]);
  });

  it('is locks and nothing else where that is wanted', () => {
    const locks = rounds('p1', 'brisk', 1, 'locks');
    const isOther = ({ limit, names, isSteal, minHoldMs, handOn }: Round): boolean =>
      limit !== 1 || names.length > 1 || isSteal || minHoldMs > 0 || handOn !== 'no';
    expect(locks.filter(isOther)).toEqual([]);
  });
});

describe('a kind of fault that is not wanted', () => {
  it('is not ordered, the others are', () => {
    const without = ['cut', 'kill-holder'] as const;
    const kinds = planFaults(1, 600_000, SINGLE, { ...USUAL_FAULTS, without }).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'cut' || kind === 'kill-holder')).toEqual([]);
    expect(kinds).toContain('kill-waiter');
  });
});
