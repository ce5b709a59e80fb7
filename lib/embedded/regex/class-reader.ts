import { bothCases, escapedSets, invert, namedSets } from './byte-sets.js';
import { notSupportedPattern, type PatternText } from './escape-reader.js';
import { PatternError } from './pattern-error.js';
import type { ByteSet } from './pattern-node.js';

/** Reads a class, `[...]`, from behind its bracket. */
export function readClass(text: PatternText, ignoresCase: boolean): ByteSet {
  const isNegative = text.take('^');
  const set = new Uint8Array(256);
  for (let isFirst = true; isFirst || !text.sees(']'); isFirst = false) {
    const first = readItem(text);
    if (typeof first !== 'number') {
      first.forEach((isIn, byte) => {
        if (isIn) set[byte] = 1;
      });
      if (text.sees('-') && text.text[text.at + 1] !== ']' && !text.text.startsWith('-', text.at + 1)) {
        // A hyphen behind a set is itself; PCRE refuses it when a range seems meant.
        if (text.text[text.at + 1] !== undefined) throw new PatternError('invalid range in character class');
      }
      continue;
    }
    addRange(set, first, readRangeEnd(text, first));
  }
  text.at += 1;
  const both = ignoresCase ? bothCases(set) : set;
  return isNegative ? invert(both) : both;
}

function addRange(set: ByteSet, first: number, last: number): void {
  if (last < first) throw new PatternError('range out of order in character class');
  set.fill(1, first, last + 1);
}

/** The last byte of `a-z`; the first one when no range follows. */
function readRangeEnd(text: PatternText, first: number): number {
  const isRange = text.sees('-') && text.text[text.at + 1] !== ']' && text.at + 1 < text.text.length;
  if (!isRange) return first;
  text.at += 1;
  const last = readItem(text);
  if (typeof last === 'number') return last;
  throw new PatternError('invalid range in character class');
}

function readItem(text: PatternText): number | ByteSet {
  if (text.atEnd) throw new PatternError('missing terminating ] for character class');
  const letter = text.peek();
  if (letter === '[') {
    const named = text.match(/\[:(\^?)([a-zA-Z]*):\]/y);
    if (named !== null) return namedSet(named);
    if (text.match(/\[[.=][^\]]*[.=]\]/y) !== null) {
      throw new PatternError('POSIX collating elements are not supported');
    }
  }
  text.at += 1;
  if (letter !== '\\') return letter.charCodeAt(0);
  const escape = text.escape(true, 0);
  if ('byte' in escape) return escape.byte;
  const set = escape.letter === 'N' ? undefined : escapedSets[escape.letter];
  if (set) return set;
  if (escape.letter === 'Q' || escape.letter === 'E')
    throw notSupportedPattern(`\\${escape.letter} in a class`);
  if ('BRX'.includes(escape.letter)) throw new PatternError('escape sequence is invalid in character class');
  throw new PatternError('unrecognized character follows \\');
}

function namedSet(text: string): ByteSet {
  const isNegative = text[2] === '^';
  const set = namedSets[text.slice(isNegative ? 3 : 2, -2)];
  if (!set) throw new PatternError('unknown POSIX class name');
  return isNegative ? invert(set) : set;
}
