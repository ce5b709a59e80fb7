import { PackageType } from '../client/package-type.js';
import { LockClosedError, LockConnectionError, LockLimitError } from '../errors.js';
import { LockWatch, type LockWatchEvents } from '../lock-watch.js';
import { ALL_NAMES, MAX_NAMES, MAX_WATCHES } from '../schema/constants.js';
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
/** So many different names one manager watches, that it leaves places of the collection to others. */
const MOST_NAMES = MAX_WATCHES / 4;

/** What a watch needs of the server. */
export type WatchProcedures = Pick<LockProcedures, 'watch'>;

/** Of one name, or of all. */
type AnyWatch = LockWatch<string | undefined>;

interface Room {
  /** {@link ALL_NAMES} for the one in which is told of all. */
  readonly name: string;
  readonly joined: Promise<void>;
}

/** A name that was asked for, and its room, which is joined. It has none if the server had no place for it. */
interface Entered {
  readonly name: string;
  readonly room: Room | undefined;
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
  /** The names of which something may not have been told. */
  readonly #missed = new Set<string>();
  /** Rooms that are gone are asked for anew: not at the pace at which a server removes them. */
  readonly #resumes = new Cooldown();
  readonly #resumeAlarm = new Alarm();

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
    this.#assertPlaceFor(name);
    const watch = new LockWatch(name, (closed) => this.#close(closed));
    this.#watches.set(watch, this.#keepAlive());
    try {
      const entered = await this.#enter([name ?? ALL_NAMES]);
      if (!this.#watches.has(watch)) throw new LockClosedError();
      if (entered.some(({ room }) => room === undefined)) throw noPlace(name, 'this collection', MAX_WATCHES);
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

  #assertPlaceFor(name: string | undefined): void {
    if (name === undefined) return;
    const names = this.#names().filter((other) => other !== ALL_NAMES);
    if (names.length >= MOST_NAMES && !names.includes(name)) throw noPlace(name, 'this manager', MOST_NAMES);
  }

  async #enter(names: readonly string[]): Promise<Entered[]> {
    const parts: Promise<Entered[]>[] = [];
    for (let i = 0; i < names.length; i += MAX_NAMES)
      parts.push(this.#enterPart(names.slice(i, i + MAX_NAMES)));
    return (await Promise.all(parts)).flat();
  }

  /** As many as one call takes. */
  async #enterPart(names: readonly string[]): Promise<Entered[]> {
    const rooms = await this.#procedures.watch(names);
    const watched = this.#names();
    const entries = names.map((name, i) => ({ name, id: rooms[i] }));
    // Whoever watched it may have closed meanwhile.
    const wanted = entries.filter(({ name }) => watched.includes(name));
    return Promise.all(
      wanted.map(async ({ name, id }) => ({
        name,
        room: id === undefined ? undefined : await this.#joined(id, name),
      })),
    );
  }

  /** Once, however many wait for it. */
  async #joined(id: RoomId, name: string): Promise<Room> {
    let room = this.#rooms.get(id);
    if (room === undefined) {
      this.#forgetRoomsOf(name);
      // Before it is joined: what is told comes with the answer.
      room = { name, joined: joinNewRoom(this.#join, id) };
      this.#rooms.set(id, room);
    }
    try {
      await room.joined;
      return room;
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
    if (this.#resumeAlarm.isSet) return;
    const nowMs = performance.now();
    const atMs = this.#resumes.next(nowMs);
    if (atMs <= nowMs) void this.#ask([...this.#missed]);
    else this.#resumeAlarm.set(atMs, () => void this.#ask([...this.#missed]));
  }

  /** What fails is tried again: later, or once there is a connection. */
  async #ask(names: readonly string[]): Promise<void> {
    if (names.length === 0) return;
    try {
      this.#entered(await this.#enter(names));
    } catch (error) {
      const isPassing = error instanceof LockConnectionError || error instanceof LockClosedError;
      if (!isPassing) this.#tell(names, 'error', [error]);
    }
    this.#askLater();
  }

  #entered(all: readonly Entered[]): void {
    // A room may have been removed since it was joined: its name is asked for again.
    const rooms = new Set(this.#rooms.values());
    const there = all.filter(({ room }) => room !== undefined && rooms.has(room));
    const resumed = there.filter(({ name }) => this.#missed.delete(name));
    this.#tell(
      resumed.map(({ name }) => name),
      'resumed',
      [],
    );
    // Its watch may have been closed while the other rooms were joined.
    const watched = this.#names();
    for (const { name, room } of all) {
      if (room !== undefined || !watched.includes(name)) continue;
      this.#forgetRoomsOf(name);
      this.#missed.add(name);
      this.#tell([name], 'error', [noPlace(name, 'this collection', MAX_WATCHES)]);
    }
  }

  /** All at once. What is asked for in between does not put it off: the others would be forgotten. */
  #askLater(): void {
    if (this.#alarm.isSet || this.isEmpty) return;
    this.#alarm.set(performance.now() + ASK_EVERY_MS, () => void this.#ask(this.#names()));
  }

  #clearAlarms(): void {
    this.#alarm.clear();
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

function noPlace(name: string | undefined, of: string, most: number): LockLimitError {
  return new LockLimitError(
    `lock ${JSON.stringify(name ?? ALL_NAMES)} is not watched: ${of} watches ${most} names already, and more are not kept; ` +
      'one watch() without a name tells what happens to all of them',
  );
}
