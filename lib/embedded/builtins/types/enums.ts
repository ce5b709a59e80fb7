import { lookupError, notFound, operationError, see, typeError, valueError } from '../../model/errors.js';
import type { Collection } from '../../model/store/collection.js';
import { isValidName } from '../../model/text.js';
import type { EnumMember } from '../../model/values/enum-member.js';
import { EnumType } from '../../model/values/enum-type.js';
import { List } from '../../model/values/list.js';
import { PackedData } from '../../model/values/packed-data.js';
import { Thing } from '../../model/values/thing.js';
import { kindOf, typeName, type Value } from '../../model/values/value.js';
import type { Wire } from '../../msgpack/wire.js';
import type { Args } from '../../runtime/args.js';
import { type BuiltIn, effects } from '../../runtime/built-in.js';
import { enumKind, memberByValue } from '../../runtime/compiler/call-named.js';
import { byName } from '../../runtime/operations/by-name.js';
import { isEqual } from '../../runtime/operations/equality.js';
import type { Query } from '../../runtime/query.js';
import { toWire } from '../../runtime/wire/to-wire.js';
import { methodsInfo, requireFreeName } from './type-helpers.js';
import { isDefault, renameDefault, renameInDefinitions } from './type-renaming.js';

const PAGE = 'data-types/enum';

function find(collection: Collection, name: string): EnumType {
  const found = collection.enums.get(name);
  if (!found) throw notFound('enum', name);
  return found;
}

/** Adds a member or a method. Throws -60 or -61 for what cannot be one. */
function addToEnum(enumType: EnumType, name: string, value: Value): void {
  if (enumType.member(name) || enumType.methods.has(name)) {
    throw valueError(
      `member or method \`${name}\` already exists on enum \`${enumType.name}\`${see('data-types/typed')}`,
    );
  }
  if (typeof value === 'object' && value?.kind === 'closure') {
    value.store();
    enumType.methods.set(name, value);
    return;
  }
  requireValue(enumType, value);
  enumType.add(name, value);
  enumType.heap.attach(value);
}

function requireValue(enumType: EnumType, value: Value): void {
  if (!['int', 'float', 'str', 'bytes', 'thing'].includes(kindOf(value)) && !enumType.members.length) {
    throw typeError(
      `failed to create enum type \`${enumType.name}\`; enumerators cannot be created for values with type ` +
        `\`${typeName(value)}\`${see(PAGE)}`,
    );
  }
  const first = enumType.members[0];
  if (first && kindOf(first.value) === kindOf(value)) {
    const used = enumType.members.find((member) => isEqual(member.value, value));
    if (!used) return;
    throw valueError(
      `enum values must be unique; the given value is already used by \`${enumType.name}{${used.name}}\`${see(PAGE)}`,
    );
  }
  if (!first) return;
  throw typeError(
    'enumerators must not contain members of mixed types; ' +
      `got both type \`${enumKind(enumType)}\` and \`${typeName(value)}\` for enum \`${enumType.name}\`${see(PAGE)}`,
  );
}

const setEnum: BuiltIn = {
  name: 'set_enum',
  effects: effects.collection,
  root: (query, args) => {
    const where = 'collection-api/set_enum';
    const collection = query.requireCollection('set_enum');
    args.exactly(2, where);
    const name = args.string(query, 0, where);
    if (!isValidName(name)) {
      throw valueError(
        `function \`set_enum\` expects argument 1 to be a valid enum name${see('overview/names')}`,
      );
    }
    requireFreeName(collection, name);
    const { keys, values } = args.thing(query, 1, where).ordered();
    const enumType = new EnumType(collection.takeEnumId(), name, collection, query.database.nowSeconds);
    keys.forEach((key, at) => {
      if (!isValidName(key)) {
        throw valueError(`enum member must follow the naming rules${see('overview/names')}`);
      }
      addToEnum(enumType, key, values[at] as Value);
    });
    if (!enumType.members.length) {
      throw valueError('cannot create an empty enum type');
    }
    collection.enums.set(name, enumType);
    return null;
  },
};

/** A function of collections with one argument, the name of an enumeration. */
function onEnum(
  name: string,
  effect: BuiltIn['effects'],
  body: (query: Query, enumType: EnumType, collection: Collection) => Value,
): BuiltIn {
  const where = `collection-api/${name}`;
  return {
    name,
    effects: effect,
    root: (query, args) => {
      const collection = query.requireCollection(name);
      args.exactly(1, where);
      return body(query, find(collection, args.string(query, 0, where)), collection);
    },
  };
}

