import {
  lookupError,
  notFound,
  operationError,
  printable,
  see,
  typeError,
  valueError,
} from '../../model/errors.js';
import { listItem } from '../../model/values/assignable.js';
import { List } from '../../model/values/list.js';
import type { ThingType } from '../../model/values/thing-type.js';
import { Thing } from '../../model/values/thing.js';
import { isTrue } from '../../model/values/truth.js';
import { typeName, type Value } from '../../model/values/value.js';
import type { Args } from '../../runtime/args.js';
import { type BuiltIn, effects } from '../../runtime/built-in.js';
import { readDeep } from '../../runtime/compiler/compiler.js';
import { isEqual } from '../../runtime/operations/equality.js';
import {
  noProperty,
  replaceAt,
  requireKey,
  requireNotInUse,
  requireRestriction,
  setProperty,
} from '../../runtime/operations/properties.js';
import { whileLocked } from '../../runtime/operations/updates.js';
import type { Query } from '../../runtime/query.js';
import { onThing } from './on-thing.js';

const get = onThing('get', effects.mayReturnStored, null, (query, args, self, page) => {
  args.between(1, 2, page);
  const key = args.string(query, 0, page);
  const found = self.find(key);
  if (found !== undefined) return found;
  return args.count === 2 ? args.value(query, 1) : null;
});

/** `thing.set(key, value)` */
export const setOnThing = (query: Query, args: Args, self: Thing): Value => {
  const page = 'data-types/thing/set';
  args.exactly(2, page);
  query.requireChange('thing', self.id !== 0n);
  return whileLocked(self, () => {
    const key = args.string(query, 0, page);
    return setProperty(query, self, key, args.value(query, 1));
  });
};

const keys = onThing('keys', effects.none, 0, (_query, _args, self) => new List([...self.ordered().keys]));

const values = onThing('values', effects.none, 0, (_query, _args, self) => {
  const items = self.ordered().values.map((value) => listItem(value));
  return new List(items);
});

/** `thing.del(key)`: gives the value. Things with a type keep their properties. */
export const deleteFromThing = (query: Query, args: Args, self: Thing): Value => {
  const page = 'data-types/thing/del';
  if (self.type) throw lookupError(`type \`${self.type.name}\` has no property or method \`del\``);
  args.exactly(1, page);
  query.requireChange('thing', self.id !== 0n);
  return whileLocked(self, () => {
    const key = args.string(query, 0, page);
    const at = self.position(key);
    if (at < 0) throw noProperty(self, key);
    requireNotInUse(self, key, self.values[at] as Value);
    return removeAt(self, at);
  });
};

function removeAt(thing: Thing, at: number): Value {
  if (thing.heap) return thing.heap.removeAt(thing, at);
  const value = thing.values[at] as Value;
  thing.removeAt(at);
  return value;
}

const ren = onThing('ren', effects.mutation, null, (query, args, self, page) => {
  if (self.type) throw lookupError(`type \`${self.type.name}\` has no property or method \`ren\``);
  args.exactly(2, page);
  query.requireChange('thing', self.id !== 0n);
  return whileLocked(self, () => {
    const from = args.string(query, 0, page);
    const to = args.string(query, 1, page);
    requireKey(to);
    if (self.position(to) >= 0) throw lookupError(`property \`${to}\` already exists`);
    const at = self.position(from);
    if (at < 0) throw noProperty(self, from);
    const value = self.values[at] as Value;
    // The reference moves from the old name to the new one: it is not counted in between.
    self.removeAt(at);
    self.add(to, value);
    return null;
  });
});

const assign = onThing('assign', effects.mutation, 1, (query, args, self, page) => {
  query.requireChange('thing', self.id !== 0n);
  return whileLocked(self, () => {
    const from = args.thing(query, 0, page);
    const { type } = self;
    const source = { keys: [...from.ordered().keys], values: [...from.ordered().values] };
    if (!type) {
      for (const value of source.values) requireRestriction(self, value);
      if (from.isDict) self.isDict = true;
      source.keys.forEach((key, at) => setProperty(query, self, key, source.values[at] as Value));
      return self;
    }
    if (from.type && from.type !== type) {
      throw typeError(
        `cannot assign properties to instance of type \`${type.name}\` from type \`${from.type.name}\`${see(page)}`,
      );
    }
    const assigned = source.keys.map((key, at) => {
      const field = type.field(key);
      if (!field) throw lookupError(`type \`${type.name}\` has no property \`${printable(key)}\``);
      if (field.relation && !from.type) {
        throw typeError(
          `function \`assign\` is not able to set \`${key}\` because a relation for this property is configured` +
            see(page),
        );
      }
      return field.assign(source.values[at] as Value, self);
    });
    source.keys.forEach((key, at) => replaceAt(self, type.position(key), assigned[at] as Value));
    return self;
  });
});

const equals = onThing('equals', effects.none, null, (query, args, self, page) => {
  args.between(1, 2, page);
  const other = args.value(query, 0);
  const deep = args.count === 2 ? readDeep(args.value(query, 1)) : 1;
  return thingEquals(query, self, other, deep);
});

function thingEquals(query: Query, thing: Thing, other: Value, deep: number): boolean {
  // Things may share things: what is the same is looked at again and again.
  query.step();
  if (typeof other !== 'object' || other?.kind !== 'thing') return false;
  if (thing === other || deep === 0) return true;
  if (thing.size !== other.size) return false;
  const { keys: names, values: mine } = thing.ordered();
  return names.every((name, at) => {
    const theirs = other.get(name);
    if (theirs === undefined) return false;
    const value = mine[at] as Value;
    return typeof value === 'object' && value?.kind === 'thing'
      ? thingEquals(query, value, theirs, deep - 1)
      : isEqual(value, theirs);
  });
}

