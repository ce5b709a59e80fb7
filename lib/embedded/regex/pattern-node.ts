/** The tree of a regular expression. */
export type PatternNode =
  /** One byte out of a set. */
  | { readonly type: 'set'; readonly set: ByteSet }
  | { readonly type: 'sequence'; readonly items: readonly PatternNode[] }
  | { readonly type: 'choice'; readonly options: readonly PatternNode[] }
  | { readonly type: 'group'; readonly index: number; readonly body: PatternNode }
  | {
      readonly type: 'repeat';
      readonly body: PatternNode;
      readonly min: number;
      readonly max: number;
      readonly isLazy: boolean;
    }
  | { readonly type: 'assertion'; readonly kind: AssertionKind }
  | { readonly type: 'backreference'; readonly group: number | string; readonly ignoresCase: boolean }
  | {
      readonly type: 'look';
      readonly body: PatternNode;
      readonly isBehind: boolean;
      readonly isNegative: boolean;
    }
  /** Once it has matched it is not tried otherwise. */
  | { readonly type: 'atomic'; readonly body: PatternNode }
  /** `\K`: the match begins here. */
  | { readonly type: 'keep' };

export type AssertionKind =
  | 'start'
  | 'end'
  | 'end-or-newline'
  | 'line-start'
  | 'line-end'
  | 'word-boundary'
  | 'no-word-boundary'
  | 'search-start';

/** 1 for each of the 256 bytes that is in the set. */
export type ByteSet = Uint8Array;

/** Whether a byte belongs to a word: the digits, the letters of ASCII, and `_`. */
export function isWordByte(byte: number): boolean {
  return (
    (byte >= 48 && byte <= 57) || (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122) || byte === 95
  );
}
