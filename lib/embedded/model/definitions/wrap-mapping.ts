import { LengthCondition, PatternCondition, RangeCondition } from '../values/condition.js';
import { EnumType } from '../values/enum-type.js';
import type { Field } from '../values/field.js';
import type { List } from '../values/list.js';
import { type BaseName, Restriction } from '../values/restriction.js';
import { ThingType } from '../values/thing-type.js';
import type { Thing } from '../values/thing.js';
import { isTrue } from '../values/truth.js';
import { kindOf, type Value } from '../values/value.js';

type Base = Restriction['base'];

/** What else each base takes from a property of a type that is wrapped. */
const takes: Readonly<Partial<Record<BaseName, readonly BaseName[]>>> = {
  raw: ['str', 'utf8', 'bytes', 'email', 'url', 'tel'],
  str: ['utf8', 'email', 'url', 'tel'],
  int: ['uint', 'pint', 'nint'],
  uint: ['pint'],
  number: ['float', 'int', 'uint', 'pint', 'nint'],
};

/** Whether a wrap shows a property with this value, of a thing without a type. */
export function mapsToValue(field: Field, value: Value): boolean {
  const { flags, restriction } = field;
  if (flags.skipFalse && !isTrue(value)) return false;
  if (value === null) {
    if (flags.skipNil) return false;
    if (restriction.isNillable) return true;
  }
  const { base } = restriction;
  if (base instanceof EnumType) return restriction.mismatch(value) === null;
  const shown = isMember(value) && base !== 'enum' ? memberValue(field, value) : value;
  if (field.inner) return mapsToInner(field, shown);
  if (base instanceof ThingType) return kindOf(shown) === 'thing';
  switch (base) {
    case 'any':
      return true;
    case 'thing':
      return typeof shown === 'object' && shown?.kind === 'thing' && mapsRestricted(field, shown);
    case '[]':
      return mapsToList(field, shown);
    default:
      return restriction.allows(shown) && (field.condition?.allows(shown) ?? true);
  }
}

/** A set shows as a list where the items may be things. */
function mapsToList(field: Field, value: Value): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (value.kind === 'set') return takesThings(field.nested);
  return value.kind === 'list' && value.items.every((item) => mapsToNested(field, item));
}

function mapsToInner({ restriction }: Field, value: Value): boolean {
  if (restriction.base === 'thing') return kindOf(value) === 'thing';
  if (kindOf(value) === 'set') return true;
  return kindOf(value) === 'list' && (value as List).items.every((item) => kindOf(item) === 'thing');
}

function mapsRestricted(field: Field, thing: Thing): boolean {
  if (!field.nested) return true;
  if (thing.type) return false;
  if (thing.restriction?.equals(field.nested)) return true;
  return thing.values.every((value) => mapsToNested(field, value));
}

function mapsToNested(field: Field, item: Value): boolean {
  const { nested } = field;
  if (!nested || (nested.isNillable && item === null)) return true;
  if (nested.base instanceof EnumType) return nested.mismatch(item) === null;
  const shown = isMember(item) && nested.base !== 'enum' ? memberValue(field, item) : item;
  if (nested.base instanceof ThingType) return kindOf(shown) === 'thing';
  if (nested.base === '[]') return kindOf(shown) === 'list' || kindOf(shown) === 'set';
  return new Restriction(nested.base).allows(shown);
}

const takesThings = (nested: Restriction | null): boolean =>
  !nested || nested.base === 'any' || nested.base === 'thing' || nested.base instanceof ThingType;

const isMember = (value: Value): value is Extract<Value, { kind: 'member' }> =>
  typeof value === 'object' && value?.kind === 'member';

const memberValue = (field: Field, member: Extract<Value, { kind: 'member' }>): Value =>
  field.flags.enumName ? member.name : member.value;

