import { LockManager } from '../../lib/index.js'; // in your program: 'thingsdb-lock'
import { startThingsDB } from '../../lib/testing/index.js'; // in your program: 'thingsdb-lock/testing'

export async function withLocks(use: (locks: LockManager) => Promise<void>): Promise<void> {
  await using db = await startThingsDB();
  await using locks = new LockManager({ url: db.url, auth: { username: 'admin', password: 'pass' } });
  await use(locks);
}
