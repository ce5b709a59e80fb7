import type { ClosureNode } from '../../language/ast.js';
import type { Source } from '../../language/source.js';
import { cost, spendMemory } from '../budget.js';
import type { Evaluate } from '../evaluate.js';

/** A function. It sees the variables of whoever calls it: nothing is kept from where it was made. */
export class Closure {
  readonly kind = 'closure';
  readonly typeName = 'closure';
  /** How deep it is running inside itself now. */
  depth = 0;
  /** Stored once: from then on its text is printed without white space. */
  isStored = false;

  constructor(
    readonly source: Source,
    readonly node: ClosureNode,
    readonly body: Evaluate,
    /** It changes stored data, so a change is needed when it is called. */
    readonly hasSideEffects: boolean,
  ) {
    spendMemory(cost.closure);
  }

  get parameters(): readonly string[] {
    return this.node.parameters;
  }
}
