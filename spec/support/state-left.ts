/** What there is in a collection besides the schema: everything that grows with use. */
export interface StateLeft {
  readonly locks: number;
  readonly tickets: number;
  readonly inboxes: number;
  /** Requests that were withdrawn: remembered for a minute. */
  readonly withdrawn: number;
  /** Rooms in which a name is watched. */
  readonly watches: number;
  /** Seconds in which something is due. */
  readonly due: number;
  /** What is due in all of them. */
  readonly dueItems: number;
  /** Seconds in which nothing is due. */
  readonly dueEmpty: number;
  /** How long the first has been due; 0 if it is yet to come. */
  readonly overdueMs: number;
  /** How far ahead the last is. */
  readonly latestDueMs: number;
  readonly tasks: number;
  readonly hasSweeper: boolean;
}

/** All zero and false: nothing is left. */
export const NOTHING: StateLeft = {
  locks: 0,
  tickets: 0,
  inboxes: 0,
  withdrawn: 0,
  watches: 0,
  due: 0,
  dueItems: 0,
  dueEmpty: 0,
  overdueMs: 0,
  latestDueMs: 0,
  tasks: 0,
  hasSweeper: false,
};

// A change, because a read may be answered by a node of the cluster that lags behind.
const CODE = `
  wse();
  s = .thingsdb_lock;
  at = int(now() * 1000000);
  buckets = s.due.values().map(|bucket| list(bucket.items));
  times = [];
  buckets.each(|items| items.each(|item| times.push(item.due)));
  times = times.sort();
  first = times.first(at);
  last = times.last(at);
  {
    locks: s.locks.len(), tickets: s.tickets.len(), inboxes: s.inboxes.len(), withdrawn: s.withdrawn.len(),
    watches: s.has('watches') ? s.watches.len() : 0,
    due: s.due.len(), dueItems: times.len(), dueEmpty: buckets.filter(|items| !items).len(),
    overdueMs: first < at ? (at - first) / 1000 : 0, latestDueMs: last > at ? (last - at) / 1000 : 0,
    tasks: tasks().len(), hasSweeper: !is_nil(s.sweeper)
  };
`;

export async function lockedDownState(backEnd: {
  query(code: string): Promise<unknown>;
}): Promise<StateLeft> {
  return (await backEnd.query(CODE)) as StateLeft;
}
