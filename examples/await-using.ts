/**
 * A lease that is released where its block ends, however it ends.
 *
 *   npx thingsdb-lock dev-server                 # or any ThingsDB, named by THINGSDB_URL
 *   node --import tsx examples/await-using.ts
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { LockManager } from 'thingsdb-lock';

const { THINGSDB_URL, THINGSDB_USER, THINGSDB_PASSWORD, THINGSDB_TOKEN, THINGSDB_COLLECTION } = process.env;

async function main(): Promise<void> {
  await using manager = new LockManager({
    url: THINGSDB_URL ?? 'thingsdb://127.0.0.1:9200',
    auth: THINGSDB_TOKEN
      ? { token: THINGSDB_TOKEN }
      : { username: THINGSDB_USER ?? 'admin', password: THINGSDB_PASSWORD ?? 'pass' },
    collection: THINGSDB_COLLECTION,
  });
  const lock = manager.get('stock-count');

  try {
    await using lease = await lock.acquire();
    console.log(`in the block: ${await describeLock()}`);
    // The signal ends the work at once should the lease be lost.
    await sleep(200, undefined, { signal: lease.signal });
    throw new Error('the shelf is gone');
  } catch (error) {
    console.log(`it failed (${(error as Error).message}): ${await describeLock()}`);
  }

  async function describeLock(): Promise<string> {
    return (await lock.isLocked()) ? 'the lock is held' : 'the lock is free';
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
