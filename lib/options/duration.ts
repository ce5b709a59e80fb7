import { z } from 'zod';

/** Milliseconds, or text such as `'250ms'`, `'30s'`, `'5m'`, `'2h'`, `'1d'`. */
export type Duration = number | string;

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
