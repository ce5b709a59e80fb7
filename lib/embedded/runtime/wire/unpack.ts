import { cost, spendMemory } from '../../model/budget.js';
import {
  badDataError,
  lookupError,
  numArgumentsError,
  overflowError,
  typeError,
} from '../../model/errors.js';
import type { Database } from '../../model/store/database.js';
import { assignable, listItem } from '../../model/values/assignable.js';
import { Bytes } from '../../model/values/bytes.js';
import type { Heap } from '../../model/values/heap.js';
import { List } from '../../model/values/list.js';
import { PackedData } from '../../model/values/packed-data.js';
import { Regex } from '../../model/values/regex.js';
import type { Room } from '../../model/values/room.js';
import { Task } from '../../model/values/task.js';
import { Thing } from '../../model/values/thing.js';
import type { Value } from '../../model/values/value.js';
import { PackReader, type Token } from '../../msgpack/pack-reader.js';
import { WireEncoder } from '../../msgpack/wire-encoder.js';
import { Packed, type Wire } from '../../msgpack/wire.js';
import { requireKey } from '../operations/properties.js';
import { extensionType } from './extension-type.js';

/** Values may nest this deep: reading them is recursive. */
const MAX_DEPTH = 200;

/** The bytes of an id in an extension. */
const ID_BYTES = 8;

/** Where values are looked up and made. */
export interface UnpackScope {
  readonly heap: Heap | null;
  /** Those that can be referred to. */
  readonly tasks: ReadonlyMap<bigint, Task>;
  readonly database: Database;
  /** Reads a map where it is not a thing's properties: data that a node has stored. */
  readonly readMap?: (reader: PackReader, depth: number) => Value;
}

/** MessagePack of a value, as it is or as it would be. */
export function readerOf(wire: Wire): PackReader {
  return new PackReader(wire instanceof Packed ? wire.bytes : WireEncoder.encode(wire));
}

/** Reads one value that a client sent, as a node does. Throws -53 for data that cannot be read, -54, -59, -60 ... */
export function unpack(reader: PackReader, scope: UnpackScope, depth = 0): Value {
  if (depth > MAX_DEPTH) throw badDataError('data is nested too deeply');
  const token = reader.next();
  switch (token) {
    case 'int64':
    case 'uint64':
      if (BigInt.asIntN(64, reader.integer) !== reader.integer) throw overflowError();
      return reader.integer;
    case 'float64':
      return reader.float;
    case 'binary':
      return new Bytes(reader.text);
    case 'utf8':
      return reader.text;
    case 'boolean':
      return reader.isTrue;
    case 'nil':
      return null;
    case 'array':
      return unpackList(reader, scope, depth);
    case 'map':
      return scope.readMap ? scope.readMap(reader, depth) : unpackThing(reader, scope, depth);
    case 'extension':
      return unpackExtension(reader, scope);
    default:
      throw noValue(token);
  }
}

function noValue(token: Token): Error {
  return token === 'end of msgpack data' ? numArgumentsError('missing value') : badDataError(token);
}

/** The number as a node prints it. */
const signed = (byte: number): number => (byte > 0x7f ? byte - 0x100 : byte);

function unpackList(reader: PackReader, scope: UnpackScope, depth: number): List {
  const list = new List([]);
  // Before it is read: a list of millions takes long. Each item has a byte of the data at least, whatever is claimed.
  spendMemory(Math.min(reader.size, reader.rest.length) * cost.slot);
  for (let left = reader.size; left > 0; left -= 1)
    list.items.push(listItem(unpack(reader, scope, depth + 1)));
  return list;
}

function unpackThing(reader: PackReader, scope: UnpackScope, depth: number): Thing {
  const thing = new Thing(scope.heap);
  unpackProperties(reader, scope, depth, thing);
  return thing;
}

/** The properties of a map into a thing; of a key that is there twice the last counts. */
export function unpackProperties(reader: PackReader, scope: UnpackScope, depth: number, thing: Thing): void {
  for (let left = reader.size; left > 0; left -= 1) {
    if (reader.next() !== 'utf8') throw typeError('property names must be of type `str`');
    const key = reader.text;
    requireKey(key);
    const value = assignable(unpack(reader, scope, depth + 1), thing, null);
    const at = thing.position(key);
    if (at < 0) thing.add(key, value);
    else thing.values[at] = value;
  }
}

function unpackExtension(reader: PackReader, scope: UnpackScope): Value {
  const { data, extension } = reader;
  switch (extension) {
    case extensionType.packed:
      return new PackedData(new Packed(Uint8Array.from(data)));
    case extensionType.regex:
      return new Regex(reader.text);
    case extensionType.closure:
      return scope.database.programs.closure(reader.text, scope.heap ? 'collection' : 'thingsdb');
    case extensionType.room:
      return unpackRoom(data, scope);
    case extensionType.task:
      return unpackTask(data, scope);
    case extensionType.thing:
      return unpackStoredThing(data, scope);
    case extensionType.name:
      return reader.text;
    case extensionType.anonymous:
      return scope.database.programs.anonymousType(
        scope.database,
        required(scope, '`anonymous` type'),
        new Packed(Uint8Array.from(data)),
      );
    default:
      throw badDataError(`msgpack extension type ${signed(extension)} is not supported by ThingsDB`);
  }
}

/** An id that no room has makes a room with that id. It is there while the query is, and later ids are larger. */
function unpackRoom(data: Buffer, scope: UnpackScope): Room {
  const heap = required(scope, 'a `room`');
  const id = readId(data, 'a room type of size');
  return heap.rooms.get(id) ?? heap.makeRoom(id);
}

/** A task that is not there is `nil`, as one that was deleted is. */
function unpackTask(data: Buffer, { tasks }: UnpackScope): Task {
  return tasks.get(readId(data, 'a task type of size')) ?? new Task();
}

function unpackStoredThing(data: Buffer, scope: UnpackScope): Thing {
  const id = readId(data, 'a thing id of size');
  const thing = required(scope, 'a `thing`').things.get(id);
  // The missing word is the real server's.
  if (!thing) throw lookupError(`cannot unpack find \`thing\` with id ${id}`);
  return thing;
}

function required({ heap }: UnpackScope, what: string): Heap {
  if (!heap) throw badDataError(`cannot unpack ${what} without a collection`);
  return heap;
}

function readId(data: Buffer, what: string): bigint {
  if (data.length === ID_BYTES) return data.readBigUInt64BE();
  throw badDataError(`expecting ${what} ${ID_BYTES} but got ${data.length}`);
}
