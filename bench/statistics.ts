/** What is told of many samples. All of it is pure, so that specs can hold it to known answers. */

/** The middle of the samples and how far they spread. */
export interface Summary {
  readonly count: number;
  readonly min: number;
  readonly q1: number;
  readonly median: number;
  readonly q3: number;
  readonly max: number;
}

/** The value below which the share of the sorted values lies, between two values by proportion. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const at = (sorted.length - 1) * share;
  const low = sorted[Math.floor(at)];
  const high = sorted[Math.ceil(at)];
  if (low === undefined || high === undefined) return Number.NaN;
  return low + (high - low) * (at - Math.floor(at));
}

export function summarize(samples: readonly number[]): Summary | undefined {
  if (samples.length === 0) return undefined;
  const sorted = Float64Array.from(samples).sort();
  const [min, q1, median, q3, max] = [0, 0.25, 0.5, 0.75, 1].map((share) => quantile(sorted, share));
  return { count: samples.length, min, q1, median, q3, max } as Summary;
}

/** Jain's fairness index: 1 when all have the same, 1/n when one has it all. */
export function jainIndex(shares: readonly number[]): number {
  const sum = shares.reduce((total, share) => total + share, 0);
  const squares = shares.reduce((total, share) => total + share * share, 0);
  return squares === 0 ? Number.NaN : (sum * sum) / (shares.length * squares);
}

/** One turn of one process at a contended name, in milliseconds of a clock that all processes share. */
export interface Turn {
  readonly process: number;
  /** Before `acquire` was called. */
  readonly askedMs: number;
  /** When the request had been written to the socket, or the grant was there before that was seen. */
  readonly sentMs: number;
  readonly grantedMs: number;
  /** Before `release` was called. */
  readonly releasedMs: number;
}

/** How long a request may be on its way to the server and in its socket's buffer, before others count as later. */
const ON_ITS_WAY_MS = 2;

/**
 * How many grants overtook a request that was surely there first. It had been sent `ON_ITS_WAY_MS` before the overtaker
 * was even asked for, and was granted only after it.
 */
export function countInversions(turns: readonly Turn[]): number {
  const byGrant = [...turns].sort((a, b) => a.grantedMs - b.grantedMs);
  let inversions = 0;
  // From the last grant to the first: the earliest request among those that were granted later.
  let earliestLaterMs = Infinity;
  for (const turn of byGrant.reverse()) {
    if (earliestLaterMs + ON_ITS_WAY_MS < turn.askedMs) inversions++;
    earliestLaterMs = Math.min(earliestLaterMs, turn.sentMs);
  }
  return inversions;
}

/** How often the name went from one process to another one. */
export function countHandOvers(turns: readonly Turn[]): number {
  const byGrant = [...turns].sort((a, b) => a.grantedMs - b.grantedMs);
  return byGrant.filter((turn, index) => index > 0 && byGrant[index - 1]?.process !== turn.process).length;
}

/** How often two held the name at once, by what they saw themselves. */
export function countOverlaps(turns: readonly Turn[]): number {
  const byGrant = [...turns].sort((a, b) => a.grantedMs - b.grantedMs);
  return byGrant.filter((turn, index) => turn.grantedMs < (byGrant[index - 1]?.releasedMs ?? -Infinity))
    .length;
}
