import { describeHang } from '../../chaos/hang-report.js';
import { isServed, type HangResult } from '../../chaos/hang-run.js';

function result(details: Partial<HangResult> = {}): HangResult {
  return {
    url: 'ws://127.0.0.1:9270',
    oldManagers: 8,
    newManagers: 20,
    longestOldMs: 1_999,
    longestNewMs: 700,
    acquires: 1_000,
    rejected: [],
    lost: [],
    stoodMs: 0,
    ...details,
  };
}

describe('a node that hangs', () => {
  it('is not noticed when all have their locks within two seconds, and nothing is rejected or lost', () => {
    expect(isServed(result())).toBe(true);
    expect(describeHang(result())).toContain('all were served');
  });

  it('is told with how long another node made no change for anybody', () => {
    expect(describeHang(result())).not.toContain('no change');
    expect(describeHang(result({ stoodMs: 7_912 }))).toContain('another node made no change for 7912 ms');
  });

  it.each<[string, Partial<HangResult>, string]>([
    ['an old manager waits for longer', { longestOldMs: 2_000 }, '8 old managers 2000 ms'],
    ['a new manager waits for longer', { longestNewMs: 2_500 }, '20 new ones 2500 ms'],
    ['a call is rejected', { rejected: ['LockConnectionError'] }, 'rejected: 1 (LockConnectionError)'],
    ['a lease is lost', { lost: ['expired', 'expired'] }, 'lost: 2 (expired)'],
  ])('is when %s', (_what, details, told) => {
    expect(isServed(result(details))).toBe(false);
    expect(describeHang(result(details))).toContain('NOT as promised');
    expect(describeHang(result(details))).toContain(told);
  });
});
