/** What the model is asked, remembers and tells; times are microseconds. */

/** `units` of each of the names, beside others as long as all are within the `limit` of each. */
export interface Wish {
  readonly names: readonly string[];
  readonly units: number;
  readonly limit: number;
  /** Its process may keep it between uses, and is told when it is wanted; not any more once it has left its process. */
  readonly lingers?: boolean;
}

/** Where a request is; see the diagram in docs/ARCHITECTURE.md. */
export type RequestState = 'silent' | 'waiting' | 'granted' | 'held' | 'in transit' | 'kept';

/** A request of python-thingsdb has no inbox, and no id: it is known by its room, and told there. */
export interface Ticket extends Wish {
  /** The id; of a Python request its room. */
  key: string;
  number: number;
  readonly ttlUs: number;
  owner: string;
  state: RequestState;
  /** Null too for a lease that is kept after its holder has given it up, and for one on its way to another process. */
  inbox: string | null;
  /** Its place among all that ever came. */
  readonly entry: number;
  /** Waits, or holds, since then. */
  since: number;
  /** What a waiting one was last told unasked, or when it came: it asks when this has passed. */
  asksAt: number;
  /** A grant was not acknowledged, and nobody has asked about this very request since. */
  isMissed: boolean;
  lease: Lease | null;
}

export interface Lease {
  readonly token: number;
  due: number;
}

export type Holder = Ticket & { lease: Lease };

export interface Inbox {
  isUsed: boolean;
  due: number;
  /** By when its process is to answer a probe; 0 if there is none. */
  probedUntil: number;
  /** When the last probe that it answered was sent. */
  seenAt: number;
  /** Until when the requests of a process that did not answer keep their places; 0 if it has. */
  silentUntil: number;
}

/** That a request was ended: its id is worth nothing until then. */
export interface Tombstone {
  readonly until: number;
  readonly why: number;
}

export interface LockState {
  lastToken: number;
  /** In the order in which they came: the queue of a name is whoever of these waits for it. */
  tickets: Ticket[];
  inboxes: Map<string, Inbox>;
  tombstones: Map<string, Tombstone>;
  /** Until when a name is watched; under `''` all of them. */
  watches: Map<string, number>;
  entries: number;
}

type Scalar = number | string | boolean;

/** What a room tells: `to` is an inbox, the key of a Python request, or as {@link watchersOf} a name, `''` for all. */
export interface Message {
  readonly to: string;
  readonly event: string;
  readonly args: readonly Scalar[];
}

/** An answer to one operation. */
export type Answer = readonly (number | string)[];

export interface Request extends Wish {
  readonly key: string;
  readonly number: number;
  readonly ttlMs: number;
}

/** Who calls. */
export interface Caller {
  readonly inbox: string;
  readonly owner: string;
}

/** A request as it is named in a call: by the first of its names, and its id. */
export interface Ref {
  readonly name: string;
  readonly key: string;
}

export const watchersOf = (name: string): string => `watch:${name}`;
export const roomKey = (room: number): string => `room:${room}`;
export const roomOf = (key: string): number => Number(key.slice('room:'.length));
export const isPython = ({ key }: { readonly key: string }): boolean => key.startsWith('room:');
export const isWaiting = ({ state }: Ticket): boolean => state === 'waiting';
export const refOf = ({ key, names }: Pick<Ticket, 'key' | 'names'>): Ref => ({
  key,
  name: names[0] ?? '',
});
/** Two requests may have one id, if their first names differ. */
export const labelOf = (ticket: Pick<Ticket, 'key' | 'names'>): string =>
  isPython(ticket) ? ticket.key : `${ticket.key} for ${ticket.names[0]}`;

export function emptyState(lastToken: number): LockState {
  return {
    lastToken,
    tickets: [],
    inboxes: new Map(),
    tombstones: new Map(),
    watches: new Map(),
    entries: 0,
  };
}

export function copyOf({ tickets, inboxes, tombstones, watches, ...counters }: LockState): LockState {
  return {
    ...counters,
    tickets: tickets.map((ticket) => ({ ...ticket, lease: ticket.lease && { ...ticket.lease } })),
    inboxes: new Map([...inboxes].map(([id, inbox]) => [id, { ...inbox }])),
    tombstones: new Map(tombstones),
    watches: new Map(watches),
  };
}
