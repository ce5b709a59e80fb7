import { Privileges } from '../../model/accounts/privileges.js';
import { notFound, operationError, see, typeError, valueError } from '../../model/errors.js';
import type { Collection } from '../../model/store/collection.js';
import { isValidName } from '../../model/text.js';
import { List } from '../../model/values/list.js';
import { PackedData } from '../../model/values/packed-data.js';
import { ThingSet } from '../../model/values/thing-set.js';
import { ThingType } from '../../model/values/thing-type.js';
import type { Thing } from '../../model/values/thing.js';
import { typeName, type Value } from '../../model/values/value.js';
import type { Args } from '../../runtime/args.js';
import { type BuiltIn, effects } from '../../runtime/built-in.js';
import { byName } from '../../runtime/operations/by-name.js';
import { instanceFrom } from '../../runtime/operations/instance.js';
import type { Query } from '../../runtime/query.js';
import { addMember } from '../../runtime/types/type-members.js';
import { requireFreeName, requireNotRequired, thingsOf, typeInfo } from './type-helpers.js';
import { renameInDefinitions } from './type-renaming.js';

const WRAP_ONLY_FLAG = 2n;
const HIDE_ID_FLAG = 4n;
const INDEX_FLAG = 8n;

function find(collection: Collection, name: string): ThingType {
  const type = collection.types.get(name);
  if (!type) throw notFound('type', name);
  return type;
}

/** The flags of a type, as booleans or as one number. */
type Flags = Partial<Pick<ThingType, 'isWrapOnly' | 'hidesId' | 'isIndexed'>>;

/** What is said of a type beside its definition: a number, or one or two truths as before 1.8.4. */
function readFlags(query: Query, args: Args, at: number): Flags {
  if (args.count <= at) return {};
  if (args.count > at + 1) {
    const page = `collection-api/${args.name}`;
    return {
      isWrapOnly: args.kind(query, at, 'bool', page),
      hidesId: args.kind(query, at + 1, 'bool', page),
    };
  }
  const value = args.value(query, at);
  if (typeof value === 'bigint') {
    const has = (flag: bigint, name: keyof Flags): Flags => ((value & flag) === 0n ? {} : { [name]: true });
    return {
      ...has(WRAP_ONLY_FLAG, 'isWrapOnly'),
      ...has(HIDE_ID_FLAG, 'hidesId'),
      ...has(INDEX_FLAG, 'isIndexed'),
    };
  }
  if (typeof value === 'boolean') return { isWrapOnly: value };
  throw args.expected(at, '`bool` or `int`', value, 'collection-api/new_type');
}

const newType: BuiltIn = {
  name: 'new_type',
  effects: effects.collection,
  root: (query, args) => {
    const page = 'collection-api/new_type';
    const collection = query.requireCollection('new_type');
    args.between(1, 3, page);
    const name = args.string(query, 0, page);
    if (!isValidName(name)) {
      throw valueError(
        `function \`new_type\` expects argument 1 to be a valid type name${see('overview/names')}`,
      );
    }
    requireFreeName(collection, name);
    const type = new ThingType(collection.takeTypeId(name), name, collection, query.database.nowSeconds);
    Object.assign(type, readFlags(query, args, 1));
    collection.types.set(name, type);
    return name;
  },
};

const setType: BuiltIn = {
  name: 'set_type',
  effects: effects.collection,
  root: (query, args) => {
    const page = 'collection-api/set_type';
    const collection = query.requireCollection('set_type');
    args.between(2, 4, page);
    const name = args.string(query, 0, page);
    const known = collection.types.get(name);
    if (known?.fields.length) {
      throw operationError(
        'function `set_type` works only on a new type; use `mod_type()` if you want to change an existing type' +
          see('collection-api/mod_type'),
      );
    }
    if (!known) requireTypeName(collection, name);
    const type =
      known ?? new ThingType(collection.takeTypeId(name), name, collection, query.database.nowSeconds);
    type.requireUnused();
    if (!known) collection.types.set(name, type);
    // While its definition is being read no things of it can be made.
    if (!known) type.isWrapOnly = true;
    try {
      const { definition, flags } = type.using(() => {
        const thing = args.thing(query, 1, page);
        return { definition: thing, flags: readFlags(query, args, 2) };
      });
      if (!known) type.isWrapOnly = false;
      requireNoThings(query, type);
      if (flags.isWrapOnly) requireNotRequired(type);
      Object.assign(type, flags);
      fillType(query, type, definition);
    } catch (error) {
      type.fields.length = 0;
      type.methods.clear();
      type.reindex();
      if (!known) collection.types.delete(name);
      throw error;
    }
    return null;
  },
};

function requireTypeName(collection: Collection, name: string): void {
  requireFreeName(collection, name);
  if (!isValidName(name)) {
    throw valueError(
      `function \`set_type\` expects argument 1 to be a valid type name${see('overview/names')}`,
    );
  }
}

