import type { HistoryRecord } from './history.js';
import { overlaps } from './lease-span.js';
import type { Fault, Reading, Span } from './reading.js';
import type { Violation } from './violation.js';

/** Renewals between the first and the last say nothing new. */
const MOST_RENEWALS = 2;

/** The part of the history that shows a violation: what was noted of those concerned, and the faults around them. */
export function excerpt({ rule, what, records }: Violation, run: Reading): string {
  const span = spanOf(records);
  const processes = processesOf(records);
  const faults = faultsNear(records, run);
  const stalls = run.records.filter(
    (record) => record.event === 'stalled' && processes.has(record.process) && overlaps(record, span),
  );
  const lines = new Map<HistoryRecord, string>();
  for (const record of [...thinned(records), ...stalls]) lines.set(record, describe(record));
  for (const fault of faults) lines.set(fault.record, `${describe(fault.record)} (${lasted(fault)})`);
  const ordered = [...lines].sort(([a], [b]) => a.atMs - b.atMs);
  const origin = run.records[0]?.atMs ?? 0;
  const shown = ordered.map(([record, line]) => `  ${seconds(record.atMs - origin)}  ${line}`);
  return [`${rule}: ${what}`, ...shown].join('\n');
}

/** Those that met somebody concerned, or all, while this was going on. */
export function faultsNear(records: readonly HistoryRecord[], { faults }: Reading): readonly Fault[] {
  const span = spanOf(records);
  const processes = processesOf(records);
  return faults.filter(
    (fault) => overlaps(fault, span) && (fault.target === undefined || processes.has(fault.target)),
  );
}

function spanOf(records: readonly HistoryRecord[]): Span {
  const times = records.map(({ atMs }) => atMs);
  return { fromMs: Math.min(...times), toMs: Math.max(...times) };
}

function processesOf(records: readonly HistoryRecord[]): ReadonlySet<string> {
  return new Set(records.flatMap((record) => ('by' in record ? [record.by] : [record.process])));
}

function thinned(records: readonly HistoryRecord[]): HistoryRecord[] {
  const renewals = records.filter(({ event }) => event === 'renewed');
  const dropped = new Set(renewals.slice(1, Math.max(1, renewals.length - MOST_RENEWALS)));
  return records.filter((record) => !dropped.has(record));
}

function describe({ process, atMs: _atMs, ...what }: HistoryRecord): string {
  const { event, ...details } = what;
  const shown = Object.entries(details).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return `${process.padEnd(8)} ${event.padEnd(15)} ${shown.join(' ')}`;
}

function lasted({ fromMs, toMs }: { fromMs: number; toMs: number }): string {
  return toMs === Infinity ? 'to the end' : `${(toMs - fromMs).toFixed(1)} ms`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(4).padStart(10)} s`;
}
