import {
  LockClosedError,
  LockConnectionError,
  LockError,
  LockOptionsError,
  LockPermissionError,
  LockProtocolError,
  LockSetupError,
  type LockErrorCode,
} from '../errors.js';

type ErrorClass = new (message: string, options: ErrorOptions) => LockError;

/** The errors that one failure may give to many callers: a connection, a setup, a batch of calls. */
const SHARED: Partial<Record<LockErrorCode, ErrorClass>> = {
  LOCK_CLOSED: LockClosedError,
  LOCK_CONNECTION: LockConnectionError,
  LOCK_OPTIONS: LockOptionsError,
  LOCK_PERMISSION: LockPermissionError,
  LOCK_PROTOCOL: LockProtocolError,
  LOCK_SETUP: LockSetupError,
};

/**
 * The same error, made anew. One failure may be told to many callers. Made where a caller awaits it, its stack leads to
 * that caller.
 */
export function ownError(error: unknown): unknown {
  const OwnClass = error instanceof LockError ? SHARED[error.code] : undefined;
  if (OwnClass === undefined) return error;
  const { message, cause } = error as LockError;
  return new OwnClass(message, cause === undefined ? {} : { cause });
}

/** Settles as the call does; what it rejects with has the caller's frames. */
export async function withOwnError<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw ownError(error);
  }
}
