import { valueError } from '../../model/errors.js';
import { knownSeconds } from '../../model/time-zone.js';
import type { DateTime } from '../../model/values/date-time.js';
import { type DateParts, datePartsOf, offsetText, utcOf } from '../../runtime/operations/date-time-text.js';

const dayNames = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const monthNames = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

const pad = (value: number, width: number, fill = '0'): string => String(value).padStart(width, fill);

/** The week of the year; weeks begin on `firstDay` and the days before the first one are week 0. */
export function weekOfYear({ dayOfYear, weekday }: DateParts, firstDay: 0 | 1): number {
  const sinceFirst = (weekday - firstDay + 7) % 7;
  return Math.floor((dayOfYear + 7 - sinceFirst) / 7);
}

/** Year and week as ISO 8601 counts them. */
function isoWeek({ year, dayOfYear, weekday }: DateParts): { year: number; week: number } {
  // The calendar repeats after 400 years; the years of JavaScript's dates end.
  const likeYear = 2000 + (((year % 400) + 400) % 400);
  const thursday = new Date(utcOf(likeYear, 1, 1) + (dayOfYear + 4 - (weekday || 7)) * 86_400_000);
  const isoYear = thursday.getUTCFullYear();
  const week = Math.floor((thursday.getTime() - utcOf(isoYear, 1, 1)) / 604_800_000) + 1;
  return { year: year + isoYear - likeYear, week };
}

type Writer = (parts: DateParts, moment: DateTime) => string;

const hour12 = (hour: number): number => hour % 12 || 12;

const writers: Readonly<Record<string, Writer | string>> = {
  a: ({ weekday }) => (dayNames[weekday] as string).slice(0, 3),
  A: ({ weekday }) => dayNames[weekday] as string,
  b: ({ month }) => (monthNames[month - 1] as string).slice(0, 3),
  B: ({ month }) => monthNames[month - 1] as string,
  c: '%a %b %e %H:%M:%S %Y',
  C: ({ year }) => pad(Math.floor(year / 100), 2),
  d: ({ day }) => pad(day, 2),
  D: '%m/%d/%y',
  e: ({ day }) => pad(day, 2, ' '),
  F: '%Y-%m-%d',
  g: (parts) => pad(isoWeek(parts).year % 100, 2),
  G: (parts) => String(isoWeek(parts).year),
  h: '%b',
  H: ({ hour }) => pad(hour, 2),
  I: ({ hour }) => pad(hour12(hour), 2),
  j: ({ dayOfYear }) => pad(dayOfYear + 1, 3),
  k: ({ hour }) => pad(hour, 2, ' '),
  l: ({ hour }) => pad(hour12(hour), 2, ' '),
  m: ({ month }) => pad(month, 2),
  M: ({ minute }) => pad(minute, 2),
  n: () => '\n',
  p: ({ hour }) => (hour < 12 ? 'AM' : 'PM'),
  P: ({ hour }) => (hour < 12 ? 'am' : 'pm'),
  r: '%I:%M:%S %p',
  R: '%H:%M',
  s: (_parts, moment) => String(moment.seconds),
  S: ({ second }) => pad(second, 2),
  t: () => '\t',
  T: '%H:%M:%S',
  u: ({ weekday }) => String(weekday || 7),
  U: (parts) => pad(weekOfYear(parts, 0), 2),
  V: (parts) => pad(isoWeek(parts).week, 2),
  w: ({ weekday }) => String(weekday),
  W: (parts) => pad(weekOfYear(parts, 1), 2),
  x: '%m/%d/%y',
  X: '%H:%M:%S',
  y: ({ year }) => pad(year % 100, 2),
  Y: ({ year }) => String(year),
  z: (_parts, moment) => offsetText(moment.offset),
  Z: (_parts, moment) => zoneLetters(moment),
  '%': () => '%',
};

/** Places whose people say the letters of a zone: JavaScript knows them by language only. */
const speakers = ['en-US', 'en-GB', 'en-IE', 'en-IN', 'en-AU', 'en-NZ', 'en-ZA', 'ja-JP', 'ko-KR', 'zh-TW'];

/** `CET`, `IST`; a zone without letters is written as its offset. */
function zoneLetters(moment: DateTime): string {
  const { zone, seconds } = moment;
  if (zone === null) return 'UTC';
  for (const speaker of speakers) {
    const format = new Intl.DateTimeFormat(speaker, { timeZone: zone.name, timeZoneName: 'short' });
    const name = format
      .formatToParts(knownSeconds(seconds) * 1000)
      .find(({ type }) => type === 'timeZoneName')?.value;
    if (name !== undefined && /^[A-Z]{3,5}$/.test(name)) return name;
  }
  return offsetText(moment.offset).replace(/00$/, '');
}

/** `moment.format(template)`, as C's `strftime`. */
export function formatMoment(moment: DateTime, template: string): string {
  const parts = datePartsOf(moment);
  const write = (text: string): string =>
    text.replace(/%[EO]?([^])/g, (whole, letter: string) => {
      const writer = writers[letter];
      if (writer === undefined) return whole;
      return typeof writer === 'string' ? write(writer) : writer(parts, moment);
    });
  return write(template);
}

