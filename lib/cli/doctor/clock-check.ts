import { ok, problem, warning, type Finding } from './finding.js';
import { unlessRefused, type VisitedNode } from './visited-node.js';

/** What nodes are taken to differ by where nothing else is said, and the most that can be said. */
const USUAL_SKEW_MS = 10;
const MOST_SKEW_MS = 50;
/** Times that are shown to people are off by so much then. */
const NOTICEABLE_MS = 1_000;
const TRIES = 5;

interface Offset {
  readonly shown: string;
  /** How far the node's clock is ahead of this machine's. */
  readonly ms: number;
  /** By how much that may be wrong: half of the round trip. */
  readonly errorMs: number;
}

/** Whether the nodes agree on the time, and this machine with them. */
export async function clocks(nodes: readonly VisitedNode[]): Promise<Finding[]> {
  const offsets: Offset[] = [];
  for (const node of nodes) {
    const offset = await unlessRefused(offsetOf(node));
    if (offset !== 'refused') offsets.push(offset);
  }
  const [first] = offsets;
  if (first === undefined) return [];
  return [...amongNodes(offsets), againstThisMachine(first)];
}

/** Of several round trips the shortest says it best. */
async function offsetOf({ address, procedures }: VisitedNode): Promise<Offset> {
  let best: Offset | undefined;
  for (let tries = 0; tries < TRIES; tries++) {
    const { at, sentMs, receivedMs } = await procedures.batch([]);
    const errorMs = (receivedMs - sentMs) / 2;
    const here = performance.timeOrigin + sentMs + errorMs;
    if (best === undefined || errorMs < best.errorMs) {
      best = { shown: address.shown, ms: at / 1_000 - here, errorMs };
    }
  }
  return best as Offset;
}

function amongNodes(offsets: readonly Offset[]): Finding[] {
  if (offsets.length < 2) return [];
  const sorted = [...offsets].sort((one, other) => one.ms - other.ms);
  const [slowest, fastest] = [sorted[0] as Offset, sorted.at(-1) as Offset];
  const apart = fastest.ms - slowest.ms;
  const certain = apart - fastest.errorMs - slowest.errorMs;
  const message = `the clocks of the nodes are ${apart.toFixed(1)} ms apart (${slowest.shown}, ${fastest.shown})`;
  if (certain <= USUAL_SKEW_MS) return [ok('clocks', message)];
  if (certain > MOST_SKEW_MS) return [problem('clocks', message, 'set the clocks of the nodes by NTP')];
  const cure = `set them by NTP, or the option clockSkew of every manager to ${Math.ceil(apart)}`;
  return [warning('clocks', message, cure)];
}

function againstThisMachine({ ms, errorMs, shown }: Offset): Finding {
  const message = `${shown} is ${Math.abs(ms).toFixed(1)} ms ${ms < 0 ? 'behind' : 'ahead of'} this machine`;
  if (Math.abs(ms) - errorMs <= NOTICEABLE_MS) return ok('clocks', message);
  return warning(
    'clocks',
    message,
    'set both by NTP: leases do not depend on it, but times that are shown do',
  );
}
