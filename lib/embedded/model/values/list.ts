import { cost, currentLimits, spendMemory, spendSteps } from '../budget.js';
import { maxQuotaError } from '../errors.js';
import type { Field } from './field.js';
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

  /** Of a tuple, which never changes: its items with those of all tuples in it. */
  readonly weight: number = 1;
  /** Of a tuple: how many are inside each other. */
  readonly height: number = 1;

  /** @throws {ThingsError} -57 when it is more than a query may make, or nested beyond the limit */
  constructor(
    readonly items: Value[],
    readonly isTuple = false,
  ) {
    spendMemory(cost.list + items.length * cost.slot);
    if (!isTuple) return;
    for (const item of items) {
      this.weight += weightOf(item);
      if (isList(item) && item.height >= this.height) this.height = item.height + 1;
    }
    const limits = currentLimits();
    if (!limits) return;
    const { nesting, nestedItems } = limits;
    if (this.height > nesting) throw maxQuotaError(`maximum nesting of tuples (${nesting}) is reached`);
    if (this.weight > nestedItems) {
      throw maxQuotaError(`maximum number of items (${nestedItems}) in nested tuples is reached`);
    }
  }

  get typeName(): string {
    return this.isTuple ? 'tuple' : 'list';
  }

  /** Changing it would change stored data. */
  get isStored(): boolean {
    return this.parent !== null && this.parent.id !== 0n;
  }
}

const isList = (value: Value): value is List => typeof value === 'object' && value?.kind === 'list';

/** How many values are looked at to walk over this one; things in it are not walked over. */
export function weightOf(value: Value): number {
  if (typeof value !== 'object' || value === null) return 1;
  if (value.kind === 'set') return 1 + value.things.size;
  if (value.kind !== 'list') return 1;
  if (value.isTuple) return value.weight;
  let weight = 1;
  for (const item of value.items) weight += isList(item) ? item.weight : 1;
  return weight;
}

/** Counts the work of walking over a value, before it is done: what counts references must not stop half-way. */
export function spendWalk(value: Value): void {
  if (typeof value === 'object' && value !== null) spendSteps(weightOf(value));
}
