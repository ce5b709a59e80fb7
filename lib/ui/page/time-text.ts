const UNITS = [
  { unit: 'd', ms: 86_400_000 },
  { unit: 'h', ms: 3_600_000 },
  { unit: 'm', ms: 60_000 },
  { unit: 's', ms: 1_000 },
] as const;

/** How long something lasts, in whole seconds and at most two units: `0s`, `12s`, `3m 4s`, `2d 5h`. */
export function lengthText(ms: number): string {
  const whole = Math.max(0, Math.floor(ms / 1_000)) * 1_000;
  const first = UNITS.findIndex((unit) => whole >= unit.ms);
  if (first === -1) return '0s';
  const parts: string[] = [];
  let left = whole;
  for (const { unit, ms: unitMs } of UNITS.slice(first, first + 2)) {
    const count = Math.floor(left / unitMs);
    left -= count * unitMs;
    if (count > 0) parts.push(`${count}${unit}`);
  }
  return parts.join(' ');
}

/** A wait, which may be short: `0.4 ms`, `23 ms`, `1.2 s`, `3m 4s`. */
export function waitText(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  return ms < 60_000 ? `${(ms / 1_000).toFixed(1)} s` : lengthText(ms);
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
