import type { ClosureNode } from '../../language/ast.js';
import type { Source } from '../../language/source.js';
import { cost, spendMemory } from '../budget.js';
import { overflowError } from '../errors.js';
import type { Value } from './value.js';

/** The body of a closure, ready to run. Only the runtime knows in what: that is the query it is called with. */
export type CompiledBody = (query: never) => Value;

/** A function. It sees the variables of whoever calls it: nothing is kept from where it was made. */
export class Closure {
  readonly kind = 'closure';
  readonly typeName = 'closure';
  /** How deep it is running inside itself now. */
  depth = 0;
  #isStored = false;

  constructor(
    readonly source: Source,
    readonly node: ClosureNode,
    readonly body: CompiledBody,
    /** It changes stored data, so a change is needed when it is called. */
    readonly hasSideEffects: boolean,
    /** A number in it does not fit 64 bits, which a node finds when it stores the closure. */
    readonly overflows = false,
  ) {
    spendMemory(cost.closure);
  }

  /** From then on its text is printed without white space. */
  get isStored(): boolean {
    return this.#isStored;
  }

  /** It is kept beyond the query that made it. Throws -59 for a number in it that is too large. */
  store(): void {
    if (this.overflows) throw overflowError();
    this.#isStored = true;
  }

  get parameters(): readonly string[] {
    return this.node.parameters;
  }
}
