import * as z from 'zod/mini';
import { LockOptionsError } from '../errors.js';
import { checkedNames } from '../options/names.js';
import { oneOf, text, wholeNumber } from '../options/single-checks.js';
import { MAX_NAMES, MAX_TTL_MS, SHARED_LIMIT } from '../schema/constants.js';
import type { Request } from '../request/request.js';

const VERSION = 1;

const whole = (least: number, most: number) =>
  wholeNumber(least, most, `expected a whole number, ${least} to ${most}`);

const names = z.custom<string[]>(Array.isArray, 'expected a list').check(({ value, issues }) => {
  const count = value.length;
  const wrong = value.findIndex((name: unknown) => typeof name !== 'string');
  if (wrong >= 0) issues.push({ code: 'custom', input: value, path: [wrong], message: 'expected text' });
  else if (count === 0 || count > MAX_NAMES)
    issues.push({ code: 'custom', input: value, message: count === 0 ? 'too few' : 'too many' });
});

const shape = z
  .strictObject(
    {
      v: oneOf([VERSION], 'expected the version that this library knows'),
      /** The right to the lease. */
      id: text('expected text').check(
        z.refine(({ length }) => length >= 16, 'too short'),
        z.refine(({ length }) => length <= 64, 'too long'),
      ),
      names,
      token: whole(1, Number.MAX_SAFE_INTEGER),
      ttlMs: whole(1, MAX_TTL_MS),
      want: whole(1, SHARED_LIMIT),
      limit: whole(1, SHARED_LIMIT),
    },
    'expected an object',
  )
  .check(
    z.refine(({ want, limit }) => want <= limit, { path: ['want'], error: 'expected no more than limit' }),
  );

/** A held lease on its way to another process. */
export type SerializedLease = z.output<typeof shape>;

export function serializedLease({ id, token, terms }: Request): string {
  const { names, ttlMs, units: want, limit } = terms;
  return JSON.stringify({
    v: VERSION,
    id,
    names: [...names],
    token,
    ttlMs,
    want,
    limit,
  } satisfies SerializedLease);
}

/** @throws LockOptionsError if it is not what `serialize` gave; it is not shown, as it is a right */
export function parseLease(text: string): SerializedLease {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // What the parser says quotes the text.
    throw new LockOptionsError('invalid serialized lease: expected the text that lease.serialize() gave');
  }
  const result = shape.safeParse(value);
  if (result.success) return { ...result.data, names: [...checkedNames(result.data.names)] };
  const [issue] = result.error.issues;
  // The key of an unknown part may be anything of the text.
  const why = issue?.code === 'unrecognized_keys' ? 'a part that is not known' : issue?.message;
  throw new LockOptionsError(`invalid serialized lease: ${[...(issue?.path ?? []), why].join(': ')}`);
}
