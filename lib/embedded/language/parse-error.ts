import type { Source } from './source.js';

/** Code that cannot be read. */
export class ParseError extends Error {}

/** Longer words are cut in messages. */
const MAX_SHOWN = 20;

/** An error with the place where reading stopped, what stands there, and what would have been right. */
export function syntaxError(source: Source, offset: number, expected: ReadonlySet<string>): ParseError {
  const { line, position } = source.locate(offset);
  const place = `error at line ${line}, position ${position}`;
  return new ParseError(`${place}${unexpected(source.text.slice(offset))}${expecting([...expected])}`);
}

/** The error for code that is nested deeper than ThingsDB's own parser goes. */
export function nestedTooDeeply(depth: number): ParseError {
  return new ParseError(`query syntax has reached the maximum recursion depth of ${depth}`);
}

function unexpected(rest: string): string {
  const [first = ''] = rest;
  if (!/[\x21-\x7e]/.test(first)) return '';
  const word = /^(?:[A-Za-z_][0-9A-Za-z_]{0,254}(?![0-9A-Za-z_])|[0-9]+)/.exec(rest)?.[0] ?? '';
  if (word.length < 2) return `, unexpected character \`${first}\``;
  return `, unexpected \`${word.length > MAX_SHOWN ? `${word.slice(0, MAX_SHOWN)}...` : word}\``;
}

function expecting(words: readonly string[]): string {
  if (!words.length) return '';
  const last = words.at(-1);
  return `, expecting: ${words.length === 1 ? last : `${words.slice(0, -1).join(', ')} or ${last}`}`;
}
