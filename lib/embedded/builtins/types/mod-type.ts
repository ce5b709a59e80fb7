import type { Args } from '../../runtime/args.js';
import {
  lookupError,
  notSupported,
  numArgumentsError,
  operationError,
  see,
  typeError,
  valueError,
  notFound,
} from '../../runtime/errors.js';
import type { Query } from '../../runtime/query.js';
import { replaceAt } from '../../runtime/properties.js';
import { isValidName } from '../../runtime/text.js';
import type { Closure } from '../../runtime/values/closure.js';
import type { Value } from '../../runtime/values/value.js';
import { typeName } from '../../runtime/values/value.js';
import { isWidening } from '../../store/compatibility.js';
import type { Field } from '../../store/field.js';
import type { ThingType } from '../../store/thing-type.js';
import type { BuiltIn } from '../built-in.js';
import { effects } from '../built-in.js';
import { defineField, thingsOf } from './type-helpers.js';

const page = 'collection-api/mod_type';

interface Change {
  readonly query: Query;
  readonly type: ThingType;
  readonly name: string;
  readonly args: Args;
}

/** The arguments again, under the name that errors of one action use. */
function rename(args: Args, action: string): Args {
  return Object.assign(Object.create(args) as Args, { name: `mod_type\` with task \`${action}` });
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
    args.atLeast(3, page);
    const typeNameText = args.string(query, 0, page);
    const type = collection.types.get(typeNameText);
    if (!type) throw notFound('type', typeNameText);
    const action = args.validName(query, 1, page);
    const run = Object.hasOwn(actions, action) ? actions[action]! : null;
    if (!run) {
      throw valueError(
        'function `mod_type` expects argument 2 to be `all`, `add`, `del`, `hid`, `mod`, `rel`, `ren` or `wpo` ' +
          `but got \`${action}\` instead${see(page)}`,
      );
    }
    type.requireUnused();
    const isFlag = ['all', 'wpo', 'hid', 'idx'].includes(action);
    const name = isFlag ? '' : args.validName(query, 2, page);
    type.using(() => run({ query, type, name, args: rename(args, action) }));
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
  const where = `${page}/add`;
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
    definition.isStored = true;
    type.methods.set(name, definition);
    return;
  }
  if (typeof definition !== 'string') throw wrongFourth(args, definition, where);
  if (definition === '#') {
    if (args.count === 5) {
      throw numArgumentsError(
        `function \`${args.name}\` takes at most 4 arguments when adding an Id ('#') definition${see(where)}`,
      );
    }
    if (type.idName !== null) throw lookupError(`multiple Id ('#') definitions on type \`${type.name}\``);
    type.idName = name;
    return;
  }
  if (args.count === 5 && type.isWrapOnly) throw wrapOnlyArguments(args, where);
  const given = args.count === 5 ? args.value(query, 4) : undefined;
  const field = defineField(query, type, name, definition);
  addField({ query, type, name, args }, field, given);
}

function wrapOnlyArguments(args: Args, where: string): Error {
  return numArgumentsError(
    `function \`${args.name}\` takes at most 4 arguments when used on a type with wrap-only mode enabled${see(where)}`,
  );
}

function addField({ query, type }: Change, field: Field, given: Value | undefined): void {
  const things = thingsOf(query, type);
  const initial = things.map((thing) => {
    if (given === undefined || isClosure(given)) return field.own(field.defaultValue(), thing);
    return field.assign(given, thing);
  });
  if (given !== undefined && !things.length && !isClosure(given)) field.assign(given, type.collection.root);
  type.fields.push(field);
  type.reindex();
  things.forEach((thing, at) => {
    thing.values.push(initial[at]!);
    if (thing.id) type.collection.attach(initial[at]!);
  });
  if (!isClosure(given)) return;
  query.requireChangeFor(given);
  const position = type.position(field.name);
  for (const thing of things) {
    const value = query.call1(given, thing);
    if (value === null && !field.restriction.isNillable && field.restriction.base !== 'any') continue;
    replaceAt(thing, position, field.assign(value, thing));
  }
}

function del({ query, type, name, args }: Change): void {
  args.exactly(3, `${page}/del`);
  if (type.idName === name) {
    type.idName = null;
    return;
  }
  const at = type.position(name);
  if (at < 0) {
    if (!type.methods.delete(name)) throw noSuch(type, name);
    return;
  }
  if (type.fields[at]!.relation) throw hasRelation('delete', type, name);
  for (const thing of thingsOf(query, type)) {
    const [value = null] = swapRemove(thing.values, at);
    if (thing.id) type.collection.detach(value);
  }
  swapRemove(type.fields, at);
  type.reindex();
}

/** The last one takes the place of the one that is removed, as in ThingsDB. */
function swapRemove<T>(items: T[], at: number): T[] {
  const last = items.pop()!;
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
  const where = `${page}/mod`;
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
    definition.isStored = true;
    type.methods.set(name, definition);
    return;
  }
  if (typeof definition !== 'string') throw wrongFourth(args, definition, where);
  if (at < 0) throw typeError(`cannot convert a method into a property${see(where)}`);
  if (definition === '#') throw typeError("cannot convert a property into an Id ('#') definition");
  if (args.count === 5 && type.isWrapOnly) throw wrapOnlyArguments(args, where);
  const before = type.fields[at]!;
  const after = defineField(query, type, name, definition);
  if (args.count === 5) migrate(change, at, after, args.closure(query, 4, where));
  else {
    if (!type.isWrapOnly) requireWidening(before, after, where);
    type.fields[at] = after;
    for (const thing of thingsOf(query, type)) after.own(thing.values[at]!, thing);
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

/** Calls the closure for each thing; its result is the new value, a default where it does not fit. */
function migrate({ query, type }: Change, at: number, after: Field, closure: Closure): void {
  query.requireChangeFor(closure);
  const any = defineField(query, type, after.name, 'any');
  type.fields[at] = any;
  type.reindex();
  for (const thing of thingsOf(query, type)) {
    const value = query.call1(closure, thing);
    let fitting: Value;
    try {
      fitting = after.assign(value === null ? thing.values[at]! : value, thing);
    } catch {
      fitting = after.own(after.defaultValue(), thing);
    }
    replaceAt(thing, at, fitting);
  }
  type.fields[at] = after;
  type.reindex();
}

function ren({ query, type, name, args }: Change): void {
  const where = `${page}/ren`;
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
  args.exactly(3, `${page}/all`);
  const closure = args.closure(query, 2, `${page}/all`);
  query.requireChangeFor(closure);
  for (const thing of thingsOf(query, type)) query.call1(closure, thing);
}

function setFlag({ query, type, args }: Change, action: 'wpo' | 'hid' | 'idx'): void {
  const where = `${page}/${action}`;
  args.exactly(3, where);
  const value = args.kind(query, 2, 'bool', where);
  if (action === 'hid') type.hidesId = value;
  if (action === 'idx') type.isIndexed = value;
  if (action !== 'wpo') return;
  const count = value ? thingsOf(query, type).length : 0;
  if (count) {
    const one = count === 1;
    throw operationError(
      'a type can only be changed to `wrap-only` mode without having active instances; ' +
        `${count} active instance${one ? '' : 's'} of type \`${type.name}\` ${one ? 'has' : 'have'} been found${see(where)}`,
    );
  }
  type.isWrapOnly = value;
}

/** Relations keep two properties in step; the lock has no use for them. */
function rel(): void {
  throw notSupported('relations between types (`mod_type` with task `rel`)');
}

function isClosure(value: Value | undefined): value is Closure {
  return typeof value === 'object' && value?.kind === 'closure';
}
