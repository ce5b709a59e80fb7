import type { BackEnd } from '../support/back-end.js';
import { NOTHING } from '../support/state-left.js';
import { until } from '../support/until.js';

/**
 * What is remembered for a minute or two is due now: ids of requests that were ended, watched names, unused inboxes.
 * Leases too: to be called when none is held.
 */
const AGE = `
  s = .thingsdb_lock;
  at = int(now() * 1000000);
  wse(s.due.values().each(|bucket| list(bucket.items).each(|item| s.fn.file(s, item, at))));
`;

/** Fails unless the sweeper, in its time, removes everything that is left, and itself. */
export async function nothingIsLeft(backEnd: BackEnd): Promise<void> {
  let left: unknown;
  await until(
    async () => {
      // Again each time: an inbox that was in use until now is looked at twice.
      await backEnd.query(AGE);
      left = await backEnd.left();
      return JSON.stringify(left) === JSON.stringify(NOTHING);
    },
    { describe: () => `there is still ${JSON.stringify(left)}` },
  );
}
