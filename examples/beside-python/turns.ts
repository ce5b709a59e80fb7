/**
 * Takes turns with turns.py at writing a diary. Whose turn it is reads the last number and writes down the next one.
 *
 *   pip install python-thingsdb
 *   npx thingsdb-lock dev-server                        # or any ThingsDB, named by THINGSDB_URL
 *   node --import tsx examples/beside-python/turns.ts   # and in another terminal:
 *   python3 examples/beside-python/turns.py
 *
 * The diary is diary.txt; another path may be given. Were both at it at once, there would be two lines of one number.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { LockManager } from 'thingsdb-lock';

const DIARY = process.argv[2] ?? 'diary.txt';
const TURNS = 5;

const { THINGSDB_URL, THINGSDB_USER, THINGSDB_PASSWORD, THINGSDB_TOKEN, THINGSDB_COLLECTION } = process.env;

async function writeEntry(): Promise<void> {
  const lines = existsSync(DIARY) ? readFileSync(DIARY, 'utf8').trimEnd().split('\n') : [];
  const number = Number.parseInt(lines.at(-1) || '0');
  await sleep(100); // simulate some work
  appendFileSync(DIARY, `${number + 1} TypeScript\n`);
  console.log(`${number + 1} written by TypeScript`);
}

async function main(): Promise<void> {
  const manager = new LockManager({
    url: THINGSDB_URL ?? 'thingsdb://127.0.0.1:9200',
    auth: THINGSDB_TOKEN
      ? { token: THINGSDB_TOKEN }
      : { username: THINGSDB_USER ?? 'admin', password: THINGSDB_PASSWORD ?? 'pass' },
    collection: THINGSDB_COLLECTION,
  });
  try {
    const lock = manager.get('diary', { ttl: '30s' });
    for (let turn = 0; turn < TURNS; turn++) await lock.runExclusive(writeEntry);
  } finally {
    await manager.close();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
