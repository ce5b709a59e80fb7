import { anyButNewline, anyByte, byteSet, escapedSets } from './byte-sets.js';
import { readClass } from './class-reader.js';
import { notSupportedPattern, PatternText } from './escape-reader.js';
import { PatternError } from './pattern-error.js';
import type { AssertionKind, ByteSet, PatternNode } from './pattern-node.js';

/** Groups inside each other: PCRE2's own limit. */
const MAX_NESTING = 250;
const MAX_COUNT = 65535;
/** PCRE2 takes no more than it can compile into 64 KiB. */
const MAX_LENGTH = 16_384;
const MAX_NAME_LENGTH = 32;

export interface Flags {
  readonly ignoresCase: boolean;
  readonly isMultiline: boolean;
  readonly dotIsAll: boolean;
  readonly isExtended: boolean;
}

export interface Pattern {
  readonly root: PatternNode;
  readonly groupCount: number;
  readonly names: ReadonlyMap<string, number>;
}

/** Reads a pattern as PCRE2 does. Throws {@link PatternError}, or -63 for the rare things that are not done here. */
export function parsePattern(text: string, flags: Flags): Pattern {
  return new PatternParser(text, flags).read();
}

const flagNames: Readonly<Record<string, keyof Flags>> = {
  i: 'ignoresCase',
  m: 'isMultiline',
  s: 'dotIsAll',
  x: 'isExtended',
};

const assertions: Readonly<Record<string, AssertionKind>> = {
  A: 'start',
  z: 'end',
  Z: 'end-or-newline',
  b: 'word-boundary',
  B: 'no-word-boundary',
  G: 'search-start',
};

const set = (bytes: Uint8Array): PatternNode => ({ type: 'set', set: bytes });

class PatternParser {
  readonly #text: PatternText;
  readonly #names = new Map<string, number>();
  /** The numbers of the groups in the whole pattern, known before it is read: `\12` depends on it. */
  readonly #allGroups: number;
  #flags: Flags;
  #groups = 0;
  #nesting = 0;
  #highestReference = 0;
  readonly #namedReferences: string[] = [];

