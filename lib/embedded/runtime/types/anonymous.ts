import type { Database } from '../../model/store/database.js';
import { AnonymousType } from '../../model/values/anonymous-type.js';
import type { Heap } from '../../model/values/heap.js';
import type { Thing } from '../../model/values/thing.js';
import type { Packed } from '../../msgpack/wire.js';
import { packDefinition, unpackWrapOnlyType } from './type-members.js';

/** Anonymous types that are kept in case the same definition comes again. */
const MAX_KEPT = 500;

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
  // Whatever was made with an older one keeps it; it is only made anew the next time.
  for (const oldest of heap.anonymousTypes.keys()) {
    if (heap.anonymousTypes.size <= MAX_KEPT) break;
    heap.anonymousTypes.delete(oldest);
  }
  return made;
}
