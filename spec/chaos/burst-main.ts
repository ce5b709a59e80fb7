/** A process with several clients: each takes its lock and gives it back, again and again, without a rest. */
import { setTimeout as sleep } from 'node:timers/promises';
import { LockConnectionError, LockManager } from '../../lib/index.js';
import type { BurstTask, FromBurstClients } from './burst-messages.js';
import { clockMs } from './history.js';

const TELL_EVERY_MS = 100;
const REST_WITHOUT_SERVER_MS = 50;
const TTL_MS = 2_000;
/** Longer than a run. */
const WAIT_MS = 600_000;

let grants = 0;
let failures = 0;
let hasEnded = false;

async function contend(
  { urls, auth, collection }: BurstTask,
  name: string,
  onFirst: () => void,
): Promise<void> {
  const manager = new LockManager({ url: urls, auth, collection });
  const lock = manager.get(name, { ttl: TTL_MS, waitTimeout: WAIT_MS });
  for (let hasHad = false; !hasEnded;) {
    try {
      const lease = await lock.acquire();
      grants++;
      if (!hasHad) onFirst();
      hasHad = true;
      await lease.release();
    } catch (error) {
      if (!(error instanceof LockConnectionError)) throw error;
      failures++;
      await sleep(REST_WITHOUT_SERVER_MS);
    }
  }
  await manager.close();
}

function tell(message: FromBurstClients): void {
  process.send?.(message);
}

const task = JSON.parse(process.argv[2] ?? '') as BurstTask;
const loops: Promise<void>[] = [];
const firsts = task.names.map(
  (name) => new Promise<void>((resolve) => loops.push(contend(task, name, resolve))),
);
void Promise.all(firsts).then(() => tell({ told: 'ready' }));
void Promise.all(loops).then(() => process.exit(0));
process.on('message', () => (hasEnded = true));
setInterval(() => {
  tell({ told: 'count', atMs: clockMs(), grants, failures });
  [grants, failures] = [0, 0];
}, TELL_EVERY_MS);
// An orphan would go on for ever.
process.once('disconnect', () => process.exit(3));
