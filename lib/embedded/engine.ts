/**
 * The seam between the interpreter (language, runtime, builtins, store) and the protocol that serves it.
 * The protocol knows sockets and packages; the engine knows values and scopes; both know only this file.
 */

import type { Wire } from './msgpack/wire.js';

export type { Wire } from './msgpack/wire.js';

/** What a room tells its members. The numbers are those of ThingsDB's protocol. */
export const PushType = { nodeStatus: 0, warning: 5, join: 6, leave: 7, emit: 8, delete: 9 } as const;

/** One client's connection, as the engine sees it. */
export interface Session {
  /** Delivers an unasked message; called in the order in which the events happened. */
  push(type: (typeof PushType)[keyof typeof PushType], body: Wire): void;
}

/** An error of ThingsDB: its code (-127 ... -1, see docs of `err`) and its message. */
export class ThingsError extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
    this.name = 'ThingsError';
  }
}

/** Time, so that a test can move it. Milliseconds since the epoch, with fractions. */
export interface Clock {
  now(): number;
  /** Runs `callback` once when `now()` has reached `atMs`; returns how to cancel it. Never keeps the process alive. */
  at(atMs: number, callback: () => void): () => void;
}

/** How a request names a room: by its id or by the name given with `set_name`; `null` is what is neither. */
export type RoomKey = bigint | string | null;

/**
 * What the protocol asks of the interpreter. What a client sent as values comes packed: only who needs them reads them. Every method rejects (or throws) with {@link ThingsError}.
 *
 * A value that is there at once is returned as it is, not as a promise: its answer must leave before anything that the
 * next request of the same connection sets off.
 */
export interface Engine {
  /** `credentials` is `[user, password]` or a token. Binds the session to that user. */
  authenticate(session: Session, credentials: Wire): void;
  /** `vars` is a map; anything else stands for no variables. */
  query(session: Session, scope: string, code: string, vars: Wire): Wire | Promise<Wire>;
  /** `args` is a list, a map or nil. */
  run(session: Session, scope: string, procedure: string, args: Wire): Wire | Promise<Wire>;
  join(session: Session, scope: string, rooms: readonly RoomKey[]): readonly (bigint | null)[];
  leave(session: Session, scope: string, rooms: readonly RoomKey[]): readonly (bigint | null)[];
  emit(session: Session, scope: string, room: RoomKey, event: string, args: Wire, toSelf: boolean): void;
  /** The connection is gone: leaves its rooms, forgets it. */
  drop(session: Session): void;
  /** Everything that is stored, as an opaque value; `restore` puts it back (connections stay, as after a crash). */
  snapshot(): unknown;
  restore(snapshot: unknown): void;
  /** Stops the task timer. */
  close(): void;
}
