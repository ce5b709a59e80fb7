import { AsyncLocalStorage } from 'node:async_hooks';
import {
  isLockError,
  LockAmbiguousError,
  LockNotHeldError,
  LockTimeoutError,
  type DistributedLock,
  type Duration,
} from '../../lib/index.js';
import { onEachBackEnd } from '../support/back-end.js';
import { nextEvent, rejection, until } from '../support/until.js';

async function myOwnFunction(call: () => Promise<unknown>): Promise<unknown> {
  return await call();
}

onEachBackEnd('an error', (backEnd) => {
  test('has a frame of the caller in its stack, whatever went wrong', async () => {
    const manager = backEnd.manager();
    const lock = manager.get('stacks', { waitTimeout: 50 });
    const holder = await backEnd.manager().acquire('stacks');
    const nowhere = backEnd.manager({ url: 'thingsdb://127.0.0.1:1', requestTimeout: 500 });
    const stranger = backEnd.manager({ auth: { username: 'nobody', password: 'wrong' } });
    const calls: [string, () => Promise<unknown>][] = [
      ['acquire that times out', () => lock.acquire()],
      ['runExclusive that times out', () => lock.runExclusive(() => 1)],
      ['acquire of a manager that times out', () => manager.acquire('stacks', { waitTimeout: 0 })],
      ['release of nothing', () => manager.get('other').release()],
      ['acquire without a server', () => nowhere.acquire('stacks')],
      ['tryAcquire without a server', () => nowhere.get('stacks').tryAcquire()],
      ['query without a server', () => nowhere.query()],
      ['isLocked without a server', () => nowhere.isLocked('stacks')],
      ['setup without a server', () => nowhere.setup()],
      ['acquire by a stranger', () => stranger.acquire('stacks')],
      ['forceRelease by a stranger', () => stranger.forceRelease('stacks')],
    ];
    const without = [];
    for (const [what, call] of calls) {
      const error = (await rejection(myOwnFunction(call))) as Error;
      if (error.stack?.includes('myOwnFunction') !== true) without.push([what, error.stack]);
    }
    expect(without).toEqual([]);
    await holder.release();
  });

  test('of one failure is not shared: each of many callers has its own, with its own stack', async () => {
    const lock = backEnd.manager({ url: 'thingsdb://127.0.0.1:1', requestTimeout: 500 }).get('shared');
    const [first, second] = await Promise.all([rejection(lock.acquire()), rejection(lock.acquire())]);
    expect(first).not.toBe(second);
    expect(first).toMatchObject({ code: 'LOCK_CONNECTION', cause: { code: 'ECONNREFUSED' } });
    expect((second as Error).message).toBe((first as Error).message);
  });
});

onEachBackEnd('a wait that was too long', (backEnd) => {
  test('says how many were ahead, who holds the lock, and since when', async () => {
    const beforeMs = Date.now();
    const holder = await backEnd.manager({ owner: 'the holder' }).acquire('facts');
    const between = backEnd.manager({ owner: 'in between' }).get('facts', { waitTimeout: '20s' });
    const waits = nextEvent(between, 'waiting');
    const second = between.acquire();
    await waits;
    const error = await rejection(backEnd.manager().acquire('facts', { waitTimeout: '1s' }));
    expect(error).toBeInstanceOf(LockTimeoutError);
    const { position, holder: label, heldSince, message } = error as LockTimeoutError;
    expect([position, label]).toEqual([2, 'the holder']);
    // By the server's clock, which is that of this machine or close to it.
    expect(Math.abs((heldSince?.getTime() ?? 0) - beforeMs)).toBeLessThan(60_000);
    expect(message).toMatch(
      /^lock "facts" was not granted within [1-9]\d{3} ms; 2 ahead of it; held by "the holder" since \d{4}-\d\d-\d\dT[\d:.]+Z$/,
    );
    await holder.release();
    await (await second).release();
  });

  test('by the default says what the default was, and what to set', async () => {
    const holder = await backEnd.manager().acquire('renewing', { ttl: '2s' });
    const error = await rejection(backEnd.manager().acquire('renewing', { ttl: '2s' }));
    expect((error as Error).message).toContain(
      'no waitTimeout was given, so it waited 1 x ttl (2000 ms), but a holder that renews its lease may hold it for longer: ' +
        'set waitTimeout, Infinity to wait as long as it takes',
    );
    await holder.release();
  });
});

