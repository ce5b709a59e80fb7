import { type CpuProfile, selfTimes, sumBy } from '../../../bench/report/profile.js';

const frame = (functionName: string, url = ''): CpuProfile['nodes'][number]['callFrame'] => ({
  functionName,
  url,
  lineNumber: 0,
});

const profile: CpuProfile = {
  nodes: [
    { id: 1, callFrame: frame('(idle)') },
    { id: 2, callFrame: frame('encode', 'lib/a.js') },
    { id: 3, callFrame: frame('', 'lib/b.js') },
    { id: 4, callFrame: frame('encode', 'lib/a.js') },
  ],
  samples: [2, 1, 3, 4, 2],
  timeDeltas: [0, 10, 1_000, 5, 7],
};

describe('what is told of a CPU profile', () => {
  it('each sample counts until the next one, idle time not at all', () => {
    expect(selfTimes(profile)).toEqual([
      { name: 'encode', url: 'lib/a.js', line: 1, us: 10 },
      { name: '(anonymous)', url: 'lib/b.js', line: 1, us: 5 },
      { name: 'encode', url: 'lib/a.js', line: 1, us: 7 },
    ]);
  });

  it('a function that is called from several places is one, the most expensive first', () => {
    expect(sumBy(selfTimes(profile), ({ name }) => name)).toEqual([
      ['encode', 17],
      ['(anonymous)', 5],
    ]);
  });
});
