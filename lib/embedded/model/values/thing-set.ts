import { cost, spendMemory } from '../budget.js';
import type { Field } from './field.js';
import type { Thing } from './thing.js';

/** A set of things. */
export class ThingSet {
  readonly kind = 'set';
  readonly typeName = 'set';
  parent: Thing | null = null;
  field: Field | null = null;
  isInUse = false;

  constructor(readonly things = new Set<Thing>()) {
    spendMemory(cost.set + things.size * cost.item);
  }

  get isStored(): boolean {
    return this.parent !== null && this.parent.id !== 0n;
  }
}
