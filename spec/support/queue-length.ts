import { until } from './until.js';

interface Queries {
  query(code: string, vars?: Record<string, unknown>): Promise<unknown>;
}

/** Of our state, or of the one that Python's own setup has made. */
const CODE = `
  if (.has('thingsdb_lock')) {
    q = .thingsdb_lock.locks.get(\`:{name}\`);
    // Without those that are set aside with a process that does not answer.
    q ? q.held.len() + q.waiting.filter(|r| r.state > 0).len() : 0;
  } else {
    .lock.has(name) ? .lock[name].queue.len() : 0;
  };
`;

/** How many requests there are for a name, the holder's included. */
async function queueLength(backEnd: Queries, name: string): Promise<number> {
  return Number(await backEnd.query(CODE, { name }));
}

/** Waits until there are so many requests for a name: how one sees that another process waits, or has gone. */
export async function untilQueued(backEnd: Queries, name: string, count: number): Promise<void> {
  let length = -1;
  await until(async () => (length = await queueLength(backEnd, name)) === count, {
    describe: () => `${length} requests for ${name}, not ${count}`,
  });
}
