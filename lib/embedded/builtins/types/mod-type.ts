import { isWidening } from '../../model/definitions/compatibility.js';
import {
  lookupError,
  notFound,
  numArgumentsError,
  operationError,
  see,
  typeError,
  valueError,
} from '../../model/errors.js';
import { isValidName } from '../../model/text.js';
import { assignable } from '../../model/values/assignable.js';
import type { Closure } from '../../model/values/closure.js';
import type { Field } from '../../model/values/field.js';
import { ThingType } from '../../model/values/thing-type.js';
import { Thing } from '../../model/values/thing.js';
import { typeName, type Value } from '../../model/values/value.js';
import type { Args } from '../../runtime/args.js';
import { type BuiltIn, effects } from '../../runtime/built-in.js';
import { replaceAt } from '../../runtime/operations/properties.js';
import type { Query } from '../../runtime/query.js';
import { defineField, isNested, nestedField, setIdName } from '../../runtime/types/type-members.js';
import { Failures, Migration } from './migration.js';
import { requireNoThingInUse, requireNotRequired, thingsOf } from './type-helpers.js';
import { rel } from './type-relations.js';

const PAGE = 'collection-api/mod_type';

export interface Change {
  readonly query: Query;
  readonly type: ThingType;
  readonly name: string;
  readonly args: Args;
}

const actions: Readonly<Record<string, (change: Change) => void>> = {
  add,
  del,
  mod,
  ren,
  all,
  rel,
  wpo: (change) => setFlag(change, 'wpo'),
  hid: (change) => setFlag(change, 'hid'),
  idx: (change) => setFlag(change, 'idx'),
};

export const modType: BuiltIn = {
  name: 'mod_type',
  effects: effects.collection,
  root: (query, args) => {
    const collection = query.requireCollection('mod_type');
    args.atLeast(3, PAGE);
    const typeNameText = args.string(query, 0, PAGE);
    const type = collection.types.get(typeNameText);
    if (!type) throw notFound('type', typeNameText);
    requireNoThingInUse(query, type);
    type.requireUnused();
    const action = args.validName(query, 1, PAGE);
    const run = Object.hasOwn(actions, action) ? (actions[action] as (change: Change) => void) : null;
    if (!run) {
      throw valueError(
        'function `mod_type` expects argument 2 to be `all`, `add`, `del`, `hid`, `mod`, `rel`, `ren` or `wpo` ' +
          `but got \`${action}\` instead${see(PAGE)}`,
      );
    }
    const isFlag = ['all', 'wpo', 'hid', 'idx'].includes(action);
    const name = isFlag ? '' : args.validName(query, 2, PAGE);
    type.using(() => run({ query, type, name, args: args.named(`mod_type\` with task \`${action}`) }));
    type.modifiedAt = query.database.nowSeconds;
    return null;
  },
};

function wrongFourth(args: Args, value: Value, where: string): Error {
  return typeError(
    `function \`${args.name}\` expects argument 4 to be of type \`str\` or type \`closure\` ` +
      `but got type \`${typeName(value)}\` instead${see(where)}`,
  );
}

function add({ query, type, name, args }: Change): void {
  const where = `${PAGE}/add`;
  args.between(4, 5, where);
  if (type.has(name)) {
    throw lookupError(`property or method \`${name}\` already exists on type \`${type.name}\``);
  }
  const definition = args.value(query, 3);
  if (isClosure(definition)) {
    if (args.count === 5) {
      throw numArgumentsError(
        `function \`${args.name}\` takes at most 4 arguments when used to add a new method${see(where)}`,
      );
    }
    definition.store();
    type.methods.set(name, definition);
    return;
  }
  const nested = isNested(definition) ? nestedField(query.database, type, name, definition) : null;
  if (!nested && typeof definition !== 'string') throw wrongFourth(args, definition, where);
  if (definition === '#') {
    if (args.count === 5) {
      throw numArgumentsError(
        `function \`${args.name}\` takes at most 4 arguments when adding an Id ('#') definition${see(where)}`,
      );
    }
    setIdName(type, name);
    return;
  }
  if (args.count === 5 && type.isWrapOnly) throw wrapOnlyArguments(args, where);
  const given = args.count === 5 ? args.value(query, 4) : undefined;
  const field = nested ?? defineField(query.database, type, name, definition as string);
  addField({ query, type, name, args }, field, given);
}

function wrapOnlyArguments(args: Args, where: string): Error {
  return numArgumentsError(
    `function \`${args.name}\` takes at most 4 arguments when used on a type with wrap-only mode enabled${see(where)}`,
  );
}

