/**
 * Fencing in ThingsDB: the locks live in the collection of the data, and the procedure that writes the data asks them.
 *
 *   npx thingsdb-lock dev-server                 # or any ThingsDB, named by THINGSDB_URL
 *   node --import tsx examples/fencing/thingsdb.ts
 *
 * If the collection has procedures of its own by the names of the lock's, give the manager a `prefix`.
 */
import { clientFor } from '../../lib/client/open-client.js'; // in your program: thingsdb.js
import { LockManager } from '../../lib/index.js'; // in your program: 'thingsdb-lock'
import { tellPausedHolder } from './paused-holder.js';
import { ThingsDBStock } from './thingsdb-stock.js';

const { THINGSDB_URL, THINGSDB_USER, THINGSDB_PASSWORD, THINGSDB_TOKEN, THINGSDB_COLLECTION } = process.env;

async function main(): Promise<void> {
  const url = THINGSDB_URL ?? 'thingsdb://127.0.0.1:9200';
  const [user, password] = [THINGSDB_USER ?? 'admin', THINGSDB_PASSWORD ?? 'pass'];
  const collection = THINGSDB_COLLECTION ?? 'shop';
  const client = clientFor(url);
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
