import { checkHistory } from '../../../examples/demo/check-history.js';
import type { HistoryRecord } from '../../../examples/demo/history.js';
import { drawTimeline, takeBacks } from '../../../examples/demo/timeline.js';

/** A holds for a second and is killed, its lease lasts another; B waits for it, and holds for two. */
function history(originMs: number): HistoryRecord[] {
  const at = (seconds: number): number => originMs + 1000 * seconds;
  return [
    { process: 'A', event: 'started', pid: 1234567, atMs: at(-1) },
    { process: 'B', event: 'started', pid: 7, atMs: at(-1) },
    { process: 'A', event: 'requested', atMs: at(0) },
    { process: 'A', event: 'acquired', fencingToken: 1, deadlineMs: at(2), atMs: at(0) },
    { process: 'B', event: 'requested', atMs: at(0) },
    { process: 'A', event: 'killed', atMs: at(1) },
    { process: 'B', event: 'acquired', fencingToken: 2, deadlineMs: at(9), atMs: at(2) },
    { process: 'B', event: 'releasing', atMs: at(4) },
  ];
}

function draw(originMs = 0, isColoured = false, columns = 100): string[] {
  const records = history(originMs);
  const { holds } = checkHistory(records, { initial: 0, final: 0 });
  return drawTimeline(records, holds, { columns, isColoured }).split('\n');
}

/** The share of a row's width that a character takes, in percent. */
function share(row: string | undefined, character: string): number {
  const [, chart = ''] = row?.split('│') ?? [];
  return Math.round((100 * [...chart].filter((drawn) => drawn === character).length) / chart.length);
}

describe('the timeline', () => {
  const [, , a, b] = draw();

  it('has one row a process, with its process id and its grants', () => {
    expect(a).toMatch(/^A pid 1234567 │.+│ 1 grant$/);
    expect(b).toMatch(/^B pid 7 {7}│.+│ 1 grant$/);
  });

  it('shows who waited, held, died, and was still owed the lock, each as long as it lasted', () => {
    expect(share(a, '█')).toBeCloseTo(25, -1);
    expect(share(a, '▒')).toBeCloseTo(25, -1);
    expect([...(a ?? '')].filter((drawn) => drawn === '✗')).toHaveLength(1);
    expect(share(b, '░')).toBeCloseTo(50, -1);
    expect(share(b, '█')).toBeCloseTo(50, -1);
  });

  it('never shows two that hold at once unless they did', () => {
    const columns = [...(a ?? '')].map((drawn, i) => drawn + [...(b ?? '')][i]);
    expect(columns).not.toContain('██');
  });

  it('points at the moment in which the server took the lock back', () => {
    const line = draw().find((drawn) => drawn.includes('▲'));
    expect(line).toContain('the server took the lock back and gave it to B');
    expect([...(b ?? '')][line?.indexOf('▲') ?? 0]).toMatch(/[█▐]/);
    expect(takeBacks(history(0), checkHistory(history(0), { initial: 0, final: 0 }).holds)).toEqual([
      { from: 'A', to: 'B', killedMs: 1_000, leaseEndMs: 2_000, grantedMs: 2_000 },
    ]);
  });

  it.each([100, 120])('fits %i columns', (columns) => {
    expect(Math.max(...draw(0, false, columns).map((line) => [...line].length))).toBeLessThanOrEqual(columns);
  });

  it('starts with the first request, whatever the clock showed then', () => {
    expect(draw(8_640_000_000)).toEqual(draw(0));
  });

  it('is plain text unless colour is asked for, and the same text with it', () => {
    expect(draw().join('\n')).not.toContain('\x1b');
    const coloured = draw(0, true).join('\n');
    expect(coloured).toContain('\x1b[32m█\x1b[0m');
    // eslint-disable-next-line no-control-regex
    expect(coloured.replace(/\x1b\[\d+m/g, '')).toBe(draw().join('\n'));
  });
});
