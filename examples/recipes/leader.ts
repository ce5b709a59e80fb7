/**
 * Leader election: of all processes one leads. When it ends or is killed, the next one does.
 *
 *   npx thingsdb-lock dev-server                 # or any ThingsDB, named by THINGSDB_URL
 *   node --import tsx examples/recipes/leader.ts one        # and in other terminals: two, three
 *
 * Stop the leader with Ctrl-C, or ask for the lock with `npx thingsdb-lock ask leader`, and the next one leads at once.
 * Kill the leader with `kill -9`, and the next one leads within the lease's two seconds.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Lease, LockClosedError, LockLostError, LockManager } from 'thingsdb-lock';

const { THINGSDB_URL, THINGSDB_USER, THINGSDB_PASSWORD, THINGSDB_TOKEN, THINGSDB_COLLECTION } = process.env;
const NAME = process.argv[2] ?? `process ${process.pid}`;

/** What a leader does, for as long as it is one. It ends when the signal aborts. */
async function lead({ fencingToken }: Lease, signal: AbortSignal): Promise<void> {
  console.log(`${NAME} leads, with token ${fencingToken}`);
  while (!signal.aborted) await sleep(200, undefined, { signal }).catch(() => undefined);
}

async function main(): Promise<void> {
  const locks = new LockManager({
    url: THINGSDB_URL ?? 'thingsdb://127.0.0.1:9200',
    auth: THINGSDB_TOKEN
      ? { token: THINGSDB_TOKEN }
      : { username: THINGSDB_USER ?? 'admin', password: THINGSDB_PASSWORD ?? 'pass' },
    collection: THINGSDB_COLLECTION,
    owner: NAME,
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void locks.close());
  const leadership = locks.get('leader', { ttl: '2s', waitTimeout: Infinity });
  leadership.on('waiting', () => console.log(`${NAME} waits`));
  let asked: AbortController | undefined;
  leadership.on('releaseRequested', () => asked?.abort());

  for (let isOpen = true; isOpen;) {
    asked = new AbortController();
    const { signal } = asked;
    try {
      // When it was asked for the lock, it stands again, behind the others.
      await leadership.runExclusive((lease) => lead(lease, AbortSignal.any([lease.signal, signal])));
    } catch (error) {
      // Closed: by the signal above. Lost: the server was away for longer than the lease; stand again.
      isOpen = error instanceof LockLostError && error.reason !== 'closed';
      if (!isOpen && !(error instanceof LockLostError || error instanceof LockClosedError)) throw error;
    }
    console.log(`${NAME} leads no more`);
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
