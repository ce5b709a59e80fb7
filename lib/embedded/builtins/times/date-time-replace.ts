import { see, typeError, valueError } from '../../model/errors.js';
import type { DateTime } from '../../model/values/date-time.js';
import { typeName } from '../../model/values/value.js';
import type { ChainFunction } from '../../runtime/built-in.js';
import { datePartsOf, utcOf, utcSeconds } from '../../runtime/operations/date-time-text.js';
import { at } from './moving.js';

const PAGE = 'data-types/datetime/replace';

const ranges = [
  ['second', 0, 59],
  ['minute', 0, 59],
  ['hour', 0, 23],
  ['day', 1, 31],
  ['month', 1, 12],
  ['year', 1, 9999],
] as const;

/** `moment.replace({hour: 3, ...})` */
export const dateTimeReplace: ChainFunction<DateTime> = (query, args, self) => {
  args.exactly(1, PAGE);
  const given = args.thing(query, 0, PAGE);
  const parts = { ...datePartsOf(self) };
  for (const [name, least, most] of ranges) {
    const value = given.get(name);
    if (value === undefined) continue;
    if (typeof value !== 'bigint') {
      throw typeError(
        `${name} must be of type \`int\` but got type \`${typeName(value)}\` instead${see(PAGE)}`,
      );
    }
    if (value < BigInt(least) || value > BigInt(most)) {
      throw valueError(`${name} ${value} is out of range [${least}..${most}]${see(PAGE)}`);
    }
    parts[name] = Number(value);
  }
  const { year, month, day, hour, minute, second } = parts;
  requireDay(year, month, day);
  // The offset from Greenwich is that of the moment before, as on a node, also where summer time differs.
  const seconds = utcSeconds(year, month, day, hour, minute, second) - self.offset * 60;
  return at(self, seconds);
};

/** Throws -60 for a day that the month does not have. */
export function requireDay(year: number, month: number, day: number): void {
  // The calendar repeats after 400 years.
  const likeYear = 2000 + (year % 400);
  if (new Date(utcOf(likeYear, month, day)).getUTCDate() !== day) {
    throw valueError(`day ${day} is out of range for month`);
  }
}
