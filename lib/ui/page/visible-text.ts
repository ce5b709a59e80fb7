/**
 * What cannot be seen, or changes how the text around it is shown. These are control characters, marks of direction,
 * blanks of no width.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}\u115f\u1160\u2800\u3164\uffa0]/gu;
/** Blanks that look like a plain one, or that nobody sees at an end. */
const BLANK = /[^\S ]|^ +| +$/gu;

/** Somebody else's text, with what would not be seen shown as `\u{200f}`. */
export function visibleText(text: string): string {
  const shown = (unseen: string): string =>
    Array.from(unseen, (one) => `\\u{${(one.codePointAt(0) ?? 0).toString(16)}}`).join('');
  return text.replace(UNSEEN, shown).replace(BLANK, shown);
}
