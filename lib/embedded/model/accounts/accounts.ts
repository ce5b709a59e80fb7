import { randomBytes } from 'node:crypto';
import type { Wire } from '../../msgpack/wire.js';
import { authError, lookupError, maxQuotaError, requireFewer, valueError } from '../errors.js';
import type { ThingsError } from '../things-error.js';
import { AccessList, type AccessSnapshot } from './access-list.js';
import { Privileges } from './privileges.js';
import type { Token, User } from './user.js';
import { Whitelist, type WhitelistKind } from './whitelist.js';

const DOCS = 'https://docs.thingsdb.io/v1/thingsdb-api';

const MAX_NAME_BYTES = 127;
const MAX_PASSWORD_BYTES = 127;
const MAX_TOKENS = 128;
const TOKEN_KEY_LENGTH = 22;
const TOKEN_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
/** The largest 32-bit number of seconds: no token expires later. */
const MAX_EXPIRES_AT = 4_294_967_295;

const DEFAULT_USER = 'admin';
const DEFAULT_PASSWORD = 'pass';

/** Names longer than this, and names that do not print, are left out of errors. */
const MAX_SHOWN_BYTES = 99;

/** Plain data; see {@link Accounts.snapshot}. */
export interface AccountsSnapshot {
  readonly users: readonly (Omit<User, 'whitelists'> & {
    readonly whitelists: readonly (readonly [WhitelistKind, Whitelist])[];
  })[];
  readonly thingsdb: AccessSnapshot;
  readonly node: AccessSnapshot;
}

export interface AccountsOptions {
  /** Milliseconds since the epoch. */
  readonly nowMs: () => number;
  /** Ids of users and of collections come from one sequence. */
  readonly nextId: () => number;
  readonly maxUsers: number;
}

/** The users, and what they may do in the scopes `@thingsdb` and `@node`. Each collection keeps its own list. */
export class Accounts {
  readonly thingsdb = new AccessList(() => '@thingsdb');
  readonly node = new AccessList(() => '@node');
  readonly #nowMs: () => number;
  readonly #nextId: () => number;
  readonly #maxUsers: number;
  #users: User[] = [];

  /** A fresh node's: `admin` with the password `pass` and every right. */
  constructor({ nowMs, nextId, maxUsers }: AccountsOptions) {
    this.#maxUsers = maxUsers;
    this.#nowMs = nowMs;
    this.#nextId = nextId;
    const admin = this.newUser(DEFAULT_USER);
    admin.password = DEFAULT_PASSWORD;
    this.node.grant(admin, Privileges.full);
    this.thingsdb.grant(admin, Privileges.full);
  }

  get users(): readonly User[] {
    return this.#users;
  }

  /** Seconds since the epoch, as tokens count. */
  get nowSeconds(): number {
    return Math.floor(this.#nowMs() / 1000);
  }

  /**
   * @param credentials `[user, password]` or a token's key
   * @throws ThingsError -56
   */
  authenticate(credentials: Wire): User {
    if (typeof credentials === 'string') return this.#authenticateByToken(credentials);
    const [name, password] = Array.isArray(credentials) ? (credentials as Wire[]) : [];
    const user = this.#users.find((candidate) => candidate.name === name);
    if (user?.password !== undefined && user.password === password) return user;
    throw authError('invalid username or password');
  }

  #authenticateByToken(key: string): User {
    for (const user of this.#users) {
      const token = user.tokens.find((candidate) => candidate.key === key);
      if (token === undefined) continue;
      if (!this.isExpired(token)) return user;
      throw authError(`token is expired; see ${DOCS}/del_expired`);
    }
    throw authError('invalid token');
  }

