import { see, typeError, valueError } from '../../model/errors.js';
import { ThingsError } from '../../model/things-error.js';
import { timeZoneNames } from '../../model/time-zone-names.js';
import { findTimeZone, offsetOf, type TimeZone } from '../../model/time-zone.js';
import { DateTime } from '../../model/values/date-time.js';
import { PackedData } from '../../model/values/packed-data.js';
import { Thing } from '../../model/values/thing.js';
import { typeName, type Value } from '../../model/values/value.js';
import type { Args } from '../../runtime/args.js';
import { type BuiltIn, effects } from '../../runtime/built-in.js';
import {
  type DateParts,
  datePartsOf,
  isBeyondCalendar,
  utcSeconds,
} from '../../runtime/operations/date-time-text.js';
import type { Query } from '../../runtime/query.js';
import { requireDay } from './date-time-replace.js';
import { formatMoment, readMoment, readOffset, type ReadParts, weekOfYear } from './formats.js';
import { fromStandard, moveBy, readUnit } from './moving.js';

const MAX_FORMAT = 80;

function defaultZone(query: Query): TimeZone | null {
  return query.collection?.timeZone ?? (query.scope.kind === 'thingsdb' ? query.database.timeZone : null);
}

function moment(seconds: number, zone: TimeZone | null, isTimeval: boolean): DateTime {
  return new DateTime(seconds, zone ? offsetOf(zone, seconds) : 0, zone, isTimeval);
}

const now: BuiltIn = {
  name: 'now',
  effects: effects.none,
  root: (query, args) => {
    args.exactly(0, 'collection-api/now');
    return query.database.clock.now() / 1000;
  },
};

/** `datetime(...)` and `timeval(...)` */
function maker(name: 'datetime' | 'timeval'): BuiltIn {
  const page = `collection-api/${name}`;
  const isTimeval = name === 'timeval';
  return {
    name,
    effects: effects.none,
    root: (query, args) => {
      args.atMost(7, page);
      const zone = defaultZone(query);
      if (args.count === 0) return moment(query.database.nowSeconds, zone, isTimeval);
      if (args.count === 1) return fromValue(args.value(query, 0), name, page, zone, isTimeval);
      if (args.count === 2) return fromFormat(query, args, page, zone, isTimeval);
      return fromParts(query, args, page, zone, isTimeval);
    },
  };
}

function fromValue(
  value: Value,
  name: string,
  page: string,
  zone: TimeZone | null,
  isTimeval: boolean,
): Value {
  if (typeof value === 'bigint') return moment(Number(value), zone, isTimeval);
  if (typeof value === 'number') {
    if (!(Math.abs(value) < 2 ** 63)) throw new ThingsError(-59, 'date/time overflow');
    return moment(Math.trunc(value), zone, isTimeval);
  }
  if (typeof value === 'string') return fromText(value, zone, isTimeval);
  if (typeof value === 'object' && value?.kind === 'datetime') {
    return new DateTime(value.seconds, value.offset, value.zone, isTimeval);
  }
  throw typeError(`cannot convert type \`${typeName(value)}\` to \`${name}\`${see(page)}`);
}

/** The shape of a text decides by its length how it is read. */
function fromText(text: string, zone: TimeZone | null, isTimeval: boolean): DateTime {
  const middle = text[10] === 'T' ? 'T' : ' ';
  const date = '%Y-%m-%d';
  const templates: Readonly<Record<number, string>> = {
    4: '%Y',
    7: '%Y-%m',
    10: date,
    13: `${date}${middle}%H`,
    16: `${date}${middle}%H:%M`,
    19: `${date}${middle}%H:%M:%S`,
    20: `${date}${middle}%H:%M:%SZ`,
    22: `${date}${middle}%H:%M:%S%z`,
    24: `${date}${middle}%H:%M:%S%z`,
  };
  const template = templates[text.length];
  if (!template) throw valueError('invalid date/time string');
  return fromRead(readMoment(text, template), template.endsWith('Z') ? null : zone, isTimeval, zone);
}

function fromRead(
  read: ReadParts,
  zone: TimeZone | null,
  isTimeval: boolean,
  shown: TimeZone | null = zone,
): DateTime {
  if (read.epoch !== undefined) return moment(read.epoch, shown, isTimeval);
  if (
    read.month < 1 ||
    read.month > 12 ||
    read.day < 1 ||
    read.hour > 23 ||
    read.minute > 59 ||
    read.second > 60
  ) {
    throw valueError('invalid date/time string');
  }
  const local = utcSeconds(read.year, read.month, read.day, read.hour, read.minute, read.second);
  if (read.offset !== undefined) return new DateTime(local - read.offset * 60, read.offset, null, isTimeval);
  return fromStandard(new DateTime(0, 0, zone, isTimeval), local);
}

/** A text of a date, with a format for it, is shorter than this. */
const MAX_TEXT = 120;

function requireFormat(format: string): void {
  if (format.length >= 2 && format.length <= MAX_FORMAT) return;
  throw valueError(`date/time format is restricted to a length between 2 and ${MAX_FORMAT} characters`);
}

function fromFormat(
  query: Query,
  args: Args,
  page: string,
  zone: TimeZone | null,
  isTimeval: boolean,
): DateTime {
  const texts = [0, 1].map((at) => {
    const value = args.value(query, at);
    if (typeof value === 'string') return value;
    throw typeError(
      `function \`${args.name}\` expects argument ${at + 1} to be of type \`str\` (when called with two arguments) ` +
        `but got type \`${typeName(value)}\` instead${see(page)}`,
    );
  });
  const [text = '', format = ''] = texts;
  requireFormat(format);
  if (text.length >= MAX_TEXT) throw valueError('invalid date/time string (too large)');
  return fromRead(readMoment(text, format), zone, isTimeval);
}

