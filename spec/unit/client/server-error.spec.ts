import { ServerError } from '../../../lib/client/server-error.js';

const CODE = -57;

describe('a refusal by the server', () => {
  it('has its words and its code', () => {
    const error = new ServerError({ error_code: CODE, error_msg: 'no such thing' });
    expect([error.message, error.error_msg, error.error_code]).toEqual([
      'no such thing (-57)',
      'no such thing',
      CODE,
    ]);
  });

  it.each([
    ['from the connection', (body: ServerError) => new ServerError(body)],
    ["from a client of the caller's own", (body: ServerError) => ServerError.from(body)],
  ])('keeps the first 1,000 characters of very long words: %s', (_which, errorOf) => {
    const body = { error_code: CODE, error_msg: 'x'.repeat(1e6) } as ServerError;
    const error = errorOf(body);
    expect(error?.error_msg).toBe(`${'x'.repeat(1_000)}...`);
    expect(error?.message).toBe(`${'x'.repeat(1_000)}... (-57)`);
  });
});