function addField({ query, type }: Change, field: Field, given: Value | undefined): void {
  const callback = isClosure(given) ? given : null;
  if (callback) query.requireChangeFor(callback);
  const initial = type.isWrapOnly ? null : initialValue(field, callback ? undefined : given);
  const things = thingsOf(query, type);
  type.add(field);
  for (const thing of things) {
    const value = field.own(assignable(initial, thing, field), thing);
    thing.values.push(value);
    if (thing.id) type.heap.attach(value);
  }
  if (callback) fillByCallback(query, field, callback);
}

/** The one value that all things of the type get; things in it are shared. */
function initialValue(field: Field, given: Value | undefined): Value {
  if (given === undefined) return field.defaultValue();
  return field.assign(given, new Thing(field.type.heap));
}

/** Asks the callback for the value of each thing. Errors are told when all have been asked. */
function fillByCallback(query: Query, field: Field, callback: Closure): void {
  const { type } = field;
  const at = type.position(field.name);
  const failures = new Failures();
  for (const thing of thingsOf(query, type)) {
    failures.try(
      () => {
        const value = query.call1(callback, thing);
        if (value !== null && value !== thing.values[at]) replaceAt(thing, at, field.assign(value, thing));
      },
      (why) =>
        `field \`${field.name}\` is added to type \`${type.name}\` but at least one error has occurred using the ` +
        `given callback; ${why}`,
    );
  }
  failures.throwFirst();
}

function del({ query, type, name, args }: Change): void {
  args.exactly(3, `${PAGE}/del`);
  if (type.idName === name) {
    type.idName = null;
    return;
  }
  const at = type.position(name);
  if (at < 0) {
    if (!type.methods.delete(name)) throw noSuch(type, name);
    return;
  }
  if ((type.fields[at] as Field).relation) throw hasRelation('delete', type, name);
  for (const thing of thingsOf(query, type)) {
    const [value = null] = swapRemove(thing.values, at);
    if (thing.id) type.heap.detach(value);
  }
  swapRemove(type.fields, at);
  type.reindex();
}

/** The last one takes the place of the one that is removed, as in ThingsDB. */
function swapRemove<T>(items: T[], at: number): T[] {
  const last = items.pop() as T;
  return at === items.length ? [last] : items.splice(at, 1, last);
}

function noSuch(type: ThingType, name: string): Error {
  return lookupError(`type \`${type.name}\` has no property or method \`${name}\``);
}

function hasRelation(what: string, type: ThingType, name: string): Error {
  return typeError(
    `cannot ${what} a property with a relation; you might want to remove the relation by using: ` +
      `\`mod_type("${type.name}", "rel", "${name}", nil);\``,
  );
}

function mod(change: Change): void {
  const { query, type, name, args } = change;
  const where = `${PAGE}/mod`;
  args.between(4, 5, where);
  if (type.idName === name) throw typeError("cannot modify an Id ('#') definition");
  const at = type.position(name);
  const method = type.methods.get(name);
  if (at < 0 && !method) throw noSuch(type, name);
  if (type.fields[at]?.relation) throw hasRelation('modify', type, name);
  const definition = args.value(query, 3);
  if (isClosure(definition)) {
    if (args.count === 5) {
      throw numArgumentsError(
        `function \`${args.name}\` takes at most 4 arguments when used to modify a method${see(where)}`,
      );
    }
    if (!method) throw typeError(`cannot convert a property into a method${see(where)}`);
    definition.store();
    type.methods.set(name, definition);
    return;
  }
  const nested = isNested(definition) ? nestedField(query.database, type, name, definition) : null;
  if (!nested && typeof definition !== 'string') throw wrongFourth(args, definition, where);
  if (at < 0) throw typeError(`cannot convert a method into a property${see(where)}`);
  if (definition === '#') throw typeError("cannot convert a property into an Id ('#') definition");
  if (args.count === 5 && type.isWrapOnly) throw wrapOnlyArguments(args, where);
  const closure = args.count === 5 ? args.closure(query, 4, where) : null;
  const after = nested ?? defineField(query.database, type, name, definition as string);
  if (closure) migrate(change, at, after, closure);
  else {
    if (!type.isWrapOnly) requireWidening(type.fields[at] as Field, after, where);
    putField(type, at, after);
    for (const thing of thingsOf(query, type)) after.own(thing.values[at] as Value, thing);
  }
}

