import { printCompact } from '../../language/printer.js';
import { spendMemory, spendSteps } from '../../model/budget.js';
import { notSupported } from '../../model/errors.js';
import type { Collection } from '../../model/store/collection.js';
import { fromByteString, toWireText } from '../../model/text.js';
import { timeZoneNames } from '../../model/time-zone-names.js';
import { Bytes } from '../../model/values/bytes.js';
import type { Closure } from '../../model/values/closure.js';
import type { EnumType } from '../../model/values/enum-type.js';
import { relationsFrom } from '../../model/values/relation.js';
import type { Task } from '../../model/values/task.js';
import type { ThingType } from '../../model/values/thing-type.js';
import type { Thing } from '../../model/values/thing.js';
import type { Value } from '../../model/values/value.js';
import { WireEncoder } from '../../msgpack/wire-encoder.js';
import { Packed, type Wire } from '../../msgpack/wire.js';
import { byName } from '../../runtime/operations/by-name.js';
import { extensionType } from '../../runtime/wire/extension-type.js';
import { setOwn } from '../../runtime/wire/set-own.js';
import { fieldForms } from '../types/type-helpers.js';
import {
  DUMP_SCHEMA,
  DUMP_VERSION,
  kindKey,
  MAX_STORED_DEPTH,
  restrictionCode,
  step,
} from './stored-form.js';

/** Bytes that a value takes in a dump, roughly. */
const VALUE_BYTES = 16;

/** All of a collection as bytes that `import` takes, here and on a node: `export({dump: true})`. */
export function dumpCollection(collection: Collection): Bytes {
  const bytes = WireEncoder.encode(new DumpWriter(collection).dump());
  spendMemory(bytes.length);
  return new Bytes(bytes.toString('latin1'));
}

class DumpWriter {
  readonly #collection: Collection;
  /** Things that have been written: they are given by id from then on. */
  readonly #written = new Set<Thing>();

  constructor(collection: Collection) {
    this.#collection = collection;
  }

