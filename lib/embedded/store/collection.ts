import { PushType } from '../engine.js';
import { assignable } from '../runtime/assignable.js';
import type { Scope } from '../runtime/scope.js';
import { fromByteString } from '../runtime/text.js';
import type { TimeZone } from '../runtime/time-zone.js';
import type { AnonymousType } from '../runtime/values/anonymous-type.js';
import type { Room } from '../runtime/values/room.js';
import type { Task } from '../runtime/values/task.js';
import { Thing } from '../runtime/values/thing.js';
import type { Value } from '../runtime/values/value.js';
import { AccessList } from './access-list.js';
import type { EnumType } from './enum-type.js';
import type { Procedure } from './procedure.js';
import type { ThingType } from './thing-type.js';

/**
 * A collection: a tree of things under one root, with the types, procedures and tasks that go with it.
 *
 * A thing or room gets an id when something stored refers to it, and is gone when nothing does any more. References
 * from stored values are counted here; what a running query still holds is settled when the query ends.
 */
export class Collection {
  readonly access = new AccessList(() => this.scope.name);
  readonly things = new Map<number, Thing>();
  readonly rooms = new Map<number, Room>();
  readonly roomNames = new Map<string, Room>();
  readonly types = new Map<string, ThingType>();
  readonly enums = new Map<string, EnumType>();
  readonly procedures = new Map<string, Procedure>();
  readonly tasks = new Map<number, Task>();
  readonly anonymousTypes = new Map<string, AnonymousType>();
  readonly root: Thing;
  deep = 1;
  timeZone: TimeZone | null = null;
  nextTypeId = 0;
  nextEnumId = 0;
  nextId = 1;
  /** Lost a reference and may be gone: looked at when the query ends. */
  #doubtful = new Set<Thing | Room>();
  /** Something lost a reference and still has others: they may be a ring that nothing else holds. */
  mayHaveRings = false;

  constructor(
    readonly id: number,
    public name: string,
    readonly createdAt: number,
  ) {
    this.root = new Thing(this);
    this.attach(this.root);
  }

  get scope(): Extract<Scope, { kind: 'collection' }> {
    return { kind: 'collection', name: `@collection:${this.name}`, access: this.access, collection: this };
  }

  takeTypeId(): number {
    this.nextTypeId += 1;
    return this.nextTypeId - 1;
  }

  takeEnumId(): number {
    this.nextEnumId += 1;
    return this.nextEnumId - 1;
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
          if (next.id === 0) {
            next.id = this.nextId;
            this.nextId += 1;
            this.things.set(next.id, next);
            for (let at = next.values.length - 1; at >= 0; at -= 1) waiting.push(next.values[at]!);
          }
          break;
        case 'room':
          next.refs += 1;
          if (next.id === 0) {
            next.id = this.nextId;
            this.nextId += 1;
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
      else if (this.things.delete(item.id)) for (const value of item.values) this.detach(value);
    }
  }

  /** Removes rings of things that refer to each other and to which nothing else refers. */
  collectRings(): void {
    if (!this.mayHaveRings) return;
    this.mayHaveRings = false;
    const roots: Value[] = [this.root];
    for (const task of this.tasks.values()) roots.push(...task.args);
    for (const enumType of this.enums.values())
      for (const member of enumType.members) roots.push(member.value);
    const keep = reachable(roots);
    for (const thing of this.things.values()) if (!keep.has(thing)) this.things.delete(thing.id);
    for (const room of this.rooms.values()) if (!keep.has(room)) this.#removeRoom(room);
  }

  #removeRoom(room: Room): void {
    if (!this.rooms.delete(room.id)) return;
    if (room.name !== null) this.roomNames.delete(room.name);
    const scope = fromByteString(this.scope.name);
    for (const session of room.members) session.push(PushType.delete, { scope, id: BigInt(room.id) });
    room.members.clear();
    room.id = 0;
  }

  // --- changing things and lists; every change goes through here so that references stay counted ---

  /** Sets a property that exists, by position. */
  setAt(thing: Thing, at: number, value: Value): void {
    const before = thing.values[at]!;
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
    const value = thing.values[at]!;
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
      for (const { restriction, nested } of other.fields) {
        if (restriction.base === type || nested?.base === type) return true;
      }
    }
    return false;
  }

  /** The copy of a value that can be stored in `parent` (lists and sets belong to one thing only). */
  own(value: Value, parent: Thing): Value {
    return assignable(value, parent, null);
  }
}

/** A list or set that is taken out of its thing belongs to nobody. */
function release(value: Value): void {
  if (typeof value === 'object' && value !== null && (value.kind === 'list' || value.kind === 'set')) {
    value.parent = null;
    value.field = null;
  }
}

function pushChildren(value: Exclude<Value, null | boolean | bigint | number | string>, to: Value[]): void {
  switch (value.kind) {
    case 'list':
      // No spread: a call takes only so many arguments.
      for (const item of value.items) to.push(item);
      return;
    case 'set':
      for (const thing of value.things) to.push(thing);
      return;
    case 'wrap':
    case 'wano':
      to.push(value.thing);
      return;
    default:
  }
}

/** Every thing and room that can be reached from `roots`. */
function reachable(roots: readonly Value[]): ReadonlySet<Value> {
  const found = new Set<Value>();
  const waiting: Value[] = [...roots];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (typeof next !== 'object' || next === null || found.has(next)) continue;
    found.add(next);
    if (next.kind === 'thing') for (const value of next.values) waiting.push(value);
    else pushChildren(next, waiting);
  }
  return found;
}