/** What a text says of a moment. */
export interface ReadParts {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  /** Minutes; absent when the text does not say. */
  offset?: number;
  /** `%s` */
  epoch?: number;
  /** `%j` */
  dayOfYear?: number;
}

const shapes: Readonly<Record<string, string>> = {
  Y: '(\\d{1,4})',
  m: '(\\d{1,2})',
  d: '\\s*(\\d{1,2})',
  e: '\\s*(\\d{1,2})',
  H: '(\\d{1,2})',
  I: '(\\d{1,2})',
  M: '(\\d{1,2})',
  S: '(\\d{1,2})',
  y: '(\\d{2})',
  j: '(\\d{1,3})',
  s: '(-?\\d+)',
  z: '([-+]\\d{2}:?(?:\\d{2})?|Z)',
  p: '([AaPp][Mm])',
  b: '([A-Za-z]{3,9})',
  B: '([A-Za-z]{3,9})',
  h: '([A-Za-z]{3,9})',
  a: '([A-Za-z]{3,9})',
  A: '([A-Za-z]{3,9})',
  n: '\\s*',
  t: '\\s*',
  '%': '%',
};

const aliases: Readonly<Record<string, string>> = { F: '%Y-%m-%d', T: '%H:%M:%S', R: '%H:%M', D: '%m/%d/%y' };

/** Reads a text by a template, as C's `strptime`. Throws -60. */
export function readMoment(text: string, template: string): ReadParts {
  const full = template.replace(/%([FTRD])/g, (_whole, letter: string) => aliases[letter] as string);
  const letters: string[] = [];
  const pattern = full.replace(
    // Blanks in a row are one: each of them could take all the blanks of a text.
    /%(.)|(\s+|[^%])/g,
    (_whole, letter: string | undefined, other: string | undefined) => {
      if (letter === undefined)
        return /^\s/.test(other as string)
          ? '\\s*'
          : (other as string).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      const shape = shapes[letter];
      if (shape === undefined) return '(?!)';
      if (shape.includes('(')) letters.push(letter);
      return shape;
    },
  );
  const found = text.length > MAX_TEXT_LENGTH ? null : new RegExp(`^${pattern}$`).exec(text);
  if (!found) throw noMatch(template);
  const read: ReadParts = { year: 1900, month: 1, day: 1, hour: 0, minute: 0, second: 0 };
  letters.forEach((letter, at) => {
    take(read, letter, found[at + 1] as string);
  });
  if (read.dayOfYear !== undefined) placeDayOfYear(read, read.dayOfYear, letters, template);
  // A day that this month does not have is one of the next month; no month has more than these.
  if (read.day > LAST_DAY) throw noMatch(template);
  return read;
}

/** As in C, the day of the year fills in what is missing beside another part of a date. */
function placeDayOfYear(read: ReadParts, day: number, letters: readonly string[], template: string): void {
  if (day < 1 || day > LAST_DAY_OF_YEAR) throw noMatch(template);
  const has = (some: string): boolean => letters.some((letter) => some.includes(letter));
  if (!has('YymbBhde')) return;
  const date = new Date(0);
  date.setUTCFullYear(read.year, 0, day);
  if (!has('mbBh')) read.month = date.getUTCMonth() + 1;
  if (!has('de')) read.day = date.getUTCDate();
}

function take(read: ReadParts, letter: string, text: string): void {
  const number = Number(text);
  const keys: Readonly<Record<string, keyof ReadParts>> = {
    Y: 'year',
    m: 'month',
    d: 'day',
    e: 'day',
    H: 'hour',
    I: 'hour',
    M: 'minute',
    S: 'second',
    s: 'epoch',
    j: 'dayOfYear',
  };
  const key = keys[letter];
  if (key) read[key] = number;
  else if (letter === 'y') read.year = number < 69 ? 2000 + number : 1900 + number;
  else if (letter === 'z') read.offset = readOffset(text);
  else if (letter === 'p') read.hour = (read.hour % 12) + (/^p/i.test(text) ? 12 : 0);
  else if ('bBh'.includes(letter))
    read.month = monthNames.findIndex((name) => matchesName(name, text)) + 1 || 1;
}

const matchesName = (name: string, text: string): boolean =>
  name.slice(0, 3).toLowerCase() === text.slice(0, 3).toLowerCase();

/** Minutes from `+hh`, `+hhmm` or `Z`. Throws -60. */
export function readOffset(text: string): number {
  if (text === 'Z') return 0;
  const found = /^([-+])(\d{2}):?(\d{2})?$/.exec(text);
  if (!found || Number(found[2]) > 12 || Number(found[3] ?? 0) > 59) {
    throw valueError('invalid offset; expecting format `+/-hh[mm]`, for example +0100 or -05');
  }
  const minutes = Number(found[2]) * 60 + Number(found[3] ?? 0);
  return found[1] === '-' ? -minutes : minutes;
}

const LAST_DAY = 31;
const LAST_DAY_OF_YEAR = 366;

/** No date is longer than this. */
const MAX_TEXT_LENGTH = 1024;

function noMatch(template: string): Error {
  return valueError(`invalid date/time string (does not match format \`${template}\`)`);
}