  /** The steps by which a node makes the collection anew; types come before things, relations after them. */
  dump(): Wire {
    const { enums, types, tasks, procedures, rooms, root } = this.#collection;
    const enumTypes = byName(enums.values());
    const thingTypes = byName(types.values());
    return [
      DUMP_SCHEMA,
      DUMP_VERSION,
      ...enumTypes.map((one) => [step.newEnum, newEnum(one)]),
      ...thingTypes.map((one) => [step.newType, newType(one)]),
      ...thingTypes.map((one) => [step.setType, this.#type(one)]),
      ...[...tasks.values()].map((task) => [step.task, this.#task(task)]),
      [step.root, this.#value(root, 0)],
      ...enumTypes.map((one) => [step.enumData, this.#enumData(one)]),
      ...[...tasks.values()]
        .filter(({ args }) => args.length)
        .map((task) => [step.taskArguments, this.#arguments(task)]),
      ...thingTypes.flatMap((one) => relations(one).map((relation) => [step.relation, relation])),
      ...byName(procedures.values()).map(({ name, createdAt, closure }) => [
        step.procedure,
        { name, created_at: BigInt(createdAt), closure: closureForm(closure) },
      ]),
      ...[...rooms.values()]
        .filter(({ name }) => name !== null)
        .map(({ id, name }) => [step.roomName, [id, name]]),
    ].map((item) => (Array.isArray(item) ? [BigInt(item[0] as number), item[1] as Wire] : (item as Wire)));
  }

  #type(type: ThingType): Wire {
    const methods: Record<string, Wire> = {};
    for (const [name, method] of type.methods) setOwn(methods, name, closureForm(method));
    const { isWrapOnly, hidesId, isIndexed, modifiedAt } = type;
    return {
      type_id: BigInt(type.id),
      modified_at: BigInt(modifiedAt ?? 0),
      wrap_only: isWrapOnly,
      hide_id: hidesId,
      index: isIndexed,
      fields: fieldForms(type, ({ bytes }) => bytes),
      methods,
    };
  }

  #task({ id, runAt, closure }: Task): Wire {
    return {
      id,
      run_at: BigInt(runAt ?? 0),
      user_id: 0n,
      closure: closure ? closureForm(closure) : null,
      args: [],
    };
  }

  #arguments({ id, args }: Task): Wire {
    return { id, args: args.map((value) => this.#value(value, 0)) };
  }

  #enumData(enumType: EnumType): Wire {
    return {
      enum_id: BigInt(enumType.id),
      members: enumType.members.map(({ name, value }) => [name, this.#value(value, 0)]),
      methods: [...enumType.methods].map(([name, method]) => [name, closureForm(method)]),
    };
  }

  #value(value: Value, depth: number): Wire {
    if (depth > MAX_STORED_DEPTH)
      throw notSupported(`a dump of values that are nested deeper than ${MAX_STORED_DEPTH}`);
    spendSteps(1);
    spendMemory(VALUE_BYTES);
    if (typeof value === 'string') return toWireText(value);
    if (typeof value !== 'object' || value === null) return value;
    switch (value.kind) {
      case 'bytes':
        return Buffer.from(value.data, 'latin1');
      case 'mpdata':
        return extension(extensionType.packed, Buffer.from(value.data, 'latin1'));
      case 'regex':
        return extension(extensionType.regex, Buffer.from(value.text, 'latin1'));
      case 'closure':
        return closureForm(value);
      case 'room':
        return extension(extensionType.room, idBytes(value.id));
      case 'task':
        return extension(extensionType.task, idBytes(value.id));
      case 'ano':
        return extension(extensionType.anonymous, Buffer.from(value.packed.bytes));
      case 'error':
        return { [kindKey.error]: [fromByteString(value.message), BigInt(value.code)] };
      case 'datetime': {
        const zone = value.zone ? BigInt(timeZoneNames.indexOf(value.zone.name)) : null;
        const key = value.isTimeval ? kindKey.timeValue : kindKey.dateTime;
        return { [key]: [BigInt(value.seconds), fixedInt16(value.offset), zone] };
      }
      case 'member': {
        const { enumType } = value;
        return { [kindKey.member]: [BigInt(enumType.id), BigInt(enumType.members.indexOf(value))] };
      }
      case 'list':
        return value.items.map((item) => this.#value(item, depth + 1));
      case 'set':
        return { [kindKey.set]: [...value.things].map((thing) => this.#thing(thing, depth + 1)) };
      case 'thing':
        return this.#thing(value, depth);
      case 'wrap':
        return { [kindKey.wrapped]: [BigInt(value.type.id), this.#thing(value.thing, depth + 1)] };
      case 'wano':
        return { [kindKey.wrappedAnonymous]: [value.ano.packed.bytes, this.#thing(value.thing, depth + 1)] };
      case 'future':
        return null;
    }
  }

  #thing(thing: Thing, depth: number): Wire {
    if (this.#written.has(thing)) return extension(extensionType.thing, idBytes(thing.id));
    this.#written.add(thing);
    const { keys, values } = thing.ordered();
    const { type, id } = thing;
    if (type) {
      return {
        [kindKey.typedThing]: [BigInt(type.id), id, values.map((value) => this.#value(value, depth + 1))],
      };
    }
    const properties: Record<string, Wire> = {};
    keys.forEach((key, at) =>
      setOwn(properties, fromByteString(key), this.#value(values[at] ?? null, depth + 1)),
    );
    return { [kindKey.thing]: [restrictionCode(thing.restriction), id, properties] };
  }
}

function newEnum({ id, createdAt, name, members }: EnumType): Wire {
  return {
    enum_id: BigInt(id),
    created_at: BigInt(createdAt),
    name,
    size: BigInt(members.length),
    names: members.map((member) => member.name),
  };
}

function newType({ id, createdAt, name, isWrapOnly, hidesId, isIndexed }: ThingType): Wire {
  return {
    type_id: BigInt(id),
    created_at: BigInt(createdAt),
    name,
    wrap_only: isWrapOnly,
    hide_id: hidesId,
    index: isIndexed,
  };
}

const relations = (type: ThingType): Wire[] =>
  relationsFrom(type).map(([field, other]) => ({
    modified_at: BigInt(type.modifiedAt ?? 0),
    type1_id: BigInt(type.id),
    name1: field.name,
    type2_id: BigInt(other.type.id),
    name2: other.name,
  }));

const closureForm = ({ source, node }: Closure): Packed =>
  extension(extensionType.closure, Buffer.from(printCompact(source, node), 'latin1'));

function extension(type: number, data: Buffer): Packed {
  const header = Buffer.alloc(6);
  header.writeUInt8(0xc9, 0);
  header.writeUInt32BE(data.length, 1);
  header.writeUInt8(type, 5);
  return new Packed(Buffer.concat([header, data]));
}

function idBytes(id: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(id);
  return bytes;
}

/** A node expects the offset of a time zone in just this form, and keeps 16 bits of it. */
function fixedInt16(value: number): Packed {
  const bytes = Buffer.alloc(3, 0xd1);
  bytes.writeInt16BE((value << 16) >> 16, 1);
  return new Packed(bytes);
}
