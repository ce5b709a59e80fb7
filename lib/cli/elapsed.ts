const UNITS = [
  { unit: 'd', ms: 86_400_000 },
  { unit: 'h', ms: 3_600_000 },
  { unit: 'm', ms: 60_000 },
  { unit: 's', ms: 1_000 },
] as const;

/** A time in words of at most two units: `250ms`, `12s`, `3m 4s`, `2d 5h`. */
export function elapsed(ms: number): string {
  const whole = Math.max(0, Math.round(ms));
  if (whole < 1_000) return `${whole}ms`;
  const first = UNITS.findIndex((unit) => whole >= unit.ms);
  const parts: string[] = [];
  let left = whole;
  for (const { unit, ms: unitMs } of UNITS.slice(first, first + 2)) {
    const count = Math.floor(left / unitMs);
    left -= count * unitMs;
    if (count > 0) parts.push(`${count}${unit}`);
  }
  return parts.join(' ');
}

/** A time of day and how long ago it was: `2026-11-26 00:10:02 (12s ago)`, by the server's clock. */
export function ago(since: Date, now: Date): string {
  const day = since.toISOString().replace('T', ' ').slice(0, 19);
  return `${day}Z (${elapsed(now.getTime() - since.getTime())} ago)`;
}
