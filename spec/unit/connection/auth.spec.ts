import { askedAuth } from '../../../lib/connection/auth.js';
import { authProblem } from '../../../lib/options/auth-problem.js';
import { LockConnectionError, LockOptionsError, LockPermissionError } from '../../../lib/errors.js';
import type { Auth } from '../../../lib/options/manager-options.js';
import { rejection } from '../../support/until.js';

const LIMIT_MS = 50;
const wrong = new LockPermissionError('wrong password');

describe('credentials from a function', () => {
  it('are asked for at each login, also later', async () => {
    const tokens = ['first', 'second'];
    const used: Auth[] = [];
    const ask = (): Promise<Auth> => Promise.resolve({ token: tokens.shift() ?? 'none' });
    const logIn = (auth: Auth): Promise<void> => Promise.resolve(void used.push(auth));
    await askedAuth(ask, LIMIT_MS, logIn);
    await askedAuth(ask, LIMIT_MS, logIn);
    expect(used).toEqual([{ token: 'first' }, { token: 'second' }]);
  });

  it('are asked for once more when they are refused: they may just have been changed', async () => {
    const tokens = ['old', 'new'];
    const logIn = jest.fn((auth: Auth) =>
      'token' in auth && auth.token === 'new' ? Promise.resolve() : Promise.reject(wrong),
    );
    await askedAuth(() => ({ token: tokens.shift() ?? 'none' }), LIMIT_MS, logIn);
    expect(logIn).toHaveBeenCalledTimes(2);
  });

  it('that are the same again are not tried again', async () => {
    const logIn = jest.fn(() => Promise.reject(wrong));
    const failure = await rejection(askedAuth(() => ({ token: 'old' }), LIMIT_MS, logIn));
    expect(failure).toBe(wrong);
    expect(logIn).toHaveBeenCalledTimes(1);
  });

  it.each<[string, () => never]>([
    [
      'throws',
      () => {
        throw new Error('hunter2 leaked');
      },
    ],
    ['rejects', () => Promise.reject(new Error('hunter2 leaked')) as never],
  ])('that %s is a LockConnectionError that does not say what it said', async (_how, ask) => {
    const failure = await rejection(askedAuth(ask, LIMIT_MS, () => Promise.resolve()));
    expect(failure).toBeInstanceOf(LockConnectionError);
    expect((failure as Error).message).not.toContain('hunter2');
    expect((failure as Error).cause).toMatchObject({ message: 'hunter2 leaked' });
  });

  it.each<[string, () => unknown]>([
    [
      'a field',
      () => ({
        username: 'u',
        get password(): string {
          throw new Error('hunter2 leaked');
        },
      }),
    ],
    [
      'the names of its fields',
      () =>
        new Proxy(
          {},
          {
            ownKeys: () => {
              throw new Error('hunter2 leaked');
            },
          },
        ),
    ],
  ])('whose answer throws when %s is read is as one that throws', async (_what, ask) => {
    const failure = await rejection(askedAuth(ask as () => Auth, LIMIT_MS, () => Promise.resolve()));
    expect(failure).toBeInstanceOf(LockConnectionError);
    expect((failure as Error).message).toBe('the auth function failed');
    expect((failure as Error).cause).toMatchObject({ message: 'hunter2 leaked' });
  });

  it('may be an object of a class, whose fields are not its own', async () => {
    class Credentials {
      get token(): string {
        return 'from a vault';
      }
    }
    const logIn = jest.fn(() => Promise.resolve());
    await askedAuth(() => new Credentials(), LIMIT_MS, logIn);
    expect(logIn).toHaveBeenCalledWith({ token: 'from a vault' });
  });

  it('that never answers is a LockConnectionError in time', async () => {
    const ask = () => new Promise<Auth>(() => undefined);
    const failure = await rejection(askedAuth(ask, LIMIT_MS, () => Promise.resolve()));
    expect(failure).toBeInstanceOf(LockConnectionError);
    expect((failure as Error).message).toContain(`${LIMIT_MS} ms`);
  });

  it.each([
    [undefined, 'expected { username, password }'],
    ['hunter2', 'expected { username, password }'],
    [{ username: 'u', password: 7 }, 'auth.password is a number'],
    [{ password: 'hunter2' }, 'auth.username is undefined'],
    [{ token: '' }, 'auth.token is empty'],
    [{ token: 'hunter2', password: 'hunter2' }, 'expected only one of them'],
    [{ user: 'hunter2' }, 'auth.user is not known: it is called username here'],
  ])('that are none (%j) are a LockOptionsError with the field and no value', async (value, why) => {
    const failure = await rejection(
      askedAuth(
        () => value as Auth,
        LIMIT_MS,
        () => Promise.resolve(),
      ),
    );
    expect(failure).toBeInstanceOf(LockOptionsError);
    expect((failure as Error).message).toContain(why);
    expect((failure as Error).message).not.toContain('hunter2');
  });
});

it.each([[{ username: 'u', password: '' }], [{ token: 't' }]])('%j is nothing wrong', (auth) => {
  expect(authProblem(auth)).toBeUndefined();
});
