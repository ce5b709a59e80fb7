import { z } from 'zod';
import type { ThingsDBClient } from './client/thingsdb-client.js';
import { LockOptionsError } from './errors.js';
import { MAX_NAMES, MAX_TTL_MS, SHARED_LIMIT } from './schema/constants.js';

/** Milliseconds, or text such as `'250ms'`, `'30s'`, `'5m'`, `'2h'`, `'1d'`. */
export type Duration = number | string;

/** How a lock is acquired and held. Given to `manager.get` they hold for that lock, given to a call for that call. */
export interface LockOptions {
  /**
   * How long a lease lasts unless it is renewed, at least 100 ms, at most 24.8 days. After a crash of the holder the
   * lock is free again this long after its last renewal. Default 60 s.
   */
  readonly ttl?: Duration | undefined;
  /**
   * Renew the lease at every third of its ttl until it is released. `false` gives the meaning of the Python lock: the
   * ttl is the longest that the lock can be held. Default true.
   */
  readonly autoRenew?: boolean | undefined;
  /** The longest that the lock can be held, however often it is renewed. Default: no such limit. */
  readonly maxHold?: Duration | undefined;
  /**
   * The longest to wait for the lock, `Infinity` allowed; then `acquire` rejects with `LockTimeoutError` and never
   * holds the lock. 0 does not wait. Default: the number of requests ahead, times the ttl, as the Python lock does.
   */
  readonly waitTimeout?: Duration | undefined;
  /**
   * The lock stays taken for at least so long from its grant, even if it is released earlier: for jobs that are to run
   * once however the clocks of those who start them differ. A crash ends it with the ttl. Default 0.
   */
  readonly minHold?: Duration | undefined;
  /** `'shared'`: together with others that are shared too. Default `'exclusive'`. */
  readonly mode?: 'exclusive' | 'shared' | undefined;
  /** How many permits of a semaphore to take. Default 1. Not for locks. */
  readonly permits?: number | undefined;
  /**
   * Takes the lock at once, before all who wait: whoever holds it loses it, and is told (`stolen`). For exclusive locks.
   * Default false.
   */
  readonly steal?: boolean | undefined;
  /**
   * Inside `runExclusive` of the same lock: counts one more holder, instead of rejecting with `LockDeadlockError`. A shared
   * lock inside of itself needs it too if writers may come in between: without it, it would wait behind them. Default false.
   */
  readonly reentrant?: boolean | undefined;
  /** Cancels the waiting: `acquire` rejects with `signal.reason`. Once the lock is held it has no effect. */
  readonly signal?: AbortSignal | undefined;
}

/** How a semaphore is used. */
export interface SemaphoreOptions extends Omit<LockOptions, 'mode' | 'permits' | 'steal'> {
  /** How many permits there are. Another number than those who hold some go by holds as soon as they have let go. */
  readonly permits: number;
}

/** How an adopted lease is held; its ttl is what it was, unless it is given. */
export type AdoptOptions = Pick<LockOptions, 'ttl' | 'autoRenew' | 'maxHold' | 'minHold'>;

/** Which names are asked about. */
export interface Page {
  /** Those after this one, in the order of their bytes. Default: from the first. */
  readonly after?: string | undefined;
  /** At most so many, 1 to 1,000. Default 100. */
  readonly limit?: number | undefined;
}

/** Who we are to the server. A token is one made by `new_token`. */
export type Auth = { readonly username: string; readonly password: string } | { readonly token: string };

/** How a {@link LockManager} reaches ThingsDB, and what its locks have in common. `client` or `url`, not both. */
export interface LockManagerOptions {
  /**
   * A client shaped like thingsdb.js, or a function that makes one. Without `auth` it has to come connected and
   * authenticated; with `auth` the manager does both. An instance stays the caller's: it is never disconnected by the
   * manager and, once its connection is lost, the manager is of no more use. A function is called again then.
   */
  readonly client?: ThingsDBClient | (() => ThingsDBClient | Promise<ThingsDBClient>) | undefined;
  /** `ws://` or `wss://` addresses of ThingsDB nodes, tried in this order, for the built-in client. Needs `auth`. */
  readonly url?: string | readonly string[] | undefined;
  readonly auth?: Auth | undefined;
  /** The collection that holds the locks: letters, digits and `_`. Default `'lock'`, which the Python lock uses too. */
  readonly collection?: string | undefined;
  /**
   * What the names of the procedures and of the state begin with, to set the locks up in a collection that has other
   * procedures of these names. Python programs and managers with another prefix do not see these locks. Default none.
   */
  readonly prefix?: string | undefined;
  /** A label for people: who holds or waits. Default: host name and process id. */
  readonly owner?: string | undefined;
  /** How long one request to the server may take. Default 5 s. */
  readonly requestTimeout?: Duration | undefined;
  /**
   * By how much the clocks of the nodes may differ. A lease is taken to be over so much earlier than its ttl says, as
   * the node that it moves to after a failure may think so. Default 10 ms with several `url`s (NTP keeps nodes of one
   * network within a few), 0 with one: a single clock does not differ from itself.
   */
  readonly clockSkew?: Duration | undefined;
  /** For every lock of this manager, unless the lock or the call says otherwise. */
  readonly defaults?: LockDefaults | undefined;
}

