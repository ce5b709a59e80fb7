import { cost, spendMemory } from '../budget.js';
import type { Closure } from './closure.js';
import type { Value } from './value.js';

/** Something that runs after the query, in a change of its own if it needs one. */
export class Future {
  readonly kind = 'future';
  readonly typeName = 'future';
  onSuccess: Closure | null = null;
  onFailure: Closure | null = null;
  /** Known once it has run. */
  result: Value = null;

  constructor(public args: Value[]) {
    spendMemory(cost.thing);
  }
}
