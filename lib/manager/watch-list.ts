import { PackageType } from '../client/package-type.js';
import { LockClosedError, LockConnectionError } from '../errors.js';
import { LockWatch, type LockWatchEvents } from '../lock-watch.js';
import { ALL_NAMES, MAX_NAMES } from '../schema/constants.js';
import type { LockProcedures } from '../schema/lock-procedures.js';
import type { RoomId } from '../schema/replies.js';
import { watchedOf } from '../schema/watched.js';
import { Alarm } from '../async/alarm.js';
import { Cooldown } from './cooldown.js';
import { tellSafely } from './event-relay.js';
import { joinNewRoom, type JoinRoom } from '../connection/join-room.js';
import { payloadOf } from './watched-payload.js';

/** The server forgets a watch two minutes after it was last asked for. */
const ASK_EVERY_MS = 40_000;

/** What a watch needs of the server. */
export type WatchProcedures = Pick<LockProcedures, 'watch'>;

/** Of one name, or of all. */
type AnyWatch = LockWatch<string | undefined>;

interface Room {
  /** {@link ALL_NAMES} for the one in which is told of all. */
  readonly name: string;
  readonly joined: Promise<void>;
}

/** What a manager watches: one room for each name, and one for all names, however many watch it here. */
export class WatchList {
  readonly #procedures: WatchProcedures;
  readonly #join: JoinRoom;
  readonly #leave: (roomId: RoomId) => void;
  /** Keeps the process and the connection alive; returns how to let go. */
  readonly #keepAlive: () => () => void;
  readonly #watches = new Map<AnyWatch, () => void>();
  readonly #rooms = new Map<RoomId, Room>();
  readonly #alarm = new Alarm();
  #isAlarmSet = false;
  /** The names of which something may not have been told. */
  readonly #missed = new Set<string>();
  /** Rooms that are gone are asked for anew: not at the pace at which a server removes them. */
  readonly #resumes = new Cooldown();
  readonly #resumeAlarm = new Alarm();
  #isResuming = false;

  constructor(
    procedures: WatchProcedures,
    join: JoinRoom,
    leave: (roomId: RoomId) => void,
    keepAlive: () => () => void,
  ) {
    this.#procedures = procedures;
    this.#join = join;
    this.#leave = leave;
    this.#keepAlive = keepAlive;
  }

  get isEmpty(): boolean {
    return this.#watches.size === 0;
  }

