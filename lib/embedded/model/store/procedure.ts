import { cost, spendMemory } from '../budget.js';
import { requireFewer } from '../errors.js';
import type { Limits } from '../limits.js';
import type { Closure } from '../values/closure.js';

/** A stored closure that clients run by name. */
export interface Procedure {
  name: string;
  closure: Closure;
  readonly createdAt: number;
}

/** Adds a procedure to those of its scope. Throws -57 when there are too many. */
export function addProcedure(procedures: Map<string, Procedure>, added: Procedure, limits: Limits): void {
  requireFewer(procedures.size, limits.procedures, 'procedures');
  spendMemory(cost.named);
  procedures.set(added.name, added);
}