  /** @throws ThingsError -60 for a name that cannot be used, -54 when it is taken, -57 for too many users */
  newUser(name: string): User {
    this.#checkName(name);
    requireFewer(this.#users.length, this.#maxUsers, 'users');
    const user: User = {
      id: this.#nextId(),
      createdAt: this.nowSeconds,
      name,
      password: undefined,
      tokens: [],
      whitelists: new Map(),
    };
    this.#users.push(user);
    return user;
  }

  has(name: string): boolean {
    return this.#users.some((user) => user.name === name);
  }

  /** @throws ThingsError -54 */
  user(name: string): User {
    const user = this.#users.find((candidate) => candidate.name === name);
    if (user === undefined) throw notFound('user', name);
    return user;
  }

  /**
   * The user's sessions stay, without any right.
   *
   * @param collections the lists of all collections
   */
  deleteUser(user: User, collections: Iterable<AccessList>): void {
    for (const list of [this.node, this.thingsdb, ...collections]) list.revoke(user, Privileges.full);
    this.#users = this.#users.filter((other) => other.id !== user.id);
  }

  /** @throws ThingsError as {@link newUser}; also for the name that the user already has */
  rename(user: User, name: string): void {
    this.#checkName(name);
    user.name = name;
  }

  /**
   * @param password `null` takes the password away
   * @throws ThingsError -60 for one that cannot be used
   */
  setPassword(user: User, password: string | null): void {
    if (password !== null) checkPassword(password);
    user.password = password ?? undefined;
  }

  /**
   * @param expiresAt seconds since the epoch; `null` is never
   * @throws ThingsError -57 for too many, -60 for a time in the past or too far away
   */
  newToken(user: User, expiresAt: number | null, description: string): Token {
    if (user.tokens.length > MAX_TOKENS) {
      throw maxQuotaError(
        `user \`${user.name}\` has reached the maximum of ${MAX_TOKENS} tokens; see ${DOCS}/new_token`,
      );
    }
    if (expiresAt !== null) this.#checkExpiry(expiresAt);
    const token: Token = {
      key: newTokenKey(),
      expiresAt: expiresAt ?? 0,
      createdAt: this.nowSeconds,
      description,
    };
    user.tokens = [...user.tokens, token];
    return token;
  }

  hasToken(key: string): boolean {
    return this.#users.some((user) => user.tokens.some((token) => token.key === key));
  }

  /**
   * @param owner only among this user's; among everybody's by default
   * @throws ThingsError -54
   */
  deleteToken(key: string, owner?: User): void {
    for (const user of owner === undefined ? this.#users : [owner]) {
      const left = user.tokens.filter((token) => token.key !== key);
      if (left.length === user.tokens.length) continue;
      user.tokens = left;
      return;
    }
    throw notFound('token', key);
  }

  deleteExpiredTokens(): void {
    for (const user of this.#users) user.tokens = user.tokens.filter((token) => !this.isExpired(token));
  }

  isExpired(token: Token): boolean {
    return token.expiresAt !== 0 && token.expiresAt < this.nowSeconds;
  }

  /** A copy as plain data: later changes do not show in it. */
  snapshot(): AccountsSnapshot {
    return {
      users: this.#users.map((user) => ({
        ...user,
        whitelists: [...user.whitelists].map(([kind, list]) => [kind, new Whitelist(list.entries)] as const),
      })),
      thingsdb: this.thingsdb.snapshot(),
      node: this.node.snapshot(),
    };
  }

  /** Users that exist before and after stay the same objects, so that sessions keep theirs. */
  restore(snapshot: AccountsSnapshot): void {
    const known = new Map(this.#users.map((user) => [user.id, user]));
    this.#users = snapshot.users.map(({ whitelists, ...stored }) => {
      const user = Object.assign(
        known.get(stored.id) ?? { whitelists: new Map<WhitelistKind, Whitelist>() },
        stored,
      );
      user.whitelists.clear();
      for (const [kind, list] of whitelists) user.whitelists.set(kind, new Whitelist(list.entries));
      return user;
    });
    this.thingsdb.restore(snapshot.thingsdb);
    this.node.restore(snapshot.node);
  }

  #checkName(name: string): void {
    const bytes = Buffer.byteLength(name);
    if (bytes < 1 || bytes > MAX_NAME_BYTES) {
      throw valueError('username must be between 1 and 128 characters');
    }
    if (!/^[\x21-\x7e]+$/.test(name)) {
      // The doubled word is the real server's.
      throw valueError('username should should only contain graphical characters');
    }
    if (this.has(name)) throw lookupError(`user \`${name}\` already exists`);
  }

  #checkExpiry(expiresAt: number): void {
    if (expiresAt < this.nowSeconds) {
      throw valueError(`cannot set an expiration time in the past; see ${DOCS}/new_token`);
    }
    if (expiresAt > MAX_EXPIRES_AT) {
      throw valueError(`expiration time is too far in the future; see ${DOCS}/new_token`);
    }
  }
}

function checkPassword(password: string): void {
  const bytes = Buffer.byteLength(password);
  if (bytes < 1) throw valueError('password should be at least 1 characters');
  if (bytes > MAX_PASSWORD_BYTES) {
    throw valueError(`password should be less than ${MAX_PASSWORD_BYTES + 1} characters`);
  }
  if (!/^[\x20-\x7e]+$/.test(password)) {
    throw valueError('password should only contain printable characters');
  }
}

function newTokenKey(): string {
  // 64 characters: the rest of the division takes none of them more often than another.
  return Array.from(
    randomBytes(TOKEN_KEY_LENGTH),
    (byte) => TOKEN_ALPHABET[byte % TOKEN_ALPHABET.length],
  ).join('');
}

function notFound(what: string, name: string): ThingsError {
  const isShown = /^[\x20-\x7e]*$/.test(name) && Buffer.byteLength(name) <= MAX_SHOWN_BYTES;
  return lookupError(isShown ? `${what} \`${name}\` not found` : `${what} not found`);
}
