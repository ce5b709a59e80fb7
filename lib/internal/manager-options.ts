import { z } from 'zod';
import type { ThingsDBClient } from '../client/thingsdb-client.js';
import type { LockManagerOptions, LockOptions } from '../options.js';
import { MAX_TTL_MS } from '../schema/constants.js';
import { defaultsShape } from './lock-options.js';
import { duration, MAX_NAME_BYTES, parsed } from './option-checks.js';

export const DEFAULT_REQUEST_TIMEOUT_MS = 5_000;
/** Half of the shortest ttl: what is left of a lease is worth having. */
const MAX_CLOCK_SKEW_MS = 50;
const DEFAULT_CLOCK_SKEW_MS = 10;

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
