import type { AccessList } from '../../model/accounts/access-list.js';
import { Privileges } from '../../model/accounts/privileges.js';
import type { User } from '../../model/accounts/user.js';
import { operationError, see, typeError } from '../../model/errors.js';
import { fromByteString } from '../../model/text.js';
import { typeName } from '../../model/values/value.js';
import type { Args } from '../../runtime/args.js';
import { type BuiltIn, effects } from '../../runtime/built-in.js';
import type { Query } from '../../runtime/query.js';

/** Masks are kept in 16 bits. */
const MASK_BITS = 16;

export const grant: BuiltIn = {
  name: 'grant',
  effects: effects.thingsdb,
  root(query, args) {
    query.requireThingsdb('grant');
    const { access, user, mask } = readArguments(query, args, 'thingsdb-api/grant');
    // Whoever may grant may change as well.
    access.grant(user, (mask & Privileges.grant) === 0 ? mask : mask | Privileges.change);
    return null;
  },
};

export const revoke: BuiltIn = {
  name: 'revoke',
  effects: effects.thingsdb,
  root(query, args) {
    query.requireThingsdb('revoke');
    const { access, user, mask } = readArguments(query, args, 'thingsdb-api/revoke');
    const revoked = (mask & Privileges.change) === 0 ? mask : mask | Privileges.grant;
    if (user === query.user && (revoked & (Privileges.grant | Privileges.query)) !== 0) {
      throw operationError(
        'it is not possible to revoke your own `GRANT` and/or `QUERY` privileges' +
          see('thingsdb-api/revoke'),
      );
    }
    access.revoke(user, revoked);
    return null;
  },
};

function readArguments(
  query: Query,
  args: Args,
  page: string,
): { access: AccessList; user: User; mask: number } {
  args.exactly(3, page);
  const access = readScope(query, args);
  access.require(query.user, Privileges.grant);
  const user = query.database.accounts.user(fromByteString(args.string(query, 1, page)));
  const mask = Number(BigInt.asUintN(MASK_BITS, args.int(query, 2, page)));
  return { access, user, mask };
}

function readScope(query: Query, args: Args): AccessList {
  const scope = args.value(query, 0);
  if (typeof scope === 'string') return query.database.scope(fromByteString(scope)).access;
  throw typeError(`expecting a scope to be of type \`str\` but got type \`${typeName(scope)}\` instead`);
}
