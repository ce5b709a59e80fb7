import { Privileges } from '../../model/accounts/privileges.js';
import { notSupported, see, typeError, valueError } from '../../model/errors.js';
import type { Scope } from '../../model/store/scope.js';
import { fromByteString } from '../../model/text.js';
import { findTimeZone } from '../../model/time-zone.js';
import { typeName } from '../../model/values/value.js';
import type { Args } from '../../runtime/args.js';
import { type BuiltIn, effects } from '../../runtime/built-in.js';
import type { Query } from '../../runtime/query.js';

const MAX_DEEP = 127n;

export const setDefaultDeep: BuiltIn = {
  name: 'set_default_deep',
  effects: effects.thingsdb,
  root(query, args) {
    const scope = readScope(query, args, 'thingsdb-api/set_default_deep');
    const deep = args.value(query, 1);
    if (typeof deep !== 'bigint') {
      throw typeError(`expecting \`deep\` to be of type \`int\` but got type \`${typeName(deep)}\` instead`);
    }
    if (deep < 0n || deep > MAX_DEEP) {
      throw valueError(`expecting a \`deep\` value between 0 and ${MAX_DEEP} but got ${deep} instead`);
    }
    settingsOf(query, scope).deep = Number(deep);
    return null;
  },
};

export const setTimeZone: BuiltIn = {
  name: 'set_time_zone',
  effects: effects.thingsdb,
  root(query, args) {
    const scope = readScope(query, args, 'thingsdb-api/set_time_zone');
    const zone = findTimeZone(args.string(query, 1, 'thingsdb-api/set_time_zone'));
    if (zone === undefined) throw valueError(`unknown time zone${see('collection-api/time_zones_info')}`);
    settingsOf(query, scope).timeZone = zone;
    return null;
  },
};

/** A scope, or (as before there were scopes) the name of a collection. */
function readScope(query: Query, args: Args, page: string): Scope {
  query.requireThingsdb(args.name);
  args.exactly(2, page);
  const name = args.value(query, 0);
  if (typeof name !== 'string') {
    throw typeError(`expecting a scope to be of type \`str\` but got type \`${typeName(name)}\` instead`);
  }
  const scope = query.database.collections.get(name)?.scope ?? query.database.scope(fromByteString(name));
  scope.access.require(query.user, Privileges.change);
  return scope;
}

function settingsOf({ database }: Query, scope: Scope): Pick<Query['database'], 'deep' | 'timeZone'> {
  if (scope.kind === 'collection') return scope.collection;
  if (scope.kind === 'thingsdb') return database;
  throw notSupported('settings of the `@node` scope');
}
