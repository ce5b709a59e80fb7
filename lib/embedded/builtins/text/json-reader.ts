import { spendSteps } from '../../model/budget.js';
import { operationError, valueError } from '../../model/errors.js';
import { fromByteString } from '../../model/text.js';
import type { Wire } from '../../msgpack/wire.js';

/** Arrays and objects inside each other: reading them is recursive. */
const MAX_DEPTH = 127;

/** The text ends before the value does. */
const cut = Symbol('cut');

const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

/**
 * Reads JSON as a node does. Its parser is fed the text and never told that there is no more. Whatever is complete by
 * then counts; a number at the very end does not.
 *
 * @throws {ThingsError} -60, in the words of that parser
 */
export function readJson(bytes: string): Wire {
  return new JsonReader(fromByteString(bytes)).read();
}

class JsonReader {
  readonly #text: string;
  #at = 0;
  #depth = 0;
  #isCut = false;

  constructor(text: string) {
    this.#text = text;
  }

  read(): Wire {
    this.#skip();
    if (this.#atEnd) return null;
    const value = this.#value();
    if (value === cut) return null;
    this.#skip();
    if (!this.#isCut && !this.#atEnd && !this.#isIncompleteToken()) throw parseError('trailing garbage');
    return value;
  }

  get #atEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  #skip(): void {
    this.#match(/[ \t\n\v\f\r]*/y);
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? null;
    if (found !== null) this.#at += found.length;
    return found;
  }

  #take(letter: string): boolean {
    this.#skip();
    if (this.#text[this.#at] !== letter) return false;
    this.#at += 1;
    return true;
  }

  /** Whether nothing but a token without its end is left. */
  #isIncompleteToken(): boolean {
    try {
      return /^[-0-9"tfn]/.test(this.#text[this.#at] as string) && this.#value() === cut;
    } catch {
      return false;
    }
  }

  #value(): Wire | typeof cut {
    spendSteps(1);
    this.#skip();
    if (this.#atEnd) return cut;
    const letter = this.#text[this.#at] as string;
    if (letter === '[') return this.#inside(() => this.#array());
    if (letter === '{') return this.#inside(() => this.#object());
    if (letter === '"') return this.#string();
    if (/[-0-9]/.test(letter)) return this.#number();
    if (/[tfn]/.test(letter)) return this.#word();
    if (/[\]},:]/.test(letter)) throw parseError('unallowed token at this point in JSON text');
    if (letter === '/') {
      throw lexicalError('probable comment found in input text, comments are not enabled');
    }
    throw lexicalError('invalid char in json text');
  }

  #inside(read: () => Wire): Wire {
    this.#at += 1;
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw operationError('JSON max depth exceeded');
    const value = read();
    this.#depth -= 1;
    return value;
  }

  /** What is no token at all is a fault of another kind than a token that is no key. */
  #refuseKey(): never {
    if (!/[[{\]},:]/.test(this.#text[this.#at] as string)) this.#value();
    throw parseError('invalid object key (must be a string)');
  }

  #array(): Wire {
    const items: Wire[] = [];
    if (this.#take(']')) return items;
    for (;;) {
      const item = this.#value();
      if (item === cut) return this.#cutOff(items);
      items.push(item);
      if (this.#isCut || this.#take(']')) return items;
      if (this.#take(',')) continue;
      if (this.#atEnd) return this.#cutOff(items);
      throw parseError("after array element, I expect ',' or ']'");
    }
  }

  #object(): Wire {
    const entries = Object.create(null) as Record<string, Wire>;
    if (this.#take('}')) return entries;
    for (;;) {
      this.#skip();
      if (this.#atEnd) return this.#cutOff(entries);
      if (this.#text[this.#at] !== '"') this.#refuseKey();
      const key = this.#string();
      if (key === cut) return this.#cutOff(entries);
      if (!this.#take(':')) {
        if (this.#atEnd) return this.#cutOff(entries);
        throw parseError("object key and value must be separated by a colon (':')");
      }
      const value = this.#value();
      if (value === cut) return this.#cutOff(entries);
      entries[key] = value;
      if (this.#isCut || this.#take('}')) return entries;
      if (this.#take(',')) continue;
      if (this.#atEnd) return this.#cutOff(entries);
      throw parseError("after key and value, inside map, I expect ',' or '}'");
    }
  }

  #cutOff<T extends Wire>(value: T): T {
    this.#isCut = true;
    return value;
  }

  #string(): string | typeof cut {
    this.#at += 1;
    let text = '';
    for (;;) {
      // eslint-disable-next-line no-control-regex
      text += this.#match(/[^"\\\x00-\x1f]*/y) ?? '';
      spendSteps(1);
      if (this.#atEnd) return cut;
      const letter = this.#text[this.#at] as string;
      this.#at += 1;
      if (letter === '"')
        return text.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '?');
      if (letter !== '\\') throw lexicalError('invalid character inside string');
      const escaped = this.#escape();
      if (escaped === cut) return cut;
      text += escaped;
    }
  }

  #escape(): string | typeof cut {
    if (this.#atEnd) return cut;
    const letter = this.#text[this.#at] as string;
    this.#at += 1;
    if (letter === 'u') {
      const digits = this.#match(/[0-9a-fA-F]{0,4}/y) as string;
      if (digits.length === 4) return String.fromCharCode(parseInt(digits, 16));
      if (this.#atEnd) return cut;
      throw lexicalError("invalid (non-hex) character occurs after '\\u' inside string");
    }
    const escaped = escapes[letter];
    if (escaped !== undefined) return escaped;
    throw lexicalError("inside a string, '\\' occurs before a character which it may not");
  }

  #number(): Wire | typeof cut {
    const start = this.#at;
    this.#match(/-/y);
    this.#digits('minus sign', /0|[1-9][0-9]*/y);
    let isFloat = false;
    if (this.#match(/\./y) !== null) {
      isFloat = true;
      this.#digits('decimal point', /[0-9]+/y);
    }
    if (this.#match(/[eE][-+]?/y) !== null) {
      isFloat = true;
      this.#digits('exponent', /[0-9]+/y);
    }
    // It could go on.
    if (this.#atEnd) return cut;
    const digits = this.#text.slice(start, this.#at);
    return isFloat ? readFloat(digits) : readInt(digits);
  }

  #digits(behind: string, pattern: RegExp): void {
    if (this.#match(pattern) !== null || this.#atEnd) return;
    throw lexicalError(`malformed number, a digit is required after the ${behind}`);
  }

  #word(): Wire | typeof cut {
    for (const [word, value] of words) {
      let length = 0;
      while (length < word.length && this.#text[this.#at + length] === word[length]) length += 1;
      if (length === 0) continue;
      this.#at += length;
      if (length === word.length) return value;
      if (this.#atEnd) return cut;
      throw lexicalError('invalid string in json text');
    }
    return cut;
  }
}

const words: readonly (readonly [word: string, value: boolean | null])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
];

const MAX_DIGITS = 20;

function readInt(digits: string): bigint {
  const value = digits.length > MAX_DIGITS ? null : BigInt(digits);
  if (value === null || BigInt.asIntN(64, value) !== value) throw parseError('integer overflow');
  return value;
}

function readFloat(digits: string): number {
  const value = Number(digits);
  if (Number.isFinite(value)) return value;
  throw parseError('numeric (floating point) overflow');
}

const parseError = (reason: string): Error => valueError(`parse error: ${reason}\n`);
const lexicalError = (reason: string): Error => valueError(`lexical error: ${reason}.\n`);
