import type { LockManager } from '../../lib/index.js';
import { onEachBackEnd } from '../support/back-end.js';
import type { TcpProxy } from '../support/tcp-proxy.js';
import { nextEvent } from '../support/until.js';

/** Two ways to the same server. The first is frozen while a call is under way, which is then sent over the second too. */
onEachBackEnd('a copy of a call that comes late', (backEnd) => {
  const hasSeveral = backEnd.name === 'thingsdb.js' ? test.skip : test;
  let one: TcpProxy;
  let manager: LockManager;
  let other: LockManager;

  beforeEach(async () => {
    const two = [await backEnd.proxy(), await backEnd.proxy()];
    one = two[0] as TcpProxy;
    manager = backEnd.manager({ url: two.map(({ url }) => url) });
    other = backEnd.manager();
    await Promise.all([manager.setup(), other.setup()]);
  });

  async function deliver(): Promise<void> {
    one.thaw();
    await one.quiet();
  }

  const isFree = (name: string): Promise<boolean> => other.isLocked(name).then((isLocked) => !isLocked);

  hasSeveral('does not cut short what was extended since', async () => {
    const lease = await manager.get('extended').acquire({ ttl: 3_000 });
    one.freeze();
    await lease.extend(3_000);
    await lease.extend(20_000);
    await deliver();
    expect((await other.query('extended')).held[0]?.remaining).toBeGreaterThan(15_000);
    expect(await lease.release()).toBe(true);
  });

  hasSeveral('does not prolong a lease that is extended no more', async () => {
    const lease = await manager.get('ending').acquire({ ttl: 2_000, autoRenew: false });
    one.freeze();
    await lease.extend(2_000);
    const expired = nextEvent(manager, 'expired');
    setTimeout(() => one.thaw(), lease.remaining() - 200);
    await expired;
    await one.quiet();
    expect((await other.query('ending')).held[0]?.remaining ?? 0).toBeLessThan(200);
  });

  hasSeveral('does not bring back a lease that was handed over and not adopted', async () => {
    one.freeze();
    const lease = await manager.get('handed over').acquire({ ttl: 500, autoRenew: false });
    await lease.extend(500);
    await lease.serialize();
    await new Promise((resolve) => setTimeout(resolve, 700));
    await deliver();
    expect(await isFree('handed over')).toBe(true);
  });

  hasSeveral('of forceRelease does not end the next lease', async () => {
    const first = await other.get('forced').acquire();
    one.freeze();
    expect(await manager.forceRelease('forced')).toBe(1);
    expect(await first.release()).toBe(false);
    const second = await other.get('forced').acquire();
    await deliver();
    expect(await second.release()).toBe(true);
  });
});
