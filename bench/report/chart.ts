import type { SystemResult, WorkloadResult } from '../result.js';
import { loadPeer } from '../unavailable.js';
import type { Figure } from '../workloads/workload.js';
import { shown } from './table.js';

/** What is used of Observable Plot: marks are opaque. */
interface Plot {
  plot(options: object): { outerHTML: string; setAttribute(name: string, value: string): void };
  barX(data: readonly Bar[], options: object): unknown;
  ruleY(data: readonly Bar[], options: object): unknown;
  text(data: readonly Bar[], options: object): unknown;
  ruleX(data: readonly number[]): unknown;
}

interface Linkedom {
  parseHTML(html: string): { document: unknown };
}

interface Bar {
  readonly system: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly label: string;
  readonly fill: string;
}

const OURS = '#3268a8';
const OTHERS = '#b9c2cc';

/** One bar a system, in the order of the table, with the spread of the rounds as a line. SVG. */
export async function barChart(
  { title, systems }: Pick<WorkloadResult, 'title' | 'systems'>,
  figure: Figure,
): Promise<string> {
  const plot = await loadPeer<Plot>('@observablehq/plot');
  const linkedom = await loadPeer<Linkedom>('linkedom');
  const bars = systems.flatMap((system) => barOf(system, figure));
  const svg = plot.plot({
    document: linkedom.parseHTML('<html></html>').document,
    width: 760,
    marginLeft: 210,
    marginRight: 70,
    marginTop: 40,
    style: { background: 'white', color: '#222', fontSize: '12px' },
    x: {
      label: `${title}: ${figure.title} (${direction(figure)})`,
      labelAnchor: 'left',
      axis: 'top',
      grid: true,
    },
    y: { label: null, domain: bars.map(({ system }) => system) },
    marks: [
      plot.barX(bars, { x: 'median', y: 'system', fill: 'fill', insetTop: 3, insetBottom: 3 }),
      plot.ruleY(bars, { x1: 'min', x2: 'max', y: 'system', stroke: '#222' }),
      plot.text(bars, { x: 'max', y: 'system', text: 'label', textAnchor: 'start', dx: 6 }),
      plot.ruleX([0]),
    ],
  });
  svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  return `${svg.outerHTML}\n`;
}

function barOf({ title, isOurs, summaries }: SystemResult, { key, digits = 0 }: Figure): Bar[] {
  const summary = summaries[key];
  if (summary === undefined) return [];
  const { median, min, max } = summary;
  const label = shown(median, digits);
  return [{ system: title, median, min, max, label, fill: isOurs ? OURS : OTHERS }];
}

function direction({ better }: Figure): string {
  return better === 'more' ? 'more is better' : 'less is better';
}
