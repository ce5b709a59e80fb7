import { twoUnits } from '../ui/two-units.js';

/** A time in words of at most two units: `250ms`, `12s`, `3m 4s`, `2d 5h`. */
export function elapsed(ms: number): string {
  const whole = Math.max(0, Math.round(ms));
  return whole < 1_000 ? `${whole}ms` : twoUnits(whole);
}

/** A time of day and how long ago it was: `2026-11-26 00:10:02 (12s ago)`, by the server's clock. */
export function ago(since: Date, now: Date): string {
  const day = since.toISOString().replace('T', ' ').slice(0, 19);
  return `${day}Z (${elapsed(now.getTime() - since.getTime())} ago)`;
}
