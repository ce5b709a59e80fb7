/** All of `.thingsdb_lock` that use can change. Lists where order is the server's own: it is told, not checked. */
export const STATE_CODE = `
  s = .thingsdb_lock;
  [
    s.token,
    s.locks.values().map(|q| [q.name, q.held.map(|t| t.key), q.waiting.map(|t| t.key)]),
    s.tickets.values().map(|t| [
      t.key, t.names, t.number, t.ttl, t.owner, t.want, t.limit, t.inbox ? t.inbox.id : nil,
      t.since, t.held, t.claimed, t.token, t.due, t.asks_at, t.sec
    ]),
    s.inboxes.values().map(|b| [b.id, b.room.id(), b.used, b.due, b.probe, b.seen, b.sec, list(b.tickets).map(|t| t.key)]),
    s.due.values().map(|b| [
      b.sec, list(b.items).map(|i| i.has('tickets') ? i.id : i.has('key') ? i.key : 'watch:' + i.name)
    ]),
    s.withdrawn.values().map(|w| [w.key, w.why, w.due, w.sec]),
    s.watches.values().map(|w| [w.name, w.room.id(), w.due, w.sec]),
    is_nil(s.sweeper) ? nil : [s.sweeper.id(), s.sweep_at],
    tasks().map(|t| [t.id(), int(t.at())])
  ];
`;

export type QueueRow = readonly [name: string, held: readonly string[], waiting: readonly string[]];
export type TicketRow = readonly [
  ...[key: string, names: readonly string[], number: number, ttlMs: number, owner: string],
  ...[want: number, limit: number, inbox: string | null, since: number],
  ...[isHeld: boolean, isClaimed: boolean, token: number, due: number, asksAt: number, sec: number],
];
export type InboxRow = readonly [
  ...[id: string, room: number, isUsed: boolean, due: number],
  ...[probedUntil: number, seenAt: number, sec: number],
  ...[tickets: readonly string[]],
];
export type SecondRow = readonly [sec: number, items: readonly string[]];
export type MemoryRow = readonly [key: string, why: number, due: number, sec: number];
export type WatchRow = readonly [name: string, room: number, due: number, sec: number];
export type TaskRow = readonly [id: number | null, second: number | null];

export type StateRows = readonly [
  token: number,
  queues: readonly QueueRow[],
  tickets: readonly TicketRow[],
  inboxes: readonly InboxRow[],
  due: readonly SecondRow[],
  withdrawn: readonly MemoryRow[],
  watches: readonly WatchRow[],
  sweeper: TaskRow | null,
  tasks: readonly TaskRow[],
];
