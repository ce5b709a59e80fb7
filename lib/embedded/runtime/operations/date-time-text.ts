import { valueError } from '../../model/errors.js';
import type { DateTime } from '../../model/values/date-time.js';

/** A moment's date and time where it is. */
export interface DateParts {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** Sunday is 0. */
  readonly weekday: number;
  /** From 0. */
  readonly dayOfYear: number;
}

const SECONDS_A_DAY = 86_400;

/** Days of 400 years: the calendar repeats after them. */
const DAYS_AN_ERA = 146_097;

/** The years that C's calendar knows: from the first second to before the end. */
const END_SECOND = 67_768_036_191_676_800;
const FIRST_SECOND = -67_768_040_609_740_800;

/** Whether C's calendar has no year for the moment. */
export function isBeyondCalendar({ seconds }: { readonly seconds: number }): boolean {
  return seconds >= END_SECOND || seconds < FIRST_SECOND;
}

/**
 * JavaScript's dates end in the year 275,760; a node's do not.
 * @throws {ThingsError} -60 for a moment beyond the calendar
 */
export function datePartsOf(value: DateTime): DateParts {
  if (isBeyondCalendar(value)) throw valueError('failed to localize time');
  const local = value.seconds + value.offset * 60;
  const days = Math.floor(local / SECONDS_A_DAY);
  const second = local - days * SECONDS_A_DAY;
  const era = Math.floor(days / DAYS_AN_ERA);
  // In the first 400 years from 1970 on it is the same day of the week, month and year.
  const date = new Date((days - era * DAYS_AN_ERA) * SECONDS_A_DAY * 1000);
  const year = date.getUTCFullYear();
  return {
    year: year + era * 400,
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: Math.floor(second / 3600),
    minute: Math.floor((second % 3600) / 60),
    second: second % 60,
    weekday: date.getUTCDay(),
    dayOfYear: Math.floor((date.getTime() - utcOf(year, 1, 1)) / 86_400_000),
  };
}

/** Seconds since the epoch, in any year. */
export function utcSeconds(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): number {
  const era = Math.floor((year - 1970) / 400);
  const likeYear = utcOf(year - era * 400, month, day, hour, minute, second) / 1000;
  return likeYear + era * DAYS_AN_ERA * SECONDS_A_DAY;
}

/** Milliseconds since the epoch, in a year that JavaScript knows; years below 100 are not taken for 19xx. */
export function utcOf(year: number, month: number, day: number, hour = 0, minute = 0, second = 0): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second, 0);
  return date.getTime();
}

const two = (value: number): string => String(value).padStart(2, '0');

/** `+hhmm` */
export function offsetText(minutes: number): string {
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}${two(size % 60)}`;
}

/** As ThingsDB writes a `datetime`: ISO 8601, `Z` when at Greenwich. */
export function dateTimeText(value: DateTime): string {
  const { year, month, day, hour, minute, second } = datePartsOf(value);
  const date = `${year}-${two(month)}-${two(day)}`;
  const zone = value.offset === 0 ? 'Z' : offsetText(value.offset);
  return `${date}T${two(hour)}:${two(minute)}:${two(second)}${zone}`;
}

/** As a client gets it: a moment beyond the calendar shows as the epoch, which is a node's way. */
export function sentDateTimeText(value: DateTime): string {
  return isBeyondCalendar(value) ? '1970-01-01T00:00:00Z' : dateTimeText(value);
}
