/**
 * A worker pool: of all processes together at most three tasks call a service that cannot take more.
 *
 *   npx thingsdb-lock dev-server                 # or any ThingsDB, named by THINGSDB_URL
 *   node --import tsx examples/recipes/worker-pool.ts       # in several terminals at once
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { LockManager } from 'thingsdb-lock';

const { THINGSDB_URL, THINGSDB_USER, THINGSDB_PASSWORD, THINGSDB_TOKEN, THINGSDB_COLLECTION } = process.env;
const TASKS = Number(process.env['TASKS'] ?? 6);

async function main(): Promise<void> {
  await using locks = new LockManager({
    url: THINGSDB_URL ?? 'thingsdb://127.0.0.1:9200',
    auth: THINGSDB_TOKEN
      ? { token: THINGSDB_TOKEN }
      : { username: THINGSDB_USER ?? 'admin', password: THINGSDB_PASSWORD ?? 'pass' },
    collection: THINGSDB_COLLECTION,
  });
  // Every process says the same number of permits. A heavy task may take several: { count: 2 }.
  const slots = locks.semaphore('converters', { permits: 3, ttl: '10s', waitTimeout: '5m' });

  const convert = (task: number): Promise<void> =>
    slots.runExclusive(async (lease) => {
      console.log(`task ${task} begins at ${Date.now()}`);
      await sleep(150, undefined, { signal: lease.signal }); // simulate some work
      console.log(`task ${task} ends at ${Date.now()}`);
    });

  // All at once: those that find no permit wait in line, across all processes.
  await Promise.all(Array.from({ length: TASKS }, (_, task) => convert(task)));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
