import type { Hold } from './check-history.js';
import type { HistoryRecord } from './history.js';

export interface TimelineOptions {
  /** How wide a line may be, in characters. */
  readonly columns: number;
  readonly isColoured: boolean;
}

type State = 'holds' | 'waits' | 'owed' | 'idle';

interface Segment {
  readonly state: State;
  readonly fromMs: number;
  readonly toMs: number;
}

/** One process: its row of the picture. */
interface Lane {
  readonly process: string;
  readonly label: string;
  readonly segments: readonly Segment[];
  readonly grants: number;
  readonly killedMs: number | undefined;
}

/** Where time 0 and the right edge lie, and how much time half a character takes. */
interface Scale {
  readonly originMs: number;
  readonly halfMs: number;
  readonly cells: number;
}

const STYLE = { holds: 32, waits: 90, owed: 33, killed: 31, idle: 0 } as const;
const FULL: Readonly<Record<State, string>> = { holds: '█', waits: '░', owed: '▒', idle: ' ' };
const LEGEND = '█ holds the lock   ░ waits   ✗ killed   ▒ dead, its lease still runs';
const TICK_STEPS_MS = [250, 500, 1_000, 2_000, 5_000, 10_000];
const TICK_COLUMNS = 8;

/** When the first process asked: the picture's time 0. */
export function originOf(history: readonly HistoryRecord[]): number {
  return Math.min(...history.filter(({ event }) => event === 'requested').map(({ atMs }) => atMs));
}

/**
 * Draws who waited, who held and who died: one row a process, time running to the right. Each half character shows what
 * was true in its middle. So two rows never seem to hold at once unless they did.
 */
export function drawTimeline(
  history: readonly HistoryRecord[],
  holds: readonly Hold[],
  { columns, isColoured }: TimelineOptions,
): string {
  const lanes = lanesOf(history, holds);
  const labelWidth = Math.max(...lanes.map(({ label }) => label.length));
  const originMs = originOf(history);
  const endMs = Math.max(...history.map(({ atMs }) => atMs), ...holds.map((hold) => hold.endMs));
  const cells = columns - labelWidth - ' ││ 99 grants'.length;
  const scale: Scale = { originMs, halfMs: Math.max(1, endMs - originMs) / cells / 2, cells };
  const margin = ' '.repeat(labelWidth + 2);
  const rows = lanes.map(
    (lane) =>
      `${lane.label.padEnd(labelWidth)} │${drawLane(lane, scale, isColoured)}│ ${lane.grants} grant${lane.grants === 1 ? '' : 's'}`,
  );
  return [
    ...drawAxis(scale).map((line) => margin + line),
    ...rows,
    ...takeBacks(history, holds).map((back) => drawTakeBack(back, margin.length, columns, scale)),
    '',
    margin + LEGEND,
  ]
    .map((line) => line.trimEnd())
    .join('\n');
}

/** The lock of a killed holder, given by the server to somebody else. */
export interface TakeBack {
  readonly from: string;
  readonly to: string;
  readonly killedMs: number;
  readonly leaseEndMs: number;
  readonly grantedMs: number;
}

/** Every time that the server took the lock back from a dead holder. */
export function takeBacks(history: readonly HistoryRecord[], holds: readonly Hold[]): TakeBack[] {
  return holds.flatMap((hold) => {
    const killedMs = killOf(hold.process, history);
    const next = holds.find(({ startMs, process }) => startMs > hold.startMs && process !== hold.process);
    if (hold.end !== 'unfinished' || killedMs === undefined || next === undefined) return [];
    return [
      {
        from: hold.process,
        to: next.process,
        killedMs,
        leaseEndMs: hold.endMs,
        grantedMs: next.startMs,
      },
    ];
  });
}

function killOf(processName: string, history: readonly HistoryRecord[]): number | undefined {
  return history.find(({ event, process }) => event === 'killed' && process === processName)?.atMs;
}