/** Those of the lock options that may hold for all locks alike. */
export type LockDefaults = Pick<LockOptions, 'ttl' | 'autoRenew' | 'maxHold' | 'waitTimeout' | 'reentrant'>;

/** Lock options as the code uses them: checked, complete, in milliseconds. */
export interface ResolvedLockOptions {
  readonly ttlMs: number;
  readonly autoRenew: boolean;
  readonly maxHoldMs: number;
  readonly minHoldMs: number;
  /** How many of how many: see `TicketRequest`. */
  readonly want: number;
  readonly limit: number;
  readonly isSteal: boolean;
  readonly isReentrant: boolean;
  /** `undefined`: the requests ahead times the ttl. */
  readonly waitTimeoutMs: number | undefined;
  readonly signal: AbortSignal | undefined;
}

export const DEFAULT_TTL_MS = 60_000;
export const DEFAULT_REQUEST_TIMEOUT_MS = 5_000;
const MIN_TTL_MS = 100;
/** Half of the shortest ttl: what is left of a lease is worth having. */
const MAX_CLOCK_SKEW_MS = 50;
const DEFAULT_CLOCK_SKEW_MS = 10;
const MAX_NAME_BYTES = 255;

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;

function milliseconds(duration: Duration): number {
  if (typeof duration === 'number') return duration;
  const [, amount, unit] = DURATION.exec(duration) ?? [];
  return Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS];
}

const text = z.string().regex(DURATION, "expected milliseconds or text such as '250ms', '30s', '5m', '2h'");
const duration = (leastMs: number, mostMs: number) =>
  z
    .union([z.literal(Infinity), z.number(), text])
    .transform(milliseconds)
    .refine((ms) => ms >= leastMs && ms <= mostMs, `expected ${leastMs} to ${mostMs} milliseconds`);

