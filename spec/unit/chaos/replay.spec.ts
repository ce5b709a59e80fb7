import { planFaults } from '../../chaos/schedule.js';
import { planRound } from '../../chaos/round-plan.js';
import { Random } from '../../chaos/random.js';

const SINGLE = { canRestart: true, nodes: 1 };

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

  it('decides what a process does, for each process differently', () => {
    const rounds = (part: string): unknown[] => {
      const random = Random.of(7, part);
      return Array.from({ length: 20 }, () => planRound(random, ['a', 'b', 'c']));
    };
    expect(rounds('p1')).toEqual(rounds('p1'));
    expect(rounds('p2')).not.toEqual(rounds('p1'));
  });
});

describe('what is ordered', () => {
  const kinds = (abilities: typeof SINGLE): Set<string> =>
    new Set(planFaults(1, 3_600_000, abilities).map(({ kind }) => kind));

  it('is nothing that a server whose processes are not ours cannot suffer', () => {
    const ordered = kinds({ canRestart: false, nodes: 1 });
    expect([...ordered].filter((kind) => /server|restart|node/.test(kind))).toEqual([]);
    expect(ordered).toContain('freeze-network');
  });

  it('is no loss of state where several nodes keep it', () => {
    const ordered = kinds({ canRestart: true, nodes: 3 });
    expect(ordered).not.toContain('restart-with-loss');
    expect(ordered).toContain('kill-node');
    expect(ordered).toContain('isolate-node');
  });
});
