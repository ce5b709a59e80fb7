import { setTimeout as sleep } from 'node:timers/promises';
import { LockManager } from 'thingsdb-lock';

const manager = new LockManager({
  url: 'thingsdb://127.0.0.1:9200',
  auth: { username: 'admin', password: 'pass' },
});
await manager.get('my-lock').runExclusive(async (lease) => {
  console.log(`I have the lock, with fencing token ${lease.fencingToken}`);
  await sleep(5_000, undefined, { signal: lease.signal });
});
await manager.close();
console.log('I have given it back');
