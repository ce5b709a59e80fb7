import { z } from 'zod';
import { LockOptionsError } from '../errors.js';
import { checkedNames } from '../options/names.js';
import { MAX_NAMES, MAX_TTL_MS, SHARED_LIMIT } from '../schema/constants.js';
import type { Request } from '../request/request.js';

const VERSION = 1;

const shape = z
  .strictObject({
    v: z.literal(VERSION),
    /** The right to the lease. */
    id: z.string().min(16).max(64),
    names: z.array(z.string()).min(1).max(MAX_NAMES),
    token: z.int().positive(),
    ttlMs: z.int().min(1).max(MAX_TTL_MS),
    want: z.int().min(1).max(SHARED_LIMIT),
    limit: z.int().min(1).max(SHARED_LIMIT),
  })
  .refine(({ want, limit }) => want <= limit, { path: ['want'], error: 'expected no more than limit' });

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
