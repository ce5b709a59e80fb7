import type { Result, SystemResult } from '../result.js';

/** A figure to reach: a ratio, mostly, because machines differ. */
export interface Goal {
  readonly text: string;
  readonly atLeast?: number;
  readonly atMost?: number;
  readonly digits: number;
  /** Undefined where something of it was not measured. */
  value(result: Result): number | undefined;
}

type Pick = (system: SystemResult) => boolean;

const isPeer: Pick = ({ isOurs }) => !isOurs;
const oneOf =
  (...ids: string[]): Pick =>
  ({ id }) =>
    ids.includes(id);
const isRedis = oneOf('redis-semaphore', 'redlock', 'verrou');
const isPostgresql = oneOf('postgresql');

const MAIN = ['ours-tcp', 'ours-ws', 'ours-cluster-tcp', 'ours-cluster-ws'];

/** The library on real nodes: over TCP, its main transport, where that was measured. */
function ours(result: Result, workload: string, key: string): SystemResult['summaries'][string] | undefined {
  const systems = result.workloads.find(({ id }) => id === workload)?.systems ?? [];
  const found = MAIN.map((id) => systems.find((system) => system.id === id));
  return found.find((system) => system?.summaries[key] !== undefined)?.summaries[key];
}

function medians(result: Result, workload: string, key: string, pick: Pick): number[] {
  const systems = result.workloads.find(({ id }) => id === workload)?.systems ?? [];
  return systems.filter(pick).flatMap(({ summaries }) => summaries[key]?.median ?? []);
}

const median = (workload: string, key: string) => (result: Result) => ours(result, workload, key)?.median;
const worst = (workload: string, key: string) => (result: Result) => ours(result, workload, key)?.max;

/** Ours to the best of others: the most of what should be much, the least of what should be little. */
const ratio =
  (workload: string, key: string, pick: Pick, best: (...values: number[]) => number) =>
  (result: Result): number | undefined => {
    const own = ours(result, workload, key)?.median;
    const others = medians(result, workload, key, pick);
    return own === undefined || others.length === 0 ? undefined : own / best(...others);
  };

/** The median of one system, whichever else was measured. */
const medianOf =
  (id: string, workload: string, key: string) =>
  (result: Result): number | undefined =>
    medians(result, workload, key, oneOf(id))[0];

const W1_RATIO = 'W1: p50 of acquire and release / of two bare changes on the same connection';

export const GOALS: readonly Goal[] = [
  {
    text: `${W1_RATIO}: the procedures alone`,
    atMost: 1.25,
    digits: 2,
    value: medianOf('own-procedures', 'w1', 'ratio'),
  },
  {
    text: `${W1_RATIO}: the library`,
    atMost: 1.4,
    digits: 2,
    value: median('w1', 'ratio'),
  },
  {
    text: 'W1: pairs/s / the best Redis library',
    atLeast: 0.9,
    digits: 2,
    value: ratio('w1', 'pairsPerSecond', isRedis, Math.max),
  },
  {
    text: 'W2: pairs/s / the best other lock',
    atLeast: 1.5,
    digits: 2,
    value: ratio('w2', 'pairsPerSecond', isPeer, Math.max),
  },
  {
    text: 'W2: CPU a pair, client and server / the best other lock',
    atMost: 1,
    digits: 2,
    value: ratio('w2', 'cpuUs', isPeer, Math.min),
  },
  {
    text: 'W3: hand-overs/s / PostgreSQL advisory locks',
    atLeast: 0.8,
    digits: 2,
    value: ratio('w3', 'handOversPerSecond', isPostgresql, Math.max),
  },
  {
    text: 'W3: hand-overs/s / the best Redis library',
    atLeast: 5,
    digits: 2,
    value: ratio('w3', 'handOversPerSecond', isRedis, Math.max),
  },
  { text: 'W3: inversions in 1,000 grants', atMost: 0, digits: 2, value: median('w3', 'inversions') },
  { text: "W3: Jain's index", atLeast: 0.999, digits: 4, value: median('w3', 'jain') },
  { text: 'W3: changes a grant', atMost: 3, digits: 2, value: median('w3', 'changes') },
  { text: 'W3: pushes a grant', atMost: 1, digits: 2, value: median('w3', 'pushes') },
  {
    text: 'W4: ms to drain 100 waiters / the best other lock',
    atMost: 0.7,
    digits: 2,
    value: ratio('w4', 'drainedMs', isPeer, Math.min),
  },
  { text: 'W5: ms beyond the ttl, median', atMost: 10, digits: 1, value: median('w5', 'beyondTtlMs') },
  { text: 'W5: ms beyond the ttl, worst', atMost: 100, digits: 1, value: worst('w5', 'beyondTtlMs') },
  { text: 'W5: ms behind a dead waiter, worst', atMost: 850, digits: 0, value: worst('w5', 'deadWaiterMs') },
  { text: 'W6: p50 at 100,000 held / at 10', atMost: 1.2, digits: 2, value: median('w6', 'heldRatio') },
  { text: 'W6: p50 at 10,000 queued / at 10', atMost: 1.2, digits: 2, value: median('w6', 'queuedRatio') },
  { text: 'W7: pairs/s on three nodes', atLeast: 10_000, digits: 0, value: median('w7', 'pairsPerSecond') },
  { text: 'W8: server bytes a held lock', atMost: 1_024, digits: 0, value: median('w8', 'serverHeldBytes') },
  { text: 'W8: server bytes a waiter', atMost: 1_024, digits: 0, value: median('w8', 'serverWaiterBytes') },
  { text: 'W8: client bytes a lease', atMost: 2_048, digits: 0, value: median('w8', 'clientLeaseBytes') },
  { text: 'W9: changes/s for 1,000 leases', atMost: 0.2, digits: 2, value: median('w9', 'changesPerSecond') },
  {
    text: 'W10: pairs/s of a lock that lingers',
    atLeast: 500_000,
    digits: 0,
    value: median('w10', 'pairsPerSecond'),
  },
  {
    text: 'W11: pairs/s of 64 that linger, three nodes',
    atLeast: 100_000,
    digits: 0,
    value: median('w11', 'pairsPerSecond'),
  },
];

/** As exact as it is shown: a figure of 0.901 that is shown as 0.90 reaches 0.9. */
export function isReached({ atLeast, atMost }: Goal, value: number): boolean {
  return value >= (atLeast ?? -Infinity) && value <= (atMost ?? Infinity);
}