function fillType(query: Query, type: ThingType, definition: Thing): void {
  const { keys, values } = definition.ordered();
  keys.forEach((key, at) => {
    if (!isValidName(key)) throw valueError(`type keys must follow the naming rules${see('overview/names')}`);
    addMember(query.database, type, key, values[at] as Value);
  });
}

function requireNoThings(query: Query, type: ThingType): void {
  const count = thingsOf(query, type).length;
  if (!count) return;
  throw operationError(
    `function \`set_type\` can only be used on a type without active instances; ${count} active ` +
      `instance${count === 1 ? '' : 's'} of type \`${type.name}\` ${count === 1 ? 'has' : 'have'} been found` +
      see('collection-api/set_type'),
  );
}

const delType: BuiltIn = {
  name: 'del_type',
  effects: effects.collection,
  root: (query, args) => {
    const page = 'collection-api/del_type';
    const collection = query.requireCollection('del_type');
    args.exactly(1, page);
    const type = find(collection, args.string(query, 0, page));
    type.requireUnused();
    if (collection.isUsedByTypes(type, false)) {
      throw operationError(
        `type \`${type.name}\` is used by at least one other type; use \`types_info(..)\` to find all dependencies ` +
          'and remove them by using `mod_type(..)` or delete the dependency types as well' +
          see(page) +
          see('collection-api/mod_type') +
          see('collection-api/types_info'),
      );
    }
    for (const thing of thingsOf(query, type)) {
      for (const value of thing.values) {
        if (typeof value === 'object' && (value?.kind === 'list' || value?.kind === 'set'))
          value.field = null;
      }
      thing.assume(null, [...type.names], thing.values);
    }
    collection.removeType(type);
    return null;
  },
};

const renameType: BuiltIn = {
  name: 'rename_type',
  effects: effects.collection,
  root: (query, args) => {
    const page = 'collection-api/rename_type';
    const collection = query.requireCollection('rename_type');
    args.exactly(2, page);
    const from = args.string(query, 0, page);
    const to = args.string(query, 1, page);
    const type = find(collection, from);
    if (!isValidName(to)) {
      throw valueError(
        `function \`rename_type\` expects argument 2 to be a valid type name${see('overview/names')}`,
      );
    }
    requireFreeName(collection, to);
    collection.types.delete(from);
    type.name = to;
    collection.types.set(to, type);
    renameInDefinitions(query.database, collection, type);
    return null;
  },
};

function onType(name: string, body: (query: Query, type: ThingType) => Value): BuiltIn {
  const page = `collection-api/${name}`;
  return {
    name,
    effects: effects.none,
    root: (query, args) => {
      const collection = query.requireCollection(name);
      args.exactly(1, page);
      return body(query, find(collection, args.string(query, 0, page)));
    },
  };
}

const mayChange = (query: Query): boolean => query.scope.access.allows(query.user, Privileges.change);

const hasType: BuiltIn = {
  name: 'has_type',
  effects: effects.none,
  root: (query, args) => {
    const collection = query.requireCollection('has_type');
    args.exactly(1, 'collection-api/has_type');
    return collection.types.has(args.string(query, 0, 'collection-api/has_type'));
  },
};

const typesInfo: BuiltIn = {
  name: 'types_info',
  effects: effects.none,
  root: (query, args) => {
    const collection = query.requireCollection('types_info');
    args.exactly(0, 'collection-api/types_info');
    const sorted = byName(collection.types.values());
    return new List(sorted.map((type) => new PackedData(typeInfo(type, mayChange(query)))));
  },
};

/** `new(name, thing?)` */
const newFunction: BuiltIn = {
  name: 'new',
  effects: effects.none,
  root: (query, args) => {
    const page = 'collection-api/new';
    const collection = query.requireCollection('new');
    args.between(1, 2, page);
    const type = find(collection, args.string(query, 0, page));
    type.requireInstances();
    if (args.count === 1) return type.create();
    const from = type.using(() => args.value(query, 1));
    if (typeof from !== 'object' || from?.kind !== 'thing') {
      throw typeError(
        `new instances can be created from type \`thing\` but got type \`${typeName(from)}\` instead${see(page)}`,
      );
    }
    return instanceFrom(type, from);
  },
};

export const typeFunctions: readonly BuiltIn[] = [
  newType,
  setType,
  delType,
  renameType,
  hasType,
  typesInfo,
  newFunction,
  onType('type_info', (query, type) => new PackedData(typeInfo(type, mayChange(query)))),
  onType('type_count', (query, type) => BigInt(thingsOf(query, type).length)),
  onType('type_all', (query, type) => new ThingSet(new Set(thingsOf(query, type)))),
];
