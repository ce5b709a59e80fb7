import { LockAmbiguousError, LockLostError } from '../../lib/index.js';
import { onEachBackEnd } from '../support/back-end.js';
import { until } from '../support/until.js';

onEachBackEnd('one lock object, used by two tasks', (backEnd) => {
  test('release() of the one whose lease ran out does not end the lease of the other', async () => {
    const manager = backEnd.manager();
    const lock = manager.get('two-tasks', { ttl: 300, autoRenew: false });
    const first = await lock.acquire();
    await until(() => !first.isHeld);
    const second = await lock.acquire({ ttl: '20s', waitTimeout: '10s' });

    await expect(lock.release()).rejects.toBeInstanceOf(LockAmbiguousError);
    expect(second.isHeld).toBe(true);
    expect(await manager.isLocked('two-tasks')).toBe(true);

    expect(await first.release()).toBe(false);
    expect(await lock.release()).toBe(true);
    expect(await manager.isLocked('two-tasks')).toBe(false);
  });

  test('extend() does not extend a lease that another call acquired', async () => {
    const lock = backEnd.manager().semaphore('two-extends', { permits: 2, ttl: '20s' });
    const leases = [await lock.acquire(), await lock.acquire()];
    await expect(lock.extend('40s')).rejects.toBeInstanceOf(LockAmbiguousError);
    for (const lease of leases) expect(lease.remaining()).toBeLessThanOrEqual(20_000);
    await expect(lock.release()).rejects.toBeInstanceOf(LockAmbiguousError);
    for (const lease of leases) expect(await lease.release()).toBe(true);
  });

  test('release() after the only lease was lost says so', async () => {
    const lock = backEnd.manager().get('only', { ttl: 300, autoRenew: false });
    const lease = await lock.acquire();
    await until(() => !lease.isHeld);
    expect(await lock.release()).toBe(false);
    expect(lease.signal.reason).toBeInstanceOf(LockLostError);
  });

  test('release() inside runExclusive ends that section’s lease, whatever the others hold', async () => {
    const lock = backEnd.manager().semaphore('inside', { permits: 2, ttl: '20s' });
    await lock.runExclusive(async (lease) => {
      expect(await lock.release()).toBe(true);
      expect(lease.isHeld).toBe(false);
    });
    const other = await lock.acquire();
    await lock.runExclusive(async (lease) => {
      await expect(lock.release()).rejects.toBeInstanceOf(LockAmbiguousError);
      expect([lease.isHeld, other.isHeld]).toEqual([true, true]);
    });
    expect(await other.release()).toBe(true);
  });
});
