import type { Wire } from '../engine.js';
import type { Field } from '../store/field.js';
import { ThingType } from '../store/thing-type.js';
import { setOwn, type WireWriter } from './to-wire.js';
import { isTrue } from './truth.js';
import type { Thing } from './values/thing.js';
import type { Value } from './values/value.js';

/** A thing as a type shows it: the properties of the type that the thing has and that fit. */
export function wrapToWire(
  writer: WireWriter,
  type: ThingType,
  thing: Thing,
  deep: number,
  withoutIds: boolean,
): Wire {
  const result: Record<string, Wire> = {};
  if (thing.id && !withoutIds && !type.hidesId && !type.isDeleted) {
    setOwn(result, type.idName ?? '#', BigInt(thing.id));
  }
  for (const field of type.fields) {
    const value = thing.get(field.name);
    if (value === undefined || !shows(field, value)) continue;
    const inner = innerDepth(field, deep);
    const hidden = withoutIds || field.flags.withoutIds;
    setOwn(result, field.name, writeField(writer, field, value, inner, hidden));
  }
  return result;
}

function innerDepth(field: Field, deep: number): number {
  if (field.flags.maxDepth) return 127;
  if (field.flags.minDepth) return 0;
  return field.flags.sameDepth ? deep : deep - 1;
}

function shows(field: Field, value: Value): boolean {
  if (field.flags.skipNil && value === null) return false;
  if (field.flags.skipFalse && !isTrue(value)) return false;
  const { base } = field.restriction;
  if (base === '[]') return isList(value) || isSet(value);
  if (base instanceof ThingType) return isThing(value) || (value === null && field.restriction.isNillable);
  return field.restriction.allows(value);
}

const isList = (value: Value): boolean => typeof value === 'object' && value?.kind === 'list';
const isSet = (value: Value): boolean => typeof value === 'object' && value?.kind === 'set';
const isThing = (value: Value): boolean => typeof value === 'object' && value?.kind === 'thing';

function writeField(writer: WireWriter, field: Field, value: Value, deep: number, withoutIds: boolean): Wire {
  const type = wrappingType(field);
  if (field.flags.enumName && typeof value === 'object' && value?.kind === 'member')
    return writer.text(value.name);
  if (!type || typeof value !== 'object' || value === null) return writer.value(value, deep, withoutIds);
  if (value.kind === 'thing') return wrapped(writer, type, value, deep, withoutIds);
  const items: readonly Value[] =
    value.kind === 'list' ? value.items : value.kind === 'set' ? [...value.things] : [];
  return items.map((item) =>
    typeof item === 'object' && item?.kind === 'thing'
      ? wrapped(writer, type, item, deep, withoutIds)
      : writer.value(item, deep, withoutIds),
  );
}

function wrapped(writer: WireWriter, type: ThingType, thing: Thing, deep: number, withoutIds: boolean): Wire {
  if (deep <= 0) return writer.reference(thing, withoutIds);
  return wrapToWire(writer, type, thing, deep, withoutIds);
}

function wrappingType(field: Field): ThingType | null {
  const base = field.nested?.base ?? field.restriction.base;
  return base instanceof ThingType ? base : null;
}
