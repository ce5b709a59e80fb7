/** The one table from ThingsDB's error codes to the errors of this library. Codes only: messages change. */
import { types } from 'node:util';
import {
  LockConnectionError,
  LockError,
  LockPermissionError,
  LockProtocolError,
  LockSetupError,
} from '../errors.js';
import { ServerError } from '../client/server-error.js';

/** What was being done: it makes the message one that can be acted on. */
export interface ErrorContext {
  /** The request, as a person would name it: `run lock_batch`. */
  readonly what: string;
  /** Where it was sent: `//lock`, `@thingsdb`; a connection's own requests, such as `auth`, have none. */
  readonly scope?: string | undefined;
  /** Who asked, if known: with a token it is not. */
  readonly user?: string | undefined;
  /** Whether only the setup asks for it. An administrator then has to do it; this user needs no such right. */
  readonly isSetup?: boolean | undefined;
}

/** Refusals raised by our own procedures: the schema layer knows what each means. */
const FIRST_OWN_CODE = -127;
const LAST_OWN_CODE = -100;

type ErrorClass = new (message: string, options: ErrorOptions) => LockError;

interface Meaning {
  readonly error: ErrorClass;
  /** What to do about it. */
  readonly hint: (context: ErrorContext) => string;
}

const retry = (why: string): Meaning => ({ error: LockConnectionError, hint: () => why });
const broken = (why: string): Meaning => ({ error: LockProtocolError, hint: () => why });

const otherSchema = broken('the collection may hold procedures of another version of this library');

const MEANINGS: Readonly<Record<number, Meaning>> = {
  [-1]: broken('the server failed; its log says more'),
  [-2]: retry('the node is out of memory; another node may answer'),
  [-3]: retry('the node could not pass the request on; trying again may help'),
  [-4]: retry('the node dropped the request; trying again may help'),
  [-5]: retry('the node had no answer from the other nodes in time; trying again may help'),
  [-6]: broken('the result is larger than result_size_limit in the configuration of the node'),
  [-50]: otherSchema,
  [-51]: retry(
    'the node cannot serve the request now (starting, away, or without a quorum); another node may',
  ),
  [-52]: broken('this version of ThingsDB does not take the code that this library sent'),
  [-53]: otherSchema,
  [-54]: {
    error: LockSetupError,
    hint: (context) =>
      `what the request names does not exist in ${context.scope ?? 'that scope'}: has setup() run?`,
  },
  [-55]: { error: LockPermissionError, hint: grantHint },
  [-56]: {
    error: LockPermissionError,
    hint: () => 'check the user and password, or whether the token has expired',
  },
  [-57]: {
    error: LockSetupError,
    hint: (context) => `${context.scope ?? 'the server'} has reached a limit of the server`,
  },
  [-58]: otherSchema,
  [-59]: otherSchema,
  [-60]: otherSchema,
  [-61]: otherSchema,
  [-62]: otherSchema,
  [-63]: otherSchema,
  [-64]: retry('the node cancelled the request; trying again may help'),
};

const unknownCode = broken('this version of the library does not know that code');

/**
 * The typed error for what a client rejected with. The code tells a server's refusal. It comes as {@link ServerError},
 * or as the bare `{ error_code, error_msg }` of other clients.
 *
 * A `LockError` and any other `Error` come back as they are. A refusal by our own procedures (codes -127 to -100) comes
 * back as {@link ServerError}. Whatever is left (an event, a string) becomes a `LockConnectionError`. `cause` holds the
 * refusal, or what came in.
 */
export function typedError(error: unknown, context: ErrorContext): LockError | Error {
  if (error instanceof LockError) return error;
  const refusal = ServerError.from(error);
  if (refusal === undefined) {
    return types.isNativeError(error)
      ? error
      : new LockConnectionError(`${requestName(context)} failed: ${textOf(error)}`, { cause: error });
  }
  const code = refusal.error_code;
  if (code >= FIRST_OWN_CODE && code <= LAST_OWN_CODE) return refusal;
  const { error: ErrorOfCode, hint } = MEANINGS[code] ?? unknownCode;
  const message = `${requestName(context)} was refused: ${refusal.message}; ${hint(context)}`;
  return new ErrorOfCode(message, { cause: refusal });
}

/** The request as a person would name it. */
export function requestName({ what, scope }: ErrorContext): string {
  return scope === undefined ? what : `${what} in ${scope}`;
}

/** The line can be run as it stands: quotes in a name are doubled, as ThingsDB reads them. */
function grantHint({ what, scope = '//lock', user, isSetup }: ErrorContext): string {
  if (isSetup) return 'only the setup needs that right: it is for an administrator to do';
  const name = quoted(user ?? '<the user of this token>');
  const grant = `an administrator can allow it, in scope @thingsdb: ${grantLine(scope, name)}`;
  const [, procedure] = /^run (\w+)$/.exec(what) ?? [];
  if (procedure === undefined) return grant;
  // The code of the refusal is the same.
  return `${grant} or, if the user has a whitelist, whitelist_add(${name}, 'procedures', ${quoted(procedure)});`;
}

/** The least that locking needs. */
function grantLine(scope: string, quotedName: string): string {
  return `grant(${quoted(scope)}, ${quotedName}, RUN|CHANGE|JOIN);`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Clients made for browsers reject with an event: what it says is in `message` or in its `type`. */
function textOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error);
  const { message, type } = error as { message?: unknown; type?: unknown };
  if (typeof message === 'string' && message !== '') return message;
  return typeof type === 'string' && type !== '' ? type : 'no reason given';
}
