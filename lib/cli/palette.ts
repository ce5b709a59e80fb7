import type { WriteStream } from 'node:tty';

/** Marks a text, or leaves it as it is where nobody would see the mark. */
export type Paint = (text: string) => string;

/** How texts stand out at a terminal. */
export interface Palette {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly green: Paint;
  readonly yellow: Paint;
  readonly red: Paint;
}

const mark =
  (begin: number, end: number): Paint =>
  (text) =>
    `\u001b[${begin}m${text}\u001b[${end}m`;

const COLOURS: Palette = {
  bold: mark(1, 22),
  dim: mark(2, 22),
  green: mark(32, 39),
  yellow: mark(33, 39),
  red: mark(31, 39),
};

const plain: Paint = (text) => text;
const NONE: Palette = { bold: plain, dim: plain, green: plain, yellow: plain, red: plain };

/** Colours for a terminal that shows them, unless `NO_COLOR` asks for none. */
export function paletteFor(stream: Pick<WriteStream, 'isTTY'>, env: NodeJS.ProcessEnv): Palette {
  const isWanted = (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
  return stream.isTTY && isWanted ? COLOURS : NONE;
}
