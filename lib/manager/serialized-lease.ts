import * as z from 'zod/mini';
import { LockOptionsError } from '../errors.js';
import { checkedNames } from '../options/names.js';
import { MAX_NAMES, MAX_TTL_MS, SHARED_LIMIT } from '../schema/constants.js';
import type { Request } from '../request/request.js';

const VERSION = 1;

function whole(least: number, most: number) {
  const error = `expected a whole number, ${least} to ${most}`;
  return z.int(error).check(z.minimum(least, error), z.maximum(most, error));
}

const shape = z
  .strictObject(
    {
      v: z.literal(VERSION, 'expected the version that this library knows'),
      /** The right to the lease. */
      id: z.string('expected text').check(z.minLength(16, 'too short'), z.maxLength(64, 'too long')),
      names: z
        .array(z.string('expected text'), 'expected a list')
        .check(z.minLength(1, 'too few'), z.maxLength(MAX_NAMES, 'too many')),
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
