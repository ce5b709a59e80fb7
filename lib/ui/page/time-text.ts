import { twoUnits } from '../two-units.js';

/** A wait, which may be short: `0.4 ms`, `23 ms`, `1.2 s`, `3m 4s`. */
export function waitText(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  return ms < 60_000 ? `${(ms / 1_000).toFixed(1)} s` : twoUnits(ms);
}

const CLOCK = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hour12: false,
});

/** A time of day, in the time zone of whoever looks. */
export function clockText(ms: number): string {
  return CLOCK.format(ms);
}
