import { mapsToValue, shownFields } from '../../model/definitions/wrap-mapping.js';
import { badDataError } from '../../model/errors.js';
import type { Closure } from '../../model/values/closure.js';
import type { Field } from '../../model/values/field.js';
import type { Restriction } from '../../model/values/restriction.js';
import { ThingType } from '../../model/values/thing-type.js';
import type { Thing } from '../../model/values/thing.js';
import { isTrue } from '../../model/values/truth.js';
import type { Value } from '../../model/values/value.js';
import type { Wire } from '../../msgpack/wire.js';
import { setOwn } from './set-own.js';
import type { WireWriter } from './to-wire.js';

/** A definition by a thing gives the things in it one level of depth, whatever was asked for. */
const INNER_DEEP = 1;
const MAX_DEEP = 127;

/** A thing as a type shows it. It shows properties that the type has and takes, and what the type's methods compute. */
export function wrapToWire(
  writer: WireWriter,
  type: ThingType,
  thing: Thing,
  deep: number,
  withoutIds: boolean,
): Wire {
  const result: Record<string, Wire> = {};
  if (thing.id && !withoutIds && !type.hidesId) setOwn(result, type.idName ?? '#', writer.id(thing));
  for (const { field, value } of shownValues(type, thing)) {
    const shown = fieldToWire(
      writer,
      field,
      value,
      depthOf(field, deep),
      withoutIds || field.flags.withoutIds,
    );
    setOwn(result, field.name, shown);
  }
  for (const [name, method] of type.methods) {
    setOwn(result, name, methodToWire(writer, method, thing, withoutIds));
  }
  return result;
}

function shownValues(type: ThingType, thing: Thing): { field: Field; value: Value }[] {
  const shown: { field: Field; value: Value }[] = [];
  if (thing.type) {
    for (const { field, at } of shownFields(type, thing.type)) {
      const value = thing.values[at] ?? null;
      if (field.flags.skipFalse && !isTrue(value)) continue;
      if (!(field.flags.skipNil && value === null)) shown.push({ field, value });
    }
    return shown;
  }
  for (const field of type.fields) {
    const value = thing.get(field.name);
    if (value !== undefined && mapsToValue(field, value)) shown.push({ field, value });
  }
  return shown;
}

function depthOf({ flags, inner }: Field, deep: number): number {
  if (inner) return INNER_DEEP;
  const base = flags.maxDepth ? MAX_DEEP - 1 : flags.minDepth ? 0 : deep - 1;
  return base + (flags.sameDepth ? 1 : 0);
}

function fieldToWire(
  writer: WireWriter,
  field: Field,
  value: Value,
  deep: number,
  withoutIds: boolean,
): Wire {
  return shownValue(writer, { field, restriction: field.restriction }, value, deep, withoutIds);
}

/** The property that a value is in, and its definition: that of the property, or that of its items. */
interface Place {
  readonly field: Field;
  readonly restriction: Restriction | null;
}

function shownValue(writer: WireWriter, place: Place, value: Value, deep: number, withoutIds: boolean): Wire {
  if (typeof value !== 'object' || value === null) return writer.value(value, deep, withoutIds);
  const { field } = place;
  const inside = { field, restriction: field.nested };
  switch (value.kind) {
    case 'thing':
      return shownThing(writer, place, value, deep, withoutIds);
    case 'wrap':
      return shownThing(writer, place, value.thing, deep, withoutIds);
    case 'wano':
      return writer.wrapped(value.ano.type, value.thing, deep, withoutIds);
    case 'list':
      return value.items.map((item) => shownValue(writer, inside, item, deep, withoutIds));
    case 'set':
      return [...value.things].map((thing) => shownThing(writer, inside, thing, deep, withoutIds));
    case 'member':
      if (field.flags.enumName) return writer.text(value.name);
      return shownValue(writer, place, value.value, deep, withoutIds);
    case 'future':
      return shownValue(writer, place, value.result, deep, withoutIds);
    default:
      return writer.value(value, deep, withoutIds);
  }
}

function shownThing(writer: WireWriter, place: Place, thing: Thing, deep: number, withoutIds: boolean): Wire {
  const { inner } = place.field;
  if (inner) return writer.wrapped(inner, thing, deep, withoutIds);
  const type = place.restriction?.base;
  if (!(type instanceof ThingType)) return writer.thing(thing, deep, withoutIds, null);
  return writer.wrapped(type, thing, deep, withoutIds);
}

/** A method is called with the thing. What goes wrong is shown in place of what it would have given. */
function methodToWire(writer: WireWriter, method: Closure, thing: Thing, withoutIds: boolean): Wire {
  const { query } = writer;
  if (!query) return failed('methods can not be computed in the current context');
  if (method.hasSideEffects) return failed('method has side effects');
  return query.computing(method, thing, withoutIds, (computed) =>
    computed.hasFutures
      ? failed('method contains futures')
      : writer.value(computed.value, computed.deep, computed.withoutIds),
  );
}

/** As an error shows: by its message. */
const failed = (why: string): Wire => badDataError(`failed to compute property; ${why}`).message;
