import type { Wire } from '../msgpack/wire.js';

/** What a room tells its members. The numbers are those of ThingsDB's protocol. */
export const PushType = { nodeStatus: 0, warning: 5, join: 6, leave: 7, emit: 8, delete: 9 } as const;

/** One client's connection, as the engine sees it. */
export interface Session {
  /** Delivers an unasked message; called in the order in which the events happened. */
  push(type: (typeof PushType)[keyof typeof PushType], body: Wire): void;
}
