import { commandOf, parseArguments } from '../../chaos/arguments.js';

describe('the arguments of a run', () => {
  it('name the faults that are left out, and the others are ordered', () => {
    const { faults } = parseArguments(['--without', 'cut', '--without', 'kill-node', '--every', '50'], {});
    expect(faults).toEqual({ everyMs: 50, without: ['cut', 'kill-node'], lateNodeEnds: undefined });
  });

  it.each([
    ['a fault that there is not', ['--without', 'flood']],
    ['a fault that servers have of their own accord', ['--without', 'node-crashed']],
    ['a pace that there is not', ['--pace', 'slow']],
    ['a use that there is not', ['--uses', 'none']],
    ['an option that there is not', ['--fast']],
    ['a number that is none', ['--hands', 'many']],
    [
      'several clusters that nothing makes',
      ['--clusters', '2', '--backend', 'real', '--url', 'ws://localhost:1'],
    ],
    [
      'a node to be stopped that is the only one',
      ['--hang', '5', '--url', 'ws://localhost:1', '--node', 'a'],
    ],
    ['a cluster that nothing starts', ['--fresh', 'make']],
    ['commands for other nodes than there are', ['--node', 'a', '--node', 'b', '--url', 'ws://localhost:1']],
  ])('are refused with what is wrong: %s', (_what, args) => {
    expect(() => parseArguments(args, {})).toThrow(args[0]);
  });

  it('are told as the command that repeats the run, its seed with it', () => {
    expect(commandOf(['--node', 'start 1'], 7)).toBe("npm run chaos -- --node 'start 1' --seed 7");
    expect(commandOf(['--seed', '8', '--keep'], 8)).toBe('npm run chaos -- --seed 8 --keep');
    // The second of a series.
    expect(commandOf(['--seed', '8', '--keep'], 9)).toBe('npm run chaos -- --seed 8 --keep --seed 9');
    expect(parseArguments(['--seed', '8', '--seed', '9'], {}).seed).toBe(9);
  });
});
