import type { Database } from '../../model/store/database.js';
import { AnonymousType } from '../../model/values/anonymous-type.js';
import type { Heap } from '../../model/values/heap.js';
import type { Thing } from '../../model/values/thing.js';
import type { Packed } from '../../msgpack/wire.js';
import { packDefinition, unpackWrapOnlyType } from './type-members.js';

/** The anonymous type that a thing defines; equal ones are the same. */
export function anonymousType(database: Database, heap: Heap, definition: Thing): AnonymousType {
  return unpackAnonymousType(database, heap, packDefinition(definition, definition));
}

/** The anonymous type of a packed definition. */
export function unpackAnonymousType(database: Database, heap: Heap, packed: Packed): AnonymousType {
  const key = Buffer.from(packed.bytes).toString('latin1');
  const known = heap.anonymousTypes.get(key);
  if (known) return known;
  const made = new AnonymousType(unpackWrapOnlyType(database, heap, packed), packed);
  heap.anonymousTypes.set(key, made);
  return made;
}
