import type { Value } from '../model/values/value.js';
import type { Query } from './query.js';

/** A piece of a program, ready to run. The compiler makes one for each node of the tree. */
export type Evaluate = (query: Query) => Value;
