import { timeZoneNames } from './time-zone-names.js';

/** A time zone of the IANA database, by name. */
export interface TimeZone {
  readonly name: string;
}

const known: ReadonlySet<string> = new Set(timeZoneNames);
const formats = new Map<string, Intl.DateTimeFormat>();

/** The zone of that name (`Europe/Amsterdam`, `UTC`), or `undefined`. */
export function findTimeZone(name: string): TimeZone | undefined {
  return known.has(name) ? { name } : undefined;
}

/** JavaScript knows dates up to here. What a zone does later, and did earlier, is what it does at the end. */
const MAX_DATE_SECONDS = 8_639_999_900_000;

/** The moment itself, or the first or last one of which JavaScript knows the zones. */
export function knownSeconds(seconds: number): number {
  return Math.max(-MAX_DATE_SECONDS, Math.min(seconds, MAX_DATE_SECONDS));
}

/** Minutes east of Greenwich at a moment. */
export function offsetOf(zone: TimeZone, moment: number): number {
  const format = formatOf(zone.name);
  if (!format || zone.name === 'UTC') return 0;
  const seconds = knownSeconds(moment);
  const part: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(new Date(seconds * 1000))) part[type] = Number(value);
  const local = Date.UTC(
    part['year'] as number,
    (part['month'] as number) - 1,
    part['day'],
    part['hour'],
    part['minute'],
    part['second'],
  );
  return Math.round((local / 1000 - seconds) / 60);
}

function formatOf(name: string): Intl.DateTimeFormat | undefined {
  const made = formats.get(name);
  if (made) return made;
  try {
    const format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(name, format);
    return format;
  } catch {
    return undefined;
  }
}
