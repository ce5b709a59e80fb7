import type { ZodMiniType } from 'zod/mini';
import { LockOptionsError } from '../errors.js';
import { unknownOptions, type Place } from './unknown-option.js';

/** What may hold a password: no message repeats it. */
const SECRET: ReadonlySet<PropertyKey | undefined> = new Set(['auth', 'url', 'tls', 'client']);

const SHOWN_CHARACTERS = 80;

/** In place of something else than an object. */
export const EXPECTED: Readonly<Record<Place, string>> = {
  LockManager: 'expected an object with url and auth, or client',
  tls: 'expected an object such as { ca }',
  lock: "expected an object such as { waitTimeout: '30s' }",
  semaphore: 'expected an object with permits: how many there are',
  adopt: "expected an object such as { ttl: '30s' }",
  query: 'expected a name, or an object such as { limit: 100 }',
  drain: "expected an object such as { waitTimeout: '30s' }",
};

/**
 * What is given, checked and complete.
 * @throws LockOptionsError whose message says of each wrong option what to do, and its value unless it is {@link SECRET}
 */
export function checked<Output, Input>(
  schema: ZodMiniType<Output, Input>,
  value: Input,
  place: Place,
): Output {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const { issues } = result.error;
  const unknown = issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [],
  );
  const wrong = issues
    .filter(({ code }) => code !== 'unrecognized_keys')
    // What is missing may be what was given by another name.
    .filter(({ path }) => unknown.length === 0 || (path.length > 0 && valueAt(value, path) !== undefined))
    .map(({ path, message }) => problem(value, path, message, place));
  const problems = [...unknownOptions(unknown, place), ...wrong];
  // Without a cause: the checker's own error says the same once more, in its own words.
  throw new LockOptionsError(`invalid ${place} options: ${[...new Set(problems)].join('; also ')}`);
}

/** Names the option, and what it is. A message that begins with its name has said so. */
function problem(value: unknown, path: readonly PropertyKey[], message: string, place: Place): string {
  const wrong = valueAt(value, path);
  const name = path.join('.');
  if (path.length === 0) {
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? message : `${shownValue(value)} is given; ${EXPECTED[place]}`;
  }
  if (message.startsWith(name)) return message;
  if (wrong !== undefined && SECRET.has(path[0])) return `${name}: ${message}`;
  return `${name} is ${shownValue(wrong)}; ${message}`;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown>)[key], value);
}

/** For what is no object of options: a name, a text. */
export function invalid(what: string, value: unknown, why: string): LockOptionsError {
  return new LockOptionsError(`invalid ${what}: ${shownValue(value)} is given; ${why}`);
}

/** Objects are not shown: nobody knows what they hold. */
function shownValue(value: unknown): string {
  if (typeof value === 'string') {
    const shown = JSON.stringify(value.slice(0, SHOWN_CHARACTERS));
    return value.length > SHOWN_CHARACTERS ? `${shown}...` : shown;
  }
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value === 'function') return 'a function';
  return typeof value === 'bigint' ? `${value}n` : String(value);
}
