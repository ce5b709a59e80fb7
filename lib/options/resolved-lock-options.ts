import { z } from 'zod';
import type { AdoptOptions, LockDefaults, LockOptions, SemaphoreOptions } from './lock-options.js';
import { MAX_TTL_MS, SHARED_LIMIT } from '../schema/constants.js';
import { duration } from './duration.js';
import { invalid, parsed } from './option-checks.js';

/** Lock options as the code uses them: checked, complete, in milliseconds. */
export interface ResolvedLockOptions {
  readonly ttlMs: number;
  readonly autoRenew: boolean;
  readonly maxHoldMs: number;
  readonly minHoldMs: number;
  readonly lingerMs: number;
  /** How many of how many: see `TicketRequest`. */
  readonly want: number;
  readonly limit: number;
  readonly isSteal: boolean;
  readonly isReentrant: boolean;
  readonly confirmGrants: boolean;
  /** `undefined`: the requests ahead times the ttl. */
  readonly waitTimeoutMs: number | undefined;
  readonly signal: AbortSignal | undefined;
}

export const DEFAULT_TTL_MS = 60_000;
const MIN_TTL_MS = 100;

/** What may hold for all locks alike. */
export const defaultsShape = {
  ttl: duration(MIN_TTL_MS, MAX_TTL_MS).transform(Math.ceil).optional(),
  autoRenew: z.boolean().optional(),
  maxHold: duration(MIN_TTL_MS, Infinity).optional(),
  waitTimeout: duration(0, Infinity).optional(),
  reentrant: z.boolean().optional(),
  confirmGrants: z.boolean().optional(),
  linger: duration(0, MAX_TTL_MS).optional(),
};

const commonShape = {
  ...defaultsShape,
  minHold: duration(0, MAX_TTL_MS).optional(),
  signal: z.instanceof(AbortSignal).optional(),
};

const permits = z
  .int()
  .min(1)
  .max(SHARED_LIMIT - 1);

const lockShape = z
  .strictObject({
    ...commonShape,
    mode: z.enum(['exclusive', 'shared']).optional(),
    steal: z.boolean().optional(),
    permits: z.undefined({ error: 'a lock has no permits: a semaphore has' }).optional(),
  })
  .refine(({ mode, steal }) => !steal || mode !== 'shared', {
    path: ['steal'],
    error: 'only an exclusive lock can be stolen',
  });

const adoptOptions = z.strictObject({
  ttl: commonShape.ttl,
  autoRenew: commonShape.autoRenew,
  maxHold: commonShape.maxHold,
  minHold: commonShape.minHold,
});

type CommonOptions = z.output<z.ZodObject<typeof commonShape>>;

const isInOrder = ({ minHold, maxHold }: CommonOptions): boolean => (minHold ?? 0) <= (maxHold ?? Infinity);
const OUT_OF_ORDER = { path: ['minHold'], error: 'expected no more than maxHold' };

// Whoever takes a lease that lingers could count on no time at all.
const isRenewed = ({ linger, autoRenew }: CommonOptions): boolean => !linger || autoRenew !== false;
const NOT_RENEWED = { path: ['linger'], error: 'expected 0 with autoRenew: false' };

const lockOptions = lockShape
  .refine(isInOrder, OUT_OF_ORDER)
  .refine(isRenewed, NOT_RENEWED)
  .transform((options): ResolvedLockOptions => ({
    ...resolvedCommon(options),
    want: 1,
    limit: options.mode === 'shared' ? SHARED_LIMIT : 1,
    isSteal: options.steal ?? false,
  })) satisfies z.ZodType<ResolvedLockOptions, LockOptions>;

/** @param limit how many permits there are */
const semaphoreOptions = (limit: number) =>
  z
    .strictObject({ ...commonShape, permits: permits.max(limit, `there are ${limit} permits`).optional() })
    .refine(isInOrder, OUT_OF_ORDER)
    .refine(isRenewed, NOT_RENEWED)
    .transform((options): ResolvedLockOptions => ({
      ...resolvedCommon(options),
      want: options.permits ?? 1,
      limit,
      isSteal: false,
    }));

function resolvedCommon(options: CommonOptions): Omit<ResolvedLockOptions, 'want' | 'limit' | 'isSteal'> {
  return {
    ttlMs: options.ttl ?? DEFAULT_TTL_MS,
    autoRenew: options.autoRenew ?? true,
    maxHoldMs: options.maxHold ?? Infinity,
    minHoldMs: options.minHold ?? 0,
    lingerMs: options.linger ?? 0,
    waitTimeoutMs: options.waitTimeout,
    isReentrant: options.reentrant ?? false,
    confirmGrants: options.confirmGrants ?? false,
    signal: options.signal,
  };
}

/**
 * Merges options, the later over the earlier; `undefined` does not override.
 * @throws LockOptionsError whose message holds the value that was wrong
 */
export function resolveLockOptions(...layers: readonly (LockOptions | undefined)[]): ResolvedLockOptions {
  return parsed(lockOptions, merged(layers), 'lock');
}

/**
 * As {@link resolveLockOptions}, for a semaphore with so many permits.
 * @throws LockOptionsError, also for more permits than there are
 */
export function resolveSemaphoreOptions(
  limit: number,
  ...layers: readonly (LockOptions | undefined)[]
): ResolvedLockOptions {
  return parsed(semaphoreOptions(limit), merged(layers), 'semaphore');
}

/**
 * How many permits a semaphore has, and the rest of its options, which are for each request.
 * @throws LockOptionsError
 */
export function checkedSemaphore(options: SemaphoreOptions): { limit: number; others: LockOptions } {
  if (typeof options !== 'object' || options === null)
    throw invalid('semaphore options', options, 'expected an object');
  const { permits: limit, ...others } = options;
  parsed(z.strictObject({ permits }), { permits: limit }, 'semaphore');
  return { limit, others };
}

/**
 * How a lease is held that was serialized with this ttl.
 * @throws LockOptionsError, also for options that only count while a lock is acquired
 */
export function resolveAdoptOptions(
  defaults: LockDefaults,
  ttl: number,
  options: AdoptOptions | undefined,
): ResolvedLockOptions {
  const given = merged([options]);
  parsed(adoptOptions, given, 'adopt');
  // An adopted lease does not linger.
  return resolveLockOptions(defaults, { ttl, linger: 0 }, given);
}

function merged(layers: readonly (LockOptions | undefined)[]): LockOptions {
  const merged = new Map<string, unknown>();
  for (const layer of layers) {
    if (layer === undefined) continue;
    if (typeof layer !== 'object' || layer === null) throw invalid('lock', layer, 'expected an object');
    for (const [key, value] of Object.entries(layer)) if (value !== undefined) merged.set(key, value);
  }
  return Object.fromEntries(merged);
}
