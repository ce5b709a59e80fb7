/**
 * thingsdb.js as the client, instead of the built-in one: for programs that use it already.
 *
 *   npm install thingsdb.js ws
 *   npx thingsdb-lock dev-server                 # or any ThingsDB, named by THINGSDB_WS_URL: it speaks WebSocket only
 *   node --import tsx examples/thingsdb-js-client.ts
 */
import { LockManager } from 'thingsdb-lock';
import { loadThingsDB } from './load-thingsdb-js.js';

const { THINGSDB_WS_URL, THINGSDB_USER, THINGSDB_PASSWORD, THINGSDB_TOKEN, THINGSDB_COLLECTION } =
  process.env;

async function main(): Promise<void> {
  const ThingsDB = await loadThingsDB();
  const manager = new LockManager({
    // A function, not an instance: the manager can connect again when it has lost its connection.
    client: () => new ThingsDB(THINGSDB_WS_URL ?? 'ws://127.0.0.1:9270'),
    auth: THINGSDB_TOKEN
      ? { token: THINGSDB_TOKEN }
      : { username: THINGSDB_USER ?? 'admin', password: THINGSDB_PASSWORD ?? 'pass' },
    collection: THINGSDB_COLLECTION,
  });
  try {
    const lease = await manager.get('invoices').acquire();
    console.log(`acquired with token ${lease.fencingToken}`);
    console.log(`released: ${await lease.release()}`);
  } finally {
    await manager.close();
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
