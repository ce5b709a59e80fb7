import * as z from 'zod/mini';
import type { AdoptOptions, LockDefaults, LockOptions, SemaphoreOptions } from './lock-options.js';
import { MAX_TTL_MS, SHARED_LIMIT } from '../schema/constants.js';
import { duration } from './duration-check.js';
import { EXPECTED, checked, invalid } from './checked.js';
import { flag, oneOf, wholeNumber } from './single-checks.js';

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

const DEFAULT_TTL_MS = 60_000;
const MIN_TTL_MS = 100;

/** What may hold for all locks alike. */
export const defaultsShape = {
  ttl: z.optional(z.pipe(duration(MIN_TTL_MS, MAX_TTL_MS), z.transform(Math.ceil))),
  autoRenew: z.optional(flag()),
  maxHold: z.optional(duration(MIN_TTL_MS, Infinity)),
  waitTimeout: z.optional(duration(0, Infinity)),
  reentrant: z.optional(flag()),
  confirmGrants: z.optional(flag()),
  linger: z.optional(duration(0, MAX_TTL_MS)),
};

const holdShape = {
  ttl: defaultsShape.ttl,
  autoRenew: defaultsShape.autoRenew,
  maxHold: defaultsShape.maxHold,
  minHold: z.optional(duration(0, MAX_TTL_MS)),
};

const commonShape = {
  ...defaultsShape,
  minHold: holdShape.minHold,
  signal: z.optional(z.instanceof(AbortSignal, { error: 'expected an AbortSignal' })),
};

/** How many permits: there are, or are taken. */
const permitCount = (mostPermits: number, tooMany: string) =>
  wholeNumber(1, mostPermits, 'expected a whole number of at least 1', tooMany);

const permits = permitCount(SHARED_LIMIT - 1, `expected at most ${SHARED_LIMIT - 1}`);

type CommonOptions = z.output<z.ZodMiniObject<typeof commonShape>>;

const isInOrder = ({ minHold, maxHold }: CommonOptions): boolean => (minHold ?? 0) <= (maxHold ?? Infinity);
const inOrder = z.refine<CommonOptions>(isInOrder, {
  path: ['minHold'],
  error: 'expected no more than maxHold',
});

// Whoever takes a lease that lingers could count on no time at all.
const isRenewed = ({ linger, autoRenew }: CommonOptions): boolean => !linger || autoRenew !== false;
const renewed = z.refine<CommonOptions>(isRenewed, {
  path: ['linger'],
  error: 'expected 0 with autoRenew: false',
});

const lockOptions = z.pipe(
  z
    .strictObject({
      ...commonShape,
      mode: z.optional(oneOf(['exclusive', 'shared'], "expected 'exclusive' or 'shared'")),
      steal: z.optional(flag()),
    })
    .check(
      z.refine(({ mode, steal }) => !steal || mode !== 'shared', {
        path: ['steal'],
        error: "only an exclusive lock can be stolen: leave out mode: 'shared', or steal",
      }),
      inOrder,
      renewed,
    ),
  z.transform((options) =>
    resolved(options, 1, options.mode === 'shared' ? SHARED_LIMIT : 1, options.steal ?? false),
  ),
) satisfies z.ZodMiniType<ResolvedLockOptions, Omit<LockOptions, 'count'>>;

/** @param limit how many permits there are */
const semaphoreOptions = (limit: number) =>
  z.pipe(
    z
      .strictObject({
        ...commonShape,
        count: z.optional(permitCount(limit, `there are ${limit} permits`)),
      })
      .check(inOrder, renewed),
    z.transform((options) => resolved(options, options.count ?? 1, limit, false)),
  );

const semaphoreSize = z.strictObject({ permits });

const adoptOptions = z.strictObject(holdShape);

/** One literal: V8 gives each object that is made by spreading a shape of its own, of 400 bytes. */
function resolved(
  options: CommonOptions,
  want: number,
  limit: number,
  isSteal: boolean,
): ResolvedLockOptions {
  return {
    want,
    limit,
    isSteal,
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

/** Locks are made by the thousand with the same options: they share what is made of them. */
let last: { readonly given: LockOptions; readonly resolved: ResolvedLockOptions } | undefined;

/**
 * Merges options, the later over the earlier; `undefined` does not override.
 * @throws LockOptionsError whose message holds the value that was wrong
 */
export function resolveLockOptions(...layers: readonly (LockOptions | undefined)[]): ResolvedLockOptions {
  const given = merged(layers);
  if (last !== undefined && areSame(given, last.given)) return last.resolved;
  const resolved = checked(lockOptions, given, 'lock');
  // A signal is not to be kept in memory.
  if (resolved.signal === undefined) last = { given, resolved };
  return resolved;
}

function areSame(given: LockOptions, others: LockOptions): boolean {
  const keys = Object.keys(given) as (keyof LockOptions)[];
  const isSame = (key: keyof LockOptions): boolean =>
    Object.hasOwn(others, key) && given[key] === others[key];
  return keys.length === Object.keys(others).length && keys.every(isSame);
}

/**
 * As {@link resolveLockOptions}, for all requests of a semaphore with so many permits: the checks are made once.
 * @throws LockOptionsError, when called, also for more permits than there are
 */
export function semaphoreResolver(limit: number): typeof resolveLockOptions {
  const schema = semaphoreOptions(limit);
  return (...layers) => checked(schema, merged(layers), 'semaphore');
}

/**
 * How many permits a semaphore has, and the rest of its options, which are for each request.
 * @throws LockOptionsError
 */
export function checkedSemaphore(options: SemaphoreOptions): { limit: number; others: LockOptions } {
  if (typeof options !== 'object' || options === null)
    throw invalid('semaphore options', options, EXPECTED.semaphore);
  const { permits: limit, ...others } = options;
  // It may have been given by another name: that says more than that it is missing.
  if (limit === undefined) semaphoreResolver(1)(others);
  checked(semaphoreSize, { permits: limit }, 'semaphore');
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
  checked(adoptOptions, given, 'adopt');
  // An adopted lease does not linger.
  return resolveLockOptions(defaults, { ttl, linger: 0 }, given);
}

function merged(layers: readonly (LockOptions | undefined)[]): LockOptions {
  const merged = new Map<string, unknown>();
  for (const layer of layers) {
    if (layer === undefined) continue;
    if (typeof layer !== 'object' || layer === null) throw invalid('lock options', layer, EXPECTED.lock);
    for (const [key, value] of Object.entries(layer)) if (value !== undefined) merged.set(key, value);
  }
  return Object.fromEntries(merged);
}
