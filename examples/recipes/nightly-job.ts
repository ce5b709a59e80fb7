/**
 * A job that runs once in a fleet. Every machine starts this program at the same time, and one of them does the work.
 *
 *   npx thingsdb-lock dev-server                 # or any ThingsDB, named by THINGSDB_URL
 *   node --import tsx examples/recipes/nightly-job.ts       # in several terminals, within a minute
 *
 * A line of cron needs no program: 0 3 * * * npx thingsdb-lock run nightly-report -n --min-hold 1m -- ./report.sh
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { LockManager } from 'thingsdb-lock';

const { THINGSDB_URL, THINGSDB_USER, THINGSDB_PASSWORD, THINGSDB_TOKEN, THINGSDB_COLLECTION } = process.env;

async function report(signal: AbortSignal): Promise<string> {
  await sleep(100, undefined, { signal }); // simulate some work
  return 'the report is written';
}

async function main(): Promise<void> {
  await using locks = new LockManager({
    url: THINGSDB_URL ?? 'thingsdb://127.0.0.1:9200',
    auth: THINGSDB_TOKEN
      ? { token: THINGSDB_TOKEN }
      : { username: THINGSDB_USER ?? 'admin', password: THINGSDB_PASSWORD ?? 'pass' },
    collection: THINGSDB_COLLECTION,
  });
  // It does not wait. The lock stays taken for a minute from its grant, also when the work takes no time. A machine
  // whose clock is late by less than that still finds it taken.
  const job = locks.get('nightly-report', { minHold: '1m' });
  const result = await job.tryRunExclusive((lease) => report(lease.signal));
  console.log(result ?? 'another machine does it');
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
