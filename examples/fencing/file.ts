/**
 * Fencing for a file: the process that owns it keeps a FencingGuard, and keeps it in the file.
 *
 *   npx thingsdb-lock dev-server                 # or any ThingsDB, named by THINGSDB_URL
 *   node --import tsx examples/fencing/file.ts   # the file is stock.json; another path may be given
 */
import { LockManager } from 'thingsdb-lock';
import { FileStock } from './file-stock.js';
import { tellPausedHolder } from './paused-holder.js';

const { THINGSDB_URL, THINGSDB_USER, THINGSDB_PASSWORD, THINGSDB_TOKEN, THINGSDB_COLLECTION } = process.env;

async function main(): Promise<void> {
  const locks = new LockManager({
    url: THINGSDB_URL ?? 'thingsdb://127.0.0.1:9200',
    auth: THINGSDB_TOKEN
      ? { token: THINGSDB_TOKEN }
      : { username: THINGSDB_USER ?? 'admin', password: THINGSDB_PASSWORD ?? 'pass' },
    collection: THINGSDB_COLLECTION,
  });
  try {
    await tellPausedHolder(locks, await FileStock.open(process.argv[2] ?? 'stock.json'));
  } finally {
    await locks.close();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
