import { within } from '../async/within.js';
import { LockConnectionError, LockError, LockOptionsError, LockPermissionError } from '../errors.js';
import type { Auth, LockManagerOptions } from '../options.js';

/**
 * Logs in with the credentials, or with those that the function gives now. A password may just have been changed: when
 * those of a function are refused it is asked once more.
 *
 * @throws LockConnectionError if the function fails or has no answer in time, LockOptionsError if it gives something
 *   else than credentials; neither message holds what it gave. Otherwise whatever `logIn` rejects with.
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
  let auth: unknown;
  try {
    // Not called before there is something to await: it may throw.
    const answer = Promise.resolve().then(ask);
    auth = await within(answer, limitMs, () => late(limitMs));
  } catch (error) {
    if (error instanceof LockError) throw error;
    throw new LockConnectionError('the auth function failed', { cause: error });
  }
  const wrong = authProblem(auth);
  if (wrong !== undefined) throw new LockOptionsError(`the auth function gave no credentials: ${wrong}`);
  return auth as Auth;
}

function late(limitMs: number): LockConnectionError {
  return new LockConnectionError(`the auth function had no answer within ${limitMs} ms`);
}

/** What is wrong with credentials, by the name of the field and never by its value; `undefined` if nothing is. */
export function authProblem(auth: unknown): string | undefined {
  if (typeof auth !== 'object' || auth === null) return 'expected { username, password } or { token }';
  const { username, password, token, ...others } = auth as Record<string, unknown>;
  const [other] = Object.keys(others);
  if (other !== undefined) return `unknown field ${other}; expected { username, password } or { token }`;
  if (token !== undefined && (username !== undefined || password !== undefined)) {
    return 'expected either a token or username and password';
  }
  if ('token' in auth) return isText(token) ? undefined : 'token is missing or empty';
  if (!isText(username)) return 'username is missing or empty';
  return typeof password === 'string' ? undefined : 'password is missing';
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}
