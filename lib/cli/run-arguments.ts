import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Auth, Duration, TlsOptions } from '../index.js';

export const RUN_USAGE = `Usage: thingsdb-lock run NAME [options] -- COMMAND [ARGUMENT...]

Waits for the lock NAME, runs COMMAND while holding it, releases it, and exits as COMMAND did.

  --url URL            node to connect to; several, separated by commas, are tried in order [THINGSDB_URL]
  --ttl TIME           how long the lock outlives a crash of this machine (default 60s)
  --wait-timeout TIME  the longest to wait for the lock, and for a server that is not there yet (default: for the lock
                       as long as it takes, for the server not at all)
  --no-wait            do not wait at all
  --collection NAME    the collection with the locks (default lock)
  --kill-after TIME    when the lock is lost, from SIGTERM to SIGKILL (default 10s)
  --tls-ca FILE        for wss://: the authorities to trust, as PEM, instead of those that Node trusts
  --tls-cert FILE      the certificate, as PEM, to show to a server that asks for one
  --tls-key FILE       its key
  --tls-servername N   the name that the server's certificate is for, if not the host's
  --tls-no-verify      trusts any certificate: whoever is in between can read the password
  --pass-credentials   COMMAND inherits THINGSDB_PASSWORD and THINGSDB_TOKEN, which it does not otherwise
  --help               shows this

TIME is such as 250ms, 30s, 5m, 2h. Credentials come from THINGSDB_USER and THINGSDB_PASSWORD, or THINGSDB_TOKEN.
COMMAND finds the fencing token in THINGSDB_LOCK_TOKEN and the name in THINGSDB_LOCK_NAME.

Exit status, when it is not COMMAND's own (128 + N if signal N ended it):
   64  the arguments cannot be used
   69  ThingsDB could not be reached, did not answer, or refused; nothing was run
   75  the lock was not had in time; nothing was run
   76  the lock was lost while COMMAND ran
  126  COMMAND cannot be run
  127  COMMAND was not found`;

/** What `thingsdb-lock run` was asked to do. */
export interface RunArguments {
  readonly name: string;
  readonly command: string;
  readonly commandArguments: readonly string[];
  readonly urls: readonly string[];
  readonly auth: Auth;
  readonly tls: TlsOptions | undefined;
  readonly collection: string | undefined;
  readonly ttl: Duration | undefined;
  /** `undefined` if it was not given. */
  readonly waitTimeout: Duration | undefined;
  readonly killAfterMs: number;
  /** Whether the command inherits the secrets of this process's environment. */
  readonly passesCredentials: boolean;
}

/** The arguments cannot be used; the message says why. */
export class UsageError extends Error {}

const DEFAULT_KILL_AFTER = '10s';
const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

/**
 * `'help'` if that is what was asked for. Durations but `--kill-after` are left to the library to check.
 * @throws UsageError
 */
export function parseRunArguments(args: readonly string[], env: NodeJS.ProcessEnv): RunArguments | 'help' {
  const end = args.indexOf('--');
  const { values, positionals } = parsed(end === -1 ? args : args.slice(0, end));
  if (values.help === true) return 'help';
  const [command, ...commandArguments] = end === -1 ? [] : args.slice(end + 1);
  const [name, ...more] = positionals;
  if (name === undefined) throw new UsageError('the name of the lock is missing');
  if (more.length > 0)
    throw new UsageError(`one name is enough: ${JSON.stringify(more[0])} (COMMAND comes after --)`);
  if (command === undefined) throw new UsageError('the command is missing: it comes after --');
  if (values['no-wait'] === true && values['wait-timeout'] !== undefined) {
    throw new UsageError('--no-wait and --wait-timeout exclude each other');
  }
  return {
    name,
    command,
    commandArguments,
    urls: urlsFrom(values.url ?? env['THINGSDB_URL']),
    auth: authFrom(env),
    tls: tlsFrom(values),
    collection: values.collection,
    ttl: values.ttl,
    waitTimeout: values['no-wait'] === true ? 0 : values['wait-timeout'],
    killAfterMs: millisecondsOf('--kill-after', values['kill-after'] ?? DEFAULT_KILL_AFTER),
    passesCredentials: values['pass-credentials'] === true,
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        url: { type: 'string' },
        ttl: { type: 'string' },
        'wait-timeout': { type: 'string' },
        'no-wait': { type: 'boolean' },
        collection: { type: 'string' },
        'kill-after': { type: 'string' },
        'pass-credentials': { type: 'boolean' },
        'tls-ca': { type: 'string' },
        'tls-cert': { type: 'string' },
        'tls-key': { type: 'string' },
        'tls-servername': { type: 'string' },
        'tls-no-verify': { type: 'boolean' },
        help: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function urlsFrom(text: string | undefined): readonly string[] {
  if (text === undefined || text === '') throw new UsageError('no server: give --url or set THINGSDB_URL');
  return text.split(',');
}

function authFrom(env: NodeJS.ProcessEnv): Auth {
  const { THINGSDB_TOKEN: token, THINGSDB_USER: username, THINGSDB_PASSWORD: password } = env;
  if (token !== undefined && token !== '') return { token };
  if (username !== undefined && password !== undefined) return { username, password };
  throw new UsageError('no credentials: set THINGSDB_USER and THINGSDB_PASSWORD, or THINGSDB_TOKEN');
}

/** `undefined` if no option about TLS is given. */
function tlsFrom(values: ReturnType<typeof parsed>['values']): TlsOptions | undefined {
  const given = {
    ca: contentOf('--tls-ca', values['tls-ca']),
    cert: contentOf('--tls-cert', values['tls-cert']),
    key: contentOf('--tls-key', values['tls-key']),
    servername: values['tls-servername'],
    rejectUnauthorized: values['tls-no-verify'] === true ? false : undefined,
  };
  return Object.values(given).some((value) => value !== undefined) ? given : undefined;
}

function contentOf(option: string, file: string | undefined): Buffer | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file);
  } catch (error) {
    throw new UsageError(`${option}: ${(error as Error).message}`);
  }
}

function millisecondsOf(option: string, text: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  if (amount === undefined)
    throw new UsageError(`${option} is a time such as 10s, not ${JSON.stringify(text)}`);
  return Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS];
}
