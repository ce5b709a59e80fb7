import { maxQuotaError } from '../errors.js';
import { PushType } from '../session.js';
import { fromByteString } from '../text.js';
import type { TimeZone } from '../time-zone.js';
import type { AnonymousType } from './anonymous-type.js';
import type { EnumType } from './enum-type.js';
import { pushChildren, reachable } from './reachable.js';
import { Room } from './room.js';
import type { ThingType } from './thing-type.js';
import type { Thing } from './thing.js';
import type { Value } from './value.js';

const MAX_TYPES = 0x4000;
const MAX_ENUMS = 0x1fff;

/**
 * What the values of one collection share: their ids, the references between them, and the types that they can have.
 *
 * A thing or room gets an id when something stored refers to it. It is gone when nothing does any more. References from
 * stored values are counted here; what a running query still holds is settled when the query ends.
 */
export abstract class Heap {
  readonly things = new Map<bigint, Thing>();
  readonly rooms = new Map<bigint, Room>();
  readonly roomNames = new Map<string, Room>();
  readonly types = new Map<string, ThingType>();
  readonly enums = new Map<string, EnumType>();
  readonly anonymousTypes = new Map<string, AnonymousType>();
  /** Counts the changes of types: what is known of pairs of types holds for one version. */
  readonly typeVersion = { version: 0 };
  timeZone: TimeZone | null = null;
  nextTypeId = 0;
  /** The ids of types that are gone, by name. Wraps by such a type show by a new one of that name. */
  readonly removedTypes = new Map<string, number>();
  nextId = 1n;
  /** Something lost a reference and still has others: they may be a ring that nothing else holds. */
  mayHaveRings = false;
  /** Those of `enums`, when there are as many; all below the free one are taken. */
  #enumIds = new Set<number>();
  #freeEnumId = 0;
  /** Lost a reference and may be gone: looked at when the query ends. */
  readonly #doubtful = new Set<Thing | Room>();

  /** The scope's full name, as pushes and errors give it. */
  abstract get scopeName(): string;

  /** What is kept for its own sake: all else is kept because something of this refers to it. */
  abstract anchors(): Iterable<Value>;

  /** The next id of a thing, a room or a task. */
  takeId(): bigint {
    const id = this.nextId;
    this.nextId = BigInt.asUintN(64, id + 1n);
    return id;
  }

  /** A room with an id of somebody's choice; gone when the query ends unless something stored refers to it. */
  makeRoom(id: bigint): Room {
    const room = new Room(this);
    room.id = id;
    this.rooms.set(id, room);
    this.reserveId(id);
    this.#doubtful.add(room);
    return room;
  }

  /** Later ids are larger than this one. */
  reserveId(id: bigint): void {
    if (id >= this.nextId) this.nextId = BigInt.asUintN(64, id + 1n);
  }

  /** The id of a new type: that of the type that had the name before, if there was one. Throws -57. */
  takeTypeId(name: string): number {
    const known = this.removedTypes.get(name);
    if (known !== undefined) {
      this.removedTypes.delete(name);
      return known;
    }
    if (this.nextTypeId === MAX_TYPES) throw maxQuotaError('reached the maximum number of types');
    this.nextTypeId += 1;
    return this.nextTypeId - 1;
  }

  /** The least id that no enumeration has. Throws -57. */
  takeEnumId(): number {
    if (this.enums.size === MAX_ENUMS) throw maxQuotaError('reached the maximum number of enumerators');
    if (this.#enumIds.size !== this.enums.size) {
      this.#enumIds = new Set([...this.enums.values()].map(({ id }) => id));
      this.#freeEnumId = 0;
    }
    while (this.#enumIds.has(this.#freeEnumId)) this.#freeEnumId += 1;
    this.#enumIds.add(this.#freeEnumId);
    return this.#freeEnumId;
  }

  typeById(id: number): ThingType | null {
    for (const type of this.types.values()) if (type.id === id) return type;
    return null;
  }

  removeType(type: ThingType): void {
    type.isDeleted = true;
    this.types.delete(type.name);
    this.removedTypes.set(type.name, type.id);
  }

  // --- references ---

  /** Something stored now refers to `value`: gives ids to what is new, all the way down. */
  attach(value: Value): void {
    const waiting: Value[] = [value];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (typeof next !== 'object' || next === null) continue;
      switch (next.kind) {
        case 'thing':
          next.refs += 1;
          if (next.id === 0n) {
            next.id = this.takeId();
            this.store(next);
            for (let at = next.values.length - 1; at >= 0; at -= 1) waiting.push(next.values[at] as Value);
          }
          break;
        case 'room':
          next.refs += 1;
          if (next.id === 0n) {
            next.id = this.takeId();
            this.rooms.set(next.id, next);
          }
          break;
        default:
          pushChildren(next, waiting);
      }
    }
  }

