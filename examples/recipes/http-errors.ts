import { LockConnectionError, isLockError } from 'thingsdb-lock';

/** What a client is told. It is told neither the lock's name nor its holder. */
export interface Refusal {
  readonly status: 409 | 503;
  readonly body: { readonly error: string; readonly code: string };
}

/**
 * The answer to a request that failed for want of a lock; `undefined` for any other error.
 *
 * 409: somebody else works on the same thing, and the request may be sent again. 503: the service cannot lock now.
 */
export function refusalOf(error: unknown): Refusal | undefined {
  if (!isLockError(error)) return undefined;
  const { code } = error;
  switch (code) {
    case 'LOCK_TIMEOUT':
      // When the server was out of reach, nobody may hold the lock.
      if (error.cause instanceof LockConnectionError)
        return { status: 503, body: { error: 'try later', code } };
      return { status: 409, body: { error: 'somebody else is working on this', code } };
    case 'LOCK_CONNECTION':
    case 'LOCK_CLOSED':
    case 'LOCK_LOST':
      return { status: 503, body: { error: 'try later', code } };
    default:
      // The rest are mistakes of the program, or of its settings.
      return undefined;
  }
}
