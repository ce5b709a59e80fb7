import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectionSettings, type ConnectionValues } from '../../../lib/cli/connection-options.js';
import { UsageError } from '../../../lib/cli/usage-error.js';

let folder: string;
let warnings: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'thingsdb-lock-config-'));
  warnings = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const output = { warning: (message: string): void => void warnings.push(message) };

function settings(values: ConnectionValues, env: NodeJS.ProcessEnv = {}) {
  return connectionSettings(values, { XDG_CONFIG_HOME: join(folder, 'home'), ...env }, output);
}

function written(content: unknown, name = 'config.json'): string {
  const file = join(folder, name);
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content), { mode: 0o600 });
  return file;
}

/** Why it cannot be used. */
function refusal(values: ConnectionValues, env: NodeJS.ProcessEnv = {}): string {
  try {
    settings(values, env);
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  throw new Error('it was taken');
}

const LOGIN = { THINGSDB_USER: 'me', THINGSDB_PASSWORD: 'secret' };

it('an option comes before the file, and the file fills in what is missing', () => {
  const config = written({
    url: ['thingsdb://a', 'thingsdb://b'],
    user: 'other',
    password: 'pw',
    collection: 'c',
    prefix: 'p_',
  });
  expect(settings({ config, user: 'me' })).toEqual({
    url: ['thingsdb://a', 'thingsdb://b'],
    auth: { username: 'me', password: 'pw' },
    tls: undefined,
    collection: 'c',
    prefix: 'p_',
  });
  expect(settings({ config, url: 'ws://x,ws://y', collection: 'd' })).toMatchObject({
    url: ['ws://x', 'ws://y'],
    collection: 'd',
  });
});

it.each<[string, NodeJS.ProcessEnv, object, object]>([
  ['the token of the environment wins', { ...LOGIN, THINGSDB_TOKEN: 't' }, { token: 'f' }, { token: 't' }],
  [
    'the password of the environment wins over the file',
    LOGIN,
    { token: 'f' },
    { username: 'me', password: 'secret' },
  ],
  [
    'the token of the file wins over its password',
    {},
    { token: 'f', password: 'p', user: 'u' },
    { token: 'f' },
  ],
  ['a password may be empty', {}, { user: 'u', password: '' }, { username: 'u', password: '' }],
  [
    'a token that is empty is none',
    { ...LOGIN, THINGSDB_TOKEN: '' },
    {},
    { username: 'me', password: 'secret' },
  ],
])('%s', (_what, env, file, auth) => {
  const values = { url: 'ws://a', user: env['THINGSDB_USER'], config: written(file) };
  if (JSON.stringify(file).includes('""')) {
    // An empty text in the file is a mistake; the environment can say it.
    expect(refusal(values)).toContain('"password" is not a text');
    expect(settings({ ...values, config: undefined, user: 'u' }, { THINGSDB_PASSWORD: '' }).auth).toEqual(
      auth,
    );
    return;
  }
  expect(settings(values, env).auth).toEqual(auth);
});

it('the file in its usual place is read if it is there', () => {
  mkdirSync(join(folder, 'home'));
  written({ url: 'thingsdb://usual', token: 't' }, 'home/thingsdb-lock.json');
  expect(settings({})).toMatchObject({ url: ['thingsdb://usual'], auth: { token: 't' } });
  expect(refusal({ config: join(folder, 'other.json') })).toContain('ENOENT');
});

it('file names in the file count from its folder', () => {
  written('a certificate', 'ca.pem');
  const config = written({ url: 'wss://a', token: 't', tlsCa: 'ca.pem', tlsVerify: false });
  expect(settings({ config }).tls).toEqual({
    ca: Buffer.from('a certificate'),
    cert: undefined,
    key: undefined,
    servername: undefined,
    rejectUnauthorized: false,
  });
});

it('a secret that others can read is told of, and nothing of it', () => {
  const config = written({ url: 'ws://a', token: 'very secret' });
  settings({ config });
  expect(warnings).toEqual([]);
  chmodSync(config, 0o644);
  settings({ config });
  expect(warnings).toEqual([expect.stringContaining('chmod 600')]);
  expect(warnings.join()).not.toContain('very secret');
});

it.each<[string, unknown, string]>([
  ['no JSON', '{ "password": "very secret"', 'is not JSON'],
  ['a list', ['very secret'], 'is not a JSON object'],
  [
    'a key that is not known',
    { pasword: 'very secret' },
    'there is no "pasword"; known are url, user, password',
  ],
  ['a number', { password: 5 }, '"password" is not a text'],
  ['a list of nothing', { url: [] }, '"url" is not a text, or a list of texts'],
  ['a name of Object', { constructor: 'very secret' }, 'there is no "constructor"'],
])('a file with %s is refused, and its values are not repeated', (_what, content, why) => {
  const message = refusal({ config: written(content) });
  expect(message).toContain(why);
  expect(message).not.toContain('very secret');
});

it('what is missing is named', () => {
  expect(refusal({}, LOGIN)).toContain('THINGSDB_URL');
  expect(refusal({ url: '' }, LOGIN)).toContain('THINGSDB_URL');
  expect(refusal({ url: 'ws://a' })).toContain('THINGSDB_TOKEN');
  expect(refusal({ url: 'ws://a', tlsKey: '/no/such' }, { THINGSDB_TOKEN: 't' })).toContain('--tls-key');
});
