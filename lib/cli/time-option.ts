import { InvalidArgumentError } from 'commander';
import { duration } from '../options/duration-check.js';
import { MAX_TTL_MS } from '../schema/constants.js';

export const MAX_PORT = 65_535;

const anyTime = duration(0, MAX_TTL_MS);

/**
 * Milliseconds from text such as `10s`, as the library reads it. At most 24.8 days, the longest that a timer can wait.
 */
export function milliseconds(text: string): number {
  const result = anyTime.safeParse(text);
  if (result.success) return result.data;
  throw new InvalidArgumentError(`a time such as 250ms, 10s or 5m is expected, up to 24d, not "${text}"`);
}

/** The same, as the library takes it: what else is to be said of it, that says. */
export function time(text: string): string {
  milliseconds(text);
  return text;
}

/** A whole number within bounds. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= least && number <= most) return number;
    throw new InvalidArgumentError(`a whole number from ${least} to ${most} is expected, not "${text}"`);
  };
}
