import type { BackEnd } from './back-end.js';
import { until } from './until.js';

/** The question how many changes there were is one; the sweeper may have its turn meanwhile, once. */
const MOST_CHANGES = 2;

/**
 * Does something, and the server makes no change of it. Others use a real node too, but not always: there it is tried
 * again.
 *
 * @throws Error if it never comes to that: `what` makes changes
 */
export async function changesNothing(backEnd: BackEnd, what: () => Promise<void>): Promise<void> {
  const changes = async (): Promise<number> => Number(await backEnd.query('wse(change_id());'));
  let made = NaN;
  await until(
    async () => {
      const before = await changes();
      await what();
      made = (await changes()) - before;
      return made <= MOST_CHANGES;
    },
    {
      ...(backEnd.embedded === undefined ? {} : { limitMs: 0 }),
      describe: () => `the server made ${made} changes of it`,
    },
  );
}
