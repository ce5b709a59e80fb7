/** Whether the harness tells the truth: what is slower shows, and the order of the systems does not. */
import { measure, type OpenStage } from '../../../bench/measure.js';
import type { SystemResult } from '../../../bench/result.js';
import { orderOfRound } from '../../../bench/schedule.js';
import type { LockSystem } from '../../../bench/systems/lock-system.js';
import { freeName } from '../../../bench/workloads/free-name.js';
import { type Cost, FakeMachine } from './fake-machine.js';

const FAST: Cost = { acquireMs: 1, releaseMs: 0.5 };

function system(id: string, isOurs = false): LockSystem {
  return { id, title: id, server: 'redis', program: 'node', isOurs, note: '' };
}

function opener(machine: FakeMachine, costs: Readonly<Record<string, Cost>>): OpenStage {
  return (each) => {
    const cost = costs[each.id];
    if (cost === undefined) return Promise.resolve({ unavailable: 'not on this machine' });
    return Promise.resolve({ stage: machine.stage(each, machine.adapter(cost)), server: 'fake 1.0' });
  };
}

const options = { rounds: 5, say: (): void => undefined };
const p50Us = (result: SystemResult | undefined): number => result?.summaries['p50Us']?.median ?? Number.NaN;

describe('the benchmarks', () => {
  it('a system that takes 1 ms more shows 1 ms more', async () => {
    const costs = { fast: FAST, slow: { ...FAST, acquireMs: FAST.acquireMs + 1 } };
    const [fast, slow] = await measure(
      freeName,
      [system('fast'), system('slow')],
      opener(new FakeMachine(), costs),
      options,
    );
    expect(p50Us(fast)).toBeCloseTo(1_500);
    expect(p50Us(slow)).toBeCloseTo(2_500);
    expect(fast?.summaries['pairsPerSecond']?.median).toBeCloseTo(1_000 / 1.5);
    expect(slow?.summaries['pairsPerSecond']?.median).toBeCloseTo(1_000 / 2.5);
    expect(fast?.summaries['p50Us']?.count).toBe(options.rounds);
  });

  it('the release counts as the acquire does', async () => {
    const costs = { fast: FAST, slow: { ...FAST, releaseMs: FAST.releaseMs + 1 } };
    const systems = [system('fast'), system('slow')];
    const [fast, slow] = await measure(freeName, systems, opener(new FakeMachine(), costs), options);
    expect(p50Us(slow) - p50Us(fast)).toBeCloseTo(1_000);
  });

  describe('on a machine that gets slower and slower', () => {
    const NAMES = ['a', 'b', 'c', 'd'];
    const SLOWDOWN = 0.5;
    const costs = Object.fromEntries(NAMES.map((name) => [name, FAST]));

    async function medians(groups: readonly (readonly string[])[]): Promise<Record<string, number>> {
      const openStage = opener(new FakeMachine(SLOWDOWN), costs);
      const found: Record<string, number> = {};
      for (const names of groups) {
        const systems = names.map((name) => system(name));
        for (const result of await measure(freeName, systems, openStage, options))
          found[result.id] = p50Us(result);
      }
      return found;
    }

    const spread = (found: Record<string, number>): number =>
      Math.max(...Object.values(found)) / Math.min(...Object.values(found));

    it('equal systems have equal medians, in whatever order they are given', async () => {
      const forwards = await medians([NAMES]);
      const backwards = await medians([[...NAMES].reverse()]);
      expect(spread(forwards)).toBeLessThan(1.1);
      for (const name of NAMES) {
        const ratio = (forwards[name] ?? Number.NaN) / (backwards[name] ?? Number.NaN);
        expect(Math.abs(ratio - 1)).toBeLessThan(0.1);
      }
    });

    it('measured one after the other they would not: it is the turns that do it', async () => {
      expect(spread(await medians(NAMES.map((name) => [name])))).toBeGreaterThan(2);
    });
  });

  it('what cannot be had is in the result with the reason', async () => {
    const systems = [system('here'), system('elsewhere')];
    const results = await measure(freeName, systems, opener(new FakeMachine(), { here: FAST }), options);
    expect(results.map(({ id, unavailable }) => [id, unavailable])).toEqual([
      ['here', undefined],
      ['elsewhere', 'not on this machine'],
    ]);
    expect(results[1]).toMatchObject({ rounds: [], summaries: {} });
  });

  it('one that fails half-way is reported, keeps what it had, and the others go on', async () => {
    const machine = new FakeMachine();
    let pairs = 0;
    const openStage: OpenStage = async (each) => {
      const opened = await opener(machine, { good: FAST, bad: FAST })(each);
      if (each.id === 'good' || 'unavailable' in opened) return opened;
      const failing = {
        open: () =>
          Promise.resolve({
            acquire: () => {
              machine.spend(1);
              if (++pairs > 750) return Promise.reject(new Error('out of locks'));
              return Promise.resolve({ release: () => Promise.resolve() });
            },
            close: () => Promise.resolve(),
          }),
      };
      return { ...opened, stage: machine.stage(each, failing) };
    };
    const [good, bad] = await measure(freeName, [system('good'), system('bad')], openStage, options);
    expect(good?.rounds).toHaveLength(options.rounds);
    expect(good?.unavailable).toBeUndefined();
    expect(bad?.unavailable).toMatch(/^failed in round \d: out of locks$/);
    expect(bad?.rounds.length).toBeGreaterThan(0);
    expect(bad?.rounds.length).toBeLessThan(options.rounds);
  });
});

describe('the order of a round', () => {
  it('is of all systems, begins with each in turn, and runs backwards every other round', () => {
    const rounds = [0, 1, 2, 3, 4, 5].map((round) => orderOfRound(['a', 'b', 'c'], round).join(''));
    expect(rounds).toEqual(['abc', 'cba', 'bca', 'acb', 'cab', 'bac']);
  });
});
