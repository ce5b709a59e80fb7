const UNITS = [
  { unit: 'd', ms: 86_400_000 },
  { unit: 'h', ms: 3_600_000 },
  { unit: 'm', ms: 60_000 },
  { unit: 's', ms: 1_000 },
] as const;

/** A time in its two largest units, cut to whole ones: `12s`, `3m 4s`, `2d 5h`. For people, in the browser and on terminals. */
export function twoUnits(ms: number): string {
  const first = UNITS.findIndex((unit) => ms >= unit.ms);
  if (first === -1) return '0s';
  const parts: string[] = [];
  let left = ms;
  for (const { unit, ms: unitMs } of UNITS.slice(first, first + 2)) {
    const count = Math.floor(left / unitMs);
    left -= count * unitMs;
    if (count > 0) parts.push(`${count}${unit}`);
  }
  return parts.join(' ');
}
