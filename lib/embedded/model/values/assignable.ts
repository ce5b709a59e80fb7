import type { Field } from './field.js';
import { List, spendWalk } from './list.js';
import { ThingSet } from './thing-set.js';
import type { Thing } from './thing.js';
import type { Value } from './value.js';

/** The value as a property of `parent` holds it: lists and sets are copied, closures are kept, futures are not. */
export function assignable(value: Value, parent: Thing, field: Field | null): Value {
  if (typeof value !== 'object' || value === null) return value;
  switch (value.kind) {
    case 'list': {
      // Storing it counts the references in it: all of them, or none.
      spendWalk(value);
      const list = new List(value.items.slice());
      list.parent = parent;
      list.field = field;
      return list;
    }
    case 'set': {
      const set = new ThingSet(new Set(value.things));
      set.parent = parent;
      set.field = field;
      return set;
    }
    case 'closure':
      value.store();
      return value;
    case 'future':
      return null;
    default:
      return value;
  }
}

/** The value as an item of a list: lists and sets become tuples there. */
export function listItem(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value;
  switch (value.kind) {
    case 'list':
      return value.isTuple ? value : new List(value.items.slice(), true);
    case 'set':
      return new List([...value.things], true);
    case 'closure':
      value.store();
      return value;
    case 'future':
      return null;
    default:
      return value;
  }
}
