import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { Palette } from './palette.js';

/** How often a chart is drawn anew, in milliseconds. */
const DRAW_EVERY_MS = 250;
const DRAW_CALMLY_EVERY_MS = 1_000;

export interface ChartProps {
  /** What it shows, for who does not see it. */
  readonly label: string;
  readonly height: number;
  /** Made anew when the colours or the key change. */
  readonly options: (palette: Palette) => Omit<uPlot.Options, 'width' | 'height'>;
  readonly draw: (chart: uPlot, palette: Palette) => void;
}

const isDark = matchMedia('(prefers-color-scheme: dark)');
const isCalm = matchMedia('(prefers-reduced-motion: reduce)');

/** A chart as wide as its place, which is drawn again and again as long as it is seen. */
export function Chart({ label, height, options, draw }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const latest = useRef({ draw });
  latest.current = { draw };
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    return runningChart(element, height, options, (chart, palette) => latest.current.draw(chart, palette));
  }, [height, options]);
  return <div class="chart" role="img" aria-label={label} ref={place} style={{ height: `${height}px` }} />;
}

/** Returns how to end it. */
function runningChart(
  element: HTMLElement,
  height: number,
  options: ChartProps['options'],
  draw: ChartProps['draw'],
): () => void {
  let palette = new Palette();
  const made = (): uPlot =>
    new uPlot({ ...options(palette), width: Math.max(1, element.clientWidth), height }, [[], []], element);
  let chart = made();
  const show = (): void => {
    if (document.visibilityState === 'visible') draw(chart, palette);
  };
  const repaint = (): void => {
    palette = new Palette();
    chart.destroy();
    chart = made();
    show();
  };
  const observer = new ResizeObserver(() => {
    chart.setSize({ width: Math.max(1, element.clientWidth), height });
    show();
  });
  observer.observe(element);
  isDark.addEventListener('change', repaint);
  const timer = setInterval(show, isCalm.matches ? DRAW_CALMLY_EVERY_MS : DRAW_EVERY_MS);
  show();
  return () => {
    clearInterval(timer);
    isDark.removeEventListener('change', repaint);
    observer.disconnect();
    chart.destroy();
  };
}
