import { readFileSync } from 'node:fs';
import { Option } from 'commander';
import type { Auth, TlsOptions } from '../index.js';
import { readConfig, type ConfigFile } from './config-file.js';
import type { Output } from './output.js';
import { together, UsageError } from './usage-error.js';

/** How to reach ThingsDB, as the options of a command say it. */
export interface ConnectionValues {
  readonly url?: string | undefined;
  readonly user?: string | undefined;
  readonly collection?: string | undefined;
  readonly prefix?: string | undefined;
  readonly config?: string | undefined;
  readonly tlsCa?: string | undefined;
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
  readonly tlsServername?: string | undefined;
  /** `true` switches the check off. */
  readonly tlsNoVerify?: boolean | undefined;
}

/** Where the locks are, on whatever server. */
export interface PlaceSettings {
  readonly collection: string | undefined;
  readonly prefix: string | undefined;
}

/** As a `LockManager` takes it. */
export interface ConnectionSettings extends PlaceSettings {
  readonly url: readonly string[];
  readonly auth: Auth;
  readonly tls: TlsOptions | undefined;
}

/** The options of each command that talks to a server. */
export const connectionOptions = (): Option[] => options().map((option) => option.helpGroup('Connection:'));

const options = (): Option[] => [
  new Option('--url <urls>', 'the node to connect to; several, separated by commas, are tried in order').env(
    'THINGSDB_URL',
  ),
  new Option('--user <name>', 'who to log in as').env('THINGSDB_USER'),
  new Option('--collection <name>', 'the collection with the locks (default: lock)').env(
    'THINGSDB_COLLECTION',
  ),
  new Option('--prefix <text>', 'what the names of the procedures begin with (default: nothing)'),
  new Option(
    '--config <file>',
    'a JSON file with any of this (default: thingsdb-lock.json in ~/.config)',
  ).env('THINGSDB_LOCK_CONFIG'),
  new Option('--tls-ca <file>', 'for wss://: the authorities to trust, as PEM, instead of those of Node'),
  new Option('--tls-cert <file>', 'the certificate, as PEM, for a server that asks for one'),
  new Option('--tls-key <file>', 'its key'),
  new Option('--tls-servername <name>', "the name that the server's certificate is for, if not the host's"),
  new Option('--tls-no-verify', 'trusts any certificate: whoever is in between can read the password'),
];

/**
 * What the options say; what they do not, the environment (commander has put it among them); then the file.
 * @throws UsageError
 */
export function connectionSettings(
  values: ConnectionValues,
  env: NodeJS.ProcessEnv,
  output: Pick<Output, 'warning'>,
): ConnectionSettings {
  const { values: config, file, isExposed } = readConfig(given(values.config), env);
  if (isExposed)
    output.warning(`${file} holds a secret that other users of this machine can read: chmod 600 it`);
  const [url, auth, tls] = together(
    () => urlsFrom(given(values.url) ?? config.url),
    () => authFrom(given(values.user) ?? config.user, env, config),
    () => tlsFrom(values, config),
  );
  return { url, auth, tls, ...placeFrom(values, config) };
}

/** The same of the place alone, for what is not connected to anything. @throws UsageError */
export function placeSettings(values: ConnectionValues, env: NodeJS.ProcessEnv): PlaceSettings {
  return placeFrom(values, readConfig(given(values.config), env).values);
}

function placeFrom(values: ConnectionValues, config: ConfigFile): PlaceSettings {
  return {
    collection: given(values.collection) ?? config.collection,
    prefix: given(values.prefix) ?? config.prefix,
  };
}

/** A variable that is set to nothing is not set. */
function given(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

function urlsFrom(url: string | readonly string[] | undefined): readonly string[] {
  if (url === undefined)
    throw new UsageError(
      'no server: give --url, or set THINGSDB_URL (thingsdb://127.0.0.1:9200 for a dev-server)',
    );
  return typeof url === 'string' ? url.split(',') : url;
}

/** The environment's secret before the file's; of one source the token. Never an option: everybody sees those. */
function authFrom(username: string | undefined, env: NodeJS.ProcessEnv, config: ConfigFile): Auth {
  const sources = [{ token: env['THINGSDB_TOKEN'], password: env['THINGSDB_PASSWORD'] }, config];
  for (const { token, password } of sources) {
    if (given(token) !== undefined) return { token: token as string };
    // A user may have an empty password, a token is never empty.
    if (password !== undefined && username !== undefined) return { username, password };
  }
  throw new UsageError(
    'no credentials: set THINGSDB_USER and THINGSDB_PASSWORD (admin and pass for a dev-server), or THINGSDB_TOKEN',
  );
}

/** `undefined` if nothing is said about TLS. */
function tlsFrom(values: ConnectionValues, config: ConfigFile): TlsOptions | undefined {
  const isUnverified = values.tlsNoVerify === true || config.tlsVerify === false;
  const tls = {
    ca: contentOf('--tls-ca', values.tlsCa ?? config.tlsCa),
    cert: contentOf('--tls-cert', values.tlsCert ?? config.tlsCert),
    key: contentOf('--tls-key', values.tlsKey ?? config.tlsKey),
    servername: values.tlsServername ?? config.tlsServername,
    rejectUnauthorized: isUnverified ? false : undefined,
  };
  return Object.values(tls).some((value) => value !== undefined) ? tls : undefined;
}

function contentOf(option: string, file: string | undefined): Buffer | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file);
  } catch (error) {
    throw new UsageError(`${option}: ${(error as Error).message}`);
  }
}