  /** Of one name, or of all. Resolves when the watch is live. */
  async open<Name extends string | undefined>(name: Name): Promise<LockWatch<Name>> {
    const watch = new LockWatch(name, (closed) => this.#close(closed));
    this.#watches.set(watch, this.#keepAlive());
    try {
      await this.#enter([name ?? ALL_NAMES]);
      if (!this.#watches.has(watch)) throw new LockClosedError();
    } catch (error) {
      this.#close(watch);
      throw error;
    }
    this.#askLater();
    return watch;
  }

  /** Takes in a pushed message, of whatever room. */
  pushed(type: number, body: unknown): void {
    const { id, event, args } = (body ?? {}) as { id?: RoomId; event?: unknown; args?: unknown };
    const room = id === undefined ? undefined : this.#rooms.get(id);
    if (id === undefined || room === undefined) return;
    if (type === PackageType.roomDelete) {
      // The server went back to an older state, or this process was stopped for long.
      this.#rooms.delete(id);
      this.#missed.add(room.name);
      this.#resumeSoon();
    } else if (type === PackageType.roomEmit && Array.isArray(args)) {
      const told = watchedOf(event, args);
      // Whoever may JOIN can push what he likes: the room of one name tells of no other.
      if (told === undefined || (room.name !== ALL_NAMES && room.name !== told.name)) return;
      // It may come before the answer to what joined the room: what was missed before it is said first.
      if (this.#missed.delete(room.name)) this.#tell([room.name], 'resumed', []);
      this.#tell([room.name], told.event, [payloadOf(told)]);
    }
  }

  disconnected(): void {
    for (const { name } of this.#rooms.values()) this.#missed.add(name);
    this.#rooms.clear();
    this.#clearAlarms();
  }

  /** Or connected for the first time: then nothing has been missed by those whose request waits for it. */
  reconnected(): void {
    void this.#ask([...this.#missed]);
  }

  closeAll(): void {
    for (const watch of [...this.#watches.keys()]) this.#close(watch);
  }

  #names(): string[] {
    return [...new Set([...this.#watches.keys()].map(({ name }) => name ?? ALL_NAMES))];
  }

  async #enter(names: readonly string[]): Promise<void> {
    const parts: Promise<void>[] = [];
    for (let i = 0; i < names.length; i += MAX_NAMES)
      parts.push(this.#enterPart(names.slice(i, i + MAX_NAMES)));
    await Promise.all(parts);
  }

  /** As many as one call takes. */
  async #enterPart(names: readonly string[]): Promise<void> {
    const rooms = await this.#procedures.watch(names);
    const watched = this.#names();
    const entries = names.map((name, i) => ({ name, id: rooms[i] as RoomId }));
    // Whoever watched it may have closed meanwhile.
    const wanted = entries.filter(({ name }) => watched.includes(name));
    await Promise.all(wanted.map(({ name, id }) => this.#joined(id, name)));
  }

  /** Once, however many wait for it. */
  async #joined(id: RoomId, name: string): Promise<void> {
    let room = this.#rooms.get(id);
    if (room === undefined) {
      this.#forgetRoomsOf(name);
      // Before it is joined: what is told comes with the answer.
      room = { name, joined: joinNewRoom(this.#join, id) };
      this.#rooms.set(id, room);
    }
    try {
      await room.joined;
    } catch (error) {
      if (this.#rooms.get(id) === room) this.#rooms.delete(id);
      throw error;
    }
  }

  /** The server names another one now. */
  #forgetRoomsOf(name: string): void {
    for (const [id, room] of this.#rooms) if (room.name === name) this.#rooms.delete(id);
  }

  /** Something may have been missed. */
  #resumeSoon(): void {
    if (this.#isResuming) return;
    const nowMs = performance.now();
    const atMs = this.#resumes.next(nowMs);
    if (atMs <= nowMs) {
      void this.#ask([...this.#missed]);
      return;
    }
    this.#isResuming = true;
    this.#resumeAlarm.set(atMs, () => {
      this.#isResuming = false;
      void this.#ask([...this.#missed]);
    });
  }

  /** What fails is tried again: later, or once there is a connection. */
  async #ask(names: readonly string[]): Promise<void> {
    if (names.length === 0) return;
    try {
      await this.#enter(names);
      const missed = names.filter((name) => this.#missed.delete(name));
      this.#tell(missed, 'resumed', []);
    } catch (error) {
      const isPassing = error instanceof LockConnectionError || error instanceof LockClosedError;
      if (!isPassing) this.#tell(names, 'error', [error]);
    }
    this.#askLater();
  }

  /** All at once. What is asked for in between does not put it off: the others would be forgotten. */
  #askLater(): void {
    if (this.#isAlarmSet || this.isEmpty) return;
    this.#isAlarmSet = true;
    this.#alarm.set(performance.now() + ASK_EVERY_MS, () => {
      this.#isAlarmSet = false;
      void this.#ask(this.#names());
    });
  }

  #clearAlarms(): void {
    this.#isAlarmSet = false;
    this.#alarm.clear();
    this.#isResuming = false;
    this.#resumeAlarm.clear();
  }

  #tell(names: readonly string[], event: keyof LockWatchEvents, payload: readonly unknown[]): void {
    for (const watch of [...this.#watches.keys()]) {
      if (!names.includes(watch.name ?? ALL_NAMES)) continue;
      tellSafely(watch, event, payload as LockWatchEvents[typeof event], (error) => [error]);
    }
  }

  #close(watch: AnyWatch): void {
    const name = watch.name ?? ALL_NAMES;
    const stop = this.#watches.get(watch);
    if (stop === undefined) return;
    this.#watches.delete(watch);
    stop();
    if (this.isEmpty) this.#clearAlarms();
    if (this.#names().includes(name)) return;
    this.#missed.delete(name);
    for (const [id, { name: other, joined }] of this.#rooms) {
      if (other !== name) continue;
      this.#rooms.delete(id);
      // Not before it is joined; and not at all if somebody watches again by then.
      joined.then(
        () => this.#rooms.has(id) || this.#leave(id),
        () => undefined,
      );
    }
  }
}
