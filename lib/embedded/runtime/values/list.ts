import type { Field } from '../../store/field.js';
import type { Thing } from './thing.js';
import type { Value } from './value.js';

/** A list, or a tuple: the same without changes. A list inside a list is always a tuple. */
export class List {
  readonly kind = 'list';
  /** Where the list is stored, if it is. */
  parent: Thing | null = null;
  /** The definition of the property it is stored in: says what it may hold. */
  field: Field | null = null;
  /** Being walked over: may not change. */
  isInUse = false;

  constructor(
    readonly items: Value[],
    readonly isTuple = false,
  ) {}

  get typeName(): string {
    return this.isTuple ? 'tuple' : 'list';
  }

  /** Changing it would change stored data. */
  get isStored(): boolean {
    return this.parent !== null && this.parent.id !== 0;
  }
}
