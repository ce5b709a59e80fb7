/** What there is in a collection besides the schema: everything that grows with use. */
export interface StateLeft {
  readonly locks: number;
  /** Waiting or held, or set aside with a silent process. */
  readonly requests: number;
  /** Those of them that wait or are set aside, as they are found by their ids. */
  readonly waiting: number;
  readonly inboxes: number;
  /** Requests that were ended for good: remembered for a minute. */
  readonly tombstones: number;
  /** Rooms in which a name is watched. */
  readonly watches: number;
  /** Python requests, as they are found by their rooms. */
  readonly python: number;
  /** How long the first thing that is due has been so; 0 if it is yet to come. */
  readonly overdueMs: number;
  /** How far ahead the last is. */
  readonly latestDueMs: number;
  readonly tasks: number;
  readonly hasSweeper: boolean;
  /** How far ahead the sweeper's next run is; negative if it should have run. */
  readonly sweepsInMs: number;
}

/** All zero and false: nothing is left. */
export const NOTHING: StateLeft = {
  locks: 0,
  requests: 0,
  waiting: 0,
  inboxes: 0,
  tombstones: 0,
  watches: 0,
  python: 0,
  overdueMs: 0,
  latestDueMs: 0,
  tasks: 0,
  hasSweeper: false,
  sweepsInMs: 0,
};

// A change, because a read may be answered by a node of the cluster that lags behind.
export const STATE_LEFT_CODE = `
  wse();
  s = .thingsdb_lock;
  at = int(now() * 1000000);
  requests = 0;
  times = [];
  for (key, q in s.locks) {
    for (r in q.held) { times.push(r.due); if (r.names[0] == key[1:]) requests += 1; };
    for (r in q.waiting) if (r.names[0] == key[1:]) requests += 1;
  };
  for (key, box in s.inboxes) times.push(box.silent && box.silent < box.due ? box.silent : box.due);
  for (key, stone in s.tombstones) times.push(stone.due);
  for (key, w in s.watches) times.push(w.due);
  times = times.sort();
  first = times.first(at);
  last = times.last(at);
  {
    locks: s.locks.len(), requests:, waiting: s.waiting.len(), inboxes: s.inboxes.len(), tombstones: s.tombstones.len(),
    watches: s.watches.len(), python: s.python.len(),
    overdueMs: first < at ? (at - first) / 1000 : 0, latestDueMs: last > at ? (last - at) / 1000 : 0,
    tasks: tasks().len(), hasSweeper: !is_nil(s.sweeper), sweepsInMs: s.sweep_at ? s.sweep_at * 1000 - at / 1000 : 0
  };
`;

export async function lockedDownState(backEnd: {
  query(code: string): Promise<unknown>;
}): Promise<StateLeft> {
  return (await backEnd.query(STATE_LEFT_CODE)) as StateLeft;
}
