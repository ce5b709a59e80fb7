import { badDataError, lookupError, valueError } from '../../model/errors.js';
import type { Collection } from '../../model/store/collection.js';
import { addProcedure } from '../../model/store/procedure.js';
import { ThingsError } from '../../model/things-error.js';
import { timeZoneNames } from '../../model/time-zone-names.js';
import type { Bytes } from '../../model/values/bytes.js';
import type { Closure } from '../../model/values/closure.js';
import { DateTime } from '../../model/values/date-time.js';
import { EnumType } from '../../model/values/enum-type.js';
import { ErrorValue } from '../../model/values/error-value.js';
import { Task } from '../../model/values/task.js';
import { ThingSet } from '../../model/values/thing-set.js';
import { ThingType } from '../../model/values/thing-type.js';
import { Thing } from '../../model/values/thing.js';
import type { Value } from '../../model/values/value.js';
import { WrappedAnonymous } from '../../model/values/wrapped-anonymous.js';
import { Wrapped } from '../../model/values/wrapped.js';
import { PackReader } from '../../msgpack/pack-reader.js';
import { Packed } from '../../msgpack/wire.js';
import type { Query } from '../../runtime/query.js';
import { unpackAnonymousType } from '../../runtime/types/anonymous.js';
import { addMember, defineField, setIdName, unpackNested } from '../../runtime/types/type-members.js';
import { unpack, unpackProperties, type UnpackScope } from '../../runtime/wire/unpack.js';
import { DUMP_SCHEMA, DUMP_VERSION, kindKey, restrictionOf, step } from './stored-form.js';

/**
 * Makes the collection of a query what a dump says that it was.
 * @throws {ThingsError} -60 for what is no dump of a known version, -53 when it breaks off. The collection then holds
 *   what came before.
 */
export function loadDump(query: Query, collection: Collection, { data }: Bytes): void {
  const reader = new PackReader(Buffer.from(data, 'latin1'));
  const steps = readHead(reader);
  try {
    const loader = new DumpReader(query, collection, reader);
    for (let left = steps; left > 0; left -= 1) loader.step();
  } catch (thrown) {
    if (!(thrown instanceof ThingsError) || thrown.code === -57) throw thrown;
    throw badDataError('failed to unpack collection data; (more info might be available in the node log)');
  }
}

/** Gives how many steps follow. */
function readHead(reader: PackReader): number {
  const isList = reader.next() === 'array' && reader.size > 0;
  const { size } = reader;
  const isDump = isList && reader.next() === 'uint64';
  const schema = reader.integer;
  if (!isDump || reader.next() !== 'utf8') {
    throw valueError(
      'no valid import data; make sure the bytes are created using the `export` function with the `dump` option enabled',
    );
  }
  if (schema !== DUMP_SCHEMA) throw valueError(`export with unknown schema \`${schema}\``);
  const version = reader.text;
  if (isNewer(version)) {
    throw valueError(
      `export is created using ThingsDB version \`${version}\` which is newer than the running version \`${DUMP_VERSION}\``,
    );
  }
  return size - 2;
}

function isNewer(version: string): boolean {
  const parts = (text: string): number[] => text.split(/[.-]/).map((part) => Number(part) || 0);
  const running = parts(DUMP_VERSION);
  const difference = parts(version)
    .map((part, at) => part - (running[at] ?? 0))
    .find((part) => part !== 0);
  return (difference ?? 0) > 0;
}

class DumpReader {
  readonly #query: Query;
  readonly #collection: Collection;
  readonly #reader: PackReader;
  readonly #scope: UnpackScope;

