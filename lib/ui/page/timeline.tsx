import { useCallback, useRef } from 'preact/hooks';
import type uPlot from 'uplot';
import type { EventView, LockView } from '../messages.js';
import { Chart } from './chart.js';
import { assignLanes, liveliestNames, spansOf, type LaneSource } from './lanes.js';
import type { Palette } from './palette.js';
import { MOST_LANES, showPicture, timelineOptions } from './timeline-painter.js';
import type { ViewState } from './view-state.js';
import { visibleText } from './visible-text.js';

const WINDOW_MS = 60_000;
const LANE_PX = 26;
const AXIS_PX = 30;

interface TimelineProps {
  readonly view: ViewState;
  /** One lock, with a lane for each owner; else a lane for each lock. */
  readonly name?: string | undefined;
  /** The locks that may have a lane. */
  readonly rows: readonly LockView[];
  /** Whether {@link rows} are not all. */
  readonly isFiltered: boolean;
}

/** Who held what in the last minute, as it happens. */
export function Timeline({ view, name, rows, isFiltered }: TimelineProps) {
  const lanes = useRef<readonly string[]>([]);
  const draw = useCallback(
    (chart: uPlot, palette: Palette) => {
      const source = sourceOf(view, rows, isFiltered);
      lanes.current = assignLanes(lanes.current, wanting(source, name), MOST_LANES);
      const laneOf = laneFinder(lanes.current, name);
      const spans = spansOf(source, laneOf, name !== undefined);
      showPicture(chart, {
        spans,
        palette,
        lanes: lanes.current.map(visibleText),
        // What was before is as little known.
        gaps: [{ fromMs: source.fromMs, toMs: view.status.seenFromMs ?? source.nowMs }, ...view.gaps],
        fromMs: source.fromMs,
        nowMs: source.nowMs,
      });
    },
    [view, rows, isFiltered, name],
  );
  const label =
    'Timeline of who held what in the last minute' +
    `${name === undefined ? '' : `, of the lock ${visibleText(name)}`}. The list of events has the same as text.`;
  return (
    <section class="card timeline" aria-labelledby="timeline-title">
      <h2 id="timeline-title">Last minute</h2>
      <Chart label={label} height={MOST_LANES * LANE_PX + AXIS_PX} options={timelineOptions} draw={draw} />
    </section>
  );
}

function sourceOf(view: ViewState, rows: readonly LockView[], isFiltered: boolean): LaneSource {
  const nowMs = view.nowMs();
  // What is gone is in no row: it is shown unless something is looked for.
  const events = isFiltered ? ofRows(view.events, rows) : view.events;
  return { events, locks: rows, fromMs: nowMs - WINDOW_MS, nowMs };
}

function ofRows(events: readonly EventView[], rows: readonly LockView[]): EventView[] {
  const names = new Set(rows.map(({ name }) => name));
  return events.filter(({ name }) => names.has(name));
}

function wanting(source: LaneSource, name: string | undefined): string[] {
  if (name === undefined) return liveliestNames(source, () => true, MOST_LANES);
  const recent = source.events.filter((event) => event.name === name && event.atMs >= source.fromMs);
  const owners = recent.reverse().flatMap(({ owner, formerOwner }) => [owner, formerOwner ?? owner]);
  const now = source.locks.flatMap(({ held, waiting }) => [...held, ...waiting].map(({ owner }) => owner));
  return [...new Set([...now, ...owners])];
}

function laneFinder(
  lanes: readonly string[],
  name: string | undefined,
): (lockName: string, owner: string) => number | undefined {
  const numbers = new Map(lanes.map((lane, i) => [lane, i]));
  if (name === undefined) return (lockName) => numbers.get(lockName);
  return (lockName, owner) => (lockName === name ? numbers.get(owner) : undefined);
}
