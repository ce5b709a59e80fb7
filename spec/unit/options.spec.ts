import { LockOptionsError } from '../../lib/errors.js';
import {
  checkedName,
  resolveLockOptions,
  resolveManagerOptions,
  type LockOptions,
} from '../../lib/options.js';
import type { ThingsDBClient } from '../../lib/client/thingsdb-client.js';

function refusal(action: () => unknown): LockOptionsError {
  try {
    action();
  } catch (error) {
    if (error instanceof LockOptionsError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

const lock = (options: unknown) => resolveLockOptions(options as LockOptions);
const manager = (options: object) => resolveManagerOptions(options);
const place = { url: 'ws://127.0.0.1:9270', auth: { token: 'secret' } };

function client(): ThingsDBClient {
  const methods = ['connect', 'disconnect', 'auth', 'authToken', 'ping', 'query', 'run', 'join', 'leave'];
  const listeners = ['addEventListener', 'removeEventListener'];
  return Object.fromEntries(
    [...methods, ...listeners].map((name) => [name, () => Promise.resolve()]),
  ) as never;
}

describe('lock options', () => {
  it('are those of the documentation when nothing is said', () => {
    expect(resolveLockOptions()).toEqual({
      ttlMs: 60_000,
      autoRenew: true,
      maxHoldMs: Infinity,
      waitTimeoutMs: undefined,
      signal: undefined,
    });
  });

  it('take every option', () => {
    const { signal } = new AbortController();
    expect(lock({ ttl: 5000, autoRenew: false, maxHold: '1h', waitTimeout: '30s', signal })).toEqual({
      ttlMs: 5000,
      autoRenew: false,
      maxHoldMs: 3_600_000,
      waitTimeoutMs: 30_000,
      signal,
    });
  });

  it.each([
    [100, 100],
    ['100ms', 100],
    ['0.5s', 500],
    ['1s', 1_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    // Never shorter than what was asked for: the server counts whole milliseconds.
    [100.2, 101],
    [2_147_483_647, 2_147_483_647],
  ])('take a ttl of %p as %p milliseconds', (ttl, ttlMs) => {
    expect(lock({ ttl }).ttlMs).toBe(ttlMs);
  });

  it.each([
    [0, 0],
    ['0s', 0],
    [0.5, 0.5],
    [Infinity, Infinity],
    ['1.5s', 1_500],
  ])('take a waitTimeout of %p as %p milliseconds', (waitTimeout, waitTimeoutMs) => {
    expect(lock({ waitTimeout }).waitTimeoutMs).toBe(waitTimeoutMs);
  });

  it.each<[keyof LockOptions, unknown, string]>([
    ['ttl', 99, '99'],
    ['ttl', '99ms', '99ms'],
    ['ttl', 0, '0'],
    ['ttl', -1, '-1'],
    ['ttl', NaN, 'NaN'],
    ['ttl', Infinity, 'Infinity'],
    ['ttl', 2_147_483_648, '2147483648'],
    ['ttl', '25d', '25d'],
    ['ttl', '30', '"30"'],
    ['ttl', '', '""'],
    ['ttl', '-5s', '"-5s"'],
    ['ttl', '1e3ms', '"1e3ms"'],
    ['ttl', ' 30s', '" 30s"'],
    ['ttl', '30S', '"30S"'],
    ['ttl', '30s\n', '"30s\\n"'],
    ['ttl', '٣s', '٣s'],
    ['ttl', true, 'true'],
    ['ttl', null, 'null'],
    ['ttl', 5000n, '5000'],
    ['autoRenew', 'yes', '"yes"'],
    ['autoRenew', 1, '1'],
    ['autoRenew', null, 'null'],
    ['maxHold', 99, '99'],
    ['maxHold', '1w', '"1w"'],
    ['maxHold', NaN, 'NaN'],
    ['waitTimeout', -1, '-1'],
    ['waitTimeout', -Infinity, '-Infinity'],
    ['waitTimeout', NaN, 'NaN'],
    ['waitTimeout', 'forever', '"forever"'],
    ['waitTimeout', null, 'null'],
    ['signal', 'stop', '"stop"'],
    ['signal', 5, '5'],
  ])('refuse %s: %p with a message that holds the option and the value', (option, value, shown) => {
    const { message, code } = refusal(() => lock({ [option]: value }));
    expect(code).toBe('LOCK_OPTIONS');
    expect(message).toContain(option);
    expect(message).toContain(shown);
  });

  it.each<[keyof LockOptions, unknown]>([
    ['ttl', {}],
    ['ttl', [5000]],
    ['signal', {}],
    ['signal', { aborted: false, addEventListener() {} }],
  ])('refuse %s: %p with a message that names the option', (option, value) => {
    expect(refusal(() => lock({ [option]: value })).message).toContain(option);
  });

  it('say of a text that is no duration what one looks like', () => {
    expect(refusal(() => lock({ ttl: '30 seconds' })).message).toContain("'30s'");
  });

  it.each(['timeout', 'TTL', 'wait', 'lease'])('refuse the unknown key %s and name it', (key) => {
    expect(refusal(() => lock({ [key]: 1000 })).message).toContain(key);
  });

  it('refuse a key named __proto__ like every unknown key, and take nothing from it', () => {
    const options: unknown = JSON.parse('{ "__proto__": { "ttl": 1000 } }');
    expect(refusal(() => lock(options)).message).toContain('__proto__');
  });

  it.each([[null], [5], ['30s'], [true]])('refuse %p in the place of an object', (options) => {
    expect(refusal(() => lock(options)).message).toContain(String(options));
  });

  it('keep the reason for a refusal as its cause', () => {
    expect(refusal(() => lock({ ttl: 1 })).cause).toBeInstanceOf(Error);
  });
});

describe('layers of lock options', () => {
  it('are merged one option at a time, the later over the earlier', () => {
    const { ttlMs, maxHoldMs, autoRenew } = resolveLockOptions(
      { ttl: 1000, autoRenew: false },
      { ttl: 2000, maxHold: 5000 },
      { maxHold: 6000 },
    );
    expect({ ttlMs, maxHoldMs, autoRenew }).toEqual({ ttlMs: 2000, maxHoldMs: 6000, autoRenew: false });
  });

  it('are not overridden by undefined, neither a layer nor an option', () => {
    expect(resolveLockOptions({ ttl: 1000 }, undefined, { ttl: undefined }).ttlMs).toBe(1000);
  });

  it('are overridden by false, 0 and Infinity', () => {
    const { autoRenew, waitTimeoutMs, maxHoldMs } = resolveLockOptions(
      { autoRenew: true, waitTimeout: 500, maxHold: 500 },
      { autoRenew: false, waitTimeout: 0, maxHold: Infinity },
    );
    expect({ autoRenew, waitTimeoutMs, maxHoldMs }).toEqual({
      autoRenew: false,
      waitTimeoutMs: 0,
      maxHoldMs: Infinity,
    });
  });

  it('stay as they were', () => {
    const layer = Object.freeze({ ttl: 1000 });
    resolveLockOptions(layer, { ttl: 2000 });
    expect(layer).toEqual({ ttl: 1000 });
  });
});

describe('manager options', () => {
  it('are those of the documentation when only the place is given', () => {
    expect(manager(place)).toMatchObject({ collection: 'lock', requestTimeout: 5_000, defaults: {} });
  });

  it('take every option', () => {
    const options = {
      url: ['ws://a:1', 'wss://b/path'],
      auth: { username: 'u', password: '' },
      collection: 'my_locks2',
      owner: 'worker 1',
      requestTimeout: '2s',
      defaults: { ttl: '30s', autoRenew: false, maxHold: '1h', waitTimeout: 0 },
    };
    expect(manager(options)).toMatchObject({ ...options, requestTimeout: 2_000 });
  });

  it('take a client, and a function that makes one', () => {
    const instance = client();
    const make = () => client();
    expect(manager({ client: instance }).client).toBe(instance);
    expect(manager({ client: make }).client).toBe(make);
  });

  it.each<[string, object, string]>([
    ['url', { ...place, url: 'http://x' }, '"http://x"'],
    ['url', { ...place, url: '' }, '""'],
    ['url', { ...place, url: 5 }, '5'],
    ['collection', { ...place, collection: '' }, '""'],
    ['collection', { ...place, collection: 'my-locks' }, '"my-locks"'],
    ['collection', { ...place, collection: '2locks' }, '"2locks"'],
    ['collection', { ...place, collection: "lock'; del_collection('x" }, 'del_collection'],
    ['collection', { ...place, collection: 'lock\n' }, '"lock\\n"'],
    ['owner', { ...place, owner: 7 }, '7'],
    ['requestTimeout', { ...place, requestTimeout: 0 }, '0'],
    ['requestTimeout', { ...place, requestTimeout: '5 s' }, '"5 s"'],
    ['requestTimeout', { ...place, requestTimeout: Infinity }, 'Infinity'],
    ['defaults.ttl', { ...place, defaults: { ttl: 5 } }, '5'],
    ['defaults', { ...place, defaults: 'none' }, '"none"'],
    ['auth', { url: place.url, auth: 5 }, '5'],
    ['client', { client: 5 }, '5'],
  ])('refuse a wrong %s with a message that holds it', (option, options, shown) => {
    const { message } = refusal(() => manager(options));
    expect(message).toContain(option);
    expect(message).toContain(shown);
  });

  it.each<[string, object]>([
    ['auth', { url: place.url, auth: {} }],
    ['auth', { url: place.url, auth: { username: 'u' } }],
    ['auth', { url: place.url, auth: { token: '' } }],
    ['auth', { url: place.url, auth: { token: 't', username: 'u', password: 'p' } }],
    ['url', { ...place, url: [] }],
    ['url', { ...place, url: ['ws://a', 'b'] }],
    ['client', { client: {} }],
    ['client', { client: { ...client(), join: undefined } }],
    ['timeout', { ...place, timeout: 5 }],
    ['token', { url: place.url, token: 't' }],
    ['retries', { ...place, defaults: { retries: 3 } }],
    ['signal', { ...place, defaults: { signal: new AbortController().signal } }],
  ])('refuse a wrong %s', (option, options) => {
    expect(refusal(() => manager(options)).message).toContain(option);
  });

  it.each<[string, object]>([
    ['neither', {}],
    ['both', { ...place, client: client() }],
  ])('refuse %s of client and url', (_which, options) => {
    expect(refusal(() => manager(options)).message).toMatch(/either client or url/);
  });

  it('refuse a url without auth, and say what is missing', () => {
    expect(refusal(() => manager({ url: place.url })).message).toMatch(/auth.*password.*token/);
  });

  it('never show a password or token', () => {
    const auths = [
      { username: '', password: 'hunter2' },
      { username: 'u', password: 'hunter2', realm: 'x' },
      { token: 'hunter2', kind: 'x' },
    ];
    for (const auth of auths) {
      const error = refusal(() => manager({ url: place.url, auth }));
      expect(error.message).not.toContain('hunter2');
    }
  });

  it.each([[undefined], [null], ['ws://127.0.0.1']])('refuse %p in the place of an object', (options) => {
    expect(() => resolveManagerOptions(options as never)).toThrow(LockOptionsError);
  });
});

describe('names', () => {
  const euro = '€'; // three bytes
  it.each([
    ['one character', 'a'],
    ['255 bytes', 'a'.repeat(255)],
    ['255 bytes in 85 characters', euro.repeat(85)],
    ['255 bytes that end in an emoji', `${'a'.repeat(251)}😀`],
    ['control characters', '\0\u0007\n\r\t\u007f'],
    ['quotes', `'"\`\\`],
    ['code of ThingsDB', "'); del_collection('lock'); //"],
    ['a template', '{now()} ${x} %s'],
    ['spaces only', '  '],
    ['__proto__', '__proto__'],
    ['constructor', 'constructor'],
    ['a byte order mark', '\ufeff'],
    ['text that is not normalised', 'e\u0301'],
  ])('may be %s, and stay as they are', (_what, name) => {
    expect(checkedName(name)).toBe(name);
  });

  it.each([
    ['256 bytes', 'a'.repeat(256), '256'],
    ['256 bytes in 86 characters', `a${euro.repeat(85)}`, '256'],
    ['258 bytes in 86 characters', euro.repeat(86), '258'],
    ['nothing', '', '""'],
    ['a lone high surrogate', 'a\ud83d', 'Unicode'],
    ['a lone low surrogate', '\ude00a', 'Unicode'],
    ['surrogates in the wrong order', '\ude00\ud83d', 'Unicode'],
  ])('may not be %s', (_what, name, said) => {
    const { message, code } = refusal(() => checkedName(name));
    expect(code).toBe('LOCK_OPTIONS');
    expect(message).toContain(said);
  });

  it.each([[5], [null], [undefined], [true], [7n], [Symbol('x')]])(
    'may not be %p, and the message says so',
    (name) => {
      expect(refusal(() => checkedName(name as never)).message).toContain(String(name));
    },
  );

  it.each([[{}], [['a']], [Object('a')], [Buffer.from('a')]])('may not be an object such as %p', (name) => {
    expect(refusal(() => checkedName(name as never)).message).toContain('expected a string');
  });

  it('are shown in a refusal as far as they fit', () => {
    const { message } = refusal(() => checkedName(`secret-of-the-name-${'x'.repeat(10_000)}`));
    expect(message).toContain('secret-of-the-name-');
    expect(message.length).toBeLessThan(500);
  });
});