function requireWidening(before: Field, after: Field, where: string): void {
  const problem = isWidening(before, after);
  if (!problem) return;
  const start =
    `cannot apply type declaration \`${after.definition}\` to \`${after.name}\` on type \`${after.type.name}\` ` +
    'without a closure to migrate existing instances; the old declaration';
  throw operationError(
    problem === 'nillable'
      ? `${start} was nillable while the new declaration is not${see(where)}`
      : `${start} \`${before.definition}\` is not compatible with the new declaration${see(where)}`,
  );
}

/** Calls the closure for each thing; what it gives is the new value. Errors are told when all have been asked. */
function migrate(change: Change, at: number, after: Field, closure: Closure): void {
  const { query, type } = change;
  query.requireChangeFor(closure);
  const things = thingsOf(query, type);
  // What the closures do meanwhile meets a property that takes anything.
  putField(type, at, defineField(query.database, type, after.name, 'any'));
  const migration = new Migration(after, at);
  try {
    for (const thing of things) {
      migration.byCallback(thing, () => query.call1(closure, thing));
      thing.isInUse = true;
    }
  } finally {
    for (const thing of things) thing.isInUse = false;
  }
  const known = new Set(things);
  for (const thing of thingsOf(query, type)) if (!known.has(thing)) migration.ofNewThing(thing);
  putField(type, at, after);
  for (const thing of thingsOf(query, type)) after.own(thing.values[at] ?? null, thing);
  migration.failures.throwFirst();
}

function putField(type: ThingType, at: number, field: Field): void {
  type.fields[at] = field;
  type.reindex();
}

function ren({ query, type, name, args }: Change): void {
  const where = `${PAGE}/ren`;
  args.exactly(4, where);
  const field = type.field(name);
  const method = type.methods.get(name);
  if (!field && !method && type.idName !== name) throw noSuch(type, name);
  const to = args.string(query, 3, where);
  if (to === name) return;
  if (!isValidName(to)) {
    const what = field ? 'property' : 'method';
    throw valueError(`${what} name must follow the naming rules${see('overview/names')}`);
  }
  if (type.has(to)) {
    throw valueError(
      `property or method \`${to}\` already exists on type \`${type.name}\`${see('data-types/typed')}`,
    );
  }
  if (field) {
    field.name = to;
    type.reindex();
  } else if (method) {
    type.methods.delete(name);
    type.methods.set(to, method);
  } else {
    type.idName = to;
  }
}

function all({ query, type, args }: Change): void {
  args.exactly(3, `${PAGE}/all`);
  const closure = args.closure(query, 2, `${PAGE}/all`);
  query.requireChangeFor(closure);
  for (const thing of thingsOf(query, type)) query.call1(closure, thing);
}

function setFlag({ query, type, args }: Change, action: 'wpo' | 'hid' | 'idx'): void {
  const where = `${PAGE}/${action}`;
  args.exactly(3, where);
  const value = args.kind(query, 2, 'bool', where);
  if (action === 'hid') type.hidesId = value;
  if (action === 'idx') type.isIndexed = value;
  if (action !== 'wpo' || value === type.isWrapOnly) return;
  if (value) requireWrapOnly(query, type, where);
  else requireInstancesAllowed(type);
  type.isWrapOnly = value;
}

function requireWrapOnly(query: Query, type: ThingType, where: string): void {
  const count = thingsOf(query, type).length;
  if (count) {
    const one = count === 1;
    throw operationError(
      'a type can only be changed to `wrap-only` mode without having active instances; ' +
        `${count} active instance${one ? '' : 's'} of type \`${type.name}\` ${one ? 'has' : 'have'} been found${see(where)}`,
    );
  }
  requireNotRequired(type);
}

function requireInstancesAllowed(type: ThingType): void {
  for (const { name, restriction, inner } of type.fields) {
    const { base } = restriction;
    if (inner) {
      throw operationError(
        `type \`${type.name}\` contains a nested structure on field \`${name}\` which requires \`wrap-only\` mode ` +
          'to be enabled',
      );
    }
    if (!(base instanceof ThingType) || restriction.isNillable) continue;
    if (base === type) {
      throw operationError(
        `type \`${type.name}\` is dependent on self on field \`${name}\`; make this field definition nillable before ` +
          'removing wrap-only mode',
      );
    }
    if (base.isWrapOnly) {
      throw operationError(
        `type \`${type.name}\` is dependent on type \`${base.name}\` by field \`${name}\` with \`wrap-only\` mode enabled`,
      );
    }
  }
}

function isClosure(value: Value | undefined): value is Closure {
  return typeof value === 'object' && value?.kind === 'closure';
}
