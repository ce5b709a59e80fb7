import { useCallback } from 'preact/hooks';
import uPlot from 'uplot';
import { Chart } from './chart.js';
import type { Palette } from './palette.js';
import { waitText } from './time-text.js';
import { BIN_NAMES, DECADES, waitFigures, type WaitFigures } from './wait-bins.js';
import type { ViewState } from './view-state.js';

const HEIGHT_PX = 150;
/** Of the last so many grants. */
const MOST_WAITS = 2_000;

const bars = uPlot.paths.bars?.({ size: [0.8, 60] });
const BARS = bars === undefined ? {} : { paths: bars };

interface WaitChartProps {
  readonly view: ViewState;
  /** Of one lock, or of all. */
  readonly name?: string | undefined;
}

/** How long those had waited who got a lock lately. */
export function WaitChart({ view, name }: WaitChartProps) {
  const figures = figuresOf(view, name);
  const draw = useCallback(
    (chart: uPlot) => chart.setData([BIN_NAMES.map((_, i) => i), [...figuresOf(view, name).counts]]),
    [view, name],
  );
  return (
    <section class="card" aria-labelledby="waits-title">
      <h2 id="waits-title">Wait times</h2>
      <Chart label={labelOf(figures)} height={HEIGHT_PX} options={optionsOf} draw={draw} />
      <p class="faint">{textOf(figures)}</p>
    </section>
  );
}

function figuresOf(view: ViewState, name: string | undefined): WaitFigures {
  const waits: number[] = [];
  for (let i = view.events.length - 1; i >= 0 && waits.length < MOST_WAITS; i--) {
    const event = view.events[i];
    if (event?.waitedMs !== undefined && (name === undefined || event.name === name))
      waits.push(event.waitedMs);
  }
  return waitFigures(waits);
}

function textOf({ total, medianMs, p99Ms }: WaitFigures): string {
  if (medianMs === undefined || p99Ms === undefined) return 'Nobody has got a lock since this page looks.';
  return `${total} grants: half within ${waitText(medianMs)}, 99 of 100 within ${waitText(p99Ms)}.`;
}

function labelOf(figures: WaitFigures): string {
  const bins = figures.counts.flatMap((count, i) => (count === 0 ? [] : `${BIN_NAMES[i]}: ${count}`));
  return `Distribution of wait times. ${bins.join(', ')}`;
}

function optionsOf({ faint, line, accent }: Palette): Omit<uPlot.Options, 'width' | 'height'> {
  const axis = {
    stroke: faint,
    grid: { stroke: line, width: 1 },
    ticks: { show: false },
    font: '11px system-ui',
  };
  return {
    padding: [8, 24, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: false, range: [-0.6, BIN_NAMES.length - 0.4] },
      y: { range: (_, __, most) => [0, Math.max(4, most * 1.1)] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 26,
        splits: DECADES.map(({ at }) => at),
        values: () => DECADES.map(({ text }) => text),
      },
      {
        ...axis,
        size: 44,
        values: (_, splits) => splits.map((count) => (Number.isInteger(count) ? `${count}` : '')),
      },
    ],
    series: [{}, { stroke: accent, fill: accent, width: 0, points: { show: false }, ...BARS }],
  };
}
