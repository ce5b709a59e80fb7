import { LengthCondition, PatternCondition, RangeCondition } from '../values/condition.js';
import type { EnumType } from '../values/enum-type.js';
import type { Field } from '../values/field.js';
import type { BaseName, Restriction } from '../values/restriction.js';
import type { ThingType } from '../values/thing-type.js';

/** What else each definition takes, so that a change to it needs no migration. */
const wider: Readonly<Partial<Record<BaseName, readonly BaseName[]>>> = {
  raw: ['str', 'utf8', 'bytes', 'email', 'url', 'tel'],
  str: ['utf8', 'email', 'url', 'tel'],
  int: ['uint', 'pint', 'nint'],
  uint: ['pint'],
  number: ['float', 'int', 'uint', 'pint', 'nint'],
};

/** `null` when every value of the old definition fits the new one. */
export function isWidening(before: Field, after: Field): 'nillable' | 'incompatible' | null {
  const outer = check(before.restriction, after.restriction, before, after);
  if (outer) return outer;
  const { base } = after.restriction;
  if (base !== '[]' && base !== '{}' && base !== 'thing') return null;
  if (!after.nested) return null;
  const inner = after.nested.base;
  // What is inside cannot be compared any deeper, not even with itself.
  if (!before.nested || inner === '[]' || inner === '{}' || inner === 'thing') return 'incompatible';
  return check(before.nested, after.nested, before, after);
}

function check(
  before: Restriction,
  after: Restriction,
  oldField: Field,
  newField: Field,
): 'nillable' | 'incompatible' | null {
  if (after.base === 'any') return null;
  if (before.isNillable && !after.isNillable) return 'nillable';
  const isRange = oldField.condition instanceof RangeCondition && before.base === 'int';
  if (isRange ? !rangeTakes(oldField, after.base) : !fits(before.base, after.base)) return 'incompatible';
  return conditionFits(oldField, newField) ? null : 'incompatible';
}

type Base = BaseName | ThingType | EnumType;

function fits(before: Base, after: Base): boolean {
  if (before === after) return true;
  if (typeof after !== 'string') return false;
  if (typeof before !== 'string') {
    const isEnum = 'members' in before;
    return isEnum ? after === 'enum' : after === 'thing';
  }
  return wider[after]?.includes(before) ?? false;
}

/** `uint` and its like take a range of ints only where it lies inside. */
function rangeTakes({ condition }: Field, after: Base): boolean {
  if (after !== 'uint' && after !== 'pint' && after !== 'nint') return fits('int', after);
  if (!(condition instanceof RangeCondition)) return false;
  if (after === 'nint') return condition.most < 0;
  return after === 'uint' ? condition.least >= 0 : condition.least > 0;
}

/** A rule may be dropped or made looser, not added. */
function conditionFits({ condition: before }: Field, { condition: after }: Field): boolean {
  if (!after) return true;
  if (after instanceof PatternCondition || !before) return false;
  if (after instanceof RangeCondition) {
    return before instanceof RangeCondition && before.least >= after.least && before.most <= after.most;
  }
  if (after instanceof LengthCondition) {
    return before instanceof LengthCondition && before.least >= after.least && before.most <= after.most;
  }
  return false;
}
