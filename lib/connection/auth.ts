import { within } from '../async/within.js';
import { LockConnectionError, LockError, LockOptionsError, LockPermissionError } from '../errors.js';
import { authProblem } from '../options/auth-problem.js';
import type { Auth, LockManagerOptions } from '../options/manager-options.js';

/**
 * Logs in with the credentials, or with those that the function gives now. A password may just have been changed: when
 * those of a function are refused it is asked once more.
 *
 * @throws LockConnectionError if the function fails or has no answer in time, LockOptionsError if it gives no
 *   credentials. Neither message holds what it gave. Otherwise whatever `logIn` rejects with.
 */
export async function askedAuth(
  auth: NonNullable<LockManagerOptions['auth']>,
  limitMs: number,
  logIn: (auth: Auth) => Promise<void>,
): Promise<void> {
  if (typeof auth !== 'function') return logIn(auth);
  const first = await asked(auth, limitMs);
  try {
    await logIn(first);
  } catch (error) {
    if (!(error instanceof LockPermissionError)) throw error;
    const second = await asked(auth, limitMs);
    if (JSON.stringify(second) === JSON.stringify(first)) throw error;
    await logIn(second);
  }
}

async function asked(ask: () => Auth | Promise<Auth>, limitMs: number): Promise<Auth> {
  let auth: Auth | undefined;
  let wrong: string | undefined;
  try {
    // Not called before there is something to await: it may throw.
    const answer = Promise.resolve().then(ask);
    const given = await within(answer, limitMs, () => late(limitMs));
    // To read what it gave may throw as well: it is read here, and not again.
    wrong = authProblem(given);
    if (wrong === undefined) auth = read(given);
  } catch (error) {
    if (error instanceof LockError) throw error;
    throw new LockConnectionError('the auth function failed', { cause: error });
  }
  if (auth === undefined) throw new LockOptionsError(`the auth function gave no credentials: ${wrong}`);
  return auth;
}

function read(auth: Auth): Auth {
  return 'token' in auth ? { token: auth.token } : { username: auth.username, password: auth.password };
}

function late(limitMs: number): LockConnectionError {
  return new LockConnectionError(`the auth function had no answer within ${limitMs} ms`);
}
