/**
 * What keeps a process alive, as a program: it ends when nothing does, and says so. Its argument is what it does.
 *
 *   THINGSDB_URL=... THINGSDB_COLLECTION=... node --import tsx spec/support/alive-program.ts lead|hold|wait|block|watch|idle|give-up|linger
 */
import { setTimeout as pause } from 'node:timers/promises';
import { LockManager } from '../../lib/index.js';
import { block } from './block.js';

/** Longer than a grant may go without an answer. */
const BLOCKS_MS = 1_200;
const PAUSES_MS = 30;

const {
  THINGSDB_URL = '',
  THINGSDB_COLLECTION,
  THINGSDB_USER,
  THINGSDB_PASSWORD,
  THINGSDB_TOKEN,
} = process.env;
const manager = new LockManager({
  url: THINGSDB_URL.split(','),
  auth:
    THINGSDB_TOKEN === undefined
      ? { username: THINGSDB_USER ?? 'admin', password: THINGSDB_PASSWORD ?? 'pass' }
      : { token: THINGSDB_TOKEN },
  collection: THINGSDB_COLLECTION,
  requestTimeout: process.env['REQUEST_TIMEOUT'],
});
const lock = manager.get('alive');
const say = (text: string): void => void process.stdout.write(`${text}\n`);
manager.on('waiting', () => say('begun'));

const DOES: Readonly<Record<string, () => Promise<void>>> = {
  /** Leads until it is told that it does not any more: only the signal is listened to. */
  async lead() {
    await lock
      .runExclusive((lease) => {
        const told = new Promise<void>((resolve) => lease.signal.addEventListener('abort', () => resolve()));
        say('begun');
        return told;
      })
      .catch(() => say('told'));
  },
  async hold() {
    const lease = await lock.acquire();
    lease.signal.addEventListener('abort', () => say('told'));
    say('begun');
  },
  async wait() {
    const lease = await lock.acquire({ waitTimeout: Infinity });
    say('told');
    await lease.release();
  },
  /** Waits while it blocks its event loop again and again, with short pauses between. */
  async block() {
    let isGranted = false;
    const waiting = lock.acquire({ waitTimeout: '60s' }).then(async (lease) => {
      isGranted = true;
      await lease.release();
    });
    await new Promise<void>((resolve) => manager.once('waiting', () => resolve()));
    while (!isGranted) {
      block(BLOCKS_MS);
      await pause(PAUSES_MS);
    }
    await waiting;
    say('told');
    await manager.close();
  },
  async watch() {
    const watch = await manager.watch('alive');
    watch.on('acquired', () => {
      say('told');
      watch.close();
    });
    say('begun');
  },
  /** A lease lingers, and nobody closes the manager. */
  async linger() {
    const lasting = manager.get('alive', { linger: '1h' });
    say('begun');
    // The first ones may not: the manager is not in its room yet.
    do await lasting.runExclusive(() => undefined);
    while (!(await lasting.isLocked()));
    say('lingers');
  },
  /** Has locked, and does not any more: nobody closes the manager. */
  async idle() {
    await lock.runExclusive(() => say('begun'));
  },
  /** Has waited long enough, for a server that is silent: nobody closes the manager. */
  async 'give-up'() {
    await lock.acquire({ waitTimeout: 500 }).catch(() => say('given up'));
  },
};

void DOES[process.argv[2] ?? '']?.();
