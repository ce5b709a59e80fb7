/**
 * Fencing in ThingsDB. The locks live in the collection of the data, and the procedure that writes the data asks them.
 *
 *   npm install thingsdb.js ws
 *   npx thingsdb-lock dev-server                 # or any ThingsDB, named by THINGSDB_WS_URL: thingsdb.js speaks WebSocket
 *   node --import tsx examples/fencing/thingsdb.ts
 *
 * If the collection has procedures of its own by the names of the lock's, give the manager a `prefix`.
 */
import { LockManager } from 'thingsdb-lock';
import { loadThingsDB } from '../load-thingsdb-js.js';
import { tellPausedHolder } from './paused-holder.js';
import { ThingsDBStock } from './thingsdb-stock.js';

const { THINGSDB_WS_URL, THINGSDB_USER, THINGSDB_PASSWORD, THINGSDB_TOKEN, THINGSDB_COLLECTION } =
  process.env;

async function main(): Promise<void> {
  const [user, password] = [THINGSDB_USER ?? 'admin', THINGSDB_PASSWORD ?? 'pass'];
  const collection = THINGSDB_COLLECTION ?? 'shop';
  const ThingsDB = await loadThingsDB();
  const client = new ThingsDB(THINGSDB_WS_URL ?? 'ws://127.0.0.1:9270');
  await client.connect();
  await (THINGSDB_TOKEN ? client.authToken(THINGSDB_TOKEN) : client.auth(user, password));
  // One connection for both; it has been authenticated.
  const locks = new LockManager({ client, collection });
  try {
    await locks.setup();
    const stock = new ThingsDBStock(client, collection);
    await stock.setUp();
    await tellPausedHolder(locks, stock);
  } finally {
    await locks.close();
    await client.disconnect();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
