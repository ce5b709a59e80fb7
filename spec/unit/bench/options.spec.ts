import { parseOptions } from '../../../bench/options.js';
import { ADAPTERS } from '../../../bench/systems/adapters.js';
import { SYSTEMS } from '../../../bench/systems/catalogue.js';
import { WORKLOADS } from '../../../bench/workloads/workloads.js';

function parsed(...args: string[]): Exclude<ReturnType<typeof parseOptions>, 'help'> {
  const options = parseOptions(args);
  if (options === 'help') throw new Error('asked for help');
  return options;
}

describe('the command line of the benchmarks', () => {
  it('without anything: all systems by all workloads, five rounds', () => {
    expect(parsed()).toMatchObject({ workloads: WORKLOADS, systems: SYSTEMS, rounds: 5 });
  });

  it('names workloads and systems', () => {
    const { workloads, systems, rounds } = parsed('W1', 'w3', '--systems', 'ours-ws,python', '--rounds', '7');
    expect(workloads.map(({ id }) => id)).toEqual(['w1', 'w3']);
    expect(systems.map(({ id }) => id)).toEqual(['ours-ws', 'python']);
    expect(rounds).toBe(7);
  });

  it.each([
    [['w99'], /no workload is called w99; there are w1, /],
    [['--systems', 'mysql'], /no system is called mysql; there are ours-tcp, /],
    [['--rounds', '0'], /--rounds must be a whole number above 0, not 0/],
    [['--duration', 'soon'], /--duration must be a whole number above 0, not soon/],
  ])('refuses %j and says what there is', (args, message) => {
    expect(() => parseOptions(args)).toThrow(message);
  });

  it('every system that Node measures has an adapter', () => {
    const ids = SYSTEMS.filter(({ program }) => program === 'node').map(({ id }) => id);
    expect(Object.keys(ADAPTERS).sort()).toEqual(ids.sort());
  });
});
