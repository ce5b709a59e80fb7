import * as z from 'zod/mini';
import { parseAddress } from '../client/address.js';
import { isClient } from '../client/thingsdb-client.js';
import { authProblem } from './auth-problem.js';
import type { LockOptionsError } from '../errors.js';
import type { DrainOptions, LockManagerOptions } from './manager-options.js';
import type { LockOptions } from './lock-options.js';
import { MAX_TTL_MS } from '../schema/constants.js';
import { defaultsShape } from './resolved-lock-options.js';
import { duration } from './duration-check.js';
import { MAX_NAME_BYTES, textProblem } from './names.js';
import { checked } from './checked.js';
import { flag, text, textLike } from './single-checks.js';
import { tlsProblem } from './tls-problem.js';

const DEFAULT_REQUEST_TIMEOUT_MS = 5_000;
/** Half of the shortest ttl: what is left of a lease is worth having. */
const MAX_CLOCK_SKEW_MS = 50;
const DEFAULT_CLOCK_SKEW_MS = 10;

const client = z.custom<NonNullable<LockManagerOptions['client']>>(
  (value) => typeof value === 'function' || isClient(value),
  'expected a client with the methods of thingsdb.js, or a function that makes one',
);

const url = z.custom<string | readonly string[]>().check(({ value, issues }) => {
  const addresses = [value].flat();
  try {
    addresses.forEach(parseAddress);
    if (addresses.length > 0) return;
    issues.push({ code: 'custom', input: value, message: 'expected at least one address' });
  } catch (error) {
    issues.push({ code: 'custom', input: value, message: (error as LockOptionsError).message });
  }
});

const auth = z.custom<NonNullable<LockManagerOptions['auth']>>().check(({ value, issues }) => {
  if (typeof value === 'function') return;
  const message = authProblem(value);
  if (message !== undefined) issues.push({ code: 'custom', input: value, message });
});

type PemPart = string | Buffer;
const isPem = (value: unknown): boolean => typeof value === 'string' || Buffer.isBuffer(value);
const pem = z.optional(
  z.custom<PemPart | PemPart[]>(
    (value) => (Array.isArray(value) ? value.every(isPem) : isPem(value)),
    'expected PEM as text or bytes',
  ),
);

const tls = z.strictObject(
  {
    ca: pem,
    cert: pem,
    key: pem,
    passphrase: z.optional(text('expected text')),
    servername: z.optional(text('expected text')),
    rejectUnauthorized: z.optional(flag()),
  },
  'expected an object such as { ca }',
);

const COLLECTION = 'expected letters, digits and _, not a digit first';
const PREFIX = 'expected up to 64 letters, digits and _, not a digit first';
const OWNER = `expected text of at most ${MAX_NAME_BYTES} bytes`;
const owner = text(OWNER).check(({ value, issues }) => {
  const message = textProblem(value);
  if (message !== undefined) issues.push({ code: 'custom', input: value, message });
});

const managerOptions = z
  .strictObject({
    client: z.optional(client),
    url: z.optional(url),
    auth: z.optional(auth),
    tls: z.optional(tls),
    collection: z._default(textLike(/^[A-Za-z_][0-9A-Za-z_]{0,254}$/, COLLECTION), 'lock'),
    prefix: z._default(textLike(/^([A-Za-z_][0-9A-Za-z_]{0,63})?$/, PREFIX), ''),
    owner: z.optional(owner),
    requestTimeout: z._default(duration(1, MAX_TTL_MS), DEFAULT_REQUEST_TIMEOUT_MS),
    clockSkew: z.optional(duration(0, MAX_CLOCK_SKEW_MS)),
    defaults: z.optional(z.strictObject(defaultsShape, 'expected an object')),
  })
  .check(
    z.refine((options) => options.client === undefined || options.url === undefined, {
      error: 'expected either client or url, not both',
    }),
    z.refine((options) => options.client !== undefined || options.url !== undefined, {
      error:
        "url is undefined (is an environment variable not set?); expected either client or url, such as 'thingsdb://127.0.0.1:9200'",
    }),
    z.refine((options) => options.url === undefined || options.auth !== undefined, {
      path: ['auth'],
      error: 'expected { username, password } or { token } together with url',
    }),
    ({ value, issues }) => {
      if (value.tls === undefined) return;
      const message = value.client === undefined ? withoutTls([value.url ?? []].flat()) : OF_A_CLIENT;
      const problem = message === undefined ? tlsProblem(value.tls) : undefined;
      if (message !== undefined) issues.push({ code: 'custom', input: value, path: ['tls'], message });
      if (problem !== undefined)
        issues.push({
          code: 'custom',
          input: value,
          path: ['tls', problem.option],
          message: problem.message,
        });
    },
  );

const OF_A_CLIENT = 'expected together with url: a client of your own knows how it connects';

/** TLS is asked for, so every address has to have it. None must send the password in the clear. */
function withoutTls(urls: readonly string[]): string | undefined {
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
  const resolved = checked(managerOptions, options, 'LockManager');
  // What is checked here stays as it was given. It is merged with a lock's and a call's options, and resolved then.
  const nodes = [resolved.url ?? []].flat().length;
  const clockSkew = resolved.clockSkew ?? (nodes > 1 ? DEFAULT_CLOCK_SKEW_MS : 0);
  return { ...resolved, clockSkew, defaults: options.defaults ?? {} };
}

const drainOptions = z.strictObject({ waitTimeout: z._default(duration(0, Infinity), Infinity) });

/** @throws LockOptionsError */
export function resolveDrainOptions(options: DrainOptions = {}): { readonly waitTimeoutMs: number } {
  return { waitTimeoutMs: checked(drainOptions, options, 'drain').waitTimeout };
}
