import type { LockManager } from 'thingsdb-lock';
import { type Stock, STOCK_LOCK } from './stock.js';

/**
 * What fencing is for: a holder is paused for longer than its lease lasts. A laptop sleeps, or garbage is collected. It
 * does not see its signal, and goes on to write what it has read before.
 */
export async function tellPausedHolder(locks: LockManager, stock: Stock): Promise<void> {
  const lock = locks.get(STOCK_LOCK);
  await lock.runExclusive((lease) => stock.write('apples', 10, lease.fencingToken));

  const paused = await lock.acquire({ ttl: '300ms', autoRenew: false });
  const before = await stock.read('apples', paused.fencingToken);
  console.log(`one holder sees ${before} apples, and is paused`);

  // Granted by the server as soon as the lease of the first is over.
  await lock.runExclusive(async (lease) => {
    const count = await stock.read('apples', lease.fencingToken);
    await stock.write('apples', count - 4, lease.fencingToken);
    console.log(`another sells 4 of ${count}`);

    await stock.write('apples', before - 1, paused.fencingToken).then(
      () => console.log('the first goes on and sells 1: nobody would know of the 4'),
      (error: Error) => console.log(`the first goes on and is refused: ${error.message}`),
    );
    console.log(`${await stock.read('apples', lease.fencingToken)} apples are left`);
  });
}
