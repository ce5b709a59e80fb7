import { Emitter } from '../../lib/emitter.js';
import { DistributedLock } from '../../lib/distributed-lock.js';
import { LockConnectionError, LockLostError, LockNotHeldError, LockOptionsError } from '../../lib/errors.js';
import type { LockEvents } from '../../lib/events.js';
import type { Lease } from '../../lib/lease.js';
import { resolveLockOptions, semaphoreResolver } from '../../lib/options/resolved-lock-options.js';
import type { LockOptions } from '../../lib/options/lock-options.js';
import { FakeCore, says, termsOf } from '../support/fake-core.js';
import { pass, rest, resumeTime, stopTime } from '../support/fake-time.js';
import { outcome } from '../support/outcome.js';

let core: FakeCore;
let manager: Emitter<LockEvents>;

beforeEach(() => {
  stopTime();
  core = new FakeCore();
  manager = new Emitter();
});

afterEach(async () => {
  core.end();
  await rest();
  resumeTime();
});

const lockOf = (...layers: LockOptions[]) => lockOn(['my-lock'], ...layers);
const lockOn = (names: readonly string[], ...layers: LockOptions[]) =>
  new DistributedLock(core, names, resolveLockOptions, [{ ttl: 1000 }, ...layers], manager);

/** The lock's lease, granted at once. */
async function held(lock: DistributedLock): Promise<Lease> {
  const lease = lock.acquire();
  await rest();
  core.last('acquire').answer(says.held(1000));
  return lease;
}

function called<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

async function confirmRelease(wasHeld = true): Promise<void> {
  await rest();
  core.last('release').answer(says.ended(wasHeld ? 'held' : 'gone'));
  await rest();
  // A lease that was not there any more is asked about: why not?
  if (wasHeld) return;
  core.of('check').at(-1)?.answer(says.gone());
  await rest();
}

describe('options', () => {
  it('are refused where they are written, before anything is sent', () => {
    expect(() => lockOf({ ttl: 1 })).toThrow(LockOptionsError);
  });

  it('of a call are refused as a rejection, and nothing is sent', async () => {
    const lock = lockOf();
    const wrong = { timeout: 5 } as LockOptions;
    const calls: Promise<unknown>[] = [
      lock.acquire(wrong),
      lock.tryAcquire(wrong),
      lock.runExclusive(() => 1, wrong),
    ];
    for (const call of calls) {
      expect(await outcome(call)).toMatchObject({ error: { code: 'LOCK_OPTIONS' } });
    }
    expect(core.calls).toEqual([]);
  });

  it('of a call come before those of the lock', async () => {
    void called(lockOf({ ttl: 2000 }).acquire({ ttl: 3000 }));
    await rest();
    expect(termsOf(core.last('acquire'))).toMatchObject({ ttlMs: 3000 });
    core.last('acquire').fail(new LockConnectionError('the spec is over'));
    core.last('withdraw').answer(says.ended('gone'));
  });
});

describe('acquire', () => {
  it('with waitTimeout 0 does not wait: it tries, and rejects with LockTimeoutError', async () => {
    const lease = called(lockOf().acquire({ waitTimeout: 0 }));
    await rest();
    expect(core.calls.map(({ operation }) => operation.kind)).toEqual(['try']);
    core.last('try').answer(says.busy(1000));
    await rest();
    expect(await outcome(lease)).toMatchObject({ error: { code: 'LOCK_TIMEOUT', waitedMs: 0 } });
  });

  it('makes two requests when it is called twice: they exclude each other', async () => {
    const lock = lockOf();
    void called(lock.acquire());
    void called(lock.acquire());
    await rest();
    const ids = core.of('acquire').map((call) => termsOf(call).id);
    expect(new Set(ids).size).toBe(2);
    for (const call of core.of('acquire')) call.fail(new LockConnectionError('over'));
    await rest();
    for (const call of core.of('withdraw')) call.answer(says.ended('gone'));
  });

  it('tells the lock first, then its manager', async () => {
    const heard: string[] = [];
    const lock = lockOf();
    manager.on('acquired', () => heard.push('manager'));
    lock.on('acquired', () => heard.push(`lock ${lock.name}`));
    await held(lock);
    expect(heard).toEqual(['lock my-lock', 'manager']);
  });
});

