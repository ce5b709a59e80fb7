import type { Request } from './reading.js';

/**
 * Whether these can hold a name together: what they have of it is within the limit of each. A lock is one of one, a
 * shared lock one of as many as there may be, a permit one of those that there are.
 */
export function fit(leases: readonly Request[]): boolean {
  let taken = 0;
  let limit = Infinity;
  for (const { requested } of leases) {
    taken += requested.want;
    limit = Math.min(limit, requested.limit ?? Infinity);
  }
  return taken <= limit;
}
