import { LockOptionsError } from '../../lib/index.js';
import { onEachBackEnd } from '../support/back-end.js';
import { noMore } from './after-a-minute.js';
import { until } from '../support/until.js';

const NAMES: readonly (readonly [what: string, name: string])[] = [
  ['a space', ' '],
  ['255 bytes', 'x'.repeat(255)],
  ['255 bytes of emoji and more', '🔒'.repeat(63) + 'abc'],
  ['control characters', 'a\0b\n\r\t\u001b'],
  ['quotes', `it's "quoted" \`well\``],
  ['code of ThingsDB', '"}); .clear(); ({'],
  ['a template', '{.thingsdb_lock.token}'],
  ['a colon', ':x'],
  ['a hash', '#1'],
  ['__proto__', '__proto__'],
  ['constructor', 'constructor'],
  ['toString', 'toString'],
  ['combining characters', 'e\u0301'],
];

onEachBackEnd('names and limits', (backEnd) => {
  test.each(NAMES)('a name is data, never code: %s', async (_, name) => {
    const [a, b] = [backEnd.manager(), backEnd.manager()];
    const lease = await a.get(name).acquire();
    expect(lease.name).toBe(name);
    expect(await b.isLocked(name)).toBe(true);
    expect(await b.get(name).tryAcquire()).toBeNull();
    expect(await b.isLocked('another')).toBe(false);
    expect(await lease.release()).toBe(true);
    expect(await b.isLocked(name)).toBe(false);
  });

  test('names that look alike are different names', async () => {
    const manager = backEnd.manager();
    const composed = await manager.get('\u00e9').acquire();
    const decomposed = await manager.get('e\u0301').tryAcquire();
    expect(decomposed?.isHeld).toBe(true);
    expect(composed.isHeld).toBe(true);
  });

  test.each([
    ['empty', ''],
    ['256 bytes', 'x'.repeat(256)],
    ['256 bytes in 64 characters', '🔒'.repeat(64)],
    ['a lone surrogate', '\ud800'],
    ['a number', 5 as unknown as string],
    ['nothing', undefined as unknown as string],
  ])('a bad name is refused before anything is sent: %s', (_, name) => {
    const manager = backEnd.manager();
    const connected = jest.fn();
    manager.on('connected', connected);
    expect(() => manager.get(name)).toThrow(LockOptionsError);
    expect(connected).not.toHaveBeenCalled();
  });

  test.each([
    ['an unknown key', { timeout: 5 }],
    ['a ttl that is too short', { ttl: 99 }],
    ['a ttl that no timer can have', { ttl: 2 ** 31 }],
    ['a ttl without a unit', { ttl: '30' }],
    ['a negative wait', { waitTimeout: -1 }],
    ['a signal that is none', { signal: {} }],
    ['not a number', { ttl: NaN }],
  ])('a bad option is refused before anything is sent: %s', async (_, options) => {
    const manager = backEnd.manager();
    const connected = jest.fn();
    manager.on('connected', connected);
    expect(() => manager.get('bad', options as object)).toThrow(LockOptionsError);
    await expect(manager.get('bad').acquire(options as object)).rejects.toBeInstanceOf(LockOptionsError);
    expect(connected).not.toHaveBeenCalled();
  });

  test('600 locks are held at once: there is no limit of 500 tasks', async () => {
    const manager = backEnd.manager();
    const leases = await Promise.all(
      Array.from({ length: 600 }, (_, i) => manager.get(`many ${i}`).acquire()),
    );
    expect(await backEnd.left()).toMatchObject({ locks: 600, requests: 600, tasks: 1 });
    const other = backEnd.manager();
    const busy = await Promise.all(
      Array.from({ length: 600 }, (_, i) => other.get(`many ${i}`).tryAcquire()),
    );
    expect(busy.every((lease) => lease === null)).toBe(true);
    const released = await Promise.all(leases.map((lease) => lease.release()));
    expect(released.every(Boolean)).toBe(true);
    await Promise.all([manager.close(), other.close()]);
    expect(await backEnd.left()).toEqual(noMore(backEnd));
  });

  test('600 waiters for one lock are served in the order in which the server took them in', async () => {
    const manager = backEnd.manager();
    const holder = await backEnd.manager().get('crowd').acquire();
    const positions = new Map<number, number>();
    const order: number[] = [];
    const served = Array.from({ length: 600 }, (_, i) => {
      const lock = manager.get('crowd');
      lock.once('waiting', ({ position }) => void positions.set(i, position));
      return lock.runExclusive(() => void order.push(i), { waitTimeout: Infinity });
    });
    await until(() => positions.size === 600);
    await holder.release();
    await Promise.all(served);
    // Not that of the calls: a node of a cluster may pass requests on to others.
    expect(order).toEqual(
      [...positions.keys()].sort((x, y) => (positions.get(x) ?? 0) - (positions.get(y) ?? 0)),
    );
  });
});