const defaultsShape = {
  ttl: duration(MIN_TTL_MS, MAX_TTL_MS).transform(Math.ceil).optional(),
  autoRenew: z.boolean().optional(),
  maxHold: duration(MIN_TTL_MS, Infinity).optional(),
  waitTimeout: duration(0, Infinity).optional(),
  reentrant: z.boolean().optional(),
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

const lockOptions = lockShape.refine(isInOrder, OUT_OF_ORDER).transform((options): ResolvedLockOptions => ({
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
    waitTimeoutMs: options.waitTimeout,
    isReentrant: options.reentrant ?? false,
    signal: options.signal,
  };
}

const page = z.strictObject({
  after: z.string().default(''),
  limit: z.int().min(1).max(1_000).default(100),
});

/** @throws LockOptionsError */
export function checkedPage(options: Page): { after: string; limit: number } {
  return parsed(page, options, 'query');
}

const CLIENT_METHODS = [
  'connect',
  'disconnect',
  'auth',
  'authToken',
  'ping',
  'query',
  'run',
  'join',
  'leave',
  'addEventListener',
  'removeEventListener',
] as const satisfies readonly (keyof ThingsDBClient)[];

const client = z.custom<NonNullable<LockManagerOptions['client']>>(
  (value) => typeof value === 'function' || isClient(value),
  'expected a client with the methods of thingsdb.js, or a function that makes one',
);

/** Whether it has every method that this library needs of a client. */
export function isClient(value: unknown): value is ThingsDBClient {
  if (typeof value !== 'object' || value === null) return false;
  return CLIENT_METHODS.every((method) => typeof (value as Partial<ThingsDBClient>)[method] === 'function');
}

const url = z.string().regex(/^wss?:\/\/./, 'expected an address such as ws://127.0.0.1:9270');

const managerOptions = z
  .strictObject({
    client: client.optional(),
    url: z.union([url, z.array(url).min(1).readonly()]).optional(),
    auth: z
      .union([
        z.strictObject({ username: z.string().min(1), password: z.string() }),
        z.strictObject({ token: z.string().min(1) }),
      ])
      .optional(),
    collection: z
      .string()
      .regex(/^[A-Za-z_][0-9A-Za-z_]{0,254}$/, 'expected letters, digits and _')
      .default('lock'),
    prefix: z
      .string()
      .regex(/^([A-Za-z_][0-9A-Za-z_]{0,63})?$/, 'expected up to 64 letters, digits and _, not a digit first')
      .default(''),
    owner: z.string().max(MAX_NAME_BYTES).optional(),
    requestTimeout: duration(1, MAX_TTL_MS).default(DEFAULT_REQUEST_TIMEOUT_MS),
    clockSkew: duration(0, MAX_CLOCK_SKEW_MS).optional(),
    defaults: z.strictObject(defaultsShape).optional(),
  })
  .refine((options) => (options.client === undefined) !== (options.url === undefined), {
    error: 'expected either client or url',
  })
  .refine((options) => options.url === undefined || options.auth !== undefined, {
    error: 'expected auth: { username, password } or { token } together with url',
  });

/** The manager's options as the code uses them. */
export interface ResolvedManagerOptions extends Omit<
  z.output<typeof managerOptions>,
  'defaults' | 'clockSkew'
> {
  readonly clockSkew: number;
  readonly defaults: LockOptions;
}

/** @throws LockOptionsError whose message holds the value that was wrong */
export function resolveManagerOptions(options: LockManagerOptions): ResolvedManagerOptions {
  const resolved = parsed(managerOptions, options, 'LockManager');
  // What is checked here stays as it was given: it is merged with a lock's and a call's options, and resolved then.
  const nodes = [resolved.url ?? []].flat().length;
  const clockSkew = resolved.clockSkew ?? (nodes > 1 ? DEFAULT_CLOCK_SKEW_MS : 0);
  return { ...resolved, clockSkew, defaults: options.defaults ?? {} };
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
  return resolveLockOptions(defaults, { ttl }, given);
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

/**
 * One name, or several that are locked together, each once.
 * @throws LockOptionsError
 */
export function checkedNames(names: string | readonly string[]): readonly string[] {
  if (typeof names === 'string') return [checkedName(names)];
  if (!Array.isArray(names)) throw invalid('name', names, 'expected a string, or a list of strings');
  if (names.length === 0 || names.length > MAX_NAMES)
    throw invalid('names', names.length, `expected 1 to ${MAX_NAMES} of them`);
  // Spread: `map` would pass over a hole.
  const checked = [...(names as readonly string[])].map(checkedName);
  const twice = checked.find((name, i) => checked.indexOf(name) < i);
  if (twice !== undefined) throw invalid('names', twice, 'expected each at most once');
  return checked;
}

/**
 * A name is any text of 1 to 255 bytes in UTF-8: data, never code.
 * @throws LockOptionsError
 */
export function checkedName(name: string): string {
  if (typeof name !== 'string') throw invalid('name', name, 'expected a string');
  if (name === '') throw invalid('name', name, 'expected at least one character');
  // A lone surrogate has no UTF-8: two different names would become one.
  if (/\p{Surrogate}/u.test(name)) throw invalid('name', name, 'expected well-formed Unicode');
  const bytes = Buffer.byteLength(name);
  if (bytes > MAX_NAME_BYTES)
    throw invalid('name', name, `expected at most ${MAX_NAME_BYTES} bytes, not ${bytes}`);
  return name;
}

function parsed<Output, Input>(schema: z.ZodType<Output, Input>, value: Input, what: string): Output {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = issue?.path ?? [];
  const wrong = path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown>)[key], value);
  throw invalid(
    `${what} options`,
    wrong,
    `${path.join('.')}${path.length > 0 ? ': ' : ''}${issue?.message}`,
    result.error,
  );
}

function invalid(what: string, value: unknown, why: string, cause?: Error): LockOptionsError {
  const shown = typeof value === 'object' && value !== null ? '' : `, not ${shownValue(value)}`;
  return new LockOptionsError(`invalid ${what}: ${why}${shown}`, { cause });
}

function shownValue(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, MAX_NAME_BYTES)) : String(value);
}
