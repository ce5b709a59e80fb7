import { isUtf8, isValidName } from './text.js';
import { ThingsError } from './things-error.js';

/** The codes of ThingsDB's built-in errors. */
export const errorCode = {
  internal: -1,
  cancelled: -64,
  operation: -63,
  numArguments: -62,
  type: -61,
  value: -60,
  overflow: -59,
  zeroDivision: -58,
  maxQuota: -57,
  auth: -56,
  forbidden: -55,
  lookup: -54,
  badData: -53,
  syntax: -52,
  node: -51,
  assertion: -50,
} as const;

const maker =
  (code: number) =>
  (message: string): ThingsError =>
    new ThingsError(code, message);

export const operationError = maker(errorCode.operation);
export const numArgumentsError = maker(errorCode.numArguments);
export const typeError = maker(errorCode.type);
export const valueError = maker(errorCode.value);
export const overflowError = (): ThingsError => new ThingsError(errorCode.overflow, 'integer overflow');
export const zeroDivisionError = (): ThingsError =>
  new ThingsError(errorCode.zeroDivision, 'division or modulo by zero');
export const maxQuotaError = maker(errorCode.maxQuota);
export const authError = maker(errorCode.auth);
export const forbiddenError = maker(errorCode.forbidden);
export const lookupError = maker(errorCode.lookup);
export const badDataError = maker(errorCode.badData);
export const syntaxError = maker(errorCode.syntax);
/** What a node says of data that no program can have made. */
export const internalErrorOf = maker(errorCode.internal);
export const assertionError = maker(errorCode.assertion);

/** A result of more bytes than a node sends. */
export class ResultTooLargeError extends ThingsError {
  constructor() {
    super(
      -6,
      'too much data to return; try to use a lower `deep` value and/or `wrap` things to reduce the data size' +
        see('data-types/thing/wrap'),
    );
  }
}

/** Throws -57 when there are `limit` of them already: one more would be too many. */
export function requireFewer(count: number, limit: number, what: string): void {
  if (count >= limit) throw maxQuotaError(`maximum number of ${what} (${limit}) is reached`);
}

/** For what this engine does not do: a clear error, never a silent `nil`. */
export function notSupported(what: string): ThingsError {
  return operationError(`not supported by the embedded ThingsDB: ${what}`);
}

/**
 * An error that `try` lets pass: that of a query that has used up what it may. So are those that the real server
 * forgets to tell to `try` (when `list(...)` or `set(...)` fail).
 */
export class UncaughtError extends ThingsError {}

/** A key as errors show it: cut when it is long, and not at all when it does not print. */
export function printable(key: string): string {
  if (!/^[\x20-\x7e]*$/.test(key.slice(0, MAX_PRINTABLE))) return '<non-printable sting>';
  return key.length > MAX_PRINTABLE ? `${key.slice(0, MAX_PRINTABLE)}...` : key;
}

const MAX_PRINTABLE = 44;

/** The longest message that an error can have, in bytes. */
const MAX_MESSAGE = 16_383;

/** The text as the message of an error. Throws -60 for one that cannot be. */
export function errorMessage(text: string): string {
  if (text.length > MAX_MESSAGE) {
    throw valueError(
      `error messages should not exceed ${MAX_MESSAGE} characters, got ${text.length} characters`,
    );
  }
  if (!isUtf8(text)) throw valueError('error messages must have valid UTF8 encoding');
  return text;
}

/** Nothing of that name; -60 when it could not be a name at all. */
export function notFound(what: string, name: string): ThingsError {
  return isValidName(name)
    ? lookupError(`${what} \`${name}\` not found`)
    : valueError(`${what} name must follow the naming rules${see('overview/names')}`);
}

/** The tail of an error message that points at the documentation, as ThingsDB writes it. */
export function see(page: string): string {
  return page ? `; see https://docs.thingsdb.io/v1/${page}` : '';
}
