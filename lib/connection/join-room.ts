import { pause } from '../async/pause.js';
import { LockConnectionError } from '../errors.js';
import type { RoomId } from '../schema/replies.js';

/** Joins a room by its id; `false` when the node does not know it. */
export type JoinRoom = (roomId: RoomId) => Promise<boolean>;

const TRIES = 20;
const DELAY_MS = 50;

/**
 * Joins a room that was just made. A node of a cluster may learn of it a moment later than another.
 * @throws LockConnectionError if it does not in a second
 */
export async function joinNewRoom(join: JoinRoom, roomId: RoomId): Promise<void> {
  for (let tries = 1; !(await join(roomId)); tries++) {
    if (tries === TRIES) throw new LockConnectionError(`room ${roomId} is not known to this node`);
    await pause(DELAY_MS);
  }
}
