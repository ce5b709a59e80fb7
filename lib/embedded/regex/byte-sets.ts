import { type ByteSet, isWordByte } from './pattern-node.js';

/** The set of the bytes for which `test` holds. */
function setOf(test: (byte: number) => boolean): ByteSet {
  return Uint8Array.from({ length: 256 }, (_, byte) => (test(byte) ? 1 : 0));
}

export const invert = (set: ByteSet): ByteSet => set.map((isIn) => 1 - isIn);

const between =
  (least: number, most: number) =>
  (byte: number): boolean =>
    byte >= least && byte <= most;

const isDigit = between(48, 57);
const isUpper = between(65, 90);
const isLower = between(97, 122);
const isSpace = (byte: number): boolean => byte === 32 || (byte >= 9 && byte <= 13);
const isLetter = (byte: number): boolean => isUpper(byte) || isLower(byte);
const isGraph = between(33, 126);
const isHorizontal = (byte: number): boolean => byte === 9 || byte === 32 || byte === 0xa0;
const isVertical = (byte: number): boolean => (byte >= 10 && byte <= 13) || byte === 0x85;
const isNewline = (byte: number): boolean => byte === 10;

/** Each is made once: most of a pattern is single letters. */
const single = new Map<number, ByteSet>();
const singleOfBothCases = new Map<number, ByteSet>();

/** One byte, in both cases where the case does not count: ASCII only, as in PCRE's own tables. */
export function byteSet(byte: number, ignoresCase: boolean): ByteSet {
  const known = ignoresCase ? singleOfBothCases : single;
  let set = known.get(byte);
  if (set === undefined) {
    set = setOf((other) => other === byte);
    if (ignoresCase) set = bothCases(set);
    known.set(byte, set);
  }
  return set;
}

export function bothCases(set: ByteSet): ByteSet {
  return set.map((isIn, byte) => (isIn || (isLetter(byte) && set[byte ^ 32]) ? 1 : 0));
}

/** What a letter after a backslash stands for: `\d`, `\W` and so on. */
export const escapedSets: Readonly<Record<string, ByteSet>> = {
  d: setOf(isDigit),
  D: invert(setOf(isDigit)),
  w: setOf(isWordByte),
  W: invert(setOf(isWordByte)),
  s: setOf(isSpace),
  S: invert(setOf(isSpace)),
  h: setOf(isHorizontal),
  H: invert(setOf(isHorizontal)),
  v: setOf(isVertical),
  V: invert(setOf(isVertical)),
  N: invert(setOf(isNewline)),
};

/** `[:alpha:]` and its like. */
export const namedSets: Readonly<Record<string, ByteSet>> = {
  alpha: setOf(isLetter),
  lower: setOf(isLower),
  upper: setOf(isUpper),
  alnum: setOf((byte) => isLetter(byte) || isDigit(byte)),
  ascii: setOf(between(0, 127)),
  blank: setOf((byte) => byte === 9 || byte === 32),
  cntrl: setOf((byte) => byte < 32 || byte === 127),
  digit: setOf(isDigit),
  graph: setOf(isGraph),
  print: setOf(between(32, 126)),
  punct: setOf((byte) => isGraph(byte) && !isLetter(byte) && !isDigit(byte)),
  space: setOf(isSpace),
  word: setOf(isWordByte),
  xdigit: setOf((byte) => isDigit(byte) || between(65, 70)(byte) || between(97, 102)(byte)),
};

/** `.` */
export const anyByte = setOf(() => true);
export const anyButNewline = escapedSets['N'] as ByteSet;