const delEnum = onEnum('del_enum', effects.collection, (query, enumType, collection) => {
  if (collection.isUsedByTypes(enumType)) {
    throw operationError(
      `enum \`${enumType.name}\` is used by at least one type; use \`types_info(..)\` to find all dependencies and ` +
        'remove them by using `mod_type(..)` or delete the dependency types as well' +
        see('collection-api/del_enum') +
        see('collection-api/mod_type') +
        see('collection-api/types_info'),
    );
  }
  requireUnusedMembers(query, enumType, enumType.members, 'collection-api/del_enum');
  enumType.requireUnused();
  for (const member of enumType.members) collection.detach(member.value);
  collection.enums.delete(enumType.name);
  return null;
});

/** Throws -63 for the first of these members that something stored, a variable or a default refers to. */
function requireUnusedMembers(
  query: Query,
  enumType: EnumType,
  members: readonly EnumMember[],
  where = '',
): void {
  const held = membersHeld(query, enumType);
  const used = members.find((member) => {
    query.step(1 + enumType.heap.types.size);
    return held.has(member) || isDefault(member);
  });
  if (!used) return;
  throw operationError(`enum member \`${enumType.name}{${used.name}}\` is still in use${see(where)}`);
}

/** All members that stored values and variables refer to. */
function membersHeld(query: Query, { heap }: EnumType): ReadonlySet<Value> {
  const held = new Set<Value>();
  const look = (values: readonly Value[]): void => {
    query.step(1 + values.length);
    for (const value of values) {
      if (typeof value !== 'object' || value === null) continue;
      if (value.kind === 'member') held.add(value);
      if (value.kind === 'list') look(value.items);
    }
  };
  for (const { values } of heap.things.values()) look(values);
  look(query.variableValues());
  return held;
}

const enumFunction: BuiltIn = {
  name: 'enum',
  effects: effects.none,
  root: (query, args) => {
    const where = 'collection-api/enum';
    const collection = query.requireCollection('enum');
    args.between(1, 2, where);
    const enumType = find(collection, args.string(query, 0, where));
    if (args.count === 1) return enumType.members[0] ?? null;
    return memberByValue(
      enumType,
      enumType.using(() => args.value(query, 1)),
    );
  },
};

const hasEnum: BuiltIn = {
  name: 'has_enum',
  effects: effects.none,
  root: (query, args) => {
    const collection = query.requireCollection('has_enum');
    args.exactly(1, 'collection-api/has_enum');
    return collection.enums.has(args.string(query, 0, 'collection-api/has_enum'));
  },
};

function enumInfo(query: Query, enumType: EnumType): Wire {
  const options = { deep: 0, withoutIds: false, sizeLimit: query.database.limits.resultSize };
  return {
    enum_id: BigInt(enumType.id),
    name: enumType.name,
    default: enumType.members[0]?.name ?? null,
    created_at: BigInt(enumType.createdAt),
    modified_at: enumType.modifiedAt === null ? null : BigInt(enumType.modifiedAt),
    members: enumType.members.map(({ name, value }): Wire => [name, toWire(value, options)]),
    methods: methodsInfo(enumType.methods, true),
  };
}

const enumsInfo: BuiltIn = {
  name: 'enums_info',
  effects: effects.none,
  root: (query, args) => {
    const collection = query.requireCollection('enums_info');
    args.exactly(0, 'collection-api/enums_info');
    const sorted = byName(collection.enums.values());
    return new List(sorted.map((enumType) => new PackedData(enumInfo(query, enumType))));
  },
};

const enumMap = onEnum('enum_map', effects.none, (query, enumType) => {
  const map = new Thing(query.collection);
  for (const { name, value } of enumType.members) map.add(name, value);
  return map;
});

const renameEnum: BuiltIn = {
  name: 'rename_enum',
  effects: effects.collection,
  root: (query, args) => {
    const where = 'collection-api/rename_enum';
    const collection = query.requireCollection('rename_enum');
    args.exactly(2, where);
    const from = args.string(query, 0, where);
    const to = args.string(query, 1, where);
    const enumType = find(collection, from);
    if (!isValidName(to)) {
      throw valueError(
        `function \`rename_enum\` expects argument 2 to be a valid enum name${see('overview/names')}`,
      );
    }
    requireFreeName(collection, to);
    collection.enums.delete(from);
    enumType.name = to;
    collection.enums.set(to, enumType);
    renameInDefinitions(query.database, collection, enumType);
    return null;
  },
};

type Action = (query: Query, enumType: EnumType, name: string, args: Args) => void;

