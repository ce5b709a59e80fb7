import { Privileges } from '../../model/accounts/privileges.js';
import { cost, spendMemory } from '../../model/budget.js';
import { see, valueError } from '../../model/errors.js';
import { fromByteString, isAscii, isUtf8 } from '../../model/text.js';
import { isKind, type Value } from '../../model/values/value.js';
import type { Args } from '../../runtime/args.js';
import { type BuiltIn, effects } from '../../runtime/built-in.js';
import type { Query } from '../../runtime/query.js';

const KEY_LENGTH = 22;

export const newToken: BuiltIn = {
  name: 'new_token',
  effects: effects.thingsdb,
  root(query, args) {
    query.requireThingsdb('new_token');
    const { accounts } = query.database;
    const page = 'thingsdb-api/new_token';
    args.between(1, 3, page);
    const user = accounts.user(fromByteString(args.string(query, 0, page)));
    if (user !== query.user) accounts.thingsdb.require(query.user, Privileges.grant);
    const expiresAt = args.count > 1 ? readExpiry(args, args.value(query, 1)) : null;
    const description = args.count > 2 ? readDescription(args, query) : '';
    spendMemory(cost.named);
    return accounts.newToken(user, expiresAt, description).key;
  },
};

/** With the right to grant of anybody, without it of oneself. */
export const delToken: BuiltIn = {
  name: 'del_token',
  effects: effects.thingsdb,
  root(query, args) {
    query.requireThingsdb('del_token');
    const { accounts } = query.database;
    args.exactly(1, 'thingsdb-api/del_token');
    const key = readKey(args, query, 'thingsdb-api/del_token');
    const mayOfAll = accounts.thingsdb.allows(query.user, Privileges.grant);
    accounts.deleteToken(key, mayOfAll ? undefined : query.user);
    return null;
  },
};

export const hasToken: BuiltIn = {
  name: 'has_token',
  effects: effects.none,
  root(query, args) {
    query.requireThingsdb('has_token');
    const { accounts } = query.database;
    accounts.thingsdb.require(query.user, Privileges.grant);
    args.exactly(1, 'thingsdb-api/has_token');
    return accounts.hasToken(readKey(args, query, 'thingsdb-api/has_token'));
  },
};

export const delExpired: BuiltIn = {
  name: 'del_expired',
  effects: effects.thingsdb,
  root(query, args) {
    query.requireThingsdb('del_expired');
    const { accounts } = query.database;
    accounts.thingsdb.require(query.user, Privileges.grant);
    args.exactly(0, 'thingsdb-api/del_expired');
    accounts.deleteExpiredTokens();
    return null;
  },
};

function readExpiry(args: Args, value: Value): number | null {
  if (value === null) return null;
  if (isKind(value, 'datetime')) return value.seconds;
  throw args.expected(1, '`datetime`, `timeval` or `nil`', value, 'thingsdb-api/new_token');
}

function readDescription(args: Args, query: Query): string {
  const description = args.string(query, 2, 'thingsdb-api/new_token');
  if (isUtf8(description)) return fromByteString(description);
  throw valueError(
    'function `new_token` expects a description to have valid UTF8 encoding' + see('thingsdb-api/new_token'),
  );
}

function readKey(args: Args, query: Query, page: string): string {
  const key = args.string(query, 0, page);
  if (key.length === KEY_LENGTH && isAscii(key)) return key;
  throw valueError(`function \`${args.name}\` expects argument 1 to be token string${see(page)}`);
}