const partNames = [
  ['year', 1, 9999],
  ['month', 1, 12],
  ['day', 1, 31],
  ['hour', 0, 23],
  ['minute', 0, 59],
  ['second', 0, 59],
] as const;

function fromParts(
  query: Query,
  args: Args,
  page: string,
  zone: TimeZone | null,
  isTimeval: boolean,
): DateTime {
  const numbers = [1970, 1, 1, 0, 0, 0];
  let where: string | null = null;
  for (let at = 0; at < args.count; at += 1) {
    const value = args.value(query, at);
    if (where !== null) {
      throw typeError(
        `function \`${args.name}\` expects the last, and only the last argument to be of type \`str\` ` +
          `(when called with three or more arguments)${see(page)}`,
      );
    }
    if (at >= 3 && typeof value === 'string') {
      where = value;
      continue;
    }
    const part = partNames[at];
    if (!part || typeof value !== 'bigint') {
      const kinds = at < 3 ? '`int`' : at < 6 ? '`int` or type `str`' : '`str`';
      throw typeError(
        `function \`${args.name}\` expects argument ${at + 1} to be of type ${kinds} (when called with three or ` +
          `more arguments) but got type \`${typeName(value)}\` instead${see(page)}`,
      );
    }
    const [name, least, most] = part;
    if (value < BigInt(least) || value > BigInt(most)) {
      throw valueError(`${name} ${value} is out of range [${least}..${most}]${see(page)}`);
    }
    numbers[at] = Number(value);
  }
  const [year, month, day, hour, minute, second] = numbers as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  requireDay(year, month, day);
  const local = utcSeconds(year, month, day, hour, minute, second);
  const like =
    where === null ? new DateTime(0, 0, zone, isTimeval) : inZone(new DateTime(0, 0, null, isTimeval), where);
  return fromStandard(like, local);
}

/** The same moment on the clocks of a zone or at an offset. Throws -60. */
function inZone(value: DateTime, where: string): DateTime {
  if (!where) {
    throw valueError(
      'expecting a time zone or offset; example time zone: `Europe/Amsterdam`; example offset: `+01`',
    );
  }
  if (where === 'Z' || /^[-+]/.test(where)) {
    return new DateTime(value.seconds, readOffset(where), null, value.isTimeval);
  }
  const zone = findTimeZone(where);
  if (!zone) throw valueError(`unknown time zone${see('collection-api/time_zones_info')}`);
  return moment(value.seconds, zone, value.isTimeval);
}

type Body = (query: Query, args: Args, self: DateTime, page: string) => Value;

function onMoment(name: string, count: number | null, body: Body): BuiltIn {
  const page = `data-types/datetime/${name}`;
  return {
    name,
    effects: effects.none,
    chain: {
      datetime: (query, args, self) => {
        if (count !== null) args.exactly(count, page);
        return body(query, args, self, page);
      },
    },
  };
}

/** A number that the calendar gives. Throws -59 for a moment beyond it. */
function onCalendar(name: string, of: (parts: DateParts) => number): BuiltIn {
  return onMoment(name, 0, (_query, _args, self) => {
    if (isBeyondCalendar(self)) throw new ThingsError(-59, 'date/time overflow');
    return BigInt(of(datePartsOf(self)));
  });
}

const extract = onMoment('extract', null, (query, args, self, page) => {
  args.atMost(1, page);
  const parts = datePartsOf(self);
  const named = new Map<string, number>(
    (['year', 'month', 'day', 'hour', 'minute', 'second'] as const).map((name) => [name, parts[name]]),
  );
  named.set('gmt_offset', self.offset * 60);
  if (args.count === 0) {
    const result = new Thing(query.collection);
    for (const [name, value] of named) result.add(name, BigInt(value));
    return result;
  }
  const found = named.get(args.string(query, 0, page));
  if (found !== undefined) return BigInt(found);
  throw valueError(
    'function `extract` is expecting argument 1 to be ' +
      '`year`, `month`, `day`, `hour`, `minute`, `second` or `gmt_offset`',
  );
});

const timeZonesInfo: BuiltIn = {
  name: 'time_zones_info',
  effects: effects.none,
  root: (_query, args) => {
    args.exactly(0, 'collection-api/time_zones_info');
    return new PackedData([...timeZoneNames]);
  },
};

export const timeFunctions: readonly BuiltIn[] = [
  now,
  maker('datetime'),
  maker('timeval'),
  onMoment('move', 2, (query, args, self, page) => {
    const unit = readUnit(args.string(query, 0, page));
    return moveBy(self, unit, args.int(query, 1, page));
  }),
  onMoment('format', 1, (query, args, self, page) => {
    const format = args.string(query, 0, page);
    requireFormat(format);
    return formatMoment(self, format);
  }),
  onMoment('to', 1, (query, args, self, page) => inZone(self, args.string(query, 0, page))),
  onCalendar('week', (parts) => weekOfYear(parts, 0)),
  onCalendar('weekday', ({ weekday }) => weekday),
  onCalendar('yday', ({ dayOfYear }) => dayOfYear),
  onMoment('zone', 0, (_query, _args, self) => self.zone?.name ?? (self.offset === 0 ? 'UTC' : null)),
  extract,
  timeZonesInfo,
];
