import { LockManager } from 'thingsdb-lock';
import { startThingsDB } from 'thingsdb-lock/testing';

export async function withLocks(use: (locks: LockManager) => Promise<void>): Promise<void> {
  await using db = await startThingsDB();
  await using locks = new LockManager({ url: db.url, auth: { username: 'admin', password: 'pass' } });
  await use(locks);
}
