import { z } from 'zod';
import { LockOptionsError } from '../errors.js';
import type { Duration } from '../options.js';

export const MAX_NAME_BYTES = 255;

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;

function milliseconds(duration: Duration): number {
  if (typeof duration === 'number') return duration;
  const [, amount, unit] = DURATION.exec(duration) ?? [];
  return Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS];
}

const text = z.string().regex(DURATION, "expected milliseconds or text such as '250ms', '30s', '5m', '2h'");
/** A duration within bounds, in milliseconds. */
export const duration = (leastMs: number, mostMs: number) =>
  z
    .union([z.literal(Infinity), z.number(), text])
    .transform(milliseconds)
    .refine((ms) => ms >= leastMs && ms <= mostMs, `expected ${leastMs} to ${mostMs} milliseconds`);

/** What may hold a password: no message repeats it. */
const SECRET: ReadonlySet<PropertyKey | undefined> = new Set(['auth', 'url', 'tls', 'client']);

/** @throws LockOptionsError whose message holds the value that was wrong, but for {@link SECRET} */
export function parsed<Output, Input>(schema: z.ZodType<Output, Input>, value: Input, what: string): Output {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = issue?.path ?? [];
  const wrong = path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown>)[key], value);
  throw invalid(
    `${what} options`,
    SECRET.has(path[0]) ? {} : wrong,
    `${path.join('.')}${path.length > 0 ? ': ' : ''}${issue?.message}`,
    result.error,
  );
}

/** The value is shown unless it is an object. */
export function invalid(what: string, value: unknown, why: string, cause?: Error): LockOptionsError {
  const shown = typeof value === 'object' && value !== null ? '' : `, not ${shownValue(value)}`;
  return new LockOptionsError(`invalid ${what}: ${why}${shown}`, { cause });
}

function shownValue(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, MAX_NAME_BYTES)) : String(value);
}