describe('a lock of several names', () => {
  it('has the first for its name, and asks for all of them in one request', async () => {
    const lock = lockOn(['b', 'a']);
    expect([lock.name, lock.names]).toEqual(['b', ['b', 'a']]);
    const lease = await held(lock);
    expect(core.calls).toHaveLength(1);
    expect(termsOf(core.last('acquire'))).toMatchObject({ names: ['b', 'a'] });
    expect(lease.names).toEqual(['b', 'a']);
  });

  it.each([
    [[false, true], true],
    [[false, false], false],
  ])('is locked when one of them is: %j', async (answers, isLocked) => {
    core.locked = new Map([
      ['b', answers[0] as boolean],
      ['a', answers[1] as boolean],
    ]);
    expect(await lockOn(['b', 'a']).isLocked()).toBe(isLocked);
  });

  it('names them all in its errors', async () => {
    await expect(lockOn(['b', 'a']).release()).rejects.toMatchObject({ lockName: 'b, a' });
  });
});

describe('a lock of a semaphore', () => {
  const semaphore = (...layers: LockOptions[]) =>
    new DistributedLock(core, ['my-lock'], semaphoreResolver(5), [{ ttl: 1000 }, ...layers], manager);

  it('asks for as many permits as the call says, of as many as there are', async () => {
    const lease = semaphore().acquire({ count: 3 });
    await rest();
    expect(termsOf(core.last('acquire'))).toMatchObject({ units: 3, limit: 5 });
    core.last('acquire').answer(says.held(1000));
    await lease;
  });

  it('refuses more than there are at once, and sends nothing', async () => {
    expect(await outcome(semaphore().acquire({ count: 6 }))).toMatchObject({
      error: { code: 'LOCK_OPTIONS' },
    });
    expect(core.calls).toEqual([]);
  });
});

describe('isHeld', () => {
  it('follows the lease', async () => {
    const lock = lockOf({ autoRenew: false });
    expect(lock.isHeld).toBe(false);
    await held(lock);
    expect(lock.isHeld).toBe(true);
    await pass(1000);
    expect(lock.isHeld).toBe(false);
  });
});

describe('release', () => {
  it.each<[string, (lock: DistributedLock) => Promise<unknown>]>([
    ['release', (lock) => lock.release()],
    ['extend', (lock) => lock.extend()],
  ])('%s of what was never acquired throws LockNotHeldError and sends nothing', async (_what, call) => {
    expect(await outcome(call(lockOf()))).toMatchObject({
      error: { code: 'LOCK_NOT_HELD', lockName: 'my-lock' },
    });
    expect(core.calls).toEqual([]);
  });

  it.each([true, false])('gives the answer of the lease: %p', async (wasHeld) => {
    const lock = lockOf();
    await held(lock);
    const released = lock.release();
    await confirmRelease(wasHeld);
    expect(await released).toBe(wasHeld);
  });

  it('of a lease that ran out resolves false', async () => {
    const lock = lockOf({ autoRenew: false });
    await held(lock);
    await pass(1000);
    expect(await lock.release()).toBe(false);
  });

  it.each<[string, (lock: DistributedLock, lease: Lease) => Promise<unknown>]>([
    ['through the lock', (lock) => lock.release()],
    ['through the lease', (_lock, lease) => lease.release()],
  ])('of what has been released %s throws LockNotHeldError', async (_how, release) => {
    const lock = lockOf();
    const lease = await held(lock);
    const released = release(lock, lease);
    await confirmRelease();
    await released;
    await expect(lock.release()).rejects.toBeInstanceOf(LockNotHeldError);
    await expect(lock.extend()).rejects.toBeInstanceOf(LockNotHeldError);
  });

  it('can be tried again when no answer came', async () => {
    const lock = lockOf();
    await held(lock);
    const first = called(lock.release());
    await rest();
    core.last('release').fail(new LockConnectionError('no answer'));
    await rest();
    expect(await outcome(first)).toMatchObject({ error: { code: 'LOCK_CONNECTION' } });
    const second = lock.release();
    await confirmRelease();
    expect(await second).toBe(true);
  });
});

