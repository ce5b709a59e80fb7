import { Privileges } from '../../model/accounts/privileges.js';
import type { User } from '../../model/accounts/user.js';
import {
  toWhitelistKind,
  Whitelist,
  type WhitelistEntry,
  type WhitelistKind,
} from '../../model/accounts/whitelist.js';
import { cost, spendMemory } from '../../model/budget.js';
import { lookupError, see, typeError, valueError } from '../../model/errors.js';
import { fromByteString, isValidName } from '../../model/text.js';
import { isKind, typeName, type Value } from '../../model/values/value.js';
import type { Args } from '../../runtime/args.js';
import { type BuiltIn, effects } from '../../runtime/built-in.js';
import type { Query } from '../../runtime/query.js';

/** Without an entry: makes an empty list, with which nothing is allowed. */
export const whitelistAdd: BuiltIn = {
  name: 'whitelist_add',
  effects: effects.thingsdb,
  root(query, args) {
    const { user, kind, entry } = readArguments(query, args, 'thingsdb-api/whitelist_add');
    const list = user.whitelists.get(kind);
    if (entry === undefined && list !== undefined) throw lookupError('whitelist already exists');
    const changed = list ?? new Whitelist();
    if (entry !== undefined) {
      changed.add(entry, query.database.limits.whitelistEntries);
      spendMemory(cost.named);
    }
    user.whitelists.set(kind, changed);
    return null;
  },
};

/** Without an entry: removes the list, with which everything is allowed again. */
export const whitelistDel: BuiltIn = {
  name: 'whitelist_del',
  effects: effects.thingsdb,
  root(query, args) {
    const { user, kind, entry } = readArguments(query, args, 'thingsdb-api/whitelist_del');
    const list = user.whitelists.get(kind);
    if (entry !== undefined) {
      (list ?? new Whitelist()).delete(entry);
      return null;
    }
    if (!user.whitelists.delete(kind)) throw lookupError('whitelist not found');
    return null;
  },
};

interface Arguments {
  readonly user: User;
  readonly kind: WhitelistKind;
  readonly entry: WhitelistEntry | undefined;
}

function readArguments(query: Query, args: Args, page: string): Arguments {
  query.requireThingsdb(args.name);
  const { accounts } = query.database;
  accounts.thingsdb.require(query.user, Privileges.grant);
  args.between(2, 3, page);
  const user = accounts.user(fromByteString(args.string(query, 0, page)));
  const kind = toWhitelistKind(args.string(query, 1, page));
  return { user, kind, entry: args.count === 3 ? readEntry(args.value(query, 2)) : undefined };
}

function readEntry(value: Value): WhitelistEntry {
  if (isKind(value, 'regex')) return { text: fromByteString(value.text), pattern: value };
  if (typeof value !== 'string') {
    throw typeError(
      'whitelist is expecting type `str` or `regex` but ' + `got type \`${typeName(value)}\` instead`,
    );
  }
  if (isValidName(value)) return { text: value };
  throw valueError(
    'whitelist is expecting either a regular expression or a string according the naming rules' +
      see('overview/names'),
  );
}