const modActions: Readonly<Record<string, Action>> = {
  add: (query, enumType, name, args) => {
    args.exactly(4, 'collection-api/mod_enum/add');
    addToEnum(enumType, name, args.value(query, 3));
  },
  def: (_query, enumType, name, args) => {
    args.exactly(3, 'collection-api/mod_enum/def');
    const member = enumType.member(name);
    if (!member) throw lookupError(`enum \`${enumType.name}\` has no member \`${name}\``);
    const at = enumType.members.indexOf(member);
    [enumType.members[0], enumType.members[at]] = [member, enumType.members[0] as EnumMember];
  },
  del: (query, enumType, name, args) => {
    args.exactly(3, 'collection-api/mod_enum/del');
    if (enumType.methods.delete(name)) return;
    const member = enumType.member(name);
    if (!member) throw noMember(enumType, name);
    if (enumType.members.length === 1) {
      throw lookupError(`cannot delete \`${enumType.name}{${name}}\` as this is the last enum member`);
    }
    requireUnusedMembers(query, enumType, [member]);
    const at = enumType.members.indexOf(member);
    const last = enumType.members.pop() as EnumMember;
    if (last !== member) enumType.members[at] = last;
    enumType.heap.detach(member.value);
  },
  mod: (query, enumType, name, args) => {
    args.exactly(4, 'collection-api/mod_enum/mod');
    const member = enumType.member(name);
    if (!member && !enumType.methods.has(name)) throw noMember(enumType, name);
    const value = args.value(query, 3);
    const isMethod = typeof value === 'object' && value?.kind === 'closure';
    if (member && isMethod) {
      throw typeError(`cannot convert a member into a method${see('collection-api/mod_enum/mod')}`);
    }
    if (!member) {
      if (!isMethod)
        throw typeError(`cannot convert a method into a member${see('collection-api/mod_enum/mod')}`);
      value.store();
      enumType.methods.set(name, value);
      return;
    }
    if (isEqual(member.value, value)) return;
    requireValue(enumType, value);
    enumType.heap.attach(value);
    enumType.heap.detach(member.value);
    member.value = value;
  },
  ren: (query, enumType, name, args) => {
    args.exactly(4, 'collection-api/mod_enum/ren');
    const member = enumType.member(name);
    const method = enumType.methods.get(name);
    if (!member && !method) throw noMember(enumType, name);
    const to = args.string(query, 3, 'collection-api/mod_enum/ren');
    if (to === name) return;
    if (!isValidName(to)) {
      const what = member ? 'member' : 'method';
      throw valueError(`${what} name must follow the naming rules${see('overview/names')}`);
    }
    if (enumType.member(to) || enumType.methods.has(to)) {
      throw valueError(
        `member or method \`${to}\` already exists on enum \`${enumType.name}\`${see('data-types/typed')}`,
      );
    }
    if (member) {
      member.name = to;
      renameDefault(query.database, enumType, name, to);
    } else if (method) {
      enumType.methods.delete(name);
      enumType.methods.set(to, method);
    }
  },
};

function noMember(enumType: EnumType, name: string): Error {
  return lookupError(`enum \`${enumType.name}\` has no member or method \`${name}\``);
}

const modEnum: BuiltIn = {
  name: 'mod_enum',
  effects: effects.collection,
  root: (query, args) => {
    const where = 'collection-api/mod_enum';
    const collection = query.requireCollection('mod_enum');
    args.atLeast(3, where);
    const enumType = find(collection, args.string(query, 0, where));
    enumType.requireUnused();
    enumType.using(() => modify(query, enumType, args));
    enumType.modifiedAt = query.database.nowSeconds;
    return null;
  },
};

function modify(query: Query, enumType: EnumType, args: Args): void {
  const where = 'collection-api/mod_enum';
  const action = args.validName(query, 1, where);
  const name = args.validName(query, 2, where);
  const run = Object.hasOwn(modActions, action) ? (modActions[action] as Action) : null;
  if (!run) {
    throw valueError(
      'function `mod_enum` expects argument 2 to be `add`, `del`, `mod` or `ren` ' +
        `but got \`${action}\` instead${see(where)}`,
    );
  }
  run(query, enumType, name, args.named(`mod_enum\` with task \`${action}`));
}

const value: BuiltIn = {
  name: 'value',
  effects: effects.none,
  chain: {
    member: (_query, args, self) => {
      args.exactly(0, 'data-types/enum/value');
      return self.value;
    },
  },
};

export const enumFunctions: readonly BuiltIn[] = [
  setEnum,
  modEnum,
  delEnum,
  renameEnum,
  enumFunction,
  hasEnum,
  onEnum('enum_info', effects.none, (query, enumType) => new PackedData(enumInfo(query, enumType))),
  enumsInfo,
  enumMap,
  value,
];