  constructor(text: string, flags: Flags) {
    if (text.length > MAX_LENGTH) throw new PatternError('regular expression is too large');
    this.#text = new PatternText(text);
    this.#flags = flags;
    this.#allGroups =
      text.replace(/\\.|\[\^?\]?(?:\\.|[^\]\\])*\]/gs, '').match(/\((?!\?(?!P?<[A-Za-z_]|'))/g)?.length ?? 0;
  }

  read(): Pattern {
    const root = this.#choice();
    if (!this.#text.atEnd) throw new PatternError('unmatched closing parenthesis');
    const isMissing = this.#namedReferences.some((name) => !this.#names.has(name));
    if (isMissing || this.#highestReference > this.#groups) {
      throw new PatternError('reference to non-existent subpattern');
    }
    return { root, groupCount: this.#groups, names: this.#names };
  }

  /** Flags set inside a group end with it. */
  #choice(): PatternNode {
    if (++this.#nesting > MAX_NESTING) throw new PatternError('parentheses are too deeply nested');
    const flags = this.#flags;
    const options = [this.#sequence()];
    while (this.#text.take('|')) options.push(this.#sequence());
    this.#flags = flags;
    this.#nesting -= 1;
    return options.length === 1 ? (options[0] as PatternNode) : { type: 'choice', options };
  }

  #sequence(): PatternNode {
    const items: PatternNode[] = [];
    for (;;) {
      if (this.#flags.isExtended) this.#text.match(/(?:[\s]|#[^\n]*(?:\n|$))+/y);
      if (this.#text.atEnd || this.#text.sees('|') || this.#text.sees(')')) break;
      if (this.#text.match(/\\Q/y) !== null) {
        this.#quoted(items);
        continue;
      }
      if (this.#text.take('\\E')) continue;
      const item = this.#item();
      if (item) items.push(this.#repeats(item));
    }
    return items.length === 1 ? (items[0] as PatternNode) : { type: 'sequence', items };
  }

  /** `\Q...\E` */
  #quoted(items: PatternNode[]): void {
    const { text } = this.#text;
    const end = text.indexOf('\\E', this.#text.at);
    const quoted = text.slice(this.#text.at, end < 0 ? undefined : end);
    this.#text.at = end < 0 ? text.length : end + 2;
    const nodes = [...quoted].map((letter) => set(byteSet(letter.charCodeAt(0), this.#flags.ignoresCase)));
    const last = nodes.pop();
    items.push(...nodes);
    if (last) items.push(this.#repeats(last));
  }

  #repeats(item: PatternNode): PatternNode {
    const text = this.#text;
    let node = item;
    for (let isFirst = true; ; isFirst = false) {
      if (this.#flags.isExtended) text.match(/\s+/y);
      const range = this.#quantifier();
      if (!range) return node;
      if (!isFirst) throw new PatternError('quantifier does not follow a repeatable item');
      const [min, max] = range;
      const isLazy = text.take('?');
      const isPossessive = !isLazy && text.take('+');
      node = { type: 'repeat', body: node, min, max, isLazy };
      if (isPossessive) node = { type: 'atomic', body: node };
    }
  }

  #quantifier(): readonly [number, number] | null {
    const text = this.#text;
    if (text.take('*')) return [0, Infinity];
    if (text.take('+')) return [1, Infinity];
    if (text.take('?')) return [0, 1];
    const braces = text.match(/\{\d+(?:,\d*)?\}/y);
    if (braces === null) return null;
    const [low = '', high] = braces.slice(1, -1).split(',');
    const min = Number(low);
    const max = high === undefined ? min : high === '' ? Infinity : Number(high);
    if (min > MAX_COUNT || (max !== Infinity && max > MAX_COUNT)) {
      throw new PatternError('number too big in {} quantifier');
    }
    if (max < min) throw new PatternError('numbers out of order in {} quantifier');
    return [min, max];
  }

  #item(): PatternNode | null {
    const text = this.#text;
    const letter = text.peek();
    if (/[*+?]/.test(letter) || text.match(/(?=\{\d+(?:,\d*)?\})/y) !== null) {
      throw new PatternError('quantifier does not follow a repeatable item');
    }
    text.at += 1;
    switch (letter) {
      case '.':
        return set(this.#flags.dotIsAll ? anyByte : anyButNewline);
      case '^':
        return { type: 'assertion', kind: this.#flags.isMultiline ? 'line-start' : 'start' };
      case '$':
        return { type: 'assertion', kind: this.#flags.isMultiline ? 'line-end' : 'end-or-newline' };
      case '[':
        if (text.match(/(?=:[a-z^]*:\])/y) !== null) {
          throw new PatternError('POSIX named classes are supported only within a class');
        }
        return set(readClass(text, this.#flags.ignoresCase));
      case '(':
        return this.#group();
      case '\\':
        return this.#escape();
      default:
        return set(byteSet(letter.charCodeAt(0), this.#flags.ignoresCase));
    }
  }

  #escape(): PatternNode {
    const escape = this.#text.escape(false, this.#allGroups);
    const { ignoresCase } = this.#flags;
    if ('byte' in escape) return set(byteSet(escape.byte, ignoresCase));
    const { letter } = escape;
    if (/^\d/.test(letter)) return this.#reference(Number(letter));
    const bytes = escapedSets[letter];
    if (bytes) return set(bytes);
    const kind = assertions[letter];
    if (kind) return { type: 'assertion', kind };
    if (letter === 'K') return { type: 'keep' };
    if (letter === 'R') return newlineSequence;
    if (letter === 'k') return this.#namedReference(/\{(\w+)\}|<(\w+)>|'(\w+)'/y);
    if (letter === 'g') return this.#groupReference();
    if ('CpPX'.includes(letter)) throw notSupportedPattern(`\\${letter}`);
    throw new PatternError('unrecognized character follows \\');
  }

  #reference(group: number): PatternNode {
    this.#highestReference = Math.max(this.#highestReference, group);
    return { type: 'backreference', group, ignoresCase: this.#flags.ignoresCase };
  }

  #namedReference(pattern: RegExp): PatternNode {
    const name = this.#text.match(pattern)?.replace(/\W/g, '');
    if (name === undefined) {
      throw new PatternError('\\k is not followed by a braced, angle-bracketed, or quoted name');
    }
    this.#namedReferences.push(name);
    return { type: 'backreference', group: name, ignoresCase: this.#flags.ignoresCase };
  }

  /** `\g1`, `\g{1}`, `\g{-1}`, `\g{name}` */
  #groupReference(): PatternNode {
    const given = this.#text.match(/[-+]?\d+|\{[-+]?\d+\}/y)?.replace(/[{}]/g, '');
    if (given === undefined) {
      if (this.#text.sees('{')) return this.#namedReference(/\{(\w+)\}/y);
      throw notSupportedPattern('\\g as a call');
    }
    const number = Number(given);
    const isRelative = /^[-+]/.test(given);
    return this.#reference(isRelative ? this.#groups + number + (number < 0 ? 1 : 0) : number);
  }

  #group(): PatternNode | null {
    const text = this.#text;
    if (text.sees('*')) throw notSupportedPattern('a verb such as (*VERB)');
    if (!text.take('?')) return this.#capture();
    if (text.take('#')) {
      if (text.match(/[^)]*\)/y) === null) throw new PatternError('missing ) following (?# comment');
      return null;
    }
    if (text.take(':')) return this.#close(this.#choice());
    if (text.take('>')) return { type: 'atomic', body: this.#close(this.#choice()) };
    if (text.take('|')) throw notSupportedPattern('(?|');
    for (const [mark, isBehind, isNegative] of looks) {
      if (text.take(mark)) return { type: 'look', body: this.#close(this.#choice()), isBehind, isNegative };
    }
    if (text.take('P=')) {
      const reference = this.#namedReference(/(\w+)(?=\))/y);
      text.at += 1;
      return reference;
    }
    if (text.match(/(?=P>|&|R|\(|C|[-+]?\d)/y) !== null)
      throw notSupportedPattern('recursion or a condition');
    const name = this.#groupName();
    return name === null ? this.#flagGroup() : this.#capture(name);
  }

  #capture(name?: string): PatternNode {
    this.#groups += 1;
    const index = this.#groups;
    if (name !== undefined) {
      if (this.#names.has(name)) {
        throw new PatternError('two named subpatterns have the same name (PCRE2_DUPNAMES not set)');
      }
      this.#names.set(name, index);
    }
    return { type: 'group', index, body: this.#close(this.#choice()) };
  }

  /** `<name>`, `P<name>`, `'name'` */
  #groupName(): string | null {
    const text = this.#text;
    const open = text.match(/P?<|'/y);
    if (open === null) return null;
    const name = text.match(/\w+/y);
    if (name === null) throw new PatternError('subpattern name expected');
    if (/^\d/.test(name)) throw new PatternError('subpattern name must start with a non-digit');
    if (name.length > MAX_NAME_LENGTH) {
      throw new PatternError(`subpattern name is too long (maximum ${MAX_NAME_LENGTH} code units)`);
    }
    if (!text.take(open === "'" ? "'" : '>')) {
      throw new PatternError('syntax error in subpattern name (missing terminator?)');
    }
    return name;
  }

  /** `(?i)`, `(?i-m)`, `(?i:...)` */
  #flagGroup(): PatternNode | null {
    const text = this.#text;
    const outer = this.#flags;
    const flags = { ...outer };
    let isOn = true;
    for (; !text.sees(')') && !text.sees(':'); text.at += 1) {
      if (text.atEnd) throw new PatternError('missing closing parenthesis');
      const letter = text.peek();
      const flag = flagNames[letter];
      if (letter === '-' && isOn) isOn = false;
      else if (flag) flags[flag] = isOn;
      else if ('^JUn'.includes(letter)) throw notSupportedPattern(`(?${letter})`);
      else throw new PatternError('unrecognized character after (? or (?-');
    }
    this.#flags = flags;
    if (text.take(')')) return null;
    text.at += 1;
    const body = this.#close(this.#choice());
    this.#flags = outer;
    return body;
  }

  #close(body: PatternNode): PatternNode {
    if (!this.#text.take(')')) throw new PatternError('missing closing parenthesis');
    return body;
  }
}

const looks = [
  ['=', false, false],
  ['!', false, true],
  ['<=', true, false],
  ['<!', true, true],
] as const;

/** `\R`: CR LF, or one byte that ends a line. */
const newlineSequence: PatternNode = {
  type: 'atomic',
  body: {
    type: 'choice',
    options: [
      { type: 'sequence', items: [set(byteSet(13, false)), set(byteSet(10, false))] },
      set(escapedSets['v'] as ByteSet),
    ],
  },
};
