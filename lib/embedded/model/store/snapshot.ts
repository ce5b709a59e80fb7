import type { Accounts } from '../accounts/accounts.js';
import type { Defaults } from '../definitions/default-value.js';
import { readDefinition } from '../definitions/definition.js';
import type { EnumMember } from '../values/enum-member.js';
import { EnumType } from '../values/enum-type.js';
import { Field } from '../values/field.js';
import { List } from '../values/list.js';
import { Restriction } from '../values/restriction.js';
import { Room } from '../values/room.js';
import { Task } from '../values/task.js';
import { ThingSet } from '../values/thing-set.js';
import { ThingType } from '../values/thing-type.js';
import { Thing } from '../values/thing.js';
import type { Value } from '../values/value.js';
import { WrappedAnonymous } from '../values/wrapped-anonymous.js';
import { Wrapped } from '../values/wrapped.js';
import { Collection } from './collection.js';
import type { Database } from './database.js';
import type { Procedure } from './procedure.js';

/** A copy of all that is stored; nothing in it changes any more. */
class DatabaseCopy {
  constructor(
    readonly collections: readonly Collection[],
    readonly procedures: readonly Procedure[],
    readonly tasks: readonly Task[],
    readonly accounts: ReturnType<Accounts['snapshot']>,
    readonly rest: { deep: number; timeZone: Database['timeZone']; changeId: number; nextId: number },
  ) {}
}

export function copyDatabase(database: Database): unknown {
  const { deep, timeZone, changeId, nextId } = database;
  return new DatabaseCopy(
    [...database.collections.values()].map((collection) => new Copier(collection, database).copy()),
    [...database.procedures.values()].map((procedure) => ({ ...procedure })),
    [...database.tasks.values()].map((task) => Object.assign(new Task(), task)),
    database.accounts.snapshot(),
    { deep, timeZone, changeId, nextId },
  );
}

/** Puts a copy back. Sessions stay in the rooms that exist before and after. */
export function restoreDatabase(database: Database, snapshot: unknown): void {
  if (!(snapshot instanceof DatabaseCopy)) throw new TypeError('not a snapshot of this engine');
  const before = new Map(database.collections);
  database.collections.clear();
  for (const kept of snapshot.collections) {
    // Copied once more, so that the same snapshot can be put back again.
    const collection = new Copier(kept, database).copy();
    for (const [id, room] of before.get(kept.name)?.rooms ?? []) {
      for (const member of room.members) collection.rooms.get(id)?.members.add(member);
    }
    database.collections.set(collection.name, collection);
  }
  database.procedures.clear();
  for (const procedure of snapshot.procedures) database.procedures.set(procedure.name, { ...procedure });
  database.tasks.clear();
  for (const task of snapshot.tasks) database.tasks.set(task.id, Object.assign(new Task(), task));
  database.accounts.restore(snapshot.accounts);
  Object.assign(database, snapshot.rest);
}

/** Copies one collection. Things are made first and filled later, so that rings need no recursion. */
class Copier {
  readonly #from: Collection;
  readonly #database: Database;
  readonly #to: Collection;
  readonly #types = new Map<ThingType, ThingType>();
  readonly #enums = new Map<EnumType, EnumType>();
  readonly #members = new Map<EnumMember, EnumMember>();
  readonly #things = new Map<Thing, Thing>();
  readonly #rooms = new Map<Room, Room>();
  readonly #tasks = new Map<Task, Task>();

  constructor(from: Collection, database: Database) {
    this.#from = from;
    this.#database = database;
    this.#to = new Collection(from.id, from.name, from.createdAt);
  }

