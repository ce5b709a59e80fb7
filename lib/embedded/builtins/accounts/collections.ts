import { Privileges } from '../../model/accounts/privileges.js';
import { lookupError, see, typeError, valueError } from '../../model/errors.js';
import { PushType } from '../../model/session.js';
import type { Collection } from '../../model/store/collection.js';
import { fromByteString, isValidName } from '../../model/text.js';
import { List } from '../../model/values/list.js';
import { PackedData } from '../../model/values/packed-data.js';
import { typeName, type Value } from '../../model/values/value.js';
import { type BuiltIn, effects } from '../../runtime/built-in.js';
import type { Query } from '../../runtime/query.js';

/** One of these is needed to be told about a collection. */
const MAY_SEE = Privileges.query | Privileges.run;

export const newCollection: BuiltIn = {
  name: 'new_collection',
  effects: effects.thingsdb,
  root(query, args) {
    query.requireThingsdb('new_collection');
    args.exactly(1, 'thingsdb-api/new_collection');
    const name = checkNewName(query, args.string(query, 0, 'thingsdb-api/new_collection'));
    return query.database.newCollection(name, query.user).name;
  },
};

export const delCollection: BuiltIn = {
  name: 'del_collection',
  effects: effects.thingsdb,
  root(query, args) {
    query.requireThingsdb('del_collection');
    args.exactly(1, 'thingsdb-api/del_collection');
    const collection = collectionOf(query, args.value(query, 0));
    query.database.collections.delete(collection.name);
    for (const room of collection.rooms.values()) {
      const body = { scope: collection.scope.name, id: room.id };
      for (const session of room.members) session.push(PushType.delete, body);
      room.members.clear();
    }
    // Nothing that still refers to it may go on working in the dark.
    collection.tasks.clear();
    return null;
  },
};

export const renameCollection: BuiltIn = {
  name: 'rename_collection',
  effects: effects.thingsdb,
  root(query, args) {
    query.requireThingsdb('rename_collection');
    args.exactly(2, 'thingsdb-api/rename_collection');
    const collection = collectionOf(query, args.value(query, 0));
    const name = checkNewName(query, args.string(query, 1, 'thingsdb-api/rename_collection'));
    const { collections } = query.database;
    const inOrder = [...collections.values()];
    collection.name = name;
    // Filled anew: the order is the one in which the collections were made.
    collections.clear();
    for (const other of inOrder) collections.set(other.name, other);
    return null;
  },
};

export const hasCollection: BuiltIn = {
  name: 'has_collection',
  effects: effects.none,
  root(query, args) {
    query.requireThingsdb('has_collection');
    args.exactly(1, 'thingsdb-api/has_collection');
    return findCollection(query, args.value(query, 0)) !== undefined;
  },
};

export const collectionInfo: BuiltIn = {
  name: 'collection_info',
  effects: effects.none,
  root(query, args) {
    query.requireThingsdb('collection_info');
    args.exactly(1, 'thingsdb-api/collection_info');
    const collection = collectionOf(query, args.value(query, 0));
    if (!mayChangeThingsdb(query)) collection.access.requireAny(query.user, MAY_SEE);
    return describeCollection(collection);
  },
};

export const collectionsInfo: BuiltIn = {
  name: 'collections_info',
  effects: effects.none,
  root(query, args) {
    query.requireThingsdb('collections_info');
    args.exactly(0, 'thingsdb-api/collections_info');
    const all = [...query.database.collections.values()];
    const maySeeAll = mayChangeThingsdb(query);
    const seen = all.filter(({ access }) => maySeeAll || access.allowsAny(query.user, MAY_SEE));
    return new List(seen.map(describeCollection));
  },
};

function mayChangeThingsdb(query: Query): boolean {
  return query.database.accounts.thingsdb.allows(query.user, Privileges.change);
}

function describeCollection(collection: Collection): PackedData {
  return new PackedData({
    collection_id: BigInt(collection.id),
    name: collection.name,
    created_at: BigInt(collection.createdAt),
    things: BigInt(collection.things.size),
    time_zone: collection.timeZone?.name ?? 'UTC',
    default_deep: BigInt(collection.deep),
    next_free_id: BigInt(collection.nextId),
    commit_history: 'disabled',
    ano_types: BigInt(collection.anonymousTypes.size),
  });
}

/** By name or by id. */
function findCollection(query: Query, key: Value): Collection | undefined {
  const { collections } = query.database;
  if (typeof key === 'string') return collections.get(key);
  if (typeof key === 'bigint') return [...collections.values()].find(({ id }) => BigInt(id) === key);
  throw typeError(
    `expecting type \`str\` or \`int\` as collection but got type \`${typeName(key)}\` instead`,
  );
}

function collectionOf(query: Query, key: Value): Collection {
  const collection = findCollection(query, key);
  if (collection !== undefined) return collection;
  throw lookupError(
    typeof key === 'string'
      ? `collection \`${fromByteString(key)}\` not found`
      : `\`collection:${BigInt.asUintN(64, key as bigint)}\` not found`,
  );
}

function checkNewName(query: Query, name: string): string {
  if (!isValidName(name)) {
    throw valueError(`collection name must follow the naming rules${see('overview/names')}`);
  }
  if (query.database.collections.has(name)) throw lookupError(`collection \`${name}\` already exists`);
  return name;
}
