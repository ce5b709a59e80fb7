import { describePrivileges } from '../../model/accounts/privileges.js';
import type { Token, User } from '../../model/accounts/user.js';
import type { Database } from '../../model/store/database.js';
import { PackedData } from '../../model/values/packed-data.js';
import type { Wire } from '../../msgpack/wire.js';

/** What `user_info` gives; the keys are in the order of a node's. */
export function describeUser(database: Database, user: User): PackedData {
  const { accounts, collections } = database;
  const lists = [accounts.node, accounts.thingsdb, ...[...collections.values()].map(({ access }) => access)];
  const access = lists.flatMap((list): Wire[] => {
    const mask = list.maskOf(user);
    return mask === undefined ? [] : [{ scope: list.scopeName, privileges: describePrivileges(mask) }];
  });
  const whitelists = [...user.whitelists].map(
    ([kind, list]) => [kind, list.entries.map(({ text }) => text)] as const,
  );
  return new PackedData({
    user_id: BigInt(user.id),
    name: user.name,
    created_at: BigInt(user.createdAt),
    has_password: user.password !== undefined,
    access,
    tokens: user.tokens.map((token) => describeToken(token, database.nowSeconds)),
    whitelists: Object.fromEntries(whitelists),
  });
}

function describeToken({ key, expiresAt, createdAt, description }: Token, nowSeconds: number): Wire {
  return {
    key,
    status: expiresAt === 0 || expiresAt > nowSeconds ? 'OK' : 'EXPIRED',
    expiration_time: expiresAt === 0 ? 'never' : isoTime(expiresAt),
    ...(description !== '' && { description }),
    created_on: isoTime(createdAt),
  };
}

/** `2026-11-23T16:55:15Z` */
function isoTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}
