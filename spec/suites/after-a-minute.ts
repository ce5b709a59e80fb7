import type { BackEnd } from '../support/back-end.js';
import { NOTHING, type StateLeft } from '../support/state-left.js';
import { until } from '../support/until.js';

/** What is remembered for a minute or two is due now: ids of requests that were ended, watched names, unused inboxes. */
const AGE = `
  s = .thingsdb_lock;
  at = int(now() * 1000000);
  wse([s.inboxes, s.tombstones, s.watches].each(|kept| kept.values().each(|item| item.due = at)));
  if (s.sweep_at * 1000000 > at || s.inboxes || s.tombstones || s.watches) wse(s.fn.arm(s, at / 1000000));
`;

/** A process that was killed just now is waited for 10 s. Then its inbox is looked at twice, a second and more apart. */
const LIMIT_MS = 20_000;

/** Nothing that use has left: the sweeper may stay until it has run. */
export const NO_MORE: Partial<StateLeft> = {
  ...NOTHING,
  tasks: expect.any(Number) as number,
  hasSweeper: expect.any(Boolean) as boolean,
  sweepsInMs: expect.any(Number) as number,
};

/**
 * As {@link NO_MORE}. In a cluster a call may have been sent again, since its node was away. Requests that were
 * withdrawn after that are remembered for a minute.
 */
export function noMore({ urls }: Pick<BackEnd, 'urls'>): Partial<StateLeft> {
  if (urls.length === 1) return NO_MORE;
  return {
    ...NO_MORE,
    tombstones: expect.any(Number) as number,
    latestDueMs: expect.any(Number) as number,
  };
}

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
    { limitMs: LIMIT_MS, describe: () => `there is still ${JSON.stringify(left)}` },
  );
}
