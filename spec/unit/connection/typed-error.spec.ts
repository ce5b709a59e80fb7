import {
  LockConnectionError,
  type LockError,
  LockPermissionError,
  LockProtocolError,
  LockSetupError,
} from '../../../lib/errors.js';
import { ServerError } from '../../../lib/client/server-error.js';
import { typedError } from '../../../lib/connection/typed-error.js';

const context = { what: 'run tl_request', scope: '//lock', user: 'worker' };
const body = (error_code: number, error_msg = 'some words') => ({ error_code, error_msg });

/** Every code of ThingsDB 1.9 (inc/ex.h). */
const TABLE: [string, number, new (message: string) => LockError][] = [
  ['cancelled', -64, LockConnectionError],
  ['operation', -63, LockProtocolError],
  ['number of arguments', -62, LockProtocolError],
  ['type', -61, LockProtocolError],
  ['value', -60, LockProtocolError],
  ['overflow', -59, LockProtocolError],
  ['division by zero', -58, LockProtocolError],
  ['quota', -57, LockSetupError],
  ['authentication', -56, LockPermissionError],
  ['forbidden', -55, LockPermissionError],
  ['lookup', -54, LockSetupError],
  ['bad data', -53, LockProtocolError],
  ['syntax', -52, LockProtocolError],
  ['node', -51, LockConnectionError],
  ['assertion', -50, LockProtocolError],
  ['result too large', -6, LockProtocolError],
  ['request timeout', -5, LockConnectionError],
  ['request cancelled', -4, LockConnectionError],
  ['write', -3, LockConnectionError],
  ['memory', -2, LockConnectionError],
  ['internal', -1, LockProtocolError],
];

describe('typedError', () => {
  it.each(TABLE)('%s error (%d) has its class, whichever client it came through', (_what, code, expected) => {
    for (const refusal of [body(code), new ServerError(body(code))]) {
      const error = typedError(refusal, context);
      expect(error).toBeInstanceOf(expected);
      expect(error.cause).toMatchObject(body(code));
      expect(error.message).toContain('run tl_request in //lock');
      expect(error.message).toContain('some words');
    }
  });

  it.each([-127, -105, -100])('leaves the refusal of an own procedure (%d) to those who know it', (code) => {
    const error = new ServerError(body(code));
    expect(typedError(error, context)).toBe(error);
    expect(typedError(body(code), context)).toBeInstanceOf(ServerError);
    expect(typedError(body(code), context)).toMatchObject(body(code));
  });

  it.each([-128, -99, -65, -49, 0, 7])('takes a code that is in no table (%d) as not understood', (code) => {
    expect(typedError(body(code), context)).toBeInstanceOf(LockProtocolError);
  });

  it('goes by the code, not by the words', () => {
    expect(typedError(body(-54, 'forbidden: missing the required privileges'), context)).toBeInstanceOf(
      LockSetupError,
    );
  });

  it('names the grant that is missing', () => {
    expect(typedError(body(-55), context).message).toContain("grant('//lock', 'worker', RUN|CHANGE|JOIN);");
  });

  it('asks for no right that only the setup needs: an administrator does it once', () => {
    const error = typedError(body(-55), { ...context, what: 'query', scope: '@thingsdb', isSetup: true });
    expect(error.message).toContain('only the setup needs that right: it is for an administrator to do');
    expect(error.message).not.toContain('grant(');
  });

  it('keeps a quote in the name of a user inside its string', () => {
    const error = typedError(body(-55), { ...context, user: "o'neill" });
    expect(error.message).toContain("grant('//lock', 'o''neill', RUN|CHANGE|JOIN);");
  });

  it('leaves errors of this library, and of anybody else, as they are', () => {
    for (const error of [new LockConnectionError('lost'), new TypeError('bug')]) {
      expect(typedError(error, context)).toBe(error);
    }
  });

  it.each([
    ['an event with a message', { type: 'error', message: 'connection refused' }, 'connection refused'],
    ['an event without', { type: 'error' }, 'error'],
    ['a string', 'oops', 'oops'],
    ['nothing', undefined, 'undefined'],
    ['an empty object', {}, 'no reason given'],
  ])('makes an error of %s', (_what, thrown, words) => {
    const error = typedError(thrown, context);
    expect(error).toBeInstanceOf(LockConnectionError);
    expect(error.message).toContain(words);
    expect(error.cause).toBe(thrown);
  });
});
