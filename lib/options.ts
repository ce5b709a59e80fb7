import { z } from 'zod';
import type { ThingsDBClient } from './client/thingsdb-client.js';
import { LockOptionsError } from './errors.js';
import { MAX_TTL_MS } from './schema/constants.js';

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
  /** Cancels the waiting: `acquire` rejects with `signal.reason`. Once the lock is held it has no effect. */
  readonly signal?: AbortSignal | undefined;
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
  readonly defaults?: Omit<LockOptions, 'signal'> | undefined;
}

/** Lock options as the code uses them: checked, complete, in milliseconds. */
export interface ResolvedLockOptions {
  readonly ttlMs: number;
  readonly autoRenew: boolean;
  readonly maxHoldMs: number;
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

const lockShape = {
  ttl: duration(MIN_TTL_MS, MAX_TTL_MS).transform(Math.ceil).optional(),
  autoRenew: z.boolean().optional(),
  maxHold: duration(MIN_TTL_MS, Infinity).optional(),
  waitTimeout: duration(0, Infinity).optional(),
};

const lockOptions = z
  .strictObject({ ...lockShape, signal: z.instanceof(AbortSignal).optional() })
  .transform((options): ResolvedLockOptions => ({
    ttlMs: options.ttl ?? DEFAULT_TTL_MS,
    autoRenew: options.autoRenew ?? true,
    maxHoldMs: options.maxHold ?? Infinity,
    waitTimeoutMs: options.waitTimeout,
    signal: options.signal,
  })) satisfies z.ZodType<ResolvedLockOptions, LockOptions>;

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
    owner: z.string().max(MAX_NAME_BYTES).optional(),
    requestTimeout: duration(1, MAX_TTL_MS).default(DEFAULT_REQUEST_TIMEOUT_MS),
    clockSkew: duration(0, MAX_CLOCK_SKEW_MS).optional(),
    defaults: z.strictObject(lockShape).optional(),
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
  const merged = new Map<string, unknown>();
  for (const layer of layers) {
    if (layer === undefined) continue;
    if (typeof layer !== 'object' || layer === null) throw invalid('lock', layer, 'expected an object');
    for (const [key, value] of Object.entries(layer)) if (value !== undefined) merged.set(key, value);
  }
  return parsed(lockOptions, Object.fromEntries(merged) as LockOptions, 'lock');
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