onEachBackEnd('a finally that releases', (backEnd) => {
  async function classic(lock: DistributedLock, waitTimeout: Duration = 50): Promise<void> {
    try {
      await lock.acquire({ waitTimeout });
    } finally {
      await lock.release();
    }
  }

  test('does not hide why acquire has failed', async () => {
    const holder = await backEnd.manager().acquire('classic');
    const lock = backEnd.manager().get('classic');
    expect(await rejection(classic(lock))).toBeInstanceOf(LockTimeoutError);
    expect(holder.isHeld).toBe(true);
    // Once: to release without anything to release is a mistake as before.
    expect(await rejection(lock.release())).toBeInstanceOf(LockNotHeldError);
    await holder.release();
    await classic(lock, '10s');
  });

  test('never ends the lease that another task has through the same object', async () => {
    const lock = backEnd.manager().get('two tasks');
    const lease = await lock.acquire();
    const error = await rejection(classic(lock));
    expect(error).toBeInstanceOf(LockAmbiguousError);
    expect((error as Error).cause).toBeInstanceOf(LockTimeoutError);
    expect(lease.isHeld).toBe(true);
    expect(await lock.release()).toBe(true);
  });

  test('is not needed after a failure: to try again and release works as ever', async () => {
    const holder = await backEnd.manager().acquire('again');
    const lock = backEnd.manager().get('again');
    await rejection(lock.acquire({ waitTimeout: 20 }));
    await holder.release();
    const lease = await lock.acquire({ waitTimeout: '10s' });
    expect(await lock.release()).toBe(true);
    expect(lease.isHeld).toBe(false);
  });
});

onEachBackEnd('the asynchronous context', (backEnd) => {
  test('of a listener is its own, that of an abort listener nobody’s, and never that of a request', async () => {
    const requests = new AsyncLocalStorage<string>();
    const heard: [string, string | undefined][] = [];
    const hear = (what: string) => (): void => void heard.push([what, requests.getStore()]);
    const manager = backEnd.manager();
    manager.on('lost', hear('lost, of the manager')).on('released', hear('released'));
    await requests.run('the first request', async () => {
      await manager.runExclusive('contexts', () => undefined);
    });
    const lease = await requests.run('the second request', async () => {
      const lock = manager.get('contexts', { ttl: 300, autoRenew: false });
      lock.on('lost', hear('lost, of the lock'));
      const held = await lock.acquire();
      held.signal.addEventListener('abort', hear('abort'));
      return held;
    });
    await until(() => !lease.isHeld);
    await until(() => heard.length === 4);
    expect(Object.fromEntries(heard)).toEqual({
      released: undefined,
      'lost, of the manager': undefined,
      'lost, of the lock': 'the second request',
      abort: undefined,
    });
  });

  test('eleven and more uses of a signal warn of nothing', async () => {
    const warnings: unknown[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning.name);
    process.on('warning', onWarning);
    await backEnd.manager().runExclusive('many', async ({ signal }) => {
      for (let i = 0; i < 20; i++) signal.addEventListener('abort', () => undefined);
      await new Promise((resolve) => setImmediate(resolve));
    });
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
  });

  test('what an async listener rejects with is told as error', async () => {
    const manager = backEnd.manager();
    const failure = new Error('of a listener');
    manager.on('acquired', async () => {
      await Promise.resolve();
      throw failure;
    });
    const told = nextEvent<{ name?: string; error: unknown }>(manager, 'error');
    await manager.runExclusive('listened', () => undefined);
    expect(await told).toEqual({ name: 'listened', error: failure });
  });
});

test('isLockError tells what a switch over code may rely on', () => {
  const error: unknown = new LockTimeoutError('a', 5, { position: 3 });
  if (!isLockError(error)) throw new Error('it is one');
  switch (error.code) {
    case 'LOCK_TIMEOUT':
      // Compiles only when the code has narrowed the class.
      expect(error.position).toBe(3);
      return;
    default:
      throw new Error('it has another code');
  }
});
