import type { Wire } from '../engine.js';
import type { Collection } from '../store/collection.js';
import { assignable, listItem } from './assignable.js';
import { badDataError, lookupError, overflowError } from './errors.js';
import { requireKey } from './properties.js';
import { toByteString } from './text.js';
import { Bytes } from './values/bytes.js';
import { List } from './values/list.js';
import { Thing } from './values/thing.js';
import type { Value } from './values/value.js';

/** Arguments may nest this deep: the walk over them is recursive. */
const maxDepth = 200;

/** Turns what a client sent into a value. Maps become things; `{"#": id}` is the stored thing of that id. */
export function fromWire(
  wire: Wire,
  collection: Collection | null,
  depth = 0,
  /** Where new things belong, when it is not where ids are looked up. */
  owner: Collection | null = collection,
): Value {
  if (depth > maxDepth) throw badDataError('data is nested too deeply');
  switch (typeof wire) {
    case 'string':
      return toByteString(wire);
    case 'bigint':
      if (BigInt.asIntN(64, wire) !== wire) throw overflowError();
      return wire;
    case 'object':
      break;
    default:
      return wire;
  }
  if (wire === null) return null;
  if (wire instanceof Uint8Array) return new Bytes(Buffer.from(wire).toString('latin1'));
  if (Array.isArray(wire)) {
    return new List(
      (wire as readonly Wire[]).map((item) => listItem(fromWire(item, collection, depth + 1, owner))),
    );
  }
  return thingFromWire(wire as Readonly<Record<string, Wire>>, collection, depth, owner);
}

function thingFromWire(
  wire: Readonly<Record<string, Wire>>,
  collection: Collection | null,
  depth: number,
  owner: Collection | null,
): Value {
  const id = wire['#'];
  if (typeof id === 'bigint' && collection) {
    const stored = collection.things.get(Number(id));
    if (stored) return stored;
    throw lookupError(`collection \`${collection.name}\` has no \`thing\` with id ${id}`);
  }
  const thing = new Thing(owner);
  for (const [name, value] of Object.entries(wire)) {
    const key = toByteString(name);
    requireKey(key);
    thing.add(key, assignable(fromWire(value, collection, depth + 1, owner), thing, null));
  }
  return thing;
}
