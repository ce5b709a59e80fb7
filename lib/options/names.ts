import { MAX_NAMES } from '../schema/constants.js';
import { invalid } from './checked.js';

export const MAX_NAME_BYTES = 255;

/**
 * One name, or several that are locked together, each once.
 * @throws LockOptionsError
 */
export function checkedNames(names: string | readonly string[]): readonly string[] {
  if (typeof names === 'string') return [checkedName(names)];
  if (!Array.isArray(names)) throw invalid('name', names, 'expected a string, or a list of strings');
  if (names.length === 0 || names.length > MAX_NAMES)
    throw invalid('names', names, `expected 1 to ${MAX_NAMES} names, not ${names.length}`);
  // Spread: `map` would pass over a hole.
  const checked = [...(names as readonly string[])].map(checkedName);
  const twice = checked.find((name, i) => checked.indexOf(name) < i);
  if (twice !== undefined) throw invalid('names', twice, 'expected each at most once');
  return checked;
}

/**
 * A name is any text of 1 to 255 bytes in UTF-8: data, never code.
 * @throws LockOptionsError
 */
export function checkedName(name: string): string {
  if (typeof name !== 'string') throw invalid('name', name, 'expected a string');
  if (name === '') throw invalid('name', name, 'expected at least one character');
  const problem = textProblem(name);
  if (problem !== undefined) throw invalid('name', name, problem);
  return name;
}

/** Why the server takes this text neither as a name nor as an owner; `undefined` if it does. */
export function textProblem(text: string): string | undefined {
  if (!isWellFormed(text)) return 'expected well-formed Unicode';
  const bytes = Buffer.byteLength(text);
  return bytes > MAX_NAME_BYTES ? `expected at most ${MAX_NAME_BYTES} bytes, not ${bytes}` : undefined;
}

/** A lone surrogate has no UTF-8: two different texts would become one. */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}
