import { maxQuotaError } from '../model/errors.js';
import type { Limits } from '../model/limits.js';
import type { Session } from '../model/session.js';
import type { Room } from '../model/values/room.js';

/** From this many rooms on, each time that they have doubled, those that are gone are forgotten. */
const MANY = 64;

/** Which session is in which rooms. A room knows its members; here a session finds its rooms when it goes. */
export class Memberships {
  readonly #limits: Limits;
  readonly #rooms = new Map<Session, Set<Room>>();
  #count = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** Throws -57 when the session, or all sessions together, are in as many rooms as they may be. */
  join(session: Session, room: Room): void {
    const rooms = this.#rooms.get(session) ?? new Set<Room>();
    this.#rooms.set(session, rooms);
    if (rooms.size >= MANY && (rooms.size & (rooms.size - 1)) === 0) this.#forgetGone(session, rooms);
    this.#requireRoom(session, rooms);
    room.members.add(session);
    this.#put(rooms, room);
  }

  #requireRoom(session: Session, rooms: Set<Room>): void {
    const { joinedRooms, joinedRoomsOfAll } = this.#limits;
    if (rooms.size >= joinedRooms) this.#forgetGone(session, rooms);
    if (rooms.size >= joinedRooms) {
      throw maxQuotaError(`maximum number of rooms (${joinedRooms}) that one connection is in is reached`);
    }
    if (this.#count < joinedRoomsOfAll) return;
    for (const [other, joined] of this.#rooms) this.#forgetGone(other, joined);
    if (this.#count < joinedRoomsOfAll) return;
    throw maxQuotaError(
      `maximum number of rooms (${joinedRoomsOfAll}) that all connections together are in is reached`,
    );
  }

  /** `false` when the session was not in the room. */
  leave(session: Session, room: Room): boolean {
    const rooms = this.#rooms.get(session);
    if (rooms) this.#take(rooms, room);
    return room.members.delete(session);
  }

  /** The session leaves all its rooms. */
  drop(session: Session): void {
    const rooms = this.#rooms.get(session);
    if (!rooms) return;
    for (const room of rooms) room.members.delete(session);
    this.#count -= rooms.size;
    this.#rooms.delete(session);
  }

  /** As the rooms say, which have been put back as they were. */
  restore(rooms: Iterable<Room>): void {
    for (const joined of this.#rooms.values()) joined.clear();
    this.#count = 0;
    for (const room of rooms) {
      for (const member of room.members) {
        const joined = this.#rooms.get(member);
        if (joined) this.#put(joined, room);
      }
    }
  }

  /** A room that was deleted has no members. */
  #forgetGone(session: Session, rooms: Set<Room>): void {
    for (const room of rooms) if (!room.members.has(session)) this.#take(rooms, room);
  }

  #put(rooms: Set<Room>, room: Room): void {
    if (!rooms.has(room)) this.#count += 1;
    rooms.add(room);
  }

  #take(rooms: Set<Room>, room: Room): void {
    if (rooms.delete(room)) this.#count -= 1;
  }
}
