import { loaded } from '../../../lib/async/loaded.js';
import { LockConnectionError } from '../../../lib/errors.js';

describe('loaded', () => {
  it('gives the part', async () => {
    expect(await loaded(Promise.resolve({ answer: 42 }))).toEqual({ answer: 42 });
  });

  it('says of a part that cannot be loaded what may have happened, as an error that another try may mend', async () => {
    const cause = new Error("Cannot find module './chunks/x.js'");
    const error: unknown = await loaded(Promise.reject(cause)).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(LockConnectionError);
    expect(error).toMatchObject({
      message:
        'a part of thingsdb-lock cannot be loaded; was the package moved, or installed anew, while the program ran?',
      cause,
    });
  });
});
