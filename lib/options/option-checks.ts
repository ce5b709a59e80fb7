import type { z } from 'zod';
import { LockOptionsError } from '../errors.js';

/** What may hold a password: no message repeats it. */
const SECRET: ReadonlySet<PropertyKey | undefined> = new Set(['auth', 'url', 'tls', 'client']);

const SHOWN_CHARACTERS = 255;

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
  return typeof value === 'string' ? JSON.stringify(value.slice(0, SHOWN_CHARACTERS)) : String(value);
}
