import type { RoomId } from '../schema/replies.js';
import type { Alarms, Sleeper } from './alarms.js';
import { Cooldown } from './cooldown.js';

/**
 * The room in which a manager is told of its requests. It is joined when the server first names it. A server that names
 * ever new rooms does not set the pace at which rooms are joined.
 */
export class OwnRoom implements Sleeper {
  wakeAtMs = Infinity;
  place = -1;
  readonly #alarms: Alarms;
  readonly #nowMs: () => number;
  readonly #join: (room: RoomId) => void;
  readonly #joins = new Cooldown();
  #id: RoomId | undefined;
  #isHeard = false;
  #joinedMs = -Infinity;

  constructor(alarms: Alarms, nowMs: () => number, join: (room: RoomId) => void) {
    this.#alarms = alarms;
    this.#nowMs = nowMs;
    this.#join = join;
  }

  /** Whether what is told in the room is heard. */
  get isHeard(): boolean {
    return this.#isHeard;
  }

  /** When we came to be in it, or in the one before. */
  get joinedMs(): number {
    return this.#joinedMs;
  }

  is(room: unknown): boolean {
    return room !== undefined && room === this.#id;
  }

  /** Joins the room, unless it is the one we are in. */
  enter(room: RoomId): void {
    if (room === this.#id) return;
    this.#id = room;
    this.#isHeard = false;
    // It will be joined.
    if (this.wakeAtMs < Infinity) return;
    const nowMs = this.#nowMs();
    const atMs = this.#joins.next(nowMs);
    if (atMs <= nowMs) this.#join(room);
    else this.#alarms.set(this, atMs);
  }

  /** We are in the room. Whether it is still the one to be in. */
  joined(room: RoomId): boolean {
    if (room !== this.#id) return false;
    this.#isHeard = true;
    this.#joinedMs = this.#nowMs();
    return true;
  }

  /** Nothing more is heard. The next answer that names a room has it joined. */
  leave(): void {
    this.#id = undefined;
    this.#isHeard = false;
  }

  wake(): void {
    this.wakeAtMs = Infinity;
    if (this.#id !== undefined) this.#join(this.#id);
  }
}