/** Whether a wrap shows the property `from` of a type through its own property `to`, whatever the value. */
function mapsToField(to: Field, from: Field): boolean {
  const { restriction } = to;
  if (restriction.base === 'any') return true;
  if (from.restriction.isNillable && !restriction.isNillable) return false;
  const base = restriction.base;
  if (base instanceof EnumType) return base === from.restriction.base;
  if (base === 'enum' && from.restriction.base instanceof EnumType) return true;
  const isUtf8 = from.condition instanceof LengthCondition && from.condition.requiresUtf8;
  const source = isUtf8 ? 'utf8' : sourceBase(to, from.restriction.base);
  if (to.inner) return innerTakes(to, from, source);
  if (base instanceof ThingType) return isThingBase(source);
  switch (base) {
    case 'thing':
      return isThingBase(source);
    case '[]':
      return (source === '[]' || source === '{}') && nestedTakes(to, from);
    case '{}':
      return source === '{}';
    default:
      return baseTakes(to, from, base, source);
  }
}

/** An enumeration counts as what its members hold, or as the text of their names. */
function sourceBase(to: Field, base: Base): Base {
  if (!(base instanceof EnumType)) return base;
  return to.flags.enumName ? 'str' : base.valueBase;
}

const isThingBase = (base: Base): boolean => base === 'thing' || base instanceof ThingType;

function innerTakes(to: Field, from: Field, source: Base): boolean {
  if (to.restriction.base === 'thing') return isThingBase(source);
  if (source === '{}') return true;
  const { nested } = from;
  return source === '[]' && nested !== null && !nested.isNillable && isThingBase(nested.base);
}

function baseTakes(to: Field, from: Field, base: BaseName, source: Base): boolean {
  if (!conditionTakes(to, from)) return false;
  if (base === source) return true;
  if (base === 'uint' || base === 'pint' || base === 'nint') {
    if (source === 'int' && from.condition instanceof RangeCondition) return rangeIs(base, from.condition);
  }
  return typeof source === 'string' && (takes[base]?.includes(source) ?? false);
}

function rangeIs(base: 'uint' | 'pint' | 'nint', { least, most }: RangeCondition): boolean {
  if (base === 'nint') return most < 0;
  return base === 'uint' ? least >= 0 : least > 0;
}

function conditionTakes({ condition: to }: Field, { condition: from }: Field): boolean {
  if (!to) return true;
  if (to instanceof PatternCondition)
    return from instanceof PatternCondition && to.regex.text === from.regex.text;
  if (to instanceof RangeCondition) {
    return from instanceof RangeCondition && from.least >= to.least && from.most <= to.most;
  }
  if (!(to instanceof LengthCondition) || !(from instanceof LengthCondition)) return false;
  if (to.requiresUtf8 && !from.requiresUtf8) return false;
  return from.least >= to.least && from.most <= to.most;
}

/** The same for what is inside of lists and sets. */
function nestedTakes(to: Field, from: Field): boolean {
  const target = to.nested;
  if (!target || target.base === 'any') return true;
  const source = from.nested;
  if (source?.isNillable && !target.isNillable) return false;
  const isSet = from.restriction.base === '{}';
  const { base } = target;
  if (base instanceof EnumType) return base === source?.base;
  if (base === 'enum' && source?.base instanceof EnumType) return true;
  const given = source ? sourceBase(to, source.base) : 'any';
  if (base === given) return true;
  if (base === 'thing') return given instanceof ThingType || isSet;
  if (base instanceof ThingType) return isThingBase(given) || isSet;
  return typeof given === 'string' && (takes[base]?.includes(given) ?? false);
}

/** A property that a wrap shows, and where the wrapped thing has it. */
export interface ShownField {
  readonly field: Field;
  readonly at: number;
}

/** What is known of the pairs of a wrapping and a wrapped type, for one version of all types. */
const known = new WeakMap<
  ThingType,
  WeakMap<ThingType, { version: number; fields: readonly ShownField[] }>
>();

/** The properties that a wrap by the type `to` shows of things of the type `from`. */
export function shownFields(to: ThingType, from: ThingType): readonly ShownField[] {
  const { version } = to.heap.typeVersion;
  let ofWrap = known.get(to);
  if (!ofWrap) known.set(to, (ofWrap = new WeakMap()));
  const last = ofWrap.get(from);
  if (last?.version === version) return last.fields;
  const fields = to.fields.flatMap((field): ShownField[] => {
    const at = from.position(field.name);
    const other = from.fields[at];
    return other && mapsToField(field, other) ? [{ field, at }] : [];
  });
  ofWrap.set(from, { version, fields });
  return fields;
}
