/** What the model is asked, remembers and tells; times are microseconds. */

/** `want` units of each of the names, beside others as long as all are within the `limit` of each. */
export interface Wish {
  readonly names: readonly string[];
  readonly want: number;
  readonly limit: number;
}

/** A request of python-thingsdb has no inbox: it is known by its room, and told there. */
export interface Ticket extends Wish {
  key: string;
  number: number;
  readonly ttlUs: number;
  owner: string;
  /** Null too for a lease that is kept after its holder has given it up, or that is on its way to another process. */
  inbox: string | null;
  /** Its place among all that ever came. */
  readonly entry: number;
  /** Waits, or holds, since then. */
  since: number;
  /** What a waiting one was last told unasked, or when it came: it asks when this has passed. */
  asksAt: number;
  lease: Lease | null;
}

export interface Lease {
  readonly token: number;
  due: number;
  /** False from the push of a grant until its process has answered. */
  isClaimed: boolean;
}

export type Holder = Ticket & { lease: Lease };

export interface Inbox {
  isUsed: boolean;
  due: number;
  /** By when its process is to answer whether it lives; 0 if it was not asked. */
  probedUntil: number;
  /** When it last answered that. */
  seenAt: number;
}

/** That a ticket was ended: its id is worth nothing until then. */
export interface Memory {
  readonly until: number;
  readonly why: number;
}

export interface LockState {
  lastToken: number;
  /** In the order in which they came: the queue of a name is whoever of these waits for it. */
  tickets: Ticket[];
  inboxes: Map<string, Inbox>;
  withdrawn: Map<string, Memory>;
  /** Until when a name is watched. */
  watches: Map<string, number>;
  entries: number;
}

type Scalar = number | string;

/** What a room tells: `to` is an inbox, the key of a Python request, or as {@link watchersOf} a name. */
export interface Message {
  readonly to: string;
  readonly event: string;
  readonly args: readonly Scalar[];
}

/** `[state, at, due, token, ahead, inbox]` as far as the state has them; the inbox stands for its room. */
export type Status = readonly Scalar[];

export interface Request extends Wish {
  readonly key: string;
  readonly number: number;
  readonly inbox: string;
  readonly ttlMs: number;
  readonly owner: string;
}

/** Whom a lease moves to. */
export type Heir = Pick<Request, 'key' | 'number' | 'inbox' | 'owner'>;

export const watchersOf = (name: string): string => `watch:${name}`;
export const keptKey = (key: string): string => `kept:${key}`;
export const roomKey = (room: number): string => `room:${room}`;
export const roomOf = (key: string): number => Number(key.slice('room:'.length));
export const isKept = ({ key }: Ticket): boolean => key.startsWith('kept:');
export const isPython = ({ key }: Ticket): boolean => key.startsWith('room:');

export function emptyState(lastToken: number): LockState {
  return {
    lastToken,
    tickets: [],
    inboxes: new Map(),
    withdrawn: new Map(),
    watches: new Map(),
    entries: 0,
  };
}

export function copyOf({ tickets, inboxes, withdrawn, watches, ...counters }: LockState): LockState {
  return {
    ...counters,
    tickets: tickets.map((ticket) => ({ ...ticket, lease: ticket.lease && { ...ticket.lease } })),
    inboxes: new Map([...inboxes].map(([id, inbox]) => [id, { ...inbox }])),
    withdrawn: new Map(withdrawn),
    watches: new Map(watches),
  };
}
