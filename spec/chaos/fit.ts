/** What one has of a name: so much, of as much as those who have it may have together (`null`: any). */
export interface Share {
  readonly want: number;
  readonly limit: number | null;
}

/**
 * Whether these can be held together: what they have of a name is within the limit of each. A lock is one of one, a
 * shared lock one of as many as there may be, a permit one of those that there are.
 */
export function fit(shares: readonly Share[]): boolean {
  let taken = 0;
  let limit = Infinity;
  for (const share of shares) {
    taken += share.want;
    limit = Math.min(limit, share.limit ?? Infinity);
  }
  return taken <= limit;
}

/** As {@link fit}, of requests. */
export function allFit(requests: readonly { readonly requested: Share }[]): boolean {
  return fit(requests.map(({ requested }) => requested));
}
