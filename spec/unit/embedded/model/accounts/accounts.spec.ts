import { ThingsError } from '../../../../../lib/embedded/engine/engine.js';
import { AccessList } from '../../../../../lib/embedded/model/accounts/access-list.js';
import { Accounts } from '../../../../../lib/embedded/model/accounts/accounts.js';
import { describePrivileges, Privileges } from '../../../../../lib/embedded/model/accounts/privileges.js';

const NOW_MS = 1_700_000_000_000;
const NOW_SECONDS = NOW_MS / 1000;

let nowMs: number;
let accounts: Accounts;

beforeEach(() => {
  nowMs = NOW_MS;
  let id = 0;
  accounts = new Accounts({ nowMs: () => nowMs, nextId: () => (id += 1), maxUsers: 1000 });
});

function codeOf(action: () => unknown): number | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return (error as ThingsError).code;
  }
}

describe('privileges in words', () => {
  it.each([
    [0, 'NO_ACCESS'],
    [31, 'FULL'],
    [27, 'USER'],
    [8 | 16, 'JOIN|RUN'],
    [1 | 2 | 4, 'QUERY|CHANGE|GRANT'],
    [32, 'NO_ACCESS'],
    [31 | 32, 'FULL'],
  ])('%i is %s', (mask, words) => {
    expect(describePrivileges(mask)).toBe(words);
  });
});

describe('a list of rights', () => {
  const stuff = new AccessList(() => '@collection:stuff');

  it('a user with RUN, CHANGE and JOIN may run and join but not query', () => {
    const user = accounts.newUser('worker');
    stuff.grant(user, Privileges.run | Privileges.change | Privileges.join);
    expect(() => stuff.require(user, Privileges.run)).not.toThrow();
    expect(() => stuff.require(user, Privileges.join)).not.toThrow();
    expect(() => stuff.require(user, Privileges.query)).toThrow(
      new ThingsError(
        -55,
        'user `worker` is missing the required privileges (`QUERY`) on scope `@collection:stuff`; ' +
          'see https://docs.thingsdb.io/v1/thingsdb-api/grant',
      ),
    );
  });

  it('forgets who has no right left', () => {
    const user = accounts.newUser('worker');
    stuff.grant(user, Privileges.run);
    stuff.revoke(user, Privileges.full);
    expect(stuff.maskOf(user)).toBeUndefined();
  });

  it('asking for several rights means all of them, or any of them', () => {
    const user = accounts.newUser('worker');
    stuff.grant(user, Privileges.run);
    expect(stuff.allows(user, Privileges.run | Privileges.query)).toBe(false);
    expect(stuff.allowsAny(user, Privileges.run | Privileges.query)).toBe(true);
  });
});

describe('logging in', () => {
  it('a fresh node has admin with every right', () => {
    const admin = accounts.authenticate(['admin', 'pass']);
    expect(accounts.thingsdb.allows(admin, Privileges.full)).toBe(true);
    expect(accounts.node.allows(admin, Privileges.full)).toBe(true);
  });

  it.each([[['admin', 'wrong']], [['nobody', 'pass']], [['admin', '']], ['x'], ['']])(
    '%j is refused',
    (credentials) => {
      expect(codeOf(() => accounts.authenticate(credentials))).toBe(-56);
    },
  );

  it('a user without a password cannot log in with any', () => {
    accounts.newUser('worker');
    expect(codeOf(() => accounts.authenticate(['worker', '']))).toBe(-56);
  });

  it('a token lets its user in until it expires, and after that says so', () => {
    const user = accounts.newUser('worker');
    const { key } = accounts.newToken(user, NOW_SECONDS + 60, '');
    expect(accounts.authenticate(key)).toBe(user);
    nowMs += 60_000;
    expect(accounts.authenticate(key)).toBe(user);
    nowMs += 1000;
    expect(() => accounts.authenticate(key)).toThrow(/token is expired/);
    accounts.deleteExpiredTokens();
    expect(() => accounts.authenticate(key)).toThrow('invalid token');
  });

  it('a token without an end never expires', () => {
    const { key } = accounts.newToken(accounts.user('admin'), null, '');
    nowMs += 1e13;
    accounts.deleteExpiredTokens();
    expect(accounts.authenticate(key).name).toBe('admin');
  });

  it('a user who is deleted has no right left, and cannot log in', () => {
    const user = accounts.newUser('worker');
    const { key } = accounts.newToken(user, null, '');
    const stuff = new AccessList(() => '@collection:stuff');
    stuff.grant(user, Privileges.full);
    accounts.deleteUser(user, [stuff]);
    expect(stuff.allowsAny(user, Privileges.full)).toBe(false);
    expect(codeOf(() => accounts.authenticate(key))).toBe(-56);
  });
});

describe('tokens', () => {
  it('are 22 characters and differ', () => {
    const admin = accounts.user('admin');
    const keys = Array.from({ length: 50 }, () => accounts.newToken(admin, null, '').key);
    expect(new Set(keys).size).toBe(50);
    for (const key of keys) expect(key).toMatch(/^[A-Za-z0-9+/]{22}$/);
  });

  it('end at a number', () => {
    const admin = accounts.user('admin');
    expect(codeOf(() => Array.from({ length: 200 }, () => accounts.newToken(admin, null, '')))).toBe(-57);
  });

  it('of others are not found by somebody who may only remove his own', () => {
    const { key } = accounts.newToken(accounts.user('admin'), null, '');
    expect(codeOf(() => accounts.deleteToken(key, accounts.newUser('worker')))).toBe(-54);
    accounts.deleteToken(key);
    expect(accounts.hasToken(key)).toBe(false);
  });
});

it('a snapshot brings everything back, and later changes do not show in it', () => {
  const worker = accounts.newUser('worker');
  accounts.thingsdb.grant(worker, Privileges.query);
  const snapshot = accounts.snapshot();
  accounts.rename(worker, 'renamed');
  accounts.newToken(worker, null, '');
  accounts.thingsdb.grant(worker, Privileges.full);
  accounts.newUser('another');
  accounts.deleteUser(accounts.user('admin'), []);
  accounts.restore(snapshot);
  expect(accounts.users.map(({ name }) => name)).toEqual(['admin', 'worker']);
  expect(accounts.user('worker')).toBe(worker);
  expect(worker.tokens).toEqual([]);
  expect(accounts.thingsdb.maskOf(worker)).toBe(Privileges.query);
  expect(accounts.thingsdb.allows(accounts.user('admin'), Privileges.full)).toBe(true);
});
