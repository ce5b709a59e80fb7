/** Milliseconds, or text such as `'250ms'`, `'30s'`, `'5m'`, `'2h'`, `'1d'`. */
export type Duration = number | string;

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
type Unit = keyof typeof UNIT_MS;
const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;
/** What people write instead. */
const NEARLY = /^\s*(\d+(?:\.\d+)?)\s*(ms|millis|s|m|h|d|w)?(?:[a-z]*)\s*$/i;

const ENDLESS = /^(forever|infinite|infinity|endless|never|unlimited)$/i;

/** `undefined` for what is no duration. */
export function milliseconds(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  const [, amount, unit] = typeof value === 'string' ? (DURATION.exec(value) ?? []) : [];
  return unit === undefined ? undefined : Number(amount) * UNIT_MS[unit as Unit];
}

export function isWithin(ms: number | undefined, leastMs: number, mostMs: number): boolean {
  // NaN is not.
  return ms !== undefined && ms >= leastMs && ms <= mostMs;
}

/** What is wrong with a duration, and what was meant where that can be seen. */
export function expectedDuration(value: unknown, leastMs: number, mostMs: number): string {
  if (milliseconds(value) !== undefined) return `expected ${bounds(leastMs, mostMs)}`;
  const isEndless = mostMs === Infinity && ENDLESS.test(String(value));
  const meant = isEndless ? 'Infinity' : typeof value === 'string' ? meantBy(value) : undefined;
  if (meant !== undefined) return `did you mean ${meant}?`;
  return "expected milliseconds or text such as '250ms', '30s', '5m', '2h'";
}

function meantBy(text: string): string | undefined {
  const [, amount, unit] = NEARLY.exec(text) ?? [];
  if (amount === undefined) return undefined;
  if (unit === undefined) return `'${amount}s', or the number ${amount} for milliseconds`;
  if (unit.toLowerCase() === 'w') return `'${Number(amount) * 7}d'`;
  return `'${amount}${unit.toLowerCase() === 'millis' ? 'ms' : unit.toLowerCase()}'`;
}

function bounds(leastMs: number, mostMs: number): string {
  const least = `at least ${shownMs(leastMs)}`;
  return mostMs === Infinity ? least : `${least}, at most ${shownMs(mostMs)}`;
}

function shownMs(ms: number): string {
  return ms < UNIT_MS.d ? `${ms} ms` : `${ms} ms (${Math.floor((ms / UNIT_MS.d) * 10) / 10} days)`;
}
