import { LockManager } from 'thingsdb-lock';
import { type EmbeddedThingsDB, ManualClock, startThingsDB } from 'thingsdb-lock/testing';

describe('time that the test moves', () => {
  let clock: ManualClock;
  let db: EmbeddedThingsDB;
  let locks: LockManager;

  beforeEach(async () => {
    // Before the manager is made. What carries packages goes on by itself.
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
    clock = new ManualClock(Date.now());
    db = await startThingsDB({ clock });
    locks = new LockManager({ url: db.url, auth: { username: 'admin', password: 'pass' } });
  });

  afterEach(async () => {
    await locks.close();
    await db.close();
    jest.useRealTimers();
  });

  /** The server's time first, then that of this process. The answer of the server shows that it has taken all in. */
  async function pass(ms: number): Promise<void> {
    await clock.advance(ms);
    await jest.advanceTimersByTimeAsync(ms);
    await locks.isLocked('report');
  }

  it('a lease of an hour that is not renewed ends', async () => {
    const lease = await locks.acquire('report', { ttl: '1h', autoRenew: false });
    await pass(59 * 60_000);
    expect(lease.isHeld).toBe(true);
    await pass(60_000);
    expect(lease.signal.aborted).toBe(true);
    expect(await locks.isLocked('report')).toBe(false);
  });

  it('a lease of a minute is renewed for an hour', async () => {
    const lease = await locks.acquire('report', { ttl: '1m' });
    for (let minutes = 0; minutes < 60; minutes += 0.25) await pass(15_000);
    expect(lease.isHeld).toBe(true);
    expect(await lease.release()).toBe(true);
  });
});
