import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import { LockManager } from 'thingsdb-lock';
import { type EmbeddedThingsDB, ManualClock, startThingsDB } from 'thingsdb-lock/testing';

void describe('time that the test moves', () => {
  let clock: ManualClock;
  let db: EmbeddedThingsDB;
  let locks: LockManager;
  let now: number;

  beforeEach(async () => {
    // Before the manager is made. The timers of node:test do not move performance.now().
    now = performance.now();
    mock.method(performance, 'now', () => now);
    mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: Date.now() });
    clock = new ManualClock(Date.now());
    db = await startThingsDB({ clock });
    locks = new LockManager({ url: db.url, auth: { username: 'admin', password: 'pass' } });
  });

  afterEach(async () => {
    await locks.close();
    await db.close();
    mock.timers.reset();
    mock.restoreAll();
  });

  /** The server's time first, then that of this process. The answer of the server shows that it has taken all in. */
  async function pass(ms: number): Promise<void> {
    await clock.advance(ms);
    now += ms;
    mock.timers.tick(ms);
    await locks.isLocked('report');
  }

  void it('a lease of an hour that is not renewed ends', async () => {
    const lease = await locks.acquire('report', { ttl: '1h', autoRenew: false });
    await pass(59 * 60_000);
    assert.equal(lease.isHeld, true);
    await pass(60_000);
    assert.equal(lease.signal.aborted, true);
    assert.equal(await locks.isLocked('report'), false);
  });

  void it('a lease of a minute is renewed for an hour', async () => {
    const lease = await locks.acquire('report', { ttl: '1m' });
    for (let minutes = 0; minutes < 60; minutes += 0.25) await pass(15_000);
    assert.equal(lease.isHeld, true);
    assert.equal(await lease.release(), true);
  });
});
