import { goalCells } from '../../../bench/report/goal-table.js';
import { GOALS } from '../../../bench/report/goals.js';
import { cells, markdownTable, textTable } from '../../../bench/report/table.js';
import type { Conditions, Result, SystemResult, WorkloadResult } from '../../../bench/result.js';
import { summarize, type Summary } from '../../../bench/statistics.js';

const conditions: Conditions = {
  at: '2025-01-01T00:00:00.000Z',
  version: '1.0.0',
  commit: 'abc',
  node: 'v20',
  kernel: '6',
  cpu: 'one',
  cores: 1,
  memoryGiB: 1,
  rounds: 3,
  durationMs: 1,
  processes: 1,
};

function measured(id: string, samples: Record<string, number[]>, isOurs = false): SystemResult {
  const summaries = Object.fromEntries(
    Object.entries(samples).map(([key, values]) => [key, summarize(values) as Summary]),
  );
  return { id, title: id, note: '', isOurs, rounds: [], summaries };
}

function workload(id: string, systems: readonly SystemResult[]): WorkloadResult {
  const figures = [
    { key: 'pairsPerSecond', title: 'pairs/s' },
    { key: 'ratio', title: 'ratio', digits: 2 },
  ];
  return { id, title: id, text: '', figures, conditions, systems };
}

const missing: SystemResult = { ...measured('gone', {}), unavailable: 'not installed' };

describe('the tables of the benchmarks', () => {
  const result = workload('w1', [measured('one', { pairsPerSecond: [3_000, 1_000, 2_000] }), missing]);

  it('show the median and its spread, and no column that nobody has', () => {
    expect(cells(result)).toEqual([
      ['', 'pairs/s'],
      ['one', '2,000 (1,000-3,000)'],
      ['gone', 'not measured: not installed'],
    ]);
  });

  it('say in both forms what was not measured', () => {
    expect(textTable(cells(result))).toContain('gone  not measured: not installed');
    expect(markdownTable(cells(result))).toContain('| gone | not measured: not installed |');
  });
});

describe('the goals of the benchmarks', () => {
  const value = (text: RegExp, result: Result): number | undefined =>
    GOALS.find((goal) => text.test(goal.text))?.value(result);

  it('compare ours with the best of those concerned', () => {
    const systems = [
      measured('ours-ws', { pairsPerSecond: [300], cpuUs: [20] }, true),
      measured('redlock', { pairsPerSecond: [100], cpuUs: [40] }),
      measured('verrou', { pairsPerSecond: [200], cpuUs: [10] }),
      measured('postgresql', { pairsPerSecond: [400], cpuUs: [100] }),
    ];
    const result: Result = { format: 1, workloads: [workload('w1', systems), workload('w2', systems)] };
    expect(value(/^W1: pairs\/s \/ the best Redis/, result)).toBe(1.5);
    expect(value(/^W2: pairs\/s/, result)).toBe(0.75);
    expect(value(/^W2: CPU/, result)).toBe(2);
  });

  it('judge the library over TCP where that was measured', () => {
    const systems = [
      measured('ours-ws', { ratio: [2] }, true),
      measured('ours-tcp', { ratio: [1.3] }, true),
      measured('ours-embedded', { ratio: [1] }, true),
    ];
    const result: Result = { format: 1, workloads: [workload('w1', systems)] };
    const row = goalCells([['now', result]]).find(([text]) => text?.endsWith('the library'));
    expect(row?.slice(1)).toEqual(['1.4 or less', '1.30', 'yes']);
  });

  it('judge the procedures alone by themselves', () => {
    const systems = [
      measured('ours-tcp', { ratio: [1.2] }, true),
      measured('own-procedures', { ratio: [1.3] }, true),
    ];
    const result: Result = { format: 1, workloads: [workload('w1', systems)] };
    const row = goalCells([['now', result]]).find(([text]) => text?.endsWith('the procedures alone'));
    expect(row?.slice(1)).toEqual(['1.25 or less', '1.30', 'no']);
  });

  it('are open where something of it was not measured', () => {
    const result: Result = { format: 1, workloads: [] };
    const rows = goalCells([['now', result]]).slice(1);
    expect(rows).toHaveLength(GOALS.length);
    expect(new Set(rows.map((row) => row.at(-1)))).toEqual(new Set(['-']));
  });
});
