/**
 * thingsdb.js as the client, instead of the built-in one: for programs that use it already.
 *
 *   npm install thingsdb.js ws
 *   npx thingsdb-lock dev-server                 # or any ThingsDB, named by THINGSDB_WS_URL: it speaks WebSocket only
 *   node --import tsx examples/thingsdb-js-client.ts
 */
import { WebSocket } from 'ws';
import { LockManager, type ThingsDBClient } from '../lib/index.js'; // in your program: 'thingsdb-lock'

const { THINGSDB_WS_URL, THINGSDB_USER, THINGSDB_PASSWORD, THINGSDB_TOKEN, THINGSDB_COLLECTION } =
  process.env;

/** In your program: `import ThingsDB from 'thingsdb.js'`. Here a built file of it will do (`THINGSDB_JS`). */
async function loadThingsDB(): Promise<new (url: string) => ThingsDBClient> {
  // thingsdb.js is made for browsers: Node has a WebSocket of its own only from version 22 on.
  const scope = globalThis as { WebSocket?: unknown };
  scope.WebSocket ??= WebSocket;
  const specifier = process.env['THINGSDB_JS'] ?? 'thingsdb.js';
  const module = (await import(specifier)) as { default: new (url: string) => ThingsDBClient };
  return module.default;
}

async function main(): Promise<void> {
  const ThingsDB = await loadThingsDB().catch((cause: unknown) => {
    throw new Error('thingsdb.js is not installed: npm install thingsdb.js', { cause });
  });
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
