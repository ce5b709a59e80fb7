import type { WriteStream } from 'node:tty';
import { paletteFor, type Palette } from './palette.js';
import { printable } from './printable.js';

/** One line of what `--json` gives: `type` says which fields it has. See docs/CLI.md. */
export type JsonRecord = { readonly type: string } & Readonly<Record<string, unknown>>;

export interface OutputOptions {
  readonly json?: boolean | undefined;
  readonly verbose?: boolean | undefined;
}

type Stream = Pick<WriteStream, 'write' | 'isTTY' | 'columns'>;

export interface Streams {
  readonly out: Stream;
  readonly err: Stream;
}

/** To the beginning of the line, and all of it away. */
const CLEAR_LINE = '\r\u001b[K';
const WIDTH_WHEN_UNKNOWN = 80;

/**
 * What a command writes: its results on the standard output, everything else on the standard error. With `--json` both
 * are one JSON object a line, else text for people, in colours at a terminal.
 */
export class Output {
  readonly isJson: boolean;
  readonly isVerbose: boolean;
  /** For texts on the standard output. */
  readonly palette: Palette;
  readonly #streams: Streams;
  readonly #errPalette: Palette;
  #hasStatusLine = false;

  constructor(options: OutputOptions, env: NodeJS.ProcessEnv, streams?: Streams) {
    this.isJson = options.json === true;
    this.isVerbose = options.verbose === true;
    this.#streams = streams ?? { out: process.stdout, err: process.stderr };
    this.palette = paletteFor(this.#streams.out, env);
    this.#errPalette = paletteFor(this.#streams.err, env);
  }

  /** Whether somebody sees what is written to the standard error, and can be shown a line that changes. */
  get isWatched(): boolean {
    return this.#streams.err.isTTY && !this.isJson;
  }

  /** What was asked for. */
  result(record: JsonRecord, text: string): void {
    this.results([record], text);
  }

  /** The same, of several records; the text is of them all. */
  results(records: readonly JsonRecord[], text: string): void {
    const lines = this.isJson ? records.map((record) => JSON.stringify(record)) : [text];
    for (const line of lines) this.#streams.out.write(`${line}\n`);
  }

  /** What went wrong, or should be known, whether it was asked for or not. */
  problem(record: JsonRecord, message: string): void {
    this.#say(record, this.#errPalette.red('thingsdb-lock:'), message);
  }

  warning(message: string): void {
    this.#say({ type: 'warning', message }, this.#errPalette.yellow('thingsdb-lock:'), message);
  }

  /** What only `--verbose` tells. */
  detail(record: JsonRecord, message: string): void {
    if (this.isVerbose) this.#say(record, this.#errPalette.dim('thingsdb-lock:'), message);
  }

  /** What somebody who looks at a terminal may not know. */
  hint(message: string): void {
    if (this.isWatched) this.#write(`${this.#errPalette.dim('thingsdb-lock:')} ${message}`);
  }

  /** A line at the terminal that the next one replaces, and {@link endStatus} takes away; nothing elsewhere. */
  status(text: string): void {
    if (!this.isWatched) return;
    const width = this.#streams.err.columns || WIDTH_WHEN_UNKNOWN;
    const line = printable(text).slice(0, width - 1);
    this.#streams.err.write(`${CLEAR_LINE}${this.#errPalette.dim(line)}`);
    this.#hasStatusLine = true;
  }

  endStatus(): void {
    if (!this.#hasStatusLine) return;
    this.#hasStatusLine = false;
    this.#streams.err.write(CLEAR_LINE);
  }

  #say(record: JsonRecord, who: string, message: string): void {
    this.#write(this.isJson ? JSON.stringify(record) : `${who} ${message}`);
  }

  #write(line: string): void {
    this.endStatus();
    this.#streams.err.write(`${line}\n`);
  }
}
