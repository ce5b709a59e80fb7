/**
 * The seam between the interpreter and the protocol that serves it. The protocol knows sockets and packages, the engine
 * knows values and scopes. All that the protocol knows of the engine is in this file.
 */

import type { Session } from '../model/session.js';
import type { Wire } from '../msgpack/wire.js';

export type { Clock } from '../model/clock.js';
export { PushType, type Session } from '../model/session.js';
export { ThingsError } from '../model/things-error.js';
export type { Wire } from '../msgpack/wire.js';

/** How a request names a room: by its id, or by the name given with `set_name`. `null` is neither. */
export type RoomKey = bigint | string | null;

/**
 * What the protocol asks of the interpreter. What a client sent as values comes packed: only who needs them reads them. Every method rejects (or throws) with {@link ThingsError}.
 *
 * A value that is there at once is returned as it is, not as a promise. Its answer must leave before anything that the
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
