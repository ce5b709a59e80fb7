import type { Query } from './query.js';
import type { Value } from './values/value.js';

/** A piece of a program, ready to run. The compiler makes one for each node of the tree. */
export type Evaluate = (query: Query) => Value;