  constructor(query: Query, collection: Collection, reader: PackReader) {
    this.#query = query;
    this.#collection = collection;
    this.#reader = reader;
    this.#scope = {
      heap: collection,
      tasks: collection.tasks,
      database: query.database,
      readMap: (_reader, depth) => this.#kind(depth),
    };
  }

  step(): void {
    const reader = this.#reader;
    this.#query.step();
    if (reader.next() !== 'array' || reader.size !== 2 || reader.next() !== 'uint64') throw invalid();
    switch (Number(reader.integer)) {
      case step.newEnum:
        return this.#newEnum();
      case step.newType:
        return this.#newType();
      case step.setType:
        return this.#setType();
      case step.task:
        return this.#task();
      case step.taskArguments:
        return this.#taskArguments();
      case step.root:
        return this.#root();
      case step.enumData:
        return this.#enumData();
      case step.relation:
        return this.#relation();
      case step.procedure:
        return this.#procedure();
      case step.roomName:
        return this.#roomName();
      default:
        throw invalid();
    }
  }

  // --- what steps consist of; the names of keys are not looked at ---

  /** Opens a map and gives the number of its entries. */
  #open(): number {
    if (this.#reader.next() !== 'map') throw invalid();
    return this.#reader.size;
  }

  #key(): void {
    if (this.#reader.next() !== 'utf8') throw invalid();
  }

  #integer(): bigint {
    const token = this.#reader.next();
    if (token !== 'uint64' && token !== 'int64') throw invalid();
    return this.#reader.integer;
  }

  #text(): string {
    if (this.#reader.next() !== 'utf8') throw invalid();
    return this.#reader.text;
  }

  #flag(): boolean {
    if (this.#reader.next() !== 'boolean') throw invalid();
    return this.#reader.isTrue;
  }

  #list(): number {
    if (this.#reader.next() !== 'array') throw invalid();
    return this.#reader.size;
  }

  #value(depth = 0): Value {
    return unpack(this.#reader, this.#scope, depth);
  }

  #closure(): Closure {
    const value = this.#value();
    if (typeof value !== 'object' || value?.kind !== 'closure') throw invalid();
    return value;
  }

  #keyed<T>(read: () => T): T {
    this.#key();
    return read();
  }

  // --- types and enumerations ---

  #newEnum(): void {
    const collection = this.#collection;
    const size = this.#open();
    const id = Number(this.#keyed(() => this.#integer()));
    const createdAt = Number(this.#keyed(() => this.#integer()));
    const name = this.#keyed(() => this.#text());
    this.#keyed(() => this.#integer());
    const enumType = new EnumType(id, name, collection, createdAt);
    if (size > 4) {
      for (let left = this.#keyed(() => this.#list()); left > 0; left -= 1) enumType.add(this.#text(), null);
    }
    collection.enums.set(name, enumType);
  }

  #enumData(): void {
    this.#open();
    const enumType = this.#enum(this.#keyed(() => this.#integer()));
    for (let left = this.#keyed(() => this.#list()), at = 0; left > 0; left -= 1, at += 1) {
      this.#list();
      const name = this.#text();
      const member = enumType.members[at] ?? enumType.add(name, null);
      member.name = name;
      member.value = this.#value();
      this.#collection.attach(member.value);
    }
    for (let left = this.#keyed(() => this.#list()); left > 0; left -= 1) {
      this.#list();
      enumType.methods.set(this.#text(), this.#closure());
    }
  }

  #enum(id: bigint): EnumType {
    for (const enumType of this.#collection.enums.values()) if (enumType.id === Number(id)) return enumType;
    throw lookupError(`cannot find enum with id ${id}`);
  }

  #newType(): void {
    const collection = this.#collection;
    const size = this.#open();
    const id = Number(this.#keyed(() => this.#integer()));
    const createdAt = Number(this.#keyed(() => this.#integer()));
    const name = this.#keyed(() => this.#text());
    const type = new ThingType(id, name, collection, createdAt);
    const flags = Array.from({ length: size - 3 }, () => this.#keyed(() => this.#flag()));
    [type.isWrapOnly, type.hidesId, type.isIndexed] = [
      flags[0] ?? false,
      flags[1] ?? false,
      flags[2] ?? false,
    ];
    collection.types.set(name, type);
    collection.nextTypeId = Math.max(collection.nextTypeId, id + 1);
  }

  #type(id: bigint): ThingType {
    const type = this.#collection.typeById(Number(id));
    if (!type) throw lookupError(`invalid type data; type id ${id} not found`);
    return type;
  }

  #setType(): void {
    const { database } = this.#query;
    const size = this.#open();
    const type = this.#type(this.#keyed(() => this.#integer()));
    const modifiedAt = Number(this.#keyed(() => this.#integer()));
    type.modifiedAt = modifiedAt || null;
    const flags = Array.from({ length: size - 4 }, () => this.#keyed(() => this.#flag()));
    if (flags.length)
      [type.isWrapOnly, type.hidesId, type.isIndexed] = [
        flags[0] ?? false,
        flags[1] ?? false,
        flags[2] ?? false,
      ];
    for (let left = this.#keyed(() => this.#list()); left > 0; left -= 1) {
      this.#list();
      const name = this.#text();
      const token = this.#reader.next();
      if (token === 'binary') {
        type.add(unpackNested(database, type, name, new Packed(Uint8Array.from(this.#reader.data))));
      } else if (this.#reader.text === '#') setIdName(type, name);
      else type.add(defineField(database, type, name, this.#reader.text, true));
    }
    for (let left = this.#keyed(() => this.#open()); left > 0; left -= 1) {
      const name = this.#text();
      addMember(database, type, name, this.#closure());
    }
  }

  #relation(): void {
    this.#open();
    this.#keyed(() => this.#integer());
    const [one, other] = [0, 1].map(() => {
      const type = this.#type(this.#keyed(() => this.#integer()));
      return type.field(this.#keyed(() => this.#text()));
    });
    if (!one || !other) throw invalid();
    one.relation = other;
    other.relation = one;
  }

  // --- what is stored ---

  #root(): void {
    const collection = this.#collection;
    collection.things.clear();
    const root = this.#value();
    if (typeof root !== 'object' || root?.kind !== 'thing') throw invalid();
    collection.replaceRoot(root);
  }

  #procedure(): void {
    this.#open();
    const name = this.#keyed(() => this.#text());
    const createdAt = Number(this.#keyed(() => this.#integer()));
    const closure = this.#keyed(() => this.#closure());
    const { limits } = this.#query.database;
    addProcedure(this.#collection.procedures, { name, createdAt, closure }, limits);
  }

  #task(): void {
    this.#open();
    const task = new Task();
    task.id = this.#keyed(() => this.#integer());
    const runAt = Number(this.#keyed(() => this.#integer()));
    task.runAt = runAt || null;
    this.#keyed(() => this.#integer());
    task.closure = this.#keyed(() => this.#closure());
    task.args = task.closure.parameters.slice(1).map(() => null);
    this.#keyed(() => this.#list());
    task.owner = this.#query.user;
    this.#collection.tasks.set(task.id, task);
    this.#collection.reserveId(task.id);
  }

  #taskArguments(): void {
    this.#open();
    const task = this.#collection.tasks.get(this.#keyed(() => this.#integer()));
    if (!task) throw invalid();
    const size = this.#keyed(() => this.#list());
    task.args = Array.from({ length: size }, () => this.#value());
    for (const value of task.args) this.#collection.attach(value);
  }

  #roomName(): void {
    this.#list();
    const room = this.#collection.rooms.get(this.#integer());
    const name = this.#text();
    if (!room) throw invalid();
    room.name = name;
    this.#collection.roomNames.set(name, room);
  }

  /** A map with one key, which says what it holds. */
  #kind(depth: number): Value {
    const key = this.#text();
    switch (key) {
      case kindKey.typedThing:
        return this.#typedThing(depth);
      case kindKey.thing:
        return this.#plainThing(depth);
      case kindKey.set:
        return new ThingSet(new Set(Array.from({ length: this.#list() }, () => this.#thing(depth))));
      case kindKey.error:
        return this.#error();
      case kindKey.dateTime:
      case kindKey.timeValue:
        return this.#dateTime(key === kindKey.timeValue);
      case kindKey.member:
        this.#list();
        return this.#enum(this.#integer()).members[Number(this.#integer())] ?? null;
      case kindKey.wrapped:
        this.#list();
        return new Wrapped(this.#type(this.#integer()), this.#thing(depth));
      case kindKey.wrappedAnonymous:
        return this.#wrappedAnonymous(depth);
      default:
        throw valueError(`unsupported reserved key \`${key}\``);
    }
  }

  #thing(depth: number): Thing {
    const value = this.#value(depth + 1);
    if (typeof value !== 'object' || value?.kind !== 'thing') throw invalid();
    return value;
  }

  /** A thing with the id that it had. */
  #made(id: bigint): Thing {
    const collection = this.#collection;
    if (collection.things.has(id)) throw lookupError(`thing \`#${id}\` already exists`);
    const thing = new Thing(collection);
    thing.id = id;
    collection.store(thing);
    collection.reserveId(id);
    return thing;
  }

  #typedThing(depth: number): Thing {
    this.#list();
    const type = this.#type(this.#integer());
    const thing = this.#made(this.#integer());
    thing.assume(type, [], []);
    const size = this.#list();
    if (size !== type.fields.length) throw invalid();
    for (const field of type.fields) {
      const value = field.assign(this.#value(depth + 1), thing);
      thing.values.push(value);
      this.#collection.attach(value);
    }
    return thing;
  }

  #plainThing(depth: number): Thing {
    this.#list();
    const restriction = restrictionOf(this.#integer(), this.#collection);
    const thing = this.#made(this.#integer());
    this.#open();
    unpackProperties(this.#reader, this.#scope, depth, thing);
    for (const value of thing.values) this.#collection.attach(value);
    thing.restriction = restriction;
    return thing;
  }

  #error(): ErrorValue {
    this.#list();
    const message = this.#text();
    return new ErrorValue(Number(this.#integer()), message);
  }

  #dateTime(isTimeval: boolean): DateTime {
    this.#list();
    const seconds = Number(this.#integer());
    const offset = Number(this.#integer());
    const token = this.#reader.next();
    const name = token === 'uint64' ? timeZoneNames[Number(this.#reader.integer)] : undefined;
    return new DateTime(seconds, offset, name === undefined ? null : { name }, isTimeval);
  }

  #wrappedAnonymous(depth: number): WrappedAnonymous {
    this.#list();
    if (this.#reader.next() !== 'binary') throw invalid();
    const packed = new Packed(Uint8Array.from(this.#reader.data));
    const ano = unpackAnonymousType(this.#query.database, this.#collection, packed);
    return new WrappedAnonymous(ano, this.#thing(depth));
  }
}

const invalid = (): Error => badDataError('invalid data');
