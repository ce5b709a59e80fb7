/**
 * What a watch costs a node, in CPU time of its process:
 *
 *   node --import tsx bench/watch-cost.ts thingsdb://127.0.0.1:9200 [--rounds 7]
 *
 * Of a cluster, all of whose addresses are given, it is that of all nodes, and the first is asked. The same load goes
 * in turn to three collections. Nobody watches the first. Somebody watches an unused name of the second, and all names
 * of the third. The median of the rounds is told, and its ratio to the first.
 */
import { parseArgs } from 'node:util';
import { randomBytes } from 'node:crypto';
import { parseAddress } from '../lib/client/address.js';
import { clientFor } from '../lib/client/open-client.js';
import { LockManager } from '../lib/index.js';
import { markdownTable } from './report/table.js';
import { cpuUsOf, pidListeningOn } from './servers/processes.js';
import { quantile } from './statistics.js';

const auth = { username: 'admin', password: 'pass' };
const TTL_MS = 60_000;
const LANES = 8;
const BATCH = 64;
const WATCHED = ['nobody watches', 'a name is watched', 'all names are watched'] as const;

/** Makes a change of a collection, by operations of this inbox. */
type Decide = (inbox: number, operations: readonly unknown[]) => Promise<unknown>;

let ids = 0;
const newId = (): string => `request ${++ids}`.padEnd(32, '-');
const acquire = (id: string, name: string): unknown[] => ['acquire', id, ids, name, TTL_MS, 1, 1];
const release = (id: string, name: string): unknown[] => ['release', name, id];

async function inLanes(pairs: number, work: (lane: number, rounds: number) => Promise<void>): Promise<void> {
  await Promise.all(Array.from({ length: LANES }, (_, lane) => work(lane, pairs / LANES)));
}

/** Acquire and release, a change each. */
async function singlePairs(decide: Decide, pairs: number): Promise<void> {
  await inLanes(pairs, async (lane, rounds) => {
    for (let i = 0; i < rounds; i++) {
      const id = newId();
      await decide(lane, [acquire(id, `name ${lane}`)]);
      await decide(lane, [release(id, `name ${lane}`)]);
    }
  });
}

/** Many of them in one change. */
async function batchedPairs(decide: Decide, pairs: number): Promise<void> {
  for (let i = 0; i < pairs / BATCH; i++) {
    const all = Array.from({ length: BATCH }, (_, at) => [newId(), `name ${at}`] as const);
    await decide(
      0,
      all.map((one) => acquire(...one)),
    );
    await decide(
      0,
      all.map((one) => release(...one)),
    );
  }
}

/** One waits, the other releases, the first acknowledges: three changes. */
async function handOvers(decide: Decide, pairs: number): Promise<void> {
  await inLanes(pairs, async (lane, rounds) => {
    const name = `name ${lane}`;
    let held = newId();
    await decide(lane, [acquire(held, name)]);
    for (let i = 0; i < rounds; i++) {
      const next = newId();
      await decide(LANES + lane, [acquire(next, name)]);
      await decide(lane, [release(held, name)]);
      await decide(LANES + lane, [['acknowledge', name, next]]);
      held = next;
    }
    await decide(lane, [release(held, name)]);
  });
}

// So many that the kernel's unit of CPU time, 10 ms, is little of it.
const LOADS = [
  ['acquire and release', singlePairs, 8_000],
  ['the same, 64 in a change', batchedPairs, 64_000],
  ['a hand-over', handOvers, 4_800],
] as const;

/** The median of the rounds for each of the collections, in microseconds a pair; the first round is not counted. */
async function costsOf(
  [, load, pairs]: (typeof LOADS)[number],
  decides: readonly Decide[],
  cpuUs: () => number,
  rounds: number,
): Promise<number[]> {
  const costs = decides.map((): number[] => []);
  for (let round = 0; round <= rounds; round++) {
    for (const at of decides.map((_, i) => (i + round) % decides.length)) {
      const before = cpuUs();
      await load(decides[at] as Decide, pairs);
      if (round > 0) costs[at]?.push((cpuUs() - before) / pairs);
    }
  }
  return costs.map((all) =>
    quantile(
      all.sort((a, b) => a - b),
      0.5,
    ),
  );
}

function shownCosts(medians: readonly number[]): string[] {
  const [least = NaN] = medians;
  return medians.map((us, i) => us.toFixed(1) + (i > 0 ? ` (${(us / least).toFixed(2)})` : ''));
}

/** The CPU time of the nodes that listen there. */
function meter(urls: readonly string[]): () => number {
  const found = urls.map((url) => pidListeningOn(parseAddress(url).port));
  return () => found.reduce((sum: number, pid) => sum + (pid === undefined ? NaN : (cpuUsOf(pid) ?? NaN)), 0);
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { rounds: { type: 'string', default: '7' } },
  });
  const urls = positionals;
  if (urls[0] === undefined) throw new Error('watch-cost.ts URL...: see its head');
  const client = clientFor(urls[0], { requestTimeoutMs: 60_000 });
  await client.connect();
  await client.auth(auth.username, auth.password);
  const collections = WATCHED.map(() => `watch_cost_${randomBytes(4).toString('hex')}`);
  const managers = collections.map((collection) => new LockManager({ url: urls, auth, collection }));
  await Promise.all(managers.map((manager) => manager.setup()));
  await Promise.all([managers[1]?.watch('a name of no use'), managers[2]?.watch()]);
  const decides = collections.map((collection): Decide => {
    const call = (inbox: number): unknown[] => [null, `inbox ${inbox} of watch-cost`, 'watch-cost'];
    return (inbox, operations) => client.run(`//${collection}`, 'lock_change', [...call(inbox), operations]);
  });
  const rows: string[][] = [['CPU of the node, us', ...WATCHED]];
  for (const load of LOADS) {
    rows.push([load[0], ...shownCosts(await costsOf(load, decides, meter(urls), Number(values.rounds)))]);
  }
  console.log(markdownTable(rows));
  await Promise.all(managers.map((manager) => manager.close()));
  for (const name of collections) await client.query('@thingsdb', 'del_collection(name);', { name });
  await client.disconnect();
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
