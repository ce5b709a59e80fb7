/**
 * A process that waits for a lock while it blocks its event loop for longer than a grant may go without an answer, with
 * short pauses between: says `begun` when it waits, and `granted` when it has had the lock.
 *
 *   THINGSDB_URL=... THINGSDB_COLLECTION=... node --import tsx spec/support/blocking-program.ts
 */
import { setTimeout as pause } from 'node:timers/promises';
import { LockManager } from '../../lib/index.js';

const BLOCKS_MS = 1_200;
const PAUSES_MS = 30;

const {
  THINGSDB_URL = '',
  THINGSDB_COLLECTION,
  THINGSDB_USER = 'admin',
  THINGSDB_PASSWORD = 'pass',
  THINGSDB_TOKEN,
} = process.env;
const manager = new LockManager({
  url: THINGSDB_URL.split(','),
  auth:
    THINGSDB_TOKEN === undefined
      ? { username: THINGSDB_USER, password: THINGSDB_PASSWORD }
      : { token: THINGSDB_TOKEN },
  collection: THINGSDB_COLLECTION,
});
const say = (text: string): void => void process.stdout.write(`${text}\n`);

function block(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BLOCKS_MS);
}

async function main(): Promise<void> {
  let isGranted = false;
  const waiting = manager.acquire('wanted', { waitTimeout: '60s' }).then(async (lease) => {
    isGranted = true;
    await lease.release();
  });
  await new Promise<void>((resolve) => manager.once('waiting', () => resolve()));
  say('begun');
  while (!isGranted) {
    block();
    await pause(PAUSES_MS);
  }
  await waiting;
  say('granted');
  await manager.close();
}

void main();
