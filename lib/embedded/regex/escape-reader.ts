import { PatternError, PatternNotSupportedError } from './pattern-error.js';

/** What a backslash and what follows it stand for: one byte, or something that its reader has to know. */
export type Escape = { readonly byte: number } | { readonly letter: string };

const plainBytes: Readonly<Record<string, number>> = { a: 7, e: 27, f: 12, n: 10, r: 13, t: 9 };

/** Reads escapes and keeps the place in the pattern. */
export class PatternText {
  at = 0;

  constructor(readonly text: string) {}

  get atEnd(): boolean {
    return this.at >= this.text.length;
  }

  peek(): string {
    return this.text[this.at] ?? '';
  }

  sees(text: string): boolean {
    return this.text.startsWith(text, this.at);
  }

  take(text: string): boolean {
    if (!this.sees(text)) return false;
    this.at += text.length;
    return true;
  }

  /** What `pattern` (a sticky one) matches here. */
  match(pattern: RegExp): string | null {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0] ?? null;
    if (found !== null) this.at += found.length;
    return found;
  }

  /** After the backslash. `groups`: how many there are in the whole pattern, which decides what `\10` is. */
  escape(isInClass: boolean, groups: number): Escape {
    if (this.atEnd) throw new PatternError('\\ at end of pattern');
    const letter = this.peek();
    if (letter >= '0' && letter <= '9') return this.#number(isInClass, groups);
    this.at += 1;
    const plain = plainBytes[letter];
    if (plain !== undefined) return { byte: plain };
    if (letter === 'x') return { byte: this.#hex() };
    if (letter === 'c') return { byte: this.#control() };
    if (letter === 'o') return { byte: this.#octal() };
    if (isInClass && letter === 'b') return { byte: 8 };
    if (!/[A-Za-z]/.test(letter)) return { byte: letter.charCodeAt(0) };
    return { letter };
  }

  #number(isInClass: boolean, groups: number): Escape {
    const digits = this.match(/\d+/y) as string;
    const number = Number(digits);
    const isReference = !isInClass && digits[0] !== '0' && (number < 10 || number <= groups);
    if (isReference) return { letter: digits };
    this.at -= digits.length;
    const octal = this.match(/[0-7]{1,3}/y);
    if (octal === null) {
      this.at += 1;
      return { byte: digits.charCodeAt(0) };
    }
    return { byte: requireByte(parseInt(octal, 8)) };
  }

  #hex(): number {
    if (!this.take('{')) return parseInt(this.match(/[0-9a-fA-F]{1,2}/y) ?? '0', 16);
    const digits = this.match(/[0-9a-fA-F]+/y);
    if (digits === null || !this.take('}')) {
      throw new PatternError('non-hex character in \\x{} (closing brace missing?)');
    }
    return requireByte(parseInt(digits, 16));
  }

  #octal(): number {
    if (!this.take('{')) throw new PatternError('missing opening brace after \\o');
    const digits = this.match(/[0-7]+/y);
    if (digits === null || !this.take('}')) {
      throw new PatternError('non-octal character in \\o{} (closing brace missing?)');
    }
    return requireByte(parseInt(digits, 8));
  }

  #control(): number {
    if (this.atEnd) throw new PatternError('\\c at end of pattern');
    const code = this.peek().toUpperCase().charCodeAt(0);
    this.at += 1;
    if (code < 32 || code > 126)
      throw new PatternError('\\c must be followed by a printable ASCII character');
    return code ^ 64;
  }
}

function requireByte(code: number): number {
  if (code > 0xff) throw new PatternError('character code point value in \\x{} or \\o{} is too large');
  return code;
}

export function notSupportedPattern(what: string): Error {
  return new PatternNotSupportedError(`${what} in a regular expression`);
}
