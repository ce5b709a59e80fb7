/**
 * A service whose locks show in Prometheus. It works on orders, one at a time each, until it is told to stop.
 *
 *   npx thingsdb-lock dev-server                 # or any ThingsDB, named by THINGSDB_URL
 *   node --import tsx examples/observability/main.ts [PORT]
 *   curl http://127.0.0.1:9464/metrics
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { LockManager } from 'thingsdb-lock';
import { serveMetrics } from './metrics-page.js';

const { THINGSDB_URL, THINGSDB_USER, THINGSDB_PASSWORD, THINGSDB_TOKEN, THINGSDB_COLLECTION } = process.env;
const ORDERS = ['order:1', 'order:1', 'order:2'];

async function main(): Promise<void> {
  const page = await serveMetrics(Number(process.argv[2] ?? 9464));
  const locks = new LockManager({
    url: THINGSDB_URL ?? 'thingsdb://127.0.0.1:9200',
    auth: THINGSDB_TOKEN
      ? { token: THINGSDB_TOKEN }
      : { username: THINGSDB_USER ?? 'admin', password: THINGSDB_PASSWORD ?? 'pass' },
    collection: THINGSDB_COLLECTION,
  });
  const stopping = new AbortController();
  process.once('SIGTERM', () => stopping.abort());
  const work = async (order: string): Promise<void> => {
    // Each order is worked on by one task at a time, in whatever process.
    while (!stopping.signal.aborted) await locks.runExclusive(order, () => sleep(20));
  };
  const working = Promise.all(ORDERS.map(work));
  console.log(page.url);
  await working;
  await locks.close();
  await page.close();
  console.log('done');
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