const toType = onThing('to_type', effects.mutation, null, (query, args, self, page) => {
  if (self.type) throw lookupError(`type \`${self.type.name}\` has no property or method \`to_type\``);
  args.exactly(1, page);
  query.requireChange('thing', self.id !== 0n);
  return whileLocked(self, () => {
    const name = args.string(query, 0, page);
    if (self.restriction) {
      throw valueError('conversion failed; the thing you try to convert has a value restriction');
    }
    const type = query.collection?.types.get(name);
    if (!type) throw notFound('type', name);
    type.requireInstances();
    type.requireUnlocked();
    const converted = convertedValues(self, type);
    const before = self.values;
    const after = type.fields.map((field, at) => converted[at] ?? field.own(field.defaultValue(), self));
    self.assume(type, [], after);
    if (self.id) {
      for (const value of after) self.heap?.attach(value);
      for (const value of before) self.heap?.detach(value);
    }
    return null;
  });
});

/** The values of a thing as a type has them, in the order of its properties. Those it does not have are missing. */
function convertedValues(thing: Thing, type: ThingType): (Value | undefined)[] {
  const converted = new Array<Value | undefined>(type.fields.length).fill(undefined);
  const { keys, values } = thing.ordered();
  keys.forEach((key, from) => {
    const at = type.position(key);
    const field = type.fields[at];
    const value = values[from] ?? null;
    if (!field || thing.hasTextKeys) {
      throw typeError(
        `conversion failed; type \`${type.name}\` has no property \`${key}\` but the thing you are trying to convert has`,
      );
    }
    if (field.relation) {
      throw typeError(
        `conversion failed; property \`${field.name}\` on type \`${type.name}\` has a relation and can therefore not ` +
          'be used as a type to convert to',
      );
    }
    if (typeof value === 'object' && (value?.kind === 'list' || value?.kind === 'set') && value.isInUse) {
      throw operationError(`conversion failed; property \`${field.name}\` is in use`);
    }
    converted[at] = field.assign(value, thing);
  });
  return converted;
}

const toThing = onThing('to_thing', effects.mutation, null, (query, args, self) => {
  const { type } = self;
  if (!type) throw lookupError(`thing \`#${self.id}\` has no property or method \`to_thing\``);
  args.exactly(0, 'data-types/typed/to_thing');
  type.requireUnlocked();
  query.requireChange('thing', self.id !== 0n);
  return whileLocked(self, () => {
    if (type.heap.isUsedByTypes(type)) {
      throw operationError(
        `conversion \`to_thing\` has failed; type \`${type.name}\` is used as restriction and therefore ThingsDB is ` +
          'not able to guarantee the typed thing can be converted',
      );
    }
    for (const value of self.values) {
      if (typeof value === 'object' && (value?.kind === 'list' || value?.kind === 'set')) value.field = null;
    }
    self.assume(null, [...type.names], self.values);
    return null;
  });
});

/** `thing.clear()` */
export const clearThing = (query: Query, args: Args, self: Thing): Value => {
  if (self.type) throw lookupError(`type \`${self.type.name}\` has no property or method \`clear\``);
  args.exactly(0, 'data-types/thing/clear');
  query.requireChange('thing', self.id !== 0n);
  return whileLocked(self, () => {
    self.keys.forEach((key, at) => requireNotInUse(self, key, self.values[at] as Value));
    if (self.heap) self.heap.clear(self);
    else self.clear();
    return null;
  });
};

/** `thing.remove(closure, limit?)`: gives the values. */
export const removeFromThing = (query: Query, args: Args, self: Thing): Value => {
  const page = 'data-types/thing/remove';
  if (self.type) throw lookupError(`type \`${self.type.name}\` has no property or method \`remove\``);
  args.between(1, 2, page);
  query.requireChange('thing', self.id !== 0n);
  return whileLocked(self, () => {
    const closure = args.closure(query, 0, page);
    const limit = args.count === 2 ? Number(args.int(query, 1, page)) : Infinity;
    const { keys: names, values: items } = self.ordered();
    const count = names.length;
    const found: string[] = [];
    query.requireChangeFor(closure);
    query.step(count);
    for (let step = 0; step < count && found.length < Math.abs(limit); step += 1) {
      const at = limit < 0 ? count - 1 - step : step;
      if (!isTrue(query.call2(closure, names[at] as string, items[at] as Value))) continue;
      requireNotInUse(self, names[at] as string, items[at] as Value);
      found.push(names[at] as string);
    }
    return new List(found.map((name) => listItem(removeAt(self, self.position(name)))));
  });
};

const thing: BuiltIn = {
  name: 'thing',
  effects: effects.none,
  root: (query, args) => {
    args.atMost(1, 'collection-api/thing');
    if (args.count === 0) return new Thing(query.collection);
    const value = args.value(query, 0);
    if (typeof value === 'bigint') return query.thingById(value);
    if (typeof value === 'object') {
      if (value?.kind === 'thing') return value;
      if (value?.kind === 'wrap' || value?.kind === 'wano') return value.thing;
    }
    throw typeError(`cannot convert type \`${typeName(value)}\` to \`thing\``);
  },
};

export const thingFunctions: readonly BuiltIn[] = [
  get,
  keys,
  values,
  ren,
  assign,
  equals,
  toType,
  toThing,
  thing,
];
