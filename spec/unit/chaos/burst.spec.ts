import { describeBurst } from '../../chaos/burst-report.js';
import { isHarmless, type BurstResult } from '../../chaos/burst-run.js';
import type { Vitals } from '../../chaos/node-vitals.js';

const WELL: Vitals = {
  url: 'thingsdb://127.0.0.1:9200',
  answers: true,
  changes: true,
  isWell: true,
  longestMs: 20,
  curedMs: undefined,
  cureTookMs: undefined,
};

function result(details: Partial<BurstResult> = {}): BurstResult {
  return {
    killed: 1_000,
    processes: 50,
    left: 40,
    perSecondAlone: 1_000,
    perSecondBeside: 100,
    perSecondOfAll: 2_000,
    seconds: [200, 950],
    perSecondAfter: 900,
    share: 0.9,
    backMs: 1_000,
    failuresAfter: 0,
    lastHadMs: 4_200,
    nodes: [WELL],
    collectionLeft: undefined,
    ...details,
  };
}

describe('a burst of killed clients', () => {
  it('is harmless when the nodes are well, the rest go on as before, and the locks of the dead are had again', () => {
    expect(isHarmless(result())).toBe(true);
    expect(describeBurst(result()).split('\n').at(-1)).toBe('harmless');
  });

  it.each<[string, Partial<BurstResult>]>([
    ['who is left does less than 90 % of what they did', { share: 0.89 }],
    ['a lock of the dead is not had again', { lastHadMs: undefined }],
    ['one node of several is not well', { nodes: [WELL, { ...WELL, changes: false, isWell: false }] }],
  ])('is not when %s', (_what, details) => {
    expect(isHarmless(result(details))).toBe(false);
    expect(describeBurst(result(details)).split('\n').at(-1)).toBe('NOT harmless');
  });

  it('tells of a dead node what brought it back, and when', () => {
    const dead = {
      ...WELL,
      answers: false,
      changes: false,
      isWell: false,
      curedMs: 80_400,
      cureTookMs: 60_100,
    };
    const told = describeBurst(result({ nodes: [WELL, dead] }));
    expect(told).toContain('9200: well');
    expect(told).toContain('DEAD');
    expect(told).toContain('80.4 s after the kill, 60.1 s after');
  });
});
