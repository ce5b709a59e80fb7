import type { Closure } from '../values/closure.js';

/** A stored closure that clients run by name. */
export interface Procedure {
  name: string;
  closure: Closure;
  readonly createdAt: number;
}