  copy(): Collection {
    const from = this.#from;
    const to = this.#to;
    to.access.restore(from.access.snapshot());
    Object.assign(to, {
      deep: from.deep,
      timeZone: from.timeZone,
      nextTypeId: from.nextTypeId,
      nextId: from.nextId,
    });
    this.#copyTypes();
    for (const [name, id] of from.removedTypes) to.removedTypes.set(name, id);
    this.#things.set(from.root, to.root);
    for (const thing of from.things.values()) this.#thing(thing);
    for (const room of from.rooms.values()) this.#room(room);
    for (const task of from.tasks.values()) to.tasks.set(task.id, this.#task(task));
    for (const [original, copy] of this.#members) copy.value = this.#value(original.value, null);
    // Filling may find more things (those only a task or a member holds), which are then filled too.
    for (const [original, copy] of this.#things) this.#fill(original, copy);
    for (const [original, copy] of this.#tasks)
      copy.args = original.args.map((value) => this.#value(value, null));
    for (const procedure of from.procedures.values()) to.procedures.set(procedure.name, { ...procedure });
    return to;
  }

  #copyTypes(): void {
    const to = this.#to;
    for (const type of this.#from.types.values()) {
      const copy = new ThingType(type.id, type.name, to, type.createdAt);
      const { isWrapOnly, hidesId, isIndexed, idName, modifiedAt } = type;
      Object.assign(copy, { isWrapOnly, hidesId, isIndexed, idName, modifiedAt });
      for (const [name, method] of type.methods) copy.methods.set(name, method);
      this.#types.set(type, copy);
      to.types.set(copy.name, copy);
    }
    for (const enumType of this.#from.enums.values()) {
      const copy = new EnumType(enumType.id, enumType.name, to, enumType.createdAt);
      copy.modifiedAt = enumType.modifiedAt;
      for (const [name, method] of enumType.methods) copy.methods.set(name, method);
      for (const member of enumType.members) this.#members.set(member, copy.add(member.name, null));
      this.#enums.set(enumType, copy);
      to.enums.set(copy.name, copy);
    }
    for (const [type, copy] of this.#types) this.#copyFields(type, copy);
  }

  #copyFields(type: ThingType, copy: ThingType): void {
    const defaults: Defaults = {
      now: () => this.#database.nowSeconds,
      closure: () => this.#database.programs.closure('||nil', 'collection'),
    };
    // Circular definitions were checked when they were made.
    const { isWrapOnly } = copy;
    copy.isWrapOnly = true;
    for (const field of type.fields) {
      copy.fields.push(
        field.inner
          ? this.#innerField(field, field.inner, copy)
          : readDefinition(copy, field.name, field.definition, defaults),
      );
    }
    copy.isWrapOnly = isWrapOnly;
    copy.reindex();
    type.fields.forEach((field, at) => {
      const other = field.relation;
      if (!other) return;
      const otherType = this.#types.get(other.type) as ThingType;
      (copy.fields[at] as Field).relation = otherType.fields[other.type.fields.indexOf(other)] ?? null;
    });
  }

  /** A property that is defined by a thing or a list. */
  #innerField(field: Field, inner: ThingType, type: ThingType): Field {
    const { name, definition, flags, restriction, defaultValue, packed } = field;
    const copy = new ThingType(inner.id, inner.name, this.#to, inner.createdAt);
    const { isWrapOnly, hidesId, idName } = inner;
    Object.assign(copy, { isWrapOnly, hidesId, idName });
    for (const [method, closure] of inner.methods) copy.methods.set(method, closure);
    this.#copyFields(inner, copy);
    return new Field(type, name, definition, flags, restriction, null, null, defaultValue, copy, packed);
  }

  #thing(thing: Thing): Thing {
    const known = this.#things.get(thing);
    if (known) return known;
    const copy = new Thing(this.#to);
    copy.id = thing.id;
    this.#things.set(thing, copy);
    if (thing.id) this.#to.things.set(thing.id, copy);
    return copy;
  }

  #fill(original: Thing, copy: Thing): void {
    const type = original.type ? (this.#types.get(original.type) ?? null) : null;
    const values = original.values.map((value) => this.#value(value, copy));
    copy.assume(type, [...original.keys], values);
    copy.isDict = original.isDict;
    copy.hasTextKeys = original.hasTextKeys;
    if (type) type.fields.forEach((field, at) => field.own(values[at] as Value, copy));
    copy.restriction = this.#restriction(original.restriction);
    copy.refs = original.refs;
  }

  #restriction(original: Restriction | null): Restriction | null {
    const base = original?.base;
    if (!original || typeof base === 'string') return original;
    const copy = base instanceof ThingType ? this.#types.get(base) : this.#enums.get(base as EnumType);
    return copy ? new Restriction(copy, original.isNillable) : original;
  }

  #room(room: Room): Room {
    const known = this.#rooms.get(room);
    if (known) return known;
    const copy = new Room(this.#to);
    Object.assign(copy, { id: room.id, refs: room.refs, name: room.name });
    this.#rooms.set(room, copy);
    if (room.id) this.#to.rooms.set(room.id, copy);
    if (room.name !== null) this.#to.roomNames.set(room.name, copy);
    return copy;
  }

  #task(task: Task): Task {
    const known = this.#tasks.get(task);
    if (known) return known;
    const copy = Object.assign(new Task(), task);
    this.#tasks.set(task, copy);
    return copy;
  }

  #value(value: Value, parent: Thing | null): Value {
    if (typeof value !== 'object' || value === null) return value;
    switch (value.kind) {
      case 'thing':
        return this.#thing(value);
      case 'room':
        return this.#room(value);
      case 'task':
        return this.#task(value);
      case 'list': {
        const list = new List(
          value.items.map((item) => this.#value(item, null)),
          value.isTuple,
        );
        list.parent = parent;
        return list;
      }
      case 'set': {
        const set = new ThingSet(new Set([...value.things].map((thing) => this.#thing(thing))));
        set.parent = parent;
        return set;
      }
      case 'member':
        return this.#members.get(value) ?? value;
      case 'wrap':
        return new Wrapped(this.#types.get(value.type) ?? value.type, this.#thing(value.thing));
      case 'wano':
        return new WrappedAnonymous(value.ano, this.#thing(value.thing));
      default:
        return value;
    }
  }
}
