import type { Packed } from '../msgpack/wire.js';
import type { Collection } from '../store/collection.js';
import type { Database } from '../store/database.js';
import { packDefinition, unpackWrapOnlyType } from './type-members.js';
import { AnonymousType } from './values/anonymous-type.js';
import type { Thing } from './values/thing.js';

/** The anonymous type that a thing defines; equal ones are the same. */
export function anonymousType(database: Database, collection: Collection, definition: Thing): AnonymousType {
  return unpackAnonymousType(database, collection, packDefinition(definition, definition));
}

/** The anonymous type of a packed definition. */
export function unpackAnonymousType(
  database: Database,
  collection: Collection,
  packed: Packed,
): AnonymousType {
  const key = Buffer.from(packed.bytes).toString('latin1');
  const known = collection.anonymousTypes.get(key);
  if (known) return known;
  const made = new AnonymousType(unpackWrapOnlyType(database, collection, packed), packed);
  collection.anonymousTypes.set(key, made);
  return made;
}
