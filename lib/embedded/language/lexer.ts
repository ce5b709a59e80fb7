import type { Source } from './source.js';
import { token } from './token.js';

/**
 * Reads one word at a time. ThingsDB's grammar has no words of its own: `if` is a keyword or a variable by where it
 * stands. So the parser says what it expects and the lexer says whether it is there.
 */
export class Lexer {
  position = 0;
  /** The furthest place where something was expected and not found: that is where the error is. */
  furthest = 0;
  /** The signs and words that would have been right there, as far as the grammar insists on one. */
  readonly expected = new Set<string>();
  readonly #text: string;
  /** Gaps by where they end. */
  readonly #gapStarts = new Map<number, number>();

  constructor(readonly source: Source) {
    this.#text = source.text;
  }

  /** Skips white space and comments. */
  skip(): void {
    const text = this.#text;
    const code = text.charCodeAt(this.position);
    // Most words follow each other directly or after one blank; the expression is for the rest.
    if (code > 32 && code !== 47) return;
    const { gap } = token;
    gap.lastIndex = this.position;
    gap.test(text);
    if (gap.lastIndex > this.position) {
      this.source.gaps.set(this.position, gap.lastIndex);
      this.#gapStarts.set(gap.lastIndex, this.position);
      this.position = gap.lastIndex;
    }
  }

  /** Matches `pattern` here, or returns `null` and notes that it was expected here. */
  match(pattern: RegExp): string | null {
    this.skip();
    return this.matchHere(pattern);
  }

  /** As {@link match}, without skipping white space. */
  matchHere(pattern: RegExp): string | null {
    pattern.lastIndex = this.position;
    if (!pattern.test(this.#text)) return this.#missed();
    const start = this.position;
    this.position = pattern.lastIndex;
    return this.#text.slice(start, this.position);
  }

  /** Takes exactly `text`; an error says that it was expected here. */
  take(text: string): boolean {
    if (this.takeOptional(text)) return true;
    this.expect(text);
    return false;
  }

  /** As {@link take}, where the grammar does not insist on it. */
  takeOptional(text: string): boolean {
    this.skip();
    if (!this.#text.startsWith(text, this.position)) {
      this.#missed();
      return false;
    }
    this.position += text.length;
    return true;
  }

  /** Takes `word` if the whole word here is that word. */
  takeKeyword(word: string): boolean {
    this.skip();
    const start = this.position;
    if (!this.#text.startsWith(word, start) || this.match(token.name) !== word) {
      this.position = start;
      this.#missed();
      return false;
    }
    return true;
  }

  /** Whether `character` comes next. */
  sees(character: string): boolean {
    this.skip();
    return this.#text.startsWith(character, this.position);
  }

  /** Where the last word ended, without the white space behind it. */
  get end(): number {
    return this.#gapStarts.get(this.position) ?? this.position;
  }

  get atEnd(): boolean {
    this.skip();
    return this.position >= this.#text.length;
  }

  /** Notes that `word` was expected here. */
  expect(word: string): void {
    this.#missed();
    if (this.position === this.furthest) this.expected.add(word);
  }

  #missed(): null {
    if (this.position > this.furthest) {
      this.furthest = this.position;
      this.expected.clear();
    }
    return null;
  }
}
