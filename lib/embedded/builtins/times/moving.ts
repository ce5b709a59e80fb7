import { overflowError, valueError } from '../../model/errors.js';
import { offsetOf, type TimeZone } from '../../model/time-zone.js';
import { DateTime } from '../../model/values/date-time.js';
import { datePartsOf, isBeyondCalendar, utcSeconds } from '../../runtime/operations/date-time-text.js';

const secondsOf = {
  weeks: 604_800,
  days: 86_400,
  hours: 3600,
  minutes: 60,
  seconds: 1,
} as const;

/** What a moment can be moved by. */
export type Unit = keyof typeof secondsOf | 'years' | 'months';

/** Throws -60 for a text that names no unit. */
export function readUnit(text: string): Unit {
  if (text === 'years' || text === 'months' || Object.hasOwn(secondsOf, text)) return text as Unit;
  throw valueError(
    'invalid unit, expecting one of `years`, `months`, `weeks`, `days`, `hours`, `minutes` or `seconds`',
  );
}

const MAX_COUNT = 2_147_483_647n;

/** `moment.move(unit, count)`. Days and longer keep the time of day, also where a zone changes its clocks. */
export function moveBy(from: DateTime, unit: Unit, count: bigint): DateTime {
  const isCalendar = unit === 'years' || unit === 'months' || unit === 'weeks' || unit === 'days';
  if (isCalendar && (count > MAX_COUNT || count < -MAX_COUNT - 1n)) throw overflowError();
  const number = Number(count);
  if (!isCalendar) return at(from, from.seconds + number * secondsOf[unit]);
  const parts = datePartsOf(from);
  let { year, month, day } = parts;
  if (unit === 'years') year += number;
  else if (unit === 'months') month += number;
  else day += number * (unit === 'weeks' ? 7 : 1);
  if (unit === 'years' || unit === 'months') {
    // A month that is too short runs over into the next one.
    year += Math.floor((month - 1) / 12);
    month = ((((month - 1) % 12) + 12) % 12) + 1;
  }
  return fromLocal(from, utcSeconds(year, month, day, parts.hour, parts.minute, parts.second));
}

/** The moment, shown in the same zone. Throws -59 for one beyond what dates can be. */
export function at(like: DateTime, seconds: number): DateTime {
  if (isBeyondCalendar({ seconds })) throw overflowError();
  const offset = like.zone ? offsetOf(like.zone, seconds) : like.offset;
  return new DateTime(seconds, offset, like.zone, like.isTimeval);
}

/** As {@link fromLocal}, read as if there were no summer time, as the real server reads a date that is given. */
export function fromStandard(like: DateTime, localSeconds: number): DateTime {
  if (!like.zone) return fromLocal(like, localSeconds);
  const year = new Date(localSeconds * 1000).getUTCFullYear();
  const offsets = [0, 6].map((month) => offsetOf(like.zone as TimeZone, Date.UTC(year, month, 1) / 1000));
  return at(like, localSeconds - Math.min(...offsets) * 60);
}

/** The moment at which a clock in the same zone shows `localSeconds`. */
function fromLocal(like: DateTime, localSeconds: number): DateTime {
  if (isBeyondCalendar({ seconds: localSeconds })) throw overflowError();
  if (!like.zone) return at(like, localSeconds - like.offset * 60);
  const guess = localSeconds - offsetOf(like.zone, localSeconds) * 60;
  return at(like, localSeconds - offsetOf(like.zone, guess) * 60);
}
