import { Privileges } from '../../model/accounts/privileges.js';
import { cost, spendMemory } from '../../model/budget.js';
import { forbiddenError, operationError, see } from '../../model/errors.js';
import { fromByteString } from '../../model/text.js';
import { List } from '../../model/values/list.js';
import { type BuiltIn, effects } from '../../runtime/built-in.js';
import { describeUser } from './describe-user.js';

export const newUser: BuiltIn = {
  name: 'new_user',
  effects: effects.thingsdb,
  root(query, args) {
    query.requireThingsdb('new_user');
    const { accounts } = query.database;
    accounts.thingsdb.require(query.user, Privileges.grant);
    args.exactly(1, 'thingsdb-api/new_user');
    spendMemory(cost.named);
    return accounts.newUser(fromByteString(args.string(query, 0, 'thingsdb-api/new_user'))).name;
  },
};

export const delUser: BuiltIn = {
  name: 'del_user',
  effects: effects.thingsdb,
  root(query, args) {
    query.requireThingsdb('del_user');
    const { accounts, collections } = query.database;
    accounts.thingsdb.require(query.user, Privileges.grant);
    args.exactly(1, 'thingsdb-api/del_user');
    const user = accounts.user(fromByteString(args.string(query, 0, 'thingsdb-api/del_user')));
    if (user === query.user) {
      throw operationError(
        `it is not possible to delete your own user account${see('thingsdb-api/del_user')}`,
      );
    }
    accounts.deleteUser(
      user,
      [...collections.values()].map(({ access }) => access),
    );
    return null;
  },
};

export const renameUser: BuiltIn = {
  name: 'rename_user',
  effects: effects.thingsdb,
  root(query, args) {
    query.requireThingsdb('rename_user');
    const { accounts } = query.database;
    accounts.thingsdb.require(query.user, Privileges.grant);
    args.exactly(2, 'thingsdb-api/rename_user');
    const user = accounts.user(fromByteString(args.string(query, 0, 'thingsdb-api/rename_user')));
    accounts.rename(user, fromByteString(args.string(query, 1, 'thingsdb-api/rename_user')));
    return null;
  },
};

export const setPassword: BuiltIn = {
  name: 'set_password',
  effects: effects.thingsdb,
  root(query, args) {
    query.requireThingsdb('set_password');
    const { accounts } = query.database;
    args.exactly(2, 'thingsdb-api/set_password');
    const user = accounts.user(fromByteString(args.string(query, 0, 'thingsdb-api/set_password')));
    if (user !== query.user) accounts.thingsdb.require(query.user, Privileges.grant);
    const password = args.value(query, 1);
    if (password !== null && typeof password !== 'string') {
      throw args.expected(1, '`str` or `nil`', password, 'thingsdb-api/set_password');
    }
    accounts.setPassword(user, password === null ? null : fromByteString(password));
    return null;
  },
};

export const hasUser: BuiltIn = {
  name: 'has_user',
  effects: effects.none,
  root(query, args) {
    query.requireThingsdb('has_user');
    const { accounts } = query.database;
    accounts.thingsdb.require(query.user, Privileges.grant);
    args.exactly(1, 'thingsdb-api/has_user');
    return accounts.has(fromByteString(args.string(query, 0, 'thingsdb-api/has_user')));
  },
};

/** Of oneself in every scope; of others in `@thingsdb` only. */
export const userInfo: BuiltIn = {
  name: 'user_info',
  effects: effects.none,
  root(query, args) {
    args.atMost(1, 'thingsdb-api/user_info');
    const { accounts } = query.database;
    if (args.count === 0) return describeUser(query.database, query.user);
    if (query.scope.kind !== 'thingsdb') {
      throw forbiddenError(
        `function \`user_info\` can only be used in the \`@${query.scope.kind}\` scope without arguments; ` +
          `you might want to query the \`@thingsdb\` scope?${see('overview/scopes')}`,
      );
    }
    accounts.thingsdb.require(query.user, Privileges.grant);
    const name = fromByteString(args.string(query, 0, 'thingsdb-api/user_info'));
    return describeUser(query.database, accounts.user(name));
  },
};

export const usersInfo: BuiltIn = {
  name: 'users_info',
  effects: effects.none,
  root(query, args) {
    query.requireThingsdb('users_info');
    const { accounts } = query.database;
    accounts.thingsdb.require(query.user, Privileges.grant);
    args.exactly(0, 'thingsdb-api/users_info');
    return new List(accounts.users.map((user) => describeUser(query.database, user)));
  },
};
