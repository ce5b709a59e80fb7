import { NODE_ENDS, type OrderedFault } from './fault-kinds.js';
import { Random } from './random.js';

/** One fault that the seed orders. Whom it hits is decided when it begins, among those that qualify then. */
export interface PlannedFault {
  /** From the start of the run. */
  readonly atMs: number;
  readonly kind: OrderedFault;
  /** At least 0, less than 1: which of those that qualify. */
  readonly choice: number;
  /** How far between the shortest and the longest that this kind lasts (or reaches), 0 to 1. */
  readonly extent: number;
  readonly isHeads: boolean;
}

export interface ServerAbilities {
  /** Whether the server's process is ours to stop, kill and start. */
  readonly canRestart: boolean;
  readonly nodes: number;
}

/** Faults that stop the whole service are rarer: in them nothing else can be learned. */
const WEIGHTS: Readonly<Record<OrderedFault, number>> = {
  'kill-holder': 6,
  'kill-waiter': 4,
  'stop-holder': 8,
  'stop-waiter': 6,
  'stop-any': 6,
  'freeze-server': 2.5,
  'freeze-network': 1.5,
  restart: 2,
  'restart-with-loss': 2.5,
  cut: 12,
  'half-open': 6,
  silence: 6,
  delay: 8,
  'step-clock': 8,
  'restart-node': 4,
  'kill-node': 4,
  'hang-node': 4,
  'isolate-node': 4,
};

export interface FaultOrder {
  /** The mean time between the beginnings of two faults. */
  readonly everyMs: number;
  readonly without: readonly OrderedFault[];
  /** Of several nodes: so many are ended or hang, late in the run. Without a number that may happen at any time. */
  readonly lateNodeEnds: number | undefined;
}

export const USUAL_FAULTS: FaultOrder = { everyMs: 700, without: [], lateNodeEnds: undefined };

/** When the first node can be ended, of the time of a run. */
const LATE = 2 / 3;

/** All faults of a run, in the order of time: the same for the same seed. */
export function planFaults(
  seed: number,
  durationMs: number,
  abilities: ServerAbilities,
  { everyMs, without, lateNodeEnds }: FaultOrder = USUAL_FAULTS,
): PlannedFault[] {
  const random = Random.of(seed, 'faults');
  const weights = weightsFor(abilities);
  for (const kind of without) weights[kind] = 0;
  const ends = NODE_ENDS.filter((kind) => weights[kind] > 0);
  if (lateNodeEnds !== undefined) for (const kind of ends) weights[kind] = 0;
  const faults: PlannedFault[] = [];
  const step = (): number => random.between(everyMs / 4, (everyMs * 7) / 4);
  for (let atMs = step(); atMs < durationMs; atMs += step()) {
    faults.push({
      atMs,
      kind: random.weighted(weights),
      choice: random.next(),
      extent: random.next(),
      isHeads: random.chance(0.5),
    });
  }
  const late = planNodeEnds(seed, durationMs, ends, lateNodeEnds ?? 0);
  return [...faults, ...late].sort((one, other) => one.atMs - other.atMs);
}

/** The kinds in turn, so that a few seeds in a row have each of them. */
function planNodeEnds(
  seed: number,
  durationMs: number,
  kinds: readonly OrderedFault[],
  count: number,
): PlannedFault[] {
  const random = Random.of(seed, 'ends of nodes');
  return Array.from({ length: kinds.length > 0 ? count : 0 }, (_, i) => ({
    atMs: durationMs * (LATE + ((1 - LATE) * (i + 0.5)) / count),
    kind: kinds[(seed + i) % kinds.length] as OrderedFault,
    choice: random.next(),
    extent: random.next(),
    isHeads: random.chance(0.5),
  }));
}

function weightsFor({ canRestart, nodes }: ServerAbilities): Record<OrderedFault, number> {
  const weights = { ...WEIGHTS };
  if (!canRestart) {
    const ours = [
      'freeze-server',
      'restart',
      'restart-with-loss',
      'restart-node',
      'kill-node',
      'hang-node',
    ] as const;
    for (const kind of ours) weights[kind] = 0;
  }
  if (nodes === 1) {
    weights['restart-node'] = 0;
    weights['kill-node'] = 0;
    weights['hang-node'] = 0;
    weights['isolate-node'] = 0;
  } else {
    // Nodes together lose nothing when one is killed; that all are killed at once is not what they are there for.
    weights['restart-with-loss'] = 0;
    weights.restart = 0;
    weights['freeze-server'] = 0;
  }
  return weights;
}
