/**
 * A service that is given the lock manager by its constructor, and listens to what happens to its lock.
 *
 *   npx thingsdb-lock dev-server                 # or any ThingsDB, named by THINGSDB_URL
 *   node --import tsx examples/report-service.ts
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { LockLostError, LockManager, type DistributedLock } from 'thingsdb-lock';

/** Writes the report; of all processes that run this service only one does so at a time. */
export class ReportService {
  readonly #lock: DistributedLock;

  constructor(locks: LockManager, log: (line: string) => void) {
    // A report that takes longer than a second is stuck: it must not keep the next one from being written.
    this.#lock = locks.get('report', { ttl: '500ms', maxHold: '1s' });
    this.#lock.on('acquired', ({ fencingToken, waitedMs }) => {
      log(`acquired with token ${fencingToken} after ${Math.round(waitedMs)} ms`);
    });
    this.#lock.on('expired', () => log('expired: somebody else may write the report now'));
  }

  /** @throws LockLostError if it took too long; the pages written until then carry a token that is out of date */
  async write(pages: readonly Page[]): Promise<void> {
    await this.#lock.runExclusive(async (lease) => {
      for (const page of pages) {
        await page(lease.fencingToken);
        // What was lost while the page was written is another's business by now: stop.
        lease.signal.throwIfAborted();
      }
    });
  }
}

/** Writes one page to a place that refuses tokens older than the newest it has seen. */
type Page = (fencingToken: number) => Promise<void>;

const { THINGSDB_URL, THINGSDB_USER, THINGSDB_PASSWORD, THINGSDB_TOKEN, THINGSDB_COLLECTION } = process.env;

async function main(): Promise<void> {
  const locks = new LockManager({
    url: THINGSDB_URL ?? 'thingsdb://127.0.0.1:9200',
    auth: THINGSDB_TOKEN
      ? { token: THINGSDB_TOKEN }
      : { username: THINGSDB_USER ?? 'admin', password: THINGSDB_PASSWORD ?? 'pass' },
    collection: THINGSDB_COLLECTION,
  });
  const service = new ReportService(locks, console.log);
  const page = async (): Promise<void> => sleep(100);
  const stuckPage = async (): Promise<void> => sleep(1_500);
  try {
    await service.write([page, page]);
    console.log('the report is written');
    await service.write([page, stuckPage, page]);
  } catch (error) {
    if (!(error instanceof LockLostError)) throw error;
    console.log(`the report is not finished: ${error.message}`);
  } finally {
    await locks.close();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
