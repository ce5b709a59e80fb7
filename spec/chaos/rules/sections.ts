import { allFit } from '../fit.js';
import { deadlineMs, EVENT_LOOP_MS, mayBeForgotten, overlaps } from '../lease-span.js';
import { stolenFromMs } from '../theft.js';
import { groupByName, labelOf, recordsOf, type Granted, type Reading, type Span } from '../reading.js';
import type { Violation } from '../violation.js';

/**
 * Work under a lock goes on after the lease only where the process was paused, or had been told by its signal. Those
 * who exclude each other work at once only where that is so of the one with the older lease. Or the server had
 * forgotten that lease, or it was stolen, which its holder learns a moment later.
 */
export function checkSections(run: Reading): Violation[] {
  const worked = run.grants.filter(({ entered }) => entered !== undefined);
  return [
    ...worked.flatMap((lease) => checkWithin(lease, run)),
    ...[...groupByName(worked)].flatMap(([name, leases]) => checkOverlaps(name, leases, run)),
  ];
}

function sectionOf(lease: Granted, run: Reading): Span {
  const diedMs = run.deaths.get(lease.process) ?? Infinity;
  return {
    fromMs: lease.entered?.atMs ?? NaN,
    toMs: lease.left?.atMs ?? Math.min(diedMs, run.endMs),
  };
}

function checkWithin(lease: Granted, run: Reading): Violation[] {
  const section = sectionOf(lease, run);
  const endMs = deadlineMs(lease);
  // It may have ended between the grant and the section: so short a pause is not noted.
  if (section.toMs <= endMs + EVENT_LOOP_MS) return [];
  if (isExcused(lease, Math.max(section.fromMs, endMs), section, run)) return [];
  const lateMs = (section.toMs - endMs).toFixed(1);
  const what = `${labelOf(lease)}: ${lease.id} was in its section ${lateMs} ms after its lease`;
  return [{ rule: 'section', what, records: recordsOf(lease) }];
}

interface Section extends Span {
  readonly lease: Granted;
}

function checkOverlaps(name: string, leases: readonly Granted[], run: Reading): Violation[] {
  const violations: Violation[] = [];
  const sections = leases
    .map((lease): Section => ({ lease, ...sectionOf(lease, run) }))
    .sort((a, b) => a.fromMs - b.fromMs);
  let open: Section[] = [];
  for (const next of sections) {
    open = open.filter(({ toMs }) => toMs > next.fromMs);
    const beside = open.filter((before) => !isLeftBehind(before, next, run));
    const together = [...beside, next].map(({ lease }) => lease);
    if (!allFit(together)) {
      const others = beside.map(({ lease }) => lease.id).join(', ');
      const what = `"${name}": ${next.lease.id} was in its section while ${others} was in its own`;
      violations.push({ rule: 'section', what, records: together.flatMap(recordsOf) });
    }
    open.push(next);
  }
  return violations;
}

/** Whether of these two the one with the older lease was there without knowing better, or by right. */
function isLeftBehind(before: Section, next: Section, run: Reading): boolean {
  const older = before.lease.granted.token <= next.lease.granted.token ? before : next;
  if (stolenFromMs(older.lease, run) <= next.fromMs) return true;
  return isExcused(older.lease, next.fromMs, older, run) || mayBeForgotten(older.lease, run);
}

/** Told by then, or paused from before then until about then or later. */
function isExcused(lease: Granted, atMs: number, section: Span, run: Reading): boolean {
  if ((lease.aborted?.atMs ?? Infinity) <= atMs + EVENT_LOOP_MS) return true;
  const around = { fromMs: atMs - EVENT_LOOP_MS, toMs: Math.min(section.toMs, atMs + EVENT_LOOP_MS) };
  return (run.pauses.get(lease.process) ?? []).some((pause) => overlaps(pause, around));
}
