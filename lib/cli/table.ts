import type { Palette } from './palette.js';
import { printable } from './printable.js';

/** Rows under a heading, in columns as wide as their widest cell; the last one ends where its text does. */
export function table(
  palette: Palette,
  heading: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const shown = rows.map((row) => row.map(printable));
  const widths = heading.map((title, column) =>
    Math.max(width(title), ...shown.map((row) => width(row[column] ?? ''))),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - width(cell)))
      .join('  ')
      .trimEnd();
  return [palette.bold(line(heading)), ...shown.map(line)].join('\n');
}

/** In characters as people count them. Wide ones count as one, so a table of them is a little ragged. */
function width(text: string): number {
  return [...text].length;
}
