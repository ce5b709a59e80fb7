/** All of `.thingsdb_lock` that use can change. */
export const STATE_CODE = `
  s = .thingsdb_lock;
  row = |r| [
    r.id(), r.state, r.id, r.number, r.names, r.inbox.id, r.inbox.owner, is_nil(r.inbox.room) ? nil : r.inbox.room.id(),
    r.units, r.limit, r.since, r.token, r.due, r.get('ttl'), r.get('order'), r.get('asks_at'), r.get('missed'),
    bool(r.get('lingers'))
  ];
  queues = [];
  for (key, q in s.locks) queues.push([key[1:], q.held.map(row), q.waiting.map(row)]);
  inboxes = [];
  for (key, box in s.inboxes) inboxes.push([
    key[1:], box.room.id(), box.owner, box.used, box.due, box.probe, box.seen, box.silent
  ]);
  tombstones = [];
  for (key, stone in s.tombstones) tombstones.push([key[1:], stone.why, stone.due]);
  watches = [];
  for (key, w in s.watches) watches.push([key[1:], w.room.id(), w.due]);
  waiting = [];
  for (key, r in s.waiting) waiting.push([key[1:], r.id()]);
  python = [];
  for (key, r in s.python) python.push([int(key[1:]), r.id()]);
  [
    s.token, queues, inboxes, tombstones, watches, waiting, python,
    is_nil(s.sweeper) ? nil : [s.sweeper.id(), s.sweep_at], s.sweeping, tasks().map(|t| [t.id(), int(t.at())])
  ];
`;

export type RequestRow = readonly [
  ...[thing: number, state: number, id: string, number: number, names: readonly string[]],
  ...[inbox: string, owner: string, room: number | null, units: number, limit: number],
  ...[since: number, token: number, due: number],
  ...[
    ttlMs: number | null,
    order: number | null,
    asksAt: number | null,
    isMissed: boolean | null,
    lingers: boolean,
  ],
];
export type QueueRow = readonly [name: string, held: readonly RequestRow[], waiting: readonly RequestRow[]];
export type InboxRow = readonly [
  ...[id: string, room: number, owner: string, isUsed: boolean, due: number],
  ...[probedUntil: number, seenAt: number, silentUntil: number],
];
export type TombstoneRow = readonly [key: string, why: number, due: number];
export type WatchRow = readonly [name: string, room: number, due: number];
export type TaskRow = readonly [id: number | null, second: number | null];

export type StateRows = readonly [
  token: number,
  queues: readonly QueueRow[],
  inboxes: readonly InboxRow[],
  tombstones: readonly TombstoneRow[],
  watches: readonly WatchRow[],
  waiting: readonly (readonly [id: string, thing: number])[],
  python: readonly (readonly [room: number, thing: number])[],
  sweeper: TaskRow | null,
  isSweeping: boolean,
  tasks: readonly TaskRow[],
];
