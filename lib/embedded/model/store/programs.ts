import type { Packed } from '../../msgpack/wire.js';
import type { AnonymousType } from '../values/anonymous-type.js';
import type { Closure } from '../values/closure.js';
import type { Heap } from '../values/heap.js';
import type { Database } from './database.js';
import type { Scope } from './scope.js';

/** What stored values need of the runtime: it makes what can run from what is written down. */
export interface Programs {
  /** The closure that a text is. Throws -53 or -54 when it is none. */
  closure(code: string, scope: Scope['kind']): Closure;
  /** The type of a packed definition; equal definitions give the same one. */
  anonymousType(database: Database, heap: Heap, packed: Packed): AnonymousType;
}
