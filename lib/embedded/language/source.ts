/**
 * The text of a program.
 *
 * ThingsDB counts in bytes: lengths, slices, positions. Text inside the engine is therefore a *byte string*. That is a
 * JavaScript string in which every character is one byte of the UTF-8 text.
 */
export class Source {
  /** Where the parser skipped white space or comments: start to end. Needed to print a closure as ThingsDB does. */
  readonly gaps = new Map<number, number>();
  /** Positions of the words `else`, `in` and `return` where they are keywords. */
  readonly keywords = new Map<number, string>();

  constructor(readonly text: string) {}

  /** Line (from 1) and position (bytes from the start of that line) of an offset. */
  locate(offset: number): { line: number; position: number } {
    let line = 1;
    let lineStart = 0;
    for (let at = this.text.indexOf('\n'); at >= 0 && at < offset; at = this.text.indexOf('\n', at + 1)) {
      line += 1;
      lineStart = at + 1;
    }
    return { line, position: offset - lineStart };
  }
}
