import { deadlineMs } from './lease-span.js';
import { faultsNear } from './excerpt.js';
import type { HistoryRecord, RecordOf } from './history.js';
import {
  recordsOf,
  wasGranted,
  type Fault,
  type Granted,
  type Reading,
  type Request,
  type Span,
  type Watch,
} from './reading.js';
import type { Violation } from './violation.js';

/** What a cell of the picture shows; the later in this list wins. */
const GLYPHS = { asks: '░', holds: '▒', section: '█', paused: '·', fault: '━', lost: '╌' } as const;
const LEGEND = [
  '░ asks or waits  ▒ holds  █ in its section  · does not run  ✗ killed  w x a write, accepted or refused',
  '━ a fault  ╌ what the server forgets by it  a r e l acquired, released, expired, lost: told by a watch',
];
const COLUMNS = 72;
/** So much beside what is to be seen, of its length. */
const MARGIN = 0.03;

interface Segment extends Span {
  readonly glyph: string;
}

interface Lane {
  readonly label: string;
  /** A later one is drawn over an earlier. */
  readonly segments: readonly Segment[];
  readonly marks: readonly { readonly atMs: number; readonly glyph: string }[];
}

/** A violation for the eye: a row for each of those concerned and for each fault, time running to the right. */
export function drawViolation({ records }: Violation, run: Reading): string[] {
  const watchIds = new Set(records.flatMap((record) => ('watch' in record ? [record.watch] : [])));
  const writes = records.filter((record) => record.event === 'wrote');
  const requests = concerned(records, run);
  const lanes = [
    ...requests.map((request) => laneOf(request, writes, run)),
    ...run.watches.filter(({ id }) => watchIds.has(id)).map(laneOfWatch),
    ...faultsNear([...records, ...requests.flatMap(recordsOf)], run).map(laneOfFault),
  ];
  const seen = spanOf(requests, records);
  if (lanes.length === 0 || !Number.isFinite(seen.toMs)) return [];
  const width = Math.max(...lanes.map(({ label }) => label.length));
  const originMs = run.records[0]?.atMs ?? 0;
  const ends = [seen.fromMs, seen.toMs].map((ms) => `${((ms - originMs) / 1000).toFixed(3)} s`);
  const axis = `${ends[0]}${(ends[1] ?? '').padStart(COLUMNS - (ends[0] ?? '').length)}`;
  return [
    `${' '.repeat(width + 1)} ${axis}`,
    ...lanes.map((lane) => `${lane.label.padEnd(width)} │${draw(lane, seen)}│`),
    ...LEGEND,
  ];
}

/** Those that something was noted of, and those whose writes were. */
function concerned(records: readonly HistoryRecord[], run: Reading): Request[] {
  const ids = new Set(records.flatMap((record) => ('request' in record ? [record.request] : [])));
  const writes = records.filter((record) => record.event === 'wrote');
  return run.requests.filter(
    (request) => ids.has(request.id) || writes.some((write) => isWriteOf(write, request)),
  );
}

function isWriteOf({ by, name, token }: RecordOf<'wrote'>, { process, names, granted }: Request): boolean {
  return by === process && token === granted?.token && names.includes(name);
}

function spanOf(requests: readonly Request[], records: readonly HistoryRecord[]): Span {
  const times = records.map(({ atMs }) => atMs);
  const granted = requests.filter(wasGranted);
  const all = [...times, ...granted.map((one) => one.granted.atMs), ...granted.map(heldUntilMs)];
  const [fromMs, toMs] = [Math.min(...all), Math.max(...all)];
  const marginMs = Math.max(1, (toMs - fromMs) * MARGIN);
  return { fromMs: fromMs - marginMs, toMs: toMs + marginMs };
}

function laneOf(request: Request, writes: readonly RecordOf<'wrote'>[], run: Reading): Lane {
  const { id, process, names, requested, rejected, granted, entered, left } = request;
  const diedMs = run.deaths.get(process) ?? Infinity;
  const endMs = Math.max(...recordsOf(request).map(({ atMs }) => atMs));
  const segments: Segment[] = [
    {
      fromMs: requested.atMs,
      toMs: (granted ?? rejected)?.atMs ?? Math.min(diedMs, run.endMs),
      glyph: GLYPHS.asks,
    },
  ];
  if (wasGranted(request)) {
    segments.push({ fromMs: request.granted.atMs, toMs: heldUntilMs(request), glyph: GLYPHS.holds });
  }
  if (entered !== undefined)
    segments.push({
      fromMs: entered.atMs,
      toMs: left?.atMs ?? Math.min(diedMs, run.endMs),
      glyph: GLYPHS.section,
    });
  for (const { fromMs, toMs } of run.pauses.get(process) ?? [])
    segments.push({
      fromMs: Math.max(fromMs, requested.atMs),
      toMs: Math.min(toMs, endMs),
      glyph: GLYPHS.paused,
    });
  const marks = [
    ...(Number.isFinite(diedMs) ? [{ atMs: diedMs, glyph: '✗' }] : []),
    ...writes
      .filter((write) => isWriteOf(write, request))
      .map(({ atMs, isAccepted }) => ({ atMs, glyph: isAccepted ? 'w' : 'x' })),
  ];
  return { label: `${id} ${names.join('+')}`, segments, marks };
}

/** To the end of its lease if nothing has ended it before, also when its process is dead. */
function heldUntilMs(lease: Granted): number {
  const { releasing, aborted, handedOn } = lease;
  return (releasing ?? aborted ?? handedOn)?.atMs ?? deadlineMs(lease);
}

function laneOfFault({ kind, target, fromMs, toMs, lostSinceMs }: Fault): Lane {
  const label = target === undefined ? kind : `${kind} ${target}`;
  const lost = lostSinceMs === undefined ? [] : [{ fromMs: lostSinceMs, toMs: fromMs, glyph: GLYPHS.lost }];
  return { label, segments: [...lost, { fromMs, toMs, glyph: GLYPHS.fault }], marks: [] };
}

function laneOfWatch({ id, told }: Watch): Lane {
  const marks = told.map(({ atMs, what }) => ({ atMs, glyph: what[0] ?? '?' }));
  return { label: id, segments: [], marks };
}

function draw({ segments, marks }: Lane, { fromMs, toMs }: Span): string {
  const cells = Array.from({ length: COLUMNS }, () => ' ');
  const cellOf = (ms: number): number => Math.floor(((ms - fromMs) / (toMs - fromMs)) * COLUMNS);
  for (const segment of segments) {
    if (segment.toMs < segment.fromMs) continue;
    const last = Math.min(COLUMNS - 1, cellOf(segment.toMs));
    for (let cell = Math.max(0, cellOf(segment.fromMs)); cell <= last; cell++) cells[cell] = segment.glyph;
  }
  for (const { atMs, glyph } of marks) {
    const cell = cellOf(atMs);
    if (cell >= 0 && cell < COLUMNS) cells[cell] = glyph;
  }
  return cells.join('');
}
