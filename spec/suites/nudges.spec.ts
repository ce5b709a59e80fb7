/** Nodes that acknowledge each other's messages late make slow changes. A message the other way brings the acknowledgement. */
import { PackageType } from '../../lib/client/package-type.js';
import { onEachBackEnd, type BackEnd } from '../support/back-end.js';
import { until } from '../support/until.js';

const SLOW_MS = 15;

/** Counts what is told in the room of the only inbox that there is. */
async function heardNudges(backEnd: BackEnd): Promise<() => number> {
  const room = (await backEnd.query('.thingsdb_lock.inboxes.values().first().room.id();')) as number;
  const client = await backEnd.client();
  let count = 0;
  client.addEventListener((type, body) => {
    if (type === PackageType.roomEmit && (body as { event: unknown }).event === 'nudge') count++;
  });
  await client.join(`//${backEnd.collection}`, room);
  return () => count;
}

onEachBackEnd('a node that can be nudged', (backEnd) => {
  // Its client is made by a function, which knows one node.
  const withList = backEnd.name === 'thingsdb.js' ? test.skip : test;

  withList('is nudged over a connection of its own, after each change that was slow', async () => {
    const [used, other] = [await backEnd.proxy(), await backEnd.proxy()];
    const lock = backEnd.manager({ url: [used.url, other.url] }).get('slow');
    await (await lock.acquire()).release();
    const nudges = await heardNudges(backEnd);
    used.delay(SLOW_MS);
    for (let pair = 0; pair < 3; pair++) await (await lock.acquire()).release();
    await other.accepted(1);
    await until(() => nudges() >= 2);
  });

  withList('may hang: nobody waits for it', async () => {
    const [used, other] = [await backEnd.proxy(), await backEnd.proxy()];
    const manager = backEnd.manager({ url: [used.url, other.url], requestTimeout: '2s' });
    const lock = manager.get('slow');
    await (await lock.acquire()).release();
    used.delay(SLOW_MS);
    other.freeze();
    for (let pair = 0; pair < 5; pair++) expect(await (await lock.acquire()).release()).toBe(true);
    const startMs = performance.now();
    await manager.close();
    expect(backEnd.ranMs(startMs)).toBeLessThan(1_500);
  });
});
