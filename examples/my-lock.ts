/**
 * The example program of the Python lock's page, in TypeScript. Run it in several terminals at once, and see them take
 * turns. The Python one may run beside it, as it uses the same lock:
 *
 *   npx thingsdb-lock dev-server                 # or any ThingsDB, named by THINGSDB_URL
 *   node --import tsx examples/my-lock.ts        # in each terminal; a number sets the seconds of work
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { LockManager } from 'thingsdb-lock';

const { THINGSDB_URL, THINGSDB_USER, THINGSDB_PASSWORD, THINGSDB_TOKEN, THINGSDB_COLLECTION } = process.env;
const WORK_SECONDS = Number(process.argv[2] ?? 5);

async function main(): Promise<void> {
  const manager = new LockManager({
    url: THINGSDB_URL ?? 'thingsdb://127.0.0.1:9200',
    auth: THINGSDB_TOKEN
      ? { token: THINGSDB_TOKEN }
      : { username: THINGSDB_USER ?? 'admin', password: THINGSDB_PASSWORD ?? 'pass' },
    collection: THINGSDB_COLLECTION,
  });

  // Multiple locks may be made; give each a unique name.
  const myLock = manager.get('my-lock', { ttl: '30s' });

  try {
    // This sets up the collection. It only does work the first time, and would have happened by itself.
    await manager.setup();

    if (await myLock.isLocked()) console.log('Somebody else is in there');

    // Wait for the lock. Python's `timeout` ends the hold after 30 seconds. Here a lease of 30 seconds is renewed for
    // as long as this process lives; `autoRenew: false` gives Python's meaning.
    await myLock.runExclusive(async () => {
      console.log('In here');
      await sleep(WORK_SECONDS * 1000); // simulate some work
      console.log('Done here');
    });
  } finally {
    await manager.close();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
