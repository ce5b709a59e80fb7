import { lookupError, operationError, printable, see, typeError, valueError } from '../../model/errors.js';
import { isUtf8, isValidName } from '../../model/text.js';
import { assignable } from '../../model/values/assignable.js';
import type { Field } from '../../model/values/field.js';
import type { ThingType } from '../../model/values/thing-type.js';
import type { Thing } from '../../model/values/thing.js';
import { typeName, type Value } from '../../model/values/value.js';
import type { Query } from '../query.js';

/** Sets a property, of a thing with or without a type. Gives the value as it is stored. */
export function setProperty(query: Query, thing: Thing, key: string, value: Value): Value {
  if (thing.type) return setTyped(query, thing, key, value);
  requireRestriction(thing, value);
  requireKey(key);
  const at = thing.position(key);
  const owned = assignable(value, thing, null);
  if (at < 0) {
    if (thing.heap) thing.heap.add(thing, key, owned);
    else thing.add(key, owned);
    return owned;
  }
  requireNotInUse(thing, key, thing.values[at] as Value);
  replaceAt(thing, at, owned);
  return owned;
}

function setTyped(_query: Query, thing: Thing, key: string, value: Value): Value {
  const type = thing.type as ThingType;
  const at = type.position(key);
  if (at < 0) {
    if (isValidName(key)) throw lookupError(`type \`${type.name}\` has no property \`${key}\``);
    throw valueError(`property name must follow the naming rules${see('overview/names')}`);
  }
  requireNotInUse(thing, key, thing.values[at] as Value);
  const owned = (type.fields[at] as Field).assign(value, thing);
  replaceAt(thing, at, owned);
  return owned;
}

export function replaceAt(thing: Thing, at: number, value: Value): void {
  if (thing.heap) thing.heap.setAt(thing, at, value);
  else thing.values[at] = value;
}

/** Throws -61 when a restricted thing may not have this value. */
export function requireRestriction(thing: Thing, value: Value): void {
  if (thing.restriction && !thing.restriction.allows(value)) throw typeError('restriction mismatch');
}

/** Throws -60 for a key that no thing may have. */
export function requireKey(key: string): void {
  if (isValidName(key)) return;
  if (!isUtf8(key)) throw valueError('properties must have valid UTF-8 encoding');
  if (key.length === 1 && reservedKeys.has(key)) {
    throw valueError(`property \`${key}\` is reserved${see('overview/properties')}`);
  }
}

/** Keys that ThingsDB needs for its own way of writing values. */
const reservedKeys: ReadonlySet<string> = new Set([...'.,$!&%\'" #/*']);

/** Throws -63 while the list or set in a property is being walked over. */
export function requireNotInUse(thing: Thing, key: string, value: Value): void {
  if (typeof value !== 'object' || value === null) return;
  if ((value.kind === 'list' || value.kind === 'set') && value.isInUse) {
    throw operationError(
      `cannot change or remove property \`${isValidName(key) ? key : printable(key)}\` on \`#${thing.id}\` while the \`${typeName(value)}\` is in use`,
    );
  }
}

/** The error for a key that a thing does not have. */
export function noProperty(thing: Thing, key: string): Error {
  if (thing.type) {
    if (isValidName(key))
      return lookupError(`type \`${thing.type.name}\` has no property or method \`${key}\``);
    return valueError(`type keys must follow the naming rules${see('overview/names')}`);
  }
  if (!isUtf8(key)) return valueError('properties must have valid UTF-8 encoding');
  return lookupError(`thing \`#${thing.id}\` has no property \`${printable(key)}\``);
}
