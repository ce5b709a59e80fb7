/**
 * A serverless function, in the manner of AWS Lambda. Its process is frozen between two calls, and may never go on.
 *
 *   import { handler } from './lambda.js';
 */
import { LockManager, LockTimeoutError } from 'thingsdb-lock';

const { THINGSDB_URL, THINGSDB_USER, THINGSDB_PASSWORD, THINGSDB_TOKEN, THINGSDB_COLLECTION } = process.env;

/** Made once for each process, not for each call: the next call finds it connected. */
const locks = new LockManager({
  url: THINGSDB_URL ?? 'thingsdb://127.0.0.1:9200',
  auth: THINGSDB_TOKEN
    ? { token: THINGSDB_TOKEN }
    : { username: THINGSDB_USER ?? 'admin', password: THINGSDB_PASSWORD ?? 'pass' },
  collection: THINGSDB_COLLECTION,
  // A call that has waited for longer than this has no time left to work.
  requestTimeout: '2s',
});

export interface Event {
  readonly customer: string;
}
export interface Context {
  /** In milliseconds. */
  getRemainingTimeInMillis(): number;
}
export interface Result {
  readonly statusCode: number;
  readonly body: string;
}

/** What is left for the work when the lock comes late. */
const WORK_MS = 1_000;

export async function handler({ customer }: Event, context: Context): Promise<Result> {
  const leftMs = context.getRemainingTimeInMillis();
  try {
    const body = await locks.runExclusive(
      `customer ${customer}`,
      // Nothing may go on behind the answer, when the process may be frozen. So the lock is given back before the
      // handler returns.
      (lease) => bill(customer, lease.fencingToken),
      {
        waitTimeout: Math.max(0, leftMs - WORK_MS),
        // The platform ends the call then: the lock must not outlive it by much.
        maxHold: Math.max(100, leftMs),
      },
    );
    return { statusCode: 200, body };
  } catch (error) {
    if (error instanceof LockTimeoutError) return { statusCode: 409, body: 'busy: try again' };
    throw error;
  }
}

/** What it writes to may refuse a token that is older than the newest it has seen. */
async function bill(customer: string, fencingToken: number): Promise<string> {
  return Promise.resolve(`${customer} is billed, with token ${fencingToken}`);
}

/** For a platform that tells that the process ends. */
export function shutDown(): Promise<void> {
  return locks.close();
}