function lanesOf(history: readonly HistoryRecord[], holds: readonly Hold[]): Lane[] {
  const names = [...new Set(history.map(({ process }) => process))].sort();
  return names.map((name) => {
    const own = history.filter(({ process }) => process === name);
    const started = own.find(({ event }) => event === 'started');
    const ownHolds = holds.filter(({ process }) => process === name);
    const killedMs = killOf(name, history);
    return {
      process: name,
      label: started?.event === 'started' ? `${name} pid ${started.pid}` : name,
      segments: [...waitsOf(own, killedMs), ...ownHolds.flatMap((hold) => holdSegments(hold, killedMs))],
      grants: ownHolds.length,
      killedMs,
    };
  });
}

function waitsOf(own: readonly HistoryRecord[], killedMs: number | undefined): Segment[] {
  const outcomes = own.filter(({ event }) => event === 'requested' || event === 'acquired');
  return outcomes.flatMap((record, i): Segment[] => {
    if (record.event !== 'requested') return [];
    const toMs = outcomes[i + 1]?.atMs ?? killedMs ?? Infinity;
    return [{ state: 'waits', fromMs: record.atMs, toMs }];
  });
}

function holdSegments(hold: Hold, killedMs: number | undefined): Segment[] {
  const { startMs: fromMs, endMs } = hold;
  if (hold.end !== 'unfinished' || killedMs === undefined) return [{ state: 'holds', fromMs, toMs: endMs }];
  return [
    { state: 'holds', fromMs, toMs: killedMs },
    { state: 'owed', fromMs: killedMs, toMs: endMs },
  ];
}

function drawLane(lane: Lane, scale: Scale, isColoured: boolean): string {
  const killedCell = lane.killedMs === undefined ? undefined : cellOf(lane.killedMs, scale);
  const paint = (text: string, style: number): string =>
    isColoured && style !== 0 ? `\x1b[${style}m${text}\x1b[0m` : text;
  let drawn = '';
  for (let cell = 0; cell < scale.cells; cell++) {
    if (cell === killedCell) {
      drawn += paint('✗', STYLE.killed);
      continue;
    }
    const left = stateAt(lane, scale.originMs + (2 * cell + 0.5) * scale.halfMs);
    const right = stateAt(lane, scale.originMs + (2 * cell + 1.5) * scale.halfMs);
    const state = left === 'holds' || right === 'idle' ? left : right;
    drawn += paint(glyph(left, right), STYLE[state]);
  }
  return drawn;
}

function glyph(left: State, right: State): string {
  if (left === right) return FULL[left];
  if (left === 'holds') return '▌';
  if (right === 'holds') return '▐';
  return FULL[right === 'idle' ? left : right];
}

function stateAt({ segments }: Lane, ms: number): State {
  const at = segments.filter(({ fromMs, toMs }) => fromMs <= ms && ms < toMs).map(({ state }) => state);
  return at.find((state) => state === 'holds') ?? at[0] ?? 'idle';
}

function cellOf(ms: number, { originMs, halfMs, cells }: Scale): number {
  return Math.min(cells - 1, Math.floor((ms - originMs) / (2 * halfMs)));
}

function drawAxis(scale: Scale): [labels: string, ticks: string] {
  const cellMs = 2 * scale.halfMs;
  const stepMs = TICK_STEPS_MS.find((step) => step / cellMs >= TICK_COLUMNS) ?? cellMs * scale.cells;
  let labels = '';
  let ticks = '';
  for (let ms = 0; Math.floor(ms / cellMs) < scale.cells; ms += stepMs) {
    const cell = Math.floor(ms / cellMs);
    const label = `${ms / 1000} s`;
    if (cell + label.length <= scale.cells) labels = labels.padEnd(cell) + label;
    ticks = `${ticks.padEnd(cell)}╷`;
  }
  return [labels, ticks];
}

/** The arrow stands where the grant is; the text goes where there is room for it. */
function drawTakeBack({ to, grantedMs }: TakeBack, margin: number, columns: number, scale: Scale): string {
  const column = margin + cellOf(grantedMs, scale);
  const text = `the server took the lock back and gave it to ${to}`;
  const isRoomRight = column + 2 + text.length <= columns;
  return isRoomRight ? `${' '.repeat(column)}▲ ${text}` : `${text} ▲`.padStart(column + 1);
}
