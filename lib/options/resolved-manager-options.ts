import { z } from 'zod';
import { parseAddress } from '../client/address.js';
import { isClient } from '../client/thingsdb-client.js';
import { authProblem } from './auth-problem.js';
import type { LockOptionsError } from '../errors.js';
import type { LockManagerOptions } from './manager-options.js';
import type { LockOptions } from './lock-options.js';
import { MAX_TTL_MS } from '../schema/constants.js';
import { defaultsShape } from './resolved-lock-options.js';
import { duration } from './duration.js';
import { MAX_NAME_BYTES } from './names.js';
import { parsed } from './option-checks.js';

export const DEFAULT_REQUEST_TIMEOUT_MS = 5_000;
/** Half of the shortest ttl: what is left of a lease is worth having. */
const MAX_CLOCK_SKEW_MS = 50;
const DEFAULT_CLOCK_SKEW_MS = 10;

const client = z.custom<NonNullable<LockManagerOptions['client']>>(
  (value) => typeof value === 'function' || isClient(value),
  'expected a client with the methods of thingsdb.js, or a function that makes one',
);

const url = z.custom<string | readonly string[]>().superRefine((value, context) => {
  const addresses = [value].flat();
  try {
    addresses.forEach(parseAddress);
  } catch (error) {
    context.addIssue((error as LockOptionsError).message);
  }
  if (addresses.length === 0) context.addIssue('expected at least one address');
});

const auth = z.custom<NonNullable<LockManagerOptions['auth']>>().superRefine((value, context) => {
  if (typeof value === 'function') return;
  const problem = authProblem(value);
  if (problem !== undefined) context.addIssue(problem);
});

const pemPart = z.custom<string | Buffer>(
  (value) => typeof value === 'string' || Buffer.isBuffer(value),
  'expected PEM as text or bytes',
);
const pem = z.union([pemPart, z.array(pemPart)], 'expected PEM as text or bytes').optional();

const tls = z.strictObject({
  ca: pem,
  cert: pem,
  key: pem,
  passphrase: z.string().optional(),
  servername: z.string().optional(),
  rejectUnauthorized: z.boolean().optional(),
});

const managerOptions = z
  .strictObject({
    client: client.optional(),
    url: url.optional(),
    auth: auth.optional(),
    tls: tls.optional(),
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
  })
  .superRefine(({ tls, url, client }, context) => {
    if (tls === undefined) return;
    const problem = client === undefined ? tlsProblem([url ?? []].flat()) : OF_A_CLIENT;
    if (problem !== undefined) context.addIssue({ code: 'custom', path: ['tls'], message: problem });
  });

const OF_A_CLIENT = 'expected together with url: a client of your own knows how it connects';

/** TLS is asked for, so every address has to be one that has it: none must send the password in the clear. */
function tlsProblem(urls: readonly string[]): string | undefined {
  const plain = urls.map(parseAddress).find(({ scheme }) => scheme !== 'wss:');
  if (plain === undefined) return undefined;
  return plain.scheme === 'thingsdb:'
    ? `ThingsDB's TCP port (${plain.shown}) speaks no TLS; use wss:// with its WebSocket port`
    : `${plain.shown} is reached without TLS; use wss://`;
}

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
