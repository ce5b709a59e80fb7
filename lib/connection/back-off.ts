/** Managers that lost the same node at the same moment must not come back all at once. */
const SPREAD_MS = 200;
const FIRST_MS = 50;
/** However soon somebody needs it: a server that is not there is not asked more often. */
const LEAST_MOST_MS = 250;
const MOST_MS = 2_000;

/**
 * How long to wait before the nth try to connect again, in milliseconds. The time is random, and longer with each try.
 *
 * @param mostMs no wait is longer: how soon somebody needs the connection again
 */
export function backOffMs(attempt: number, mostMs = Infinity): number {
  if (attempt <= 1) return Math.random() * Math.min(SPREAD_MS, mostMs / 4);
  const ceilingMs = Math.min(MOST_MS, Math.max(mostMs, LEAST_MOST_MS), FIRST_MS * 2 ** (attempt - 1));
  return ceilingMs / 2 + Math.random() * (ceilingMs / 2);
}