describe('runExclusive', () => {
  /** Starts it and grants the lock. */
  async function run<T>(
    fn: (lease: Lease) => Promise<T> | T,
    options?: LockOptions,
  ): Promise<{ result: Promise<T> }> {
    const result = called(lockOf().runExclusive(fn, options));
    await rest();
    core.last('acquire').answer(says.held(1000));
    await rest();
    return { result };
  }

  it('holds the lock while the function runs, and resolves to its result once it is released', async () => {
    let wasHeld = false;
    const { result } = await run((lease) => {
      wasHeld = lease.isHeld;
      return 'done';
    });
    expect(wasHeld).toBe(true);
    expect(await outcome(result)).toBe('pending');
    await confirmRelease();
    expect(await result).toBe('done');
  });

  it.each<[string, () => Promise<never> | never]>([
    [
      'throws',
      () => {
        throw new Error('from the caller');
      },
    ],
    ['rejects', () => Promise.reject(new Error('from the caller'))],
  ])('releases when the function %s, and its error comes through', async (_how, fn) => {
    const { result } = await run(fn);
    await confirmRelease();
    await expect(result).rejects.toThrow('from the caller');
  });

  it('lets the error of the function through although the lease was lost as well', async () => {
    const { result } = await run(
      (lease) =>
        new Promise((_resolve, reject) => {
          lease.signal.addEventListener('abort', () => reject(new Error('from the caller')));
        }),
      { autoRenew: false },
    );
    await pass(1000);
    await expect(result).rejects.toThrow('from the caller');
  });

  it('lets the error of the function through although the release failed as well, which is told', async () => {
    const errors: unknown[] = [];
    manager.on('error', ({ error }) => errors.push(error));
    const { result } = await run(() => Promise.reject(new Error('from the caller')));
    const error = new LockConnectionError('no answer');
    core.last('release').fail(error);
    await expect(result).rejects.toThrow('from the caller');
    expect(errors).toEqual([error]);
  });

  it('resolves although the release could not be confirmed, which is told as `error`', async () => {
    const errors: unknown[] = [];
    manager.on('error', ({ error }) => errors.push(error));
    const { result } = await run(() => 'done');
    const error = new LockConnectionError('no answer');
    core.last('release').fail(error);
    expect(await result).toBe('done');
    expect(errors).toEqual([error]);
  });

  it('rejects with LockLostError when the lease was lost before the function was done', async () => {
    let finish!: (value: string) => void;
    const { result } = await run(() => new Promise<string>((resolve) => (finish = resolve)), {
      autoRenew: false,
    });
    await pass(1000);
    finish('done');
    await expect(result).rejects.toBeInstanceOf(LockLostError);
  });

  it('rejects with LockLostError when the server has forgotten the lease while the function ran', async () => {
    const { result } = await run(() => 'done');
    await confirmRelease(false);
    await expect(result).rejects.toMatchObject({ code: 'LOCK_LOST', reason: 'forgotten-by-server' });
  });

  it('resolves when the function has released the lease itself', async () => {
    const { result } = await run(async (lease) => {
      await lease.release();
      return 'done';
    });
    await confirmRelease();
    expect(await result).toBe('done');
    expect(core.of('release')).toHaveLength(1);
  });

  it('does not call the function when the lock is not granted', async () => {
    const fn = jest.fn();
    const result = called(lockOf().runExclusive(fn, { waitTimeout: 0 }));
    await rest();
    core.last('try').answer(says.busy(1000));
    await rest();
    expect(await outcome(result)).toMatchObject({ error: { code: 'LOCK_TIMEOUT' } });
    expect(fn).not.toHaveBeenCalled();
  });
});
