import type { SystemResult, WorkloadResult } from '../result.js';
import type { Figure } from '../workloads/workload.js';

/** The figures of a workload as lines of cells: one of titles, one a system. Medians, and how far the rounds spread. */
export function cells({ figures, systems }: WorkloadResult): string[][] {
  const used = figures.filter(({ key }) => systems.some(({ summaries }) => key in summaries));
  const head = ['', ...used.map(({ title }) => title)];
  return [head, ...systems.map((system) => [system.title, ...row(system, used)])];
}

function row({ unavailable, summaries }: SystemResult, figures: readonly Figure[]): string[] {
  const isEmpty = Object.keys(summaries).length === 0;
  if (isEmpty) return [`not measured: ${unavailable ?? 'no round was run'}`];
  return figures.map((figure) => cell(summaries[figure.key], figure));
}

function cell(summary: SystemResult['summaries'][string] | undefined, { digits = 0 }: Figure): string {
  if (summary === undefined) return '-';
  const [median, min, max] = [summary.median, summary.min, summary.max].map((n) => shown(n, digits));
  return min === max ? `${median}` : `${median} (${min}-${max})`;
}

export function shown(value: number, digits: number): string {
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** For a terminal: columns as wide as their widest cell. */
export function textTable(lines: readonly string[][]): string {
  const full = lines.filter((line) => line.length === lines[0]?.length);
  const widths =
    lines[0]?.map((_, column) => Math.max(...full.map((line) => line[column]?.length ?? 0))) ?? [];
  const wide = Math.max(widths[0] ?? 0, ...lines.map(([first = '']) => first.length));
  return lines
    .map(([first = '', ...rest]) => {
      const isFull = rest.length === widths.length - 1;
      const columns = rest.map((text, index) => (isFull ? text.padStart(widths[index + 1] ?? 0) : text));
      return [first.padEnd(wide), ...columns].join('  ').trimEnd();
    })
    .join('\n');
}

/** For documents: numbers to the right, unless the rule under the head says otherwise. */
export function markdownTable(lines: readonly string[][], rule?: readonly string[]): string {
  const [head = [], ...rows] = lines;
  const line = (row: readonly string[]): string => `| ${row.join(' | ')} |`;
  const usual = head.map((_, index) => (index === 0 ? '---' : '---:'));
  return [line(head), line(rule ?? usual), ...rows.map((row) => line(padded(row, head.length)))].join('\n');
}

function padded(row: readonly string[], length: number): string[] {
  return [...row, ...Array.from({ length: Math.max(0, length - row.length) }, () => '')];
}
