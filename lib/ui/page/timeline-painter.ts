import type uPlot from 'uplot';
import type { GapView } from '../messages.js';
import type { Span } from './lanes.js';
import type { Palette } from './palette.js';
import { clockText } from './time-text.js';
import { visibleText } from './visible-text.js';

/** What a timeline shows at a moment. */
export interface Picture {
  readonly spans: readonly Span[];
  readonly lanes: readonly string[];
  readonly gaps: readonly GapView[];
  readonly palette: Palette;
  readonly fromMs: number;
  readonly nowMs: number;
}

const LANE_NAME_PX = 150;
const LEAST_LABEL_PX = 40;
/** Lanes that there is room for. */
export const MOST_LANES = 10;

const pictures = new WeakMap<uPlot, Picture>();

/** Shows another moment. */
export function showPicture(chart: uPlot, picture: Picture): void {
  pictures.set(chart, picture);
  const [min, max] = [picture.fromMs / 1_000, picture.nowMs / 1_000];
  chart.batch(() => {
    chart.setData(
      [
        [min, max],
        [null, null],
      ],
      false,
    );
    chart.setScale('x', { min, max });
  });
}

/** The axes, between which the bars of a {@link Picture} are drawn. */
export function timelineOptions({ faint, line }: Palette): Omit<uPlot.Options, 'width' | 'height'> {
  const axis = { stroke: faint, ticks: { show: false }, font: '12px system-ui' };
  return {
    padding: [0, 32, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: false }, y: { dir: -1, range: [-0.5, MOST_LANES - 0.5] } },
    axes: [
      {
        ...axis,
        grid: { stroke: line, width: 1 },
        size: 26,
        incrs: [10, 15, 30],
        values: (_, splits) => splits.map((seconds) => clockText(seconds * 1_000)),
      },
      {
        ...axis,
        grid: { show: false },
        size: LANE_NAME_PX,
        splits: () => Array.from({ length: MOST_LANES }, (_, i) => i),
        values: (chart, splits) => splits.map((lane) => laneName(chart, lane)),
      },
    ],
    series: [{}, { points: { show: false } }],
    hooks: { draw: [paint] },
  };
}

function paint(chart: uPlot): void {
  const picture = pictures.get(chart);
  if (picture !== undefined) new Painter(chart, picture).paint();
}

/** Draws bars into a chart, which has the axes. */
class Painter {
  readonly #chart: uPlot;
  readonly #picture: Picture;

  constructor(chart: uPlot, picture: Picture) {
    this.#chart = chart;
    this.#picture = picture;
  }

  paint(): void {
    const { ctx, bbox } = this.#chart;
    const { gaps, spans, palette } = this.#picture;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.fillStyle = palette.gap;
    for (const { fromMs, toMs } of gaps) {
      const [from, to] = [this.#x(fromMs), this.#x(toMs)];
      if (to > from) ctx.fillRect(from, bbox.top, Math.max(1, to - from), bbox.height);
    }
    for (const span of spans) this.#paintBar(span);
    ctx.restore();
  }

  #paintBar({ lane, fromMs, toMs, owner, kind, isLoss, isOpen }: Span): void {
    const { ctx } = this.#chart;
    const { palette } = this.#picture;
    const pixel = devicePixelRatio;
    const [from, to] = [this.#x(fromMs), this.#x(toMs)];
    const middle = this.#chart.valToPos(lane, 'y', true);
    const height = (kind === 'held' ? 18 : 4) * pixel;
    const width = Math.max(pixel, to - from - (isOpen ? 0 : pixel));
    ctx.globalAlpha = kind === 'held' ? 1 : 0.55;
    ctx.fillStyle = palette.owner(owner);
    ctx.fillRect(from, middle - height / 2, width, height);
    ctx.globalAlpha = 1;
    if (isLoss) {
      ctx.fillStyle = palette.loss;
      ctx.fillRect(to - 3 * pixel, middle - height / 2, 3 * pixel, height);
    }
    if (kind === 'held' && width > LEAST_LABEL_PX * pixel) this.#label(owner, from, middle, width);
  }

  #label(owner: string, from: number, middle: number, width: number): void {
    const { ctx, bbox } = this.#chart;
    const pixel = devicePixelRatio;
    const left = Math.max(from, bbox.left);
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, middle - 9 * pixel, width - (left - from) - 4 * pixel, 18 * pixel);
    ctx.clip();
    ctx.fillStyle = this.#picture.palette.inBar;
    ctx.font = `${11 * pixel}px system-ui`;
    ctx.textAlign = 'left';
    ctx.textBaseline = 'middle';
    ctx.fillText(visibleText(owner), left + 5 * pixel, middle);
    ctx.restore();
  }

  #x(ms: number): number {
    return this.#chart.valToPos(ms / 1_000, 'x', true);
  }
}

/** As long as there is room for. */
function laneName(chart: uPlot, lane: number): string {
  const name = Array.from(pictures.get(chart)?.lanes[lane] ?? '');
  const most = 22;
  return name.length <= most ? name.join('') : `${name.slice(0, most - 1).join('')}…`;
}
