import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { LockOptionsError } from '../../lib/errors.js';
import { checkedName, checkedNames } from '../../lib/options/names.js';
import { checkedPage } from '../../lib/options/page.js';
import {
  checkedSemaphore,
  resolveAdoptOptions,
  resolveLockOptions,
  semaphoreResolver,
} from '../../lib/options/resolved-lock-options.js';
import { resolveManagerOptions } from '../../lib/options/resolved-manager-options.js';
import type { LockOptions } from '../../lib/options/lock-options.js';
import { MAX_NAMES, SHARED_LIMIT } from '../../lib/schema/constants.js';
import type { ThingsDBClient } from '../../lib/client/thingsdb-client.js';
import { TEST_CERTIFICATE } from '../support/test-certificate.js';

function refusal(action: () => unknown): LockOptionsError {
  try {
    action();
  } catch (error) {
    if (error instanceof LockOptionsError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

const refusedOr = (action: () => unknown): unknown => {
  try {
    return action();
  } catch (error) {
    return error;
  }
};

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

const BROKEN = '-----BEGIN CERTIFICATE-----\nhunter2\n-----END CERTIFICATE-----\n';

function ownKey(encrypted: { cipher?: string; passphrase?: string } = {}): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem', ...encrypted }) as string;
}

describe('lock options', () => {
  it('are those of the documentation when nothing is said', () => {
    expect(resolveLockOptions()).toEqual({
      ttlMs: 60_000,
      autoRenew: true,
      maxHoldMs: Infinity,
      minHoldMs: 0,
      lingerMs: 0,
      want: 1,
      limit: 1,
      isSteal: false,
      isReentrant: false,
      confirmGrants: false,
      waitTimeoutMs: undefined,
      signal: undefined,
    });
  });

  it('take every option', () => {
    const { signal } = new AbortController();
    const { signal: kept, ...resolved } = lock({
      ttl: 5000,
      autoRenew: false,
      maxHold: '1h',
      minHold: '2s',
      linger: 0,
      waitTimeout: '30s',
      mode: 'exclusive',
      steal: true,
      reentrant: true,
      confirmGrants: true,
      signal,
    });
    expect(kept).toBe(signal);
    expect(resolved).toEqual({
      ttlMs: 5000,
      autoRenew: false,
      maxHoldMs: 3_600_000,
      minHoldMs: 2_000,
      lingerMs: 0,
      want: 1,
      limit: 1,
      isSteal: true,
      isReentrant: true,
      confirmGrants: true,
      waitTimeoutMs: 30_000,
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
    ['ttl', 5000n, '5000n'],
    ['autoRenew', 'yes', '"yes"'],
    ['autoRenew', 1, '1'],
    ['autoRenew', null, 'null'],
    ['maxHold', 99, '99'],
    ['maxHold', '1w', '"1w"'],
    ['maxHold', NaN, 'NaN'],
    ['linger', -1, '-1'],
    ['linger', '25d', '25d'],
    ['minHold', -1, '-1'],
    ['minHold', NaN, 'NaN'],
    ['minHold', Infinity, 'Infinity'],
    ['minHold', 2_147_483_648, '2147483648'],
    ['minHold', '1w', '"1w"'],
    ['minHold', null, 'null'],
    ['mode', 'Shared', '"Shared"'],
    ['mode', 'read', '"read"'],
    ['mode', '', '""'],
    ['mode', 1, '1'],
    ['mode', null, 'null'],
    ['steal', 'yes', '"yes"'],
    ['steal', 1, '1'],
    ['steal', null, 'null'],
    ['reentrant', 'yes', '"yes"'],
    ['reentrant', 0, '0'],
    ['reentrant', null, 'null'],
    ['confirmGrants', 'yes', '"yes"'],
    ['confirmGrants', 1, '1'],
    ['confirmGrants', null, 'null'],
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

  it('have no cause, which Node would print below the message as the same once more', () => {
    expect(refusal(() => lock({ ttl: 1 }))).not.toHaveProperty('cause');
  });
});

it('the options of all locks have one shape in memory: one of its own takes 400 bytes', () => {
  const all = Array.from({ length: 300 }, (_, i) => lock({ ttl: 1_000 + i, waitTimeout: Infinity }));
  setFlagsFromString('--allow-natives-syntax');
  const others = runInNewContext('all.filter((one) => !%HaveSameMap(one, all.at(-1)))', { all }) as object[];
  expect(others.length).toBeLessThan(20);
});

describe('locks with the same options', () => {
  const defaults = { ttl: '30s' };

  it('share what is made of them, however they are given', () => {
    const shared = resolveLockOptions(defaults, { maxHold: Infinity });
    expect(resolveLockOptions({ maxHold: Infinity }, { ttl: '30s', linger: undefined })).toBe(shared);
  });

  it.each<[object]>([
    [{}],
    [{ maxHold: 60_000 }],
    [{ maxHold: Infinity, linger: 0 }],
    [{ minHold: Infinity }],
    [{ maxHold: Infinity, ttl: '31s' }],
    [{ toString: Reflect.get(Object.prototype, 'toString') }],
  ])('share nothing with those that have others: %p', (options) => {
    const own = lock({ ttl: '30s', maxHold: Infinity });
    expect(refusedOr(() => resolveLockOptions(defaults, options as LockOptions))).not.toBe(own);
  });

  it('share no signal with any, and what is wrong is refused each time', () => {
    const { signal } = new AbortController();
    expect(lock({ signal })).not.toBe(lock({ signal }));
    expect(lock({}).signal).toBeUndefined();
    for (let time = 0; time < 2; time++) expect(refusal(() => lock({ ttl: 1 })).message).toMatch(/ttl/);
  });
});

describe('mode', () => {
  it('shared is one of more than there can be; exclusive is the one there is', () => {
    expect(lock({ mode: 'shared' })).toMatchObject({ want: 1, limit: SHARED_LIMIT });
    expect(lock({ mode: 'exclusive' })).toMatchObject({ want: 1, limit: 1 });
  });

  it('shared is refused together with steal, in whatever layers they are; without stealing it is not', () => {
    const { message } = refusal(() => resolveLockOptions({ mode: 'shared' }, { steal: true }));
    expect(message).toContain('steal');
    expect(message).toContain('true');
    expect(lock({ mode: 'shared', steal: false }).isSteal).toBe(false);
  });
});

describe('linger', () => {
  it.each([
    [0, 0],
    ['100ms', 100],
    [2_147_483_647, 2_147_483_647],
  ])('of %p is %p milliseconds, also longer than the ttl', (linger, lingerMs) => {
    expect(lock({ ttl: 100, linger }).lingerMs).toBe(lingerMs);
    expect(semaphoreResolver(3)({ linger }).lingerMs).toBe(lingerMs);
  });

  it('needs a lease that is renewed: whoever takes it again could count on no time', () => {
    const { message } = refusal(() => lock({ autoRenew: false, linger: '1s' }));
    expect(message).toContain('expected 0 with autoRenew: false');
    expect(() => semaphoreResolver(3)({ autoRenew: false }, { linger: 1 })).toThrow(LockOptionsError);
    expect(lock({ autoRenew: false, linger: 0 }).lingerMs).toBe(0);
  });

  it('of the manager does not hold for what is adopted', () => {
    expect(resolveAdoptOptions({ linger: '1s' }, 7000, { autoRenew: false }).lingerMs).toBe(0);
  });
});

describe('minHold', () => {
  it.each([
    [0, 0],
    ['250ms', 250],
    ['1d', 86_400_000],
    [2_147_483_647, 2_147_483_647],
  ])('of %p is %p milliseconds', (minHold, minHoldMs) => {
    expect(lock({ minHold }).minHoldMs).toBe(minHoldMs);
  });

  it('is refused when it is longer than maxHold, whichever layer they are in', () => {
    const { message } = refusal(() => resolveLockOptions({ maxHold: '1s' }, { minHold: '2s' }));
    expect(message).toContain('minHold');
    expect(message).toContain('maxHold');
    expect(message).toContain('"2s"');
    expect(() => semaphoreResolver(3)({ maxHold: '1s' }, { minHold: '2s' })).toThrow(LockOptionsError);
    expect(lock({ maxHold: '2s', minHold: '2s' }).minHoldMs).toBe(2000);
  });

  it('may be longer than the ttl: it is kept by itself', () => {
    expect(lock({ ttl: '1s', minHold: '1h' })).toMatchObject({ ttlMs: 1000, minHoldMs: 3_600_000 });
  });
});

describe('semaphore options', () => {
  it('are one permit of as many as there are, unless more are asked for', () => {
    expect(semaphoreResolver(5)()).toMatchObject({ want: 1, limit: 5, isSteal: false });
    expect(semaphoreResolver(5)({ count: 2 }, { count: 5 })).toMatchObject({ want: 5, limit: 5 });
  });

  it('take what the options of a lock take, with the same meaning', () => {
    const { signal } = new AbortController();
    const options = {
      ttl: '5s',
      autoRenew: false,
      maxHold: '1h',
      minHold: '2s',
      waitTimeout: 0,
      reentrant: true,
      confirmGrants: true,
      signal,
    };
    const { want, limit, isSteal, ...expected } = lock(options);
    expect([want, limit, isSteal]).toEqual([1, 1, false]);
    const { signal: kept, ...resolved } = semaphoreResolver(5)(options);
    const { signal: given, ...rest } = expected;
    expect([kept === signal, given === signal]).toEqual([true, true]);
    expect(resolved).toEqual({ ...rest, want: 1, limit: 5, isSteal: false });
  });

  it.each<[keyof LockOptions, unknown, string]>([
    ['count', 6, '6'],
    ['count', 0, '0'],
    ['count', -1, '-1'],
    ['count', 1.5, '1.5'],
    ['count', NaN, 'NaN'],
    ['count', Infinity, 'Infinity'],
    ['count', '2', '"2"'],
    ['count', null, 'null'],
    ['count', 2n, '2'],
    ['ttl', 99, '99'],
    ['minHold', -1, '-1'],
  ])('refuse %s: %p with a message that holds both', (option, value, shown) => {
    const { message } = refusal(() => semaphoreResolver(5)({ [option]: value }));
    expect(message).toContain(option);
    expect(message).toContain(shown);
  });

  it('say how many permits there are when more are asked for', () => {
    expect(refusal(() => semaphoreResolver(5)({ count: 6 })).message).toContain('there are 5');
  });

  it.each<[string, unknown]>([
    ['mode', 'shared'],
    ['mode', 'exclusive'],
    ['steal', true],
    ['steal', false],
    ['timeout', 5],
  ])('refuse %s: a semaphore has none', (option, value) => {
    expect(refusal(() => semaphoreResolver(5)({ [option]: value })).message).toContain(option);
  });
});

describe('how many permits a semaphore has', () => {
  it.each([1, 2, SHARED_LIMIT - 1])('may be %p; the other options stay as they are given', (permits) => {
    expect(checkedSemaphore({ permits, ttl: '5s', waitTimeout: 0 })).toEqual({
      limit: permits,
      others: { ttl: '5s', waitTimeout: 0 },
    });
  });

  it.each<[unknown, string]>([
    [0, '0'],
    [-1, '-1'],
    [1.5, '1.5'],
    [NaN, 'NaN'],
    [Infinity, 'Infinity'],
    // From here on it would be a shared lock.
    [SHARED_LIMIT, String(SHARED_LIMIT)],
    ['3', '"3"'],
    [null, 'null'],
    [undefined, 'undefined'],
    [3n, '3'],
    [true, 'true'],
  ])('may not be %p', (permits, shown) => {
    const { message } = refusal(() => checkedSemaphore({ permits: permits as number }));
    expect(message).toContain('permits');
    expect(message).toContain(shown);
  });

  it.each([[undefined], [null], [3], ['3']])('is missed in %p', (options) => {
    const { message } = refusal(() => checkedSemaphore(options as never));
    expect(message).toContain('semaphore');
    expect(message).toContain(String(options));
  });
});

describe('the options of an adopted lease', () => {
  it('are its own ttl and the defaults of the manager, unless they are given', () => {
    const defaults = { ttl: '1h', autoRenew: false, maxHold: '2h', waitTimeout: 5, reentrant: true };
    expect(resolveAdoptOptions(defaults, 7000, undefined)).toMatchObject({
      ttlMs: 7000,
      autoRenew: false,
      maxHoldMs: 7_200_000,
    });
    expect(
      resolveAdoptOptions(defaults, 7000, { ttl: '8s', autoRenew: true, maxHold: '1h', minHold: '1s' }),
    ).toMatchObject({ ttlMs: 8000, autoRenew: true, maxHoldMs: 3_600_000, minHoldMs: 1000 });
  });

  it('are not overridden by undefined', () => {
    expect(resolveAdoptOptions({}, 7000, { ttl: undefined }).ttlMs).toBe(7000);
  });

  it.each<[string, unknown, string]>([
    ['ttl', 99, '99'],
    ['ttl', 'soon', '"soon"'],
    ['autoRenew', 1, '1'],
    ['maxHold', 99, '99'],
    ['minHold', -1, '-1'],
    ['minHold', '25d', '25d'],
  ])('refuse %s: %p with a message that holds both', (option, value, shown) => {
    const { message } = refusal(() => resolveAdoptOptions({}, 7000, { [option]: value }));
    expect(message).toContain(option);
    expect(message).toContain(shown);
  });

  it.each<[string, unknown]>([
    ['waitTimeout', 5],
    ['signal', new AbortController().signal],
    ['mode', 'shared'],
    ['permits', 2],
    ['steal', true],
    ['reentrant', true],
    ['confirmGrants', true],
    ['timeout', 5],
  ])('refuse %s, which means nothing there', (option, value) => {
    expect(refusal(() => resolveAdoptOptions({}, 7000, { [option]: value })).message).toContain(option);
  });

  it('refuse a minHold that is longer than the maxHold of the manager', () => {
    const { message } = refusal(() => resolveAdoptOptions({ maxHold: '1s' }, 7000, { minHold: '2s' }));
    expect(message).toContain('"2s"');
  });

  it.each([[null], [5], ['30s'], [true]])('refuse %p in the place of an object', (options) => {
    expect(refusal(() => resolveAdoptOptions({}, 7000, options as never)).message).toContain(String(options));
  });
});

describe('a page', () => {
  it('is the first hundred names unless it is said otherwise', () => {
    expect(checkedPage({})).toEqual({ after: '', limit: 100 });
    expect(checkedPage({ after: 'b', limit: 1000 })).toEqual({ after: 'b', limit: 1000 });
    expect(checkedPage({ after: undefined, limit: undefined })).toEqual({ after: '', limit: 100 });
  });

  it.each<[string, unknown, string]>([
    ['after', 5, '5'],
    ['after', null, 'null'],
    ['limit', 0, '0'],
    ['limit', -1, '-1'],
    ['limit', 1001, '1001'],
    ['limit', 1.5, '1.5'],
    ['limit', NaN, 'NaN'],
    ['limit', '10', '"10"'],
    ['limit', null, 'null'],
  ])('refuses %s: %p with a message that holds both', (option, value, shown) => {
    const { message } = refusal(() => checkedPage({ [option]: value }));
    expect(message).toContain(option);
    expect(message).toContain(shown);
  });

  it('refuses an unknown key and names it', () => {
    expect(refusal(() => checkedPage({ offset: 5 } as never)).message).toContain('offset');
  });

  it.each([[null], [5], [true]])('refuses %p in the place of an object', (options) => {
    expect(refusal(() => checkedPage(options as never)).message).toContain(String(options));
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
    expect(manager(place)).toMatchObject({
      collection: 'lock',
      prefix: '',
      requestTimeout: 5_000,
      defaults: {},
    });
  });

  it('take every option', () => {
    const options = {
      url: ['ws://a:1', 'wss://b/path'],
      auth: { username: 'u', password: '' },
      collection: 'my_locks2',
      owner: 'worker 1',
      prefix: 'Jobs_2',
      requestTimeout: '2s',
      defaults: { ttl: '30s', autoRenew: false, maxHold: '1h', waitTimeout: 0, reentrant: true },
    };
    expect(manager(options)).toMatchObject({ ...options, requestTimeout: 2_000 });
  });

  it.each([[''], ['x'.repeat(255)], ['é'.repeat(127)], ['😀'.repeat(63)]])('take the owner %j', (owner) => {
    expect(manager({ ...place, owner }).owner).toBe(owner);
  });

  it('take a client, and a function that makes one', () => {
    const instance = client();
    const make = () => client();
    expect(manager({ client: instance }).client).toBe(instance);
    expect(manager({ client: make }).client).toBe(make);
  });

  it.each<[string, object, string]>([
    ['collection', { ...place, collection: '' }, '""'],
    ['collection', { ...place, collection: 'my-locks' }, '"my-locks"'],
    ['collection', { ...place, collection: '2locks' }, '"2locks"'],
    ['collection', { ...place, collection: "lock'; del_collection('x" }, 'del_collection'],
    ['collection', { ...place, collection: 'lock\n' }, '"lock\\n"'],
    ['prefix', { ...place, prefix: '2nd' }, '"2nd"'],
    ['prefix', { ...place, prefix: 'my-jobs' }, '"my-jobs"'],
    ['prefix', { ...place, prefix: ' ' }, '" "'],
    ['prefix', { ...place, prefix: 'jobs\n' }, '"jobs\\n"'],
    ['prefix', { ...place, prefix: "x'; del_collection('x" }, 'del_collection'],
    ['prefix', { ...place, prefix: 'é' }, '"é"'],
    ['prefix', { ...place, prefix: 'x'.repeat(65) }, 'x'.repeat(65)],
    ['prefix', { ...place, prefix: 5 }, '5'],
    ['prefix', { ...place, prefix: null }, 'null'],
    ['defaults.reentrant', { ...place, defaults: { reentrant: 1 } }, '1'],
    ['owner', { ...place, owner: 7 }, '7'],
    // 255 is counted in bytes of UTF-8, as the server does.
    ['owner', { ...place, owner: 'é'.repeat(128) }, 'not 256'],
    ['owner', { ...place, owner: '\ud800' }, 'well-formed'],
    ['requestTimeout', { ...place, requestTimeout: 0 }, '0'],
    ['requestTimeout', { ...place, requestTimeout: '5 s' }, '"5 s"'],
    ['requestTimeout', { ...place, requestTimeout: Infinity }, 'Infinity'],
    ['defaults.ttl', { ...place, defaults: { ttl: 5 } }, '5'],
    ['defaults', { ...place, defaults: 'none' }, '"none"'],
  ])('refuse a wrong %s with a message that holds it', (option, options, shown) => {
    const { message } = refusal(() => manager(options));
    expect(message).toContain(option);
    expect(message).toContain(shown);
  });

  it.each<[string, object]>([
    ['url', { ...place, url: 'http://user:secret@h' }],
    ['url', { ...place, url: 'http://user:sec/secret@h' }],
    ['url', { ...place, url: ['ws://a:1', 'secret'] }],
    ['auth', { url: place.url, auth: 'secret' }],
    ['auth', { url: place.url, auth: ['secret'] }],
    ['client', { client: 'secret' }],
  ])(
    'refuse a wrong %s with a message that does not hold it: a password may stand there',
    (option, options) => {
      const { message } = refusal(() => manager(options));
      expect(message).toContain(option);
      expect(message).not.toContain('secret');
    },
  );

  it.each<[string, object]>([
    ['auth', { url: place.url, auth: {} }],
    ['auth', { url: place.url, auth: { username: 'u' } }],
    ['auth', { url: place.url, auth: { token: '' } }],
    ['auth', { url: place.url, auth: { token: 't', username: 'u', password: 'p' } }],
    ['auth', { url: place.url, auth: 5 }],
    ['url', { ...place, url: 'http://x' }],
    ['url', { ...place, url: '' }],
    ['url', { ...place, url: 5 }],
    ['url', { ...place, url: [] }],
    ['url', { ...place, url: ['ws://a', 'b'] }],
    ['client', { client: {} }],
    ['client', { client: { ...client(), join: undefined } }],
    ['timeout', { ...place, timeout: 5 }],
    ['token', { url: place.url, token: 't' }],
    ['retries', { ...place, defaults: { retries: 3 } }],
    ['signal', { ...place, defaults: { signal: new AbortController().signal } }],
    // For all locks alike they would be a trap.
    ['steal', { ...place, defaults: { steal: true } }],
    ['mode', { ...place, defaults: { mode: 'shared' } }],
    ['permits', { ...place, defaults: { permits: 2 } }],
    ['minHold', { ...place, defaults: { minHold: 1000 } }],
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

  it.each<[string, object]>([
    ['a user without a name', { auth: { username: '', password: 'hunter2' } }],
    ['a field too many', { auth: { username: 'u', password: 'hunter2', realm: 'x' } }],
    ['a token with something beside it', { auth: { token: 'hunter2', kind: 'x' } }],
    ['text in the place of auth', { auth: 'hunter2' }],
    ['an address with a password in it', { url: 'http://u:hunter2@host' }],
    ['an address that cannot be read', { url: 'ws://u:hunter2@host:port' }],
    ['a TCP address with a password in it', { url: 'thingsdb://u:hunter2@host' }],
    ['text in the place of tls', { url: 'wss://host', tls: 'hunter2' }],
    ['a key that is none', { url: 'wss://host', tls: { key: 1, passphrase: 'hunter2' } }],
    ['a passphrase that is none', { url: 'wss://host', tls: { passphrase: ['hunter2'] } }],
  ])('never show a password or token: %s', (_what, options) => {
    const error = refusal(() => manager({ ...place, ...options }));
    expect(`${error.message} ${String(error.cause)}`).not.toContain('hunter2');
  });

  it.each<[string, unknown, string]>([
    [
      'a password that is not set',
      { username: 'u', password: undefined },
      'auth.password is undefined (is an environment variable not set?)',
    ],
    [
      'a user that is not set',
      { username: undefined, password: 'p' },
      'auth.username is undefined (is an environment variable not set?)',
    ],
    [
      'a token that is not set',
      { token: undefined },
      'auth.token is undefined (is an environment variable not set?)',
    ],
    ['other names', { user: 'u', pass: 'p' }, 'auth.user is not known: it is called username here'],
  ])('name what is wrong with auth: %s', (_what, auth, why) => {
    expect(refusal(() => manager({ url: place.url, auth })).message).toBe(
      `invalid LockManager options: ${why}`,
    );
  });

  it('take a function as auth, and TLS for wss:// alone', () => {
    const auth = () => ({ token: 't' });
    expect(manager({ url: place.url, auth }).auth).toBe(auth);
    const tls = {
      ca: [TEST_CERTIFICATE.cert, Buffer.from(TEST_CERTIFICATE.cert.repeat(2))],
      cert: TEST_CERTIFICATE.cert,
      key: [Buffer.from(TEST_CERTIFICATE.key)],
      servername: 'e',
      rejectUnauthorized: false,
    };
    expect(manager({ ...place, url: 'wss://host', tls }).tls).toEqual(tls);
  });

  it('take a key with its passphrase, and a certificate and its key in one text', () => {
    const cipher = { cipher: 'aes-256-cbc', passphrase: 'hunter2' };
    const key = createPrivateKey(TEST_CERTIFICATE.key).export({ type: 'pkcs8', format: 'pem', ...cipher });
    const both = `${TEST_CERTIFICATE.key}${TEST_CERTIFICATE.cert}`;
    for (const tls of [
      { cert: TEST_CERTIFICATE.cert, key, passphrase: 'hunter2' },
      { cert: both, key: both },
    ])
      expect(manager({ ...place, url: 'wss://host', tls }).tls).toEqual(tls);
  });

  it.each<[string, string, object]>([
    ['ca', 'an authority that is none', { ca: 'hunter2' }],
    ['ca', 'an empty authority, in whose place those of Node would be trusted', { ca: '' }],
    ['ca', 'no authority', { ca: [] }],
    ['ca', 'a second authority that is broken', { ca: `${TEST_CERTIFICATE.cert}${BROKEN}` }],
    ['cert', 'a certificate that is none', { cert: BROKEN, key: TEST_CERTIFICATE.key }],
    ['cert', 'a key as certificate', { cert: TEST_CERTIFICATE.key }],
    ['key', 'a key that is none', { cert: TEST_CERTIFICATE.cert, key: 'hunter2' }],
    ['key', 'an empty key', { key: '' }],
    [
      'key',
      'a passphrase that is not its own',
      { key: ownKey({ cipher: 'aes-256-cbc', passphrase: 'a' }), passphrase: 'hunter2' },
    ],
    ['key', 'the key of another certificate', { cert: TEST_CERTIFICATE.cert, key: ownKey() }],
    ['cert', 'a certificate without its key', { cert: TEST_CERTIFICATE.cert }],
    ['key', 'a key without its certificate', { key: TEST_CERTIFICATE.key }],
    ['passphrase', 'a passphrase without a key', { passphrase: 'hunter2' }],
    ['servername', 'an address in the place of a name', { servername: '127.0.0.1' }],
    ['servername', 'another address in the place of a name', { servername: '::1' }],
  ])('refuse a tls.%s that no connection could use: %s', (option, _what, tls) => {
    const { message } = refusal(() => manager({ ...place, url: 'wss://host', tls }));
    expect(message).toMatch(new RegExp(`^invalid LockManager options: tls\\.${option}: expected `));
    expect(message).not.toContain('hunter2');
  });

  it.each<[string, object, string]>([
    ['the TCP port', { url: ['wss://a', 'thingsdb://b'] }, 'thingsdb://b:9200) speaks no TLS'],
    ['a WebSocket without it', { url: ['wss://a', 'ws://b:1'] }, 'ws://b:1 is reached without TLS'],
    ['a client of the caller', { url: undefined, client: client() }, 'a client of your own'],
  ])('refuse tls where it would not be used, and say why: %s', (_what, options, why) => {
    expect(refusal(() => manager({ ...place, ...options, tls: { ca: 'x' } })).message).toContain(why);
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

describe('several names', () => {
  it('are kept in their order, as a list of our own', () => {
    const names = ['b', 'a', '__proto__'];
    const checked = checkedNames(names);
    expect(checked).toEqual(names);
    names.push('c');
    expect(checked).toHaveLength(3);
  });

  it('may be one, given as a text or as a list', () => {
    expect(checkedNames('a')).toEqual(['a']);
    expect(checkedNames(['a'])).toEqual(['a']);
  });

  it(`may be ${MAX_NAMES}, and no more`, () => {
    const names = Array.from({ length: MAX_NAMES }, (_, i) => `name ${i}`);
    expect(checkedNames(names)).toEqual(names);
    const { message } = refusal(() => checkedNames([...names, 'one more']));
    expect(message).toContain(String(MAX_NAMES));
    expect(message).toContain(String(MAX_NAMES + 1));
  });

  it('may not be none', () => {
    expect(refusal(() => checkedNames([])).message).toContain('0');
  });

  it('may not hold one twice, and the message says which', () => {
    expect(refusal(() => checkedNames(['a', 'b', 'c', 'b'])).message).toContain('"b"');
  });

  it('are told apart by their characters, not by how they look', () => {
    const names = ['é', 'e\u0301', 'A', 'a', 'a '];
    expect(checkedNames(names)).toEqual(names);
  });

  it.each<[string, unknown, string]>([
    ['an empty one', ['a', ''], '""'],
    ['one of 256 bytes', ['a', 'x'.repeat(256)], '256'],
    ['half a character', ['a', '\ud83d'], 'Unicode'],
    ['a number', ['a', 5], '5'],
    ['nil', ['a', null], 'null'],
    ['a list', [['a']], 'expected a string'],
    ['a hole', new Array(1), 'undefined'],
  ])('may not hold %s', (_what, names, said) => {
    const { message, code } = refusal(() => checkedNames(names as never));
    expect(code).toBe('LOCK_OPTIONS');
    expect(message).toContain(said);
  });

  it.each([[5], [null], [undefined], [true], [{}], [new Set(['a'])]])('may not be %p', (names) => {
    expect(refusal(() => checkedNames(names as never)).message).toContain('expected a string');
  });
});
