/** What the model is asked, remembers and tells; times are microseconds. */

/** A request of python-thingsdb has no inbox: it is known by its room, and told there. */
export interface Ticket {
  readonly key: string;
  readonly name: string;
  readonly number: number;
  readonly ttlUs: number;
  readonly inbox: string | null;
  /** Its place among all that ever came. */
  readonly entry: number;
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

export interface Queue {
  holder: Holder | null;
  waiting: Ticket[];
}

export interface Inbox {
  isUsed: boolean;
  due: number;
}

export interface LockState {
  lastToken: number;
  queues: Map<string, Queue>;
  inboxes: Map<string, Inbox>;
  /** Until when withdrawn ids are remembered. */
  withdrawn: Map<string, number>;
  entries: number;
}

/** What a room tells: `to` is an inbox, or the key of a Python request. */
export interface Message {
  readonly to: string;
  readonly event: string;
  readonly args: readonly number[];
}

/** `[state, at, due, token, ahead, inbox]` as far as the state has them; the inbox stands for its room. */
export type Status = readonly (number | string)[];

export interface Request {
  readonly name: string;
  readonly id: string;
  readonly number: number;
  readonly inbox: string;
  readonly ttlMs: number;
}

export function emptyState(lastToken: number): LockState {
  return { lastToken, queues: new Map(), inboxes: new Map(), withdrawn: new Map(), entries: 0 };
}

export function copyOf({ queues, inboxes, withdrawn, ...counters }: LockState): LockState {
  const copy = <T extends Ticket>(ticket: T): T => ({
    ...ticket,
    lease: ticket.lease && { ...ticket.lease },
  });
  const queueCopies = [...queues].map(([name, { holder, waiting }]): [string, Queue] => [
    name,
    { holder: holder && copy(holder), waiting: waiting.map(copy) },
  ]);
  const inboxCopies = [...inboxes].map(([id, inbox]): [string, Inbox] => [id, { ...inbox }]);
  return {
    ...counters,
    queues: new Map(queueCopies),
    inboxes: new Map(inboxCopies),
    withdrawn: new Map(withdrawn),
  };
}
