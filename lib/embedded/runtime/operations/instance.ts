import { lookupError, see, typeError } from '../../model/errors.js';
import { assignable } from '../../model/values/assignable.js';
import type { Field } from '../../model/values/field.js';
import type { ThingType } from '../../model/values/thing-type.js';
import { Thing } from '../../model/values/thing.js';
import type { Value } from '../../model/values/value.js';
import type { Evaluate } from '../evaluate.js';
import type { Query } from '../query.js';

/** `name: value` in a literal. */
export interface InstanceField {
  readonly name: string;
  /** Written `name:`, which takes the variable of that name. */
  readonly isShort: boolean;
  readonly value: Evaluate;
}

/** `Name{...}`: properties that the type does not have are passed over, the rest gets defaults. */
export function createInstance(query: Query, name: string, fields: readonly InstanceField[]): Thing {
  const { collection } = query;
  if (!collection) {
    throw lookupError(
      `no types exists in the \`@${query.scope.kind}\` scope; you might want to query a \`@collection\` scope?`,
    );
  }
  const type = collection.types.get(name);
  if (!type) throw lookupError(`type \`${name}\` is undefined`);
  type.requireInstances();
  const thing = new Thing(collection);
  thing.assume(type, [], []);
  const values: (Value | undefined)[] = new Array<Value | undefined>(type.fields.length);
  type.using(() => {
    for (const { name: property, isShort, value } of fields) {
      const at = type.position(property);
      // A short one is looked up even when the type does not have it.
      if (at < 0 && !isShort) continue;
      const given = value(query);
      if (at >= 0) values[at] = (type.fields[at] as Field).assign(given, thing);
    }
    fillDefaults(type, thing, values);
  });
  return thing;
}

function fillDefaults(type: ThingType, thing: Thing, values: readonly (Value | undefined)[]): void {
  thing.values = type.fields.map((field, at) => {
    const given = values[at];
    return given === undefined ? field.own(field.defaultValue(), thing) : given;
  });
}

/** A thing of the type with the properties of another one, as `Name(thing)` and `new` make it. */
export function instanceFrom(type: ThingType, from: Thing): Thing {
  if (from.type && from.type !== type) {
    throw typeError(
      `cannot create an instance of type \`${type.name}\` from type \`${from.type.name}\`${see('collection-api/new')}`,
    );
  }
  const thing = new Thing(type.heap);
  thing.assume(type, [], []);
  const values = type.fields.map((field) => {
    const given = from.get(field.name);
    if (given === undefined) return undefined;
    return from.type ? assignable(given, thing, field) : field.assign(given, thing);
  });
  fillDefaults(type, thing, values);
  return thing;
}