  /** Something stored no longer refers to `value`. */
  detach(value: Value): void {
    if (typeof value !== 'object' || value === null) return;
    if (value.kind === 'thing' || value.kind === 'room') {
      value.refs -= 1;
      if (value.refs === 0) this.#doubtful.add(value);
      else if (value.kind === 'thing') this.mayHaveRings = true;
      return;
    }
    const children: Value[] = [];
    pushChildren(value, children);
    for (const child of children) this.detach(child);
  }

  /** Removes what nothing refers to: neither something stored nor `held`, the variables of a running query. */
  settle(held: readonly Value[] = []): void {
    if (!this.#doubtful.size) return;
    const keep = held.length ? reachable(held) : null;
    for (const item of this.#doubtful) {
      if (keep?.has(item)) continue;
      this.#doubtful.delete(item);
      if (item.refs > 0) continue;
      if (item.kind === 'room') this.#removeRoom(item);
      else if (this.#drop(item)) for (const value of item.values) this.detach(value);
    }
  }

  /** Removes rings of things that refer to each other and to which nothing else refers. */
  collectRings(): void {
    if (!this.mayHaveRings) return;
    this.mayHaveRings = false;
    const roots: Value[] = [...this.anchors()];
    for (const enumType of this.enums.values())
      for (const member of enumType.members) roots.push(member.value);
    const keep = reachable(roots);
    for (const thing of this.things.values()) if (!keep.has(thing)) this.#drop(thing);
    for (const room of this.rooms.values()) if (!keep.has(room)) this.#removeRoom(room);
  }

  /** A thing that has its id is stored from now on. */
  store(thing: Thing): void {
    this.things.set(thing.id, thing);
    thing.type?.remember(thing);
  }

  #drop(thing: Thing): boolean {
    thing.type?.forget(thing);
    return this.things.delete(thing.id);
  }

  #removeRoom(room: Room): void {
    if (!this.rooms.delete(room.id)) return;
    if (room.name !== null) this.roomNames.delete(room.name);
    const scope = fromByteString(this.scopeName);
    for (const session of room.members) session.push(PushType.delete, { scope, id: room.id });
    room.members.clear();
    room.id = 0n;
  }

  // --- changing things and lists; every change goes through here so that references stay counted ---

  /** Sets a property that exists, by position. */
  setAt(thing: Thing, at: number, value: Value): void {
    const before = thing.values[at] as Value;
    if (before === value) return;
    thing.values[at] = value;
    if (thing.id) {
      this.attach(value);
      this.detach(before);
    }
    release(before);
  }

  /** Adds a property that does not exist. */
  add(thing: Thing, key: string, value: Value): void {
    thing.add(key, value);
    if (thing.id) this.attach(value);
  }

  /** Removes a property by position and gives its value. */
  removeAt(thing: Thing, at: number): Value {
    const value = thing.values[at] as Value;
    thing.removeAt(at);
    if (thing.id) this.detach(value);
    release(value);
    return value;
  }

  clear(thing: Thing): void {
    const { values } = thing;
    thing.clear();
    for (const value of values) {
      if (thing.id) this.detach(value);
      release(value);
    }
  }

  /** Whether another type - or the type itself - names this one in a definition. */
  isUsedByTypes(type: ThingType | EnumType, isSelfCounted = true): boolean {
    for (const other of this.types.values()) {
      if (other === type && !isSelfCounted) continue;
      if (names(other, type)) return true;
    }
    return false;
  }
}

/** Whether a type names another one, in its own definitions or in those inside of them. */
function names(type: ThingType, other: ThingType | EnumType): boolean {
  return type.fields.some(
    ({ restriction, nested, inner }) =>
      restriction.base === other || nested?.base === other || (inner !== null && names(inner, other)),
  );
}

/** A list or set that is taken out of its thing belongs to nobody. */
function release(value: Value): void {
  if (typeof value === 'object' && value !== null && (value.kind === 'list' || value.kind === 'set')) {
    value.parent = null;
    value.field = null;
  }
}
