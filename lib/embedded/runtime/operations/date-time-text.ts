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

export function datePartsOf(value: DateTime): DateParts {
  const date = new Date((value.seconds + value.offset * 60) * 1000);
  const year = date.getUTCFullYear();
  return {
    year,
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    weekday: date.getUTCDay(),
    dayOfYear: Math.floor((date.getTime() - utcOf(year, 1, 1)) / 86_400_000),
  };
}

/** Milliseconds since the epoch; years below 100 are not taken for 19xx. */
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
  const date = `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`;
  const zone = value.offset === 0 ? 'Z' : offsetText(value.offset);
  return `${date}T${two(hour)}:${two(minute)}:${two(second)}${zone}`;
}
