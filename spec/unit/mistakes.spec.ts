import { clientFor } from '../../lib/client/open-client.js';
import * as library from '../../lib/index.js';
import { checkedPage } from '../../lib/options/page.js';
import {
  checkedSemaphore,
  resolveAdoptOptions,
  resolveLockOptions,
  semaphoreResolver,
} from '../../lib/options/resolved-lock-options.js';
import { resolveDrainOptions, resolveManagerOptions } from '../../lib/options/resolved-manager-options.js';
import { KNOWN, type Place } from '../../lib/options/unknown-option.js';
import { startThingsDB, type EmbeddedThingsDB } from '../../lib/testing/index.js';

/**
 * What people get wrong, and what they are told: to be read from top to bottom. First what is written, which is run as it
 * stands; then the code and the exact message. `manager` is a working one, `lock` a lock of it, `taken` a lock that another
 * process holds, `closed` one of a closed manager, `SERVER` the server's address, `WEB_SOCKET` the other one;
 * `connect(options)` calls `setup()`.
 */
type Mistake = readonly [wrote: string, code: string, message: string];

const MISTAKES: Readonly<Record<string, readonly Mistake[]>> = {
  'Making a manager': [
    [
      'new LockManager()',
      'LOCK_OPTIONS',
      'invalid LockManager options: undefined is given; expected an object with url and auth, or client',
    ],
    [
      'new LockManager({})',
      'LOCK_OPTIONS',
      "invalid LockManager options: url is undefined (is an environment variable not set?); expected either client or url, such as 'thingsdb://127.0.0.1:9200'",
    ],
    [
      "new LockManager('thingsdb://127.0.0.1:9200')",
      'LOCK_OPTIONS',
      'invalid LockManager options: "thingsdb://127.0.0.1:9200" is given; expected an object with url and auth, or client',
    ],
    [
      "new LockManager({ url: process.env.NOT_SET, auth: { token: 'secret' } })",
      'LOCK_OPTIONS',
      "invalid LockManager options: url is undefined (is an environment variable not set?); expected either client or url, such as 'thingsdb://127.0.0.1:9200'",
    ],
    [
      'new LockManager({ url: SERVER })',
      'LOCK_OPTIONS',
      'invalid LockManager options: auth is undefined; expected { username, password } or { token } together with url',
    ],
    [
      "new LockManager({ url: SERVER, client: () => null, auth: { token: 'secret' } })",
      'LOCK_OPTIONS',
      'invalid LockManager options: expected either client or url, not both',
    ],
    [
      'new LockManager({ client: {} })',
      'LOCK_OPTIONS',
      'invalid LockManager options: client: expected a client with the methods of thingsdb.js, or a function that makes one',
    ],
    [
      "new LockManager({ host: '127.0.0.1', port: 9200 })",
      'LOCK_OPTIONS',
      'invalid LockManager options: host and port are not known: it is called url here, one or a list of such as thingsdb://host:9200',
    ],
    [
      "new LockManager({ url: SERVER, username: 'admin', password: 'secret' })",
      'LOCK_OPTIONS',
      'invalid LockManager options: username and password are not known: give it within auth: { username, password } or { token }',
    ],
    [
      "new LockManager({ url: SERVER, token: 'secret' })",
      'LOCK_OPTIONS',
      'invalid LockManager options: token is not known: give it within auth: { username, password } or { token }',
    ],
    [
      "new LockManager({ url: SERVER, auth: { token: 'secret' }, ttl: '30s' })",
      'LOCK_OPTIONS',
      'invalid LockManager options: ttl is not known: what holds for all locks is given within defaults: { ... }',
    ],
    [
      "new LockManager({ url: SERVER, auth: { token: 'secret' }, timeout: 5000 })",
      'LOCK_OPTIONS',
      'invalid LockManager options: timeout is not known: it is called requestTimeout (how long one call may take) here',
    ],
    [
      "new LockManager({ url: SERVER, auth: { token: 'secret' }, keyPrefix: 'jobs:' })",
      'LOCK_OPTIONS',
      'invalid LockManager options: keyPrefix is not known: it is called prefix here',
    ],
    [
      "new LockManager({ url: SERVER, auth: { token: 'secret' }, colection: 'lock' })",
      'LOCK_OPTIONS',
      'invalid LockManager options: colection is not known: did you mean collection?',
    ],
    [
      "new LockManager({ url: SERVER, auth: { token: 'secret' }, collection: '//lock' })",
      'LOCK_OPTIONS',
      'invalid LockManager options: collection is "//lock"; expected letters, digits and _, not a digit first',
    ],
    [
      "new LockManager({ url: SERVER, auth: { token: 'secret' }, requestTimeout: 0 })",
      'LOCK_OPTIONS',
      'invalid LockManager options: requestTimeout is 0; expected at least 1 ms, at most 2147483647 ms (24.8 days)',
    ],
    [
      "new LockManager({ url: SERVER, auth: { token: 'secret' }, defaults: { timeout: 1000 } })",
      'LOCK_OPTIONS',
      'invalid LockManager options: defaults.timeout is not known: it is called ttl (how long it may be held) or waitTimeout (how long to wait) here',
    ],
    [
      "new LockManager({ url: SERVER, auth: { token: '' }, requestTimeout: -1, retries: 3, colection: 'lock' })",
      'LOCK_OPTIONS',
      'invalid LockManager options: retries is not known: nothing is tried again here, as a grant is pushed: waitTimeout says how long to wait; also colection is not known: did you mean collection?; also auth.token is empty (is an environment variable empty?); also requestTimeout is -1; expected at least 1 ms, at most 2147483647 ms (24.8 days)',
    ],
    [
      "new LockManager({ url: SERVER, auth: { token: 'secret' }, driftFactor: 0.01 })",
      'LOCK_OPTIONS',
      'invalid LockManager options: driftFactor is not known: it is called clockSkew (by how much the clocks of the nodes may differ) here',
    ],
  ],
  'Saying who one is': [
    [
      "new LockManager({ url: SERVER, auth: { username: 'admin', password: process.env.NOT_SET } })",
      'LOCK_OPTIONS',
      'invalid LockManager options: auth.password is undefined (is an environment variable not set?)',
    ],
    [
      "new LockManager({ url: SERVER, auth: { username: process.env.NOT_SET, password: 'secret' } })",
      'LOCK_OPTIONS',
      'invalid LockManager options: auth.username is undefined (is an environment variable not set?)',
    ],
    [
      'new LockManager({ url: SERVER, auth: { token: process.env.NOT_SET } })',
      'LOCK_OPTIONS',
      'invalid LockManager options: auth.token is undefined (is an environment variable not set?)',
    ],
    [
      "new LockManager({ url: SERVER, auth: { token: '' } })",
      'LOCK_OPTIONS',
      'invalid LockManager options: auth.token is empty (is an environment variable empty?)',
    ],
    [
      "new LockManager({ url: SERVER, auth: { user: 'admin', pass: 'secret' } })",
      'LOCK_OPTIONS',
      'invalid LockManager options: auth.user is not known: it is called username here',
    ],
    [
      "new LockManager({ url: SERVER, auth: { username: 'admin', password: 'secret', token: 'secret' } })",
      'LOCK_OPTIONS',
      'invalid LockManager options: auth has a token as well as a username or password: expected only one of them',
    ],
    [
      "new LockManager({ url: SERVER, auth: { username: 'admin', password: 12345 } })",
      'LOCK_OPTIONS',
      'invalid LockManager options: auth.password is a number; expected text',
    ],
    [
      "new LockManager({ url: SERVER, auth: 'admin:secret' })",
      'LOCK_OPTIONS',
      'invalid LockManager options: auth: text is given; expected { username, password } or { token }',
    ],
    [
      "new LockManager({ url: SERVER, auth: ['admin', 'secret'] })",
      'LOCK_OPTIONS',
      'invalid LockManager options: auth: a list is given; expected { username, password } or { token }',
    ],
    [
      "connect({ auth: { username: 'admin', password: 'wrong' } })",
      'LOCK_PERMISSION',
      'auth was refused: invalid username or password (-56); check the user and password, or whether the token has expired',
    ],
    [
      "connect({ auth: { token: 'wrong' } })",
      'LOCK_PERMISSION',
      'auth was refused: invalid token (-56); check the user and password, or whether the token has expired',
    ],
    [
      "connect({ auth: () => ({ user: 'admin' }) })",
      'LOCK_OPTIONS',
      'the auth function gave no credentials: auth.user is not known: it is called username here',
    ],
    [
      "new LockManager({ url: SERVER, auth: { username: 'admin', password: 'secret\\ud800' } })",
      'LOCK_OPTIONS',
      'invalid LockManager options: auth.password: expected well-formed Unicode',
    ],
    [
      "connect({ auth: () => ({ token: '\\ud800' }) })",
      'LOCK_OPTIONS',
      'the auth function gave no credentials: auth.token: expected well-formed Unicode',
    ],
    [
      "connect({ auth: () => ({ get token() { throw new Error('the vault is sealed') } }) })",
      'LOCK_CONNECTION',
      'the auth function failed',
    ],
    [
      "connect({ auth: () => { throw new Error('the vault is sealed') } })",
      'LOCK_CONNECTION',
      'the auth function failed',
    ],
  ],
  'Where the server is': [
    [
      "new LockManager({ url: '127.0.0.1:9200', auth: { token: 'secret' } })",
      'LOCK_OPTIONS',
      'invalid LockManager options: url: not the address of a ThingsDB node: no known scheme; use thingsdb://host, thingsdb://host:port, ws://host:port or wss://host:port',
    ],
    [
      "new LockManager({ url: '', auth: { token: 'secret' } })",
      'LOCK_OPTIONS',
      'invalid LockManager options: url: not the address of a ThingsDB node: nothing is given (is an environment variable not set?); use thingsdb://host, thingsdb://host:port, ws://host:port or wss://host:port',
    ],
    [
      "new LockManager({ url: [SERVER, process.env.NOT_SET], auth: { token: 'secret' } })",
      'LOCK_OPTIONS',
      'invalid LockManager options: url: not the address of a ThingsDB node: nothing is given (is an environment variable not set?); use thingsdb://host, thingsdb://host:port, ws://host:port or wss://host:port',
    ],
    [
      "new LockManager({ url: new URL(SERVER), auth: { token: 'secret' } })",
      'LOCK_OPTIONS',
      'invalid LockManager options: url: not the address of a ThingsDB node: it is no text; use thingsdb://host, thingsdb://host:port, ws://host:port or wss://host:port',
    ],
    [
      "new LockManager({ url: 'thingsdb://db1,thingsdb://db2', auth: { token: 'secret' } })",
      'LOCK_OPTIONS',
      'invalid LockManager options: url: several addresses go into a list, one text for each',
    ],
    [
      "new LockManager({ url: 'ws://db1:9270,db2:9270', auth: { token: 'secret' } })",
      'LOCK_OPTIONS',
      'invalid LockManager options: url: several addresses go into a list, one text for each',
    ],
    [
      "new LockManager({ url: 'https://127.0.0.1:9210', auth: { token: 'secret' } })",
      'LOCK_OPTIONS',
      'invalid LockManager options: url: not the address of a ThingsDB node: https://127.0.0.1:9210; use thingsdb://host, thingsdb://host:port, ws://host:port or wss://host:port',
    ],
    [
      "new LockManager({ url: 'thingsdb://admin:secret@127.0.0.1', auth: { token: 'secret' } })",
      'LOCK_OPTIONS',
      'invalid LockManager options: url: thingsdb://127.0.0.1:9200 is given with a user or password in the address; give those as auth: { username, password }',
    ],
    [
      "new LockManager({ url: 'ws://admin:secret@127.0.0.1:9270', auth: { token: 'secret' } })",
      'LOCK_OPTIONS',
      'invalid LockManager options: url: ws://127.0.0.1:9270 is given with a user or password in the address; give those as auth: { username, password }',
    ],
    [
      "new LockManager({ url: 'thingsdb://127.0.0.1/lock', auth: { token: 'secret' } })",
      'LOCK_OPTIONS',
      'invalid LockManager options: url: thingsdb://127.0.0.1:9200 is followed by a path or query, which a TCP port has no use for',
    ],
    [
      "new LockManager({ url: [], auth: { token: 'secret' } })",
      'LOCK_OPTIONS',
      'invalid LockManager options: url: expected at least one address',
    ],
    [
      "new LockManager({ url: SERVER, auth: { token: 'secret' }, tls: { ca: 'pem' } })",
      'LOCK_OPTIONS',
      "invalid LockManager options: tls: ThingsDB's TCP port (SERVER) speaks no TLS; use wss:// with its WebSocket port",
    ],
    [
      "new LockManager({ url: 'wss://127.0.0.1', auth: { token: 'secret' }, tls: { ca: 5 } })",
      'LOCK_OPTIONS',
      'invalid LockManager options: tls.ca: expected PEM as text or bytes',
    ],
    [
      "new LockManager({ url: 'wss://127.0.0.1', auth: { token: 'secret' }, tls: { ca: 'secret' } })",
      'LOCK_OPTIONS',
      'invalid LockManager options: tls.ca: expected certificates as PEM; what is given cannot be read',
    ],
    [
      "new LockManager({ url: 'wss://127.0.0.1', auth: { token: 'secret' }, tls: { key: 'secret' } })",
      'LOCK_OPTIONS',
      'invalid LockManager options: tls.key: expected a private key as PEM, and its passphrase if it has one; what is given cannot be read',
    ],
    [
      "new LockManager({ url: 'wss://127.0.0.1', auth: { token: 'secret' }, tls: { servername: '127.0.0.1' } })",
      'LOCK_OPTIONS',
      'invalid LockManager options: tls.servername: expected the name of a host; TLS knows no IP addresses here (RFC 6066), and the certificate is checked for the address itself',
    ],
    [
      "new LockManager({ url: 'wss://127.0.0.1', auth: { token: 'secret' }, tls: null })",
      'LOCK_OPTIONS',
      'invalid LockManager options: tls: expected an object such as { ca }',
    ],
    [
      "new LockManager({ url: 'wss://127.0.0.1', auth: { token: 'secret' }, tls: { rejectUnauthorised: false } })",
      'LOCK_OPTIONS',
      'invalid LockManager options: tls.rejectUnauthorised is not known: did you mean rejectUnauthorized?',
    ],
    [
      "new LockManager({ url: 'wss://127.0.0.1', auth: { token: 'secret' }, tls: { pfx: 'secret' } })",
      'LOCK_OPTIONS',
      'invalid LockManager options: tls.pfx is not known: give the certificate and its key as PEM, as cert and key',
    ],
    [
      "new LockManager({ url: 'wss://127.0.0.1', auth: { token: 'secret' }, tls: { ciphers: 'ALL' } })",
      'LOCK_OPTIONS',
      'invalid LockManager options: tls.ciphers is not known; there are ca, cert, key, passphrase, servername, rejectUnauthorized',
    ],
    [
      "new LockManager({ url: 'wss://127.0.0.1', auth: { token: 'secret' }, ssl: true })",
      'LOCK_OPTIONS',
      'invalid LockManager options: ssl is not known: it is called tls here, and is for wss:// addresses',
    ],
    [
      "connect({ url: 'thingsdb://127.0.0.1:1' })",
      'LOCK_CONNECTION',
      'cannot connect to thingsdb://127.0.0.1:1: connect ECONNREFUSED 127.0.0.1:1; nothing listens there; is ThingsDB running, and is this its TCP port (listen_client_port, 9200 by default)?',
    ],
    [
      "connect({ url: 'ws://127.0.0.1:1' })",
      'LOCK_CONNECTION',
      'cannot connect to ws://127.0.0.1:1: connect ECONNREFUSED 127.0.0.1:1; nothing listens there; is ThingsDB running, with its WebSocket port switched on (ws_port, THINGSDB_WS_PORT)? its TCP port is reached by thingsdb://',
    ],
    [
      "connect({ url: SERVER.replace('thingsdb', 'ws') })",
      'LOCK_CONNECTION',
      'cannot connect to ws://HOST:PORT: socket hang up; something listens there, but not for WebSockets: use the port set as ws_port, or thingsdb:// for the TCP port',
    ],
    [
      "connect({ url: WEB_SOCKET.replace('ws', 'thingsdb') })",
      'LOCK_PROTOCOL',
      'not a ThingsDB package: it speaks HTTP; use ws:// for a WebSocket port',
    ],
    [
      "connect({ url: 'thingsdb://no-such-host.invalid' })",
      'LOCK_CONNECTION',
      'cannot connect to thingsdb://no-such-host.invalid:9200: getaddrinfo ENOTFOUND no-such-host.invalid; there is no such host; check its name',
    ],
  ],
  'Naming a lock': [
    [
      'manager.get()',
      'LOCK_OPTIONS',
      'invalid name: undefined is given; expected a string, or a list of strings',
    ],
    ["manager.get('')", 'LOCK_OPTIONS', 'invalid name: "" is given; expected at least one character'],
    ['manager.get(42)', 'LOCK_OPTIONS', 'invalid name: 42 is given; expected a string, or a list of strings'],
    ['manager.get([])', 'LOCK_OPTIONS', 'invalid names: a list is given; expected 1 to 64 names, not 0'],
    [
      "manager.get(['a', 'b', 'a'])",
      'LOCK_OPTIONS',
      'invalid names: "a" is given; expected each at most once',
    ],
    [
      "manager.get('x'.repeat(256))",
      'LOCK_OPTIONS',
      'invalid name: "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"... is given; expected at most 255 bytes, not 256',
    ],
    [
      "manager.get({ name: 'a' })",
      'LOCK_OPTIONS',
      'invalid name: an object is given; expected a string, or a list of strings',
    ],
  ],
  'Options that other libraries have': [
    [
      "manager.get('a', { timeout: 1000 })",
      'LOCK_OPTIONS',
      'invalid lock options: timeout is not known: it is called ttl (how long it may be held) or waitTimeout (how long to wait) here',
    ],
    [
      'lock.acquire({ acquireTimeout: 1000 })',
      'LOCK_OPTIONS',
      'invalid lock options: acquireTimeout is not known: it is called waitTimeout (how long to wait) here',
    ],
    [
      'lock.acquire({ retryCount: 3 })',
      'LOCK_OPTIONS',
      'invalid lock options: retryCount is not known: nothing is tried again here, as a grant is pushed: waitTimeout says how long to wait',
    ],
    [
      'lock.acquire({ leaseTime: 30 })',
      'LOCK_OPTIONS',
      'invalid lock options: leaseTime is not known: it is called ttl (how long the lock may be held without a renewal) here',
    ],
    [
      'lock.acquire({ refreshInterval: 1000 })',
      'LOCK_OPTIONS',
      'invalid lock options: refreshInterval is not known: a lease is renewed at every third of its ttl: autoRenew: false is the only choice',
    ],
    [
      'lock.acquire({ shared: true })',
      'LOCK_OPTIONS',
      "invalid lock options: shared is not known: it is called mode: 'shared' here",
    ],
    [
      'lock.acquire({ ifAvailable: true })',
      'LOCK_OPTIONS',
      'invalid lock options: ifAvailable is not known: call tryAcquire(), or give waitTimeout: 0',
    ],
    [
      'lock.acquire({ onLockLost: () => {} })',
      'LOCK_OPTIONS',
      "invalid lock options: onLockLost is not known: listen to the event 'lost', or use lease.signal",
    ],
    [
      'lock.acquire({ blocking: false })',
      'LOCK_OPTIONS',
      'invalid lock options: blocking is not known: call tryAcquire(), or give waitTimeout: 0',
    ],
    [
      'lock.acquire({ fair: true })',
      'LOCK_OPTIONS',
      'invalid lock options: fair is not known: every lock is fair: it is granted in the order in which it is asked for',
    ],
    [
      "lock.acquire({ TTL: '30s' })",
      'LOCK_OPTIONS',
      'invalid lock options: TTL is not known: did you mean ttl?',
    ],
    [
      "lock.acquire({ waitTimout: '30s' })",
      'LOCK_OPTIONS',
      'invalid lock options: waitTimout is not known: did you mean waitTimeout?',
    ],
    [
      "lock.acquire({ colour: 'red' })",
      'LOCK_OPTIONS',
      'invalid lock options: colour is not known; there are ttl, autoRenew, maxHold, minHold, waitTimeout, reentrant, confirmGrants, linger, signal, mode, steal',
    ],
  ],
  'Values of options': [
    [
      'lock.acquire({ ttl: NaN })',
      'LOCK_OPTIONS',
      'invalid lock options: ttl is NaN; expected at least 100 ms, at most 2147483647 ms (24.8 days)',
    ],
    [
      'lock.acquire({ ttl: null })',
      'LOCK_OPTIONS',
      "invalid lock options: ttl is null; expected milliseconds or text such as '250ms', '30s', '5m', '2h'",
    ],
    [
      'lock.acquire({ ttl: 30 })',
      'LOCK_OPTIONS',
      'invalid lock options: ttl is 30; expected at least 100 ms, at most 2147483647 ms (24.8 days)',
    ],
    [
      "lock.acquire({ ttl: '30' })",
      'LOCK_OPTIONS',
      'invalid lock options: ttl is "30"; did you mean \'30s\', or the number 30 for milliseconds?',
    ],
    [
      "lock.acquire({ ttl: '30 seconds' })",
      'LOCK_OPTIONS',
      'invalid lock options: ttl is "30 seconds"; did you mean \'30s\'?',
    ],
    [
      "lock.acquire({ ttl: '1w' })",
      'LOCK_OPTIONS',
      'invalid lock options: ttl is "1w"; did you mean \'7d\'?',
    ],
    [
      "lock.acquire({ ttl: 'soon' })",
      'LOCK_OPTIONS',
      "invalid lock options: ttl is \"soon\"; expected milliseconds or text such as '250ms', '30s', '5m', '2h'",
    ],
    [
      'lock.acquire({ ttl: Infinity })',
      'LOCK_OPTIONS',
      'invalid lock options: ttl is Infinity; expected at least 100 ms, at most 2147483647 ms (24.8 days)',
    ],
    [
      'lock.acquire({ waitTimeout: -1 })',
      'LOCK_OPTIONS',
      'invalid lock options: waitTimeout is -1; expected at least 0 ms',
    ],
    [
      "lock.acquire({ waitTimeout: 'forever' })",
      'LOCK_OPTIONS',
      'invalid lock options: waitTimeout is "forever"; did you mean Infinity?',
    ],
    [
      "lock.acquire({ autoRenew: 'yes' })",
      'LOCK_OPTIONS',
      'invalid lock options: autoRenew is "yes"; expected true or false',
    ],
    [
      "lock.acquire({ mode: 'read' })",
      'LOCK_OPTIONS',
      "invalid lock options: mode is \"read\"; expected 'exclusive' or 'shared'",
    ],
    [
      'lock.acquire({ signal: new AbortController() })',
      'LOCK_OPTIONS',
      'invalid lock options: signal is an object; expected an AbortSignal',
    ],
    [
      "lock.acquire({ steal: true, mode: 'shared' })",
      'LOCK_OPTIONS',
      "invalid lock options: steal is true; only an exclusive lock can be stolen: leave out mode: 'shared', or steal",
    ],
    [
      "lock.acquire({ minHold: '1h', maxHold: '1m' })",
      'LOCK_OPTIONS',
      'invalid lock options: minHold is "1h"; expected no more than maxHold',
    ],
    [
      "lock.acquire('30s')",
      'LOCK_OPTIONS',
      'invalid lock options: "30s" is given; expected an object such as { waitTimeout: \'30s\' }',
    ],
    [
      'lock.acquire(5000)',
      'LOCK_OPTIONS',
      "invalid lock options: 5000 is given; expected an object such as { waitTimeout: '30s' }",
    ],
    [
      'manager.query({ limit: 5000 })',
      'LOCK_OPTIONS',
      'invalid query options: limit is 5000; expected a whole number, 1 to 1000',
    ],
    [
      'manager.query({ offset: 100 })',
      'LOCK_OPTIONS',
      'invalid query options: offset is not known: give the last name of the page before as after',
    ],
    [
      "manager.drain({ timeout: '20s' })",
      'LOCK_OPTIONS',
      'invalid drain options: timeout is not known: it is called waitTimeout (how long to wait) here',
    ],
  ],
  'Listening and looking': [
    [
      "lock.on('acquire', () => 1)",
      'LOCK_OPTIONS',
      'invalid event: "acquire" is given; did you mean acquired? a lock tells waiting, acquired, extended, released, expired, lost, handedOn, releaseRequested, error',
    ],
    [
      "lock.once('release', () => 1)",
      'LOCK_OPTIONS',
      'invalid event: "release" is given; did you mean released? a lock tells waiting, acquired, extended, released, expired, lost, handedOn, releaseRequested, error',
    ],
    [
      "lock.addListener('Unlocked', () => 1)",
      'LOCK_OPTIONS',
      'invalid event: "Unlocked" is given; did you mean released? a lock tells waiting, acquired, extended, released, expired, lost, handedOn, releaseRequested, error',
    ],
    [
      "lock.on('connected', () => 1)",
      'LOCK_OPTIONS',
      'invalid event: "connected" is given; a lock tells waiting, acquired, extended, released, expired, lost, handedOn, releaseRequested, error',
    ],
    [
      "manager.on('connect', () => 1)",
      'LOCK_OPTIONS',
      'invalid event: "connect" is given; did you mean connected? a manager tells waiting, acquired, extended, released, expired, lost, handedOn, releaseRequested, error, connected, disconnected, reconnecting',
    ],
    [
      "manager.on('toString', () => 1)",
      'LOCK_OPTIONS',
      'invalid event: "toString" is given; a manager tells waiting, acquired, extended, released, expired, lost, handedOn, releaseRequested, error, connected, disconnected, reconnecting',
    ],
    [
      "manager.watch('a').then((watch) => watch.on('extended', () => 1))",
      'LOCK_OPTIONS',
      'invalid event: "extended" is given; a watch tells waiting, withdrawn, acquired, released, expired, lost, adopted, resumed, error',
    ],
    [
      "manager.watch('a', 'b')",
      'LOCK_OPTIONS',
      'invalid second argument: "b" is given; watch() is of one name, and its events are heard by .on(event, listener): call it for each',
    ],
    [
      "manager.watch('a', () => 1)",
      'LOCK_OPTIONS',
      'invalid second argument: a function is given; watch() is of one name, and its events are heard by .on(event, listener): call it for each',
    ],
    [
      "manager.isLocked('a', 'b')",
      'LOCK_OPTIONS',
      'invalid second argument: "b" is given; isLocked() is of one name: call it for each',
    ],
    [
      "manager.query('a', { limit: 1 })",
      'LOCK_OPTIONS',
      'invalid second argument: an object is given; query() is of one name: call it for each',
    ],
    [
      "manager.forceRelease('a', 'b')",
      'LOCK_OPTIONS',
      'invalid second argument: "b" is given; forceRelease() is of one name: call it for each',
    ],
    [
      "manager.requestRelease('a', 'b')",
      'LOCK_OPTIONS',
      'invalid second argument: "b" is given; requestRelease() is of one name: call it for each',
    ],
  ],
  Semaphores: [
    [
      "manager.semaphore('seats')",
      'LOCK_OPTIONS',
      'invalid semaphore options: undefined is given; expected an object with permits: how many there are',
    ],
    [
      "manager.semaphore('seats', { permits: 0 })",
      'LOCK_OPTIONS',
      'invalid semaphore options: permits is 0; expected a whole number of at least 1',
    ],
    [
      "manager.semaphore('seats', { limit: 3 })",
      'LOCK_OPTIONS',
      'invalid semaphore options: limit is not known: how many permits there are is called permits, how many one takes count',
    ],
    [
      "manager.semaphore('seats', { permits: 3 }).acquire({ count: 4 })",
      'LOCK_OPTIONS',
      'invalid semaphore options: count is 4; there are 3 permits',
    ],
    [
      "manager.semaphore('seats', { permits: 3, mode: 'shared' })",
      'LOCK_OPTIONS',
      'invalid semaphore options: mode is not known: a semaphore is neither shared nor exclusive: leave it out',
    ],
    [
      "manager.semaphore('seats', { permits: 3 }).acquire({ steal: true })",
      'LOCK_OPTIONS',
      'invalid semaphore options: steal is not known: a semaphore cannot be stolen: manager.forceRelease(name) ends all of its leases',
    ],
    [
      'lock.acquire({ permits: 3 })',
      'LOCK_OPTIONS',
      'invalid lock options: permits is not known: a lock has no permits: manager.semaphore(name, { permits }) has',
    ],
  ],
  'Using a lock': [
    [
      "manager.get('never').release()",
      'LOCK_NOT_HELD',
      'lock "never" is not held: it was released before, or never acquired through this object',
    ],
    [
      'lock.runExclusive()',
      'LOCK_OPTIONS',
      'invalid section: undefined is given; expected a function that runs under the lock, and after it the options',
    ],
    [
      "lock.tryRunExclusive({ ttl: '30s' }, () => 1)",
      'LOCK_OPTIONS',
      'invalid section: an object is given; the function comes before the options',
    ],
    [
      "manager.runExclusive('a', { ttl: '30s' }, () => 1)",
      'LOCK_OPTIONS',
      'invalid section: an object is given; the function comes before the options',
    ],
    [
      "manager.tryRunExclusive('a', { ttl: '30s' })",
      'LOCK_OPTIONS',
      'invalid section: an object is given; expected a function that runs under the lock, and after it the options',
    ],
    [
      'lock.runExclusive(() => lock.acquire())',
      'LOCK_DEADLOCK',
      'lock "a" is held by the runExclusive() that the caller runs inside of, and would wait for it. Use the lease that was passed in, or { reentrant: true }; for work that may wait until that has ended: outside(fn)',
    ],
    [
      'lock.runExclusive(async (lease) => { await lease.release(); await lease.extend(); })',
      'LOCK_NOT_HELD',
      'lock "a" is not held: it was released before, or never acquired through this object',
    ],
    [
      "lock.runExclusive((lease) => lease.extend('1 minute'))",
      'LOCK_OPTIONS',
      'invalid lock options: ttl is "1 minute"; did you mean \'1m\'?',
    ],
    [
      'taken.acquire({ waitTimeout: 0 })',
      'LOCK_TIMEOUT',
      'lock "taken" was not granted within N ms; it is not free, and waitTimeout: 0 does not wait',
    ],
    [
      'taken.acquire({ waitTimeout: 500 })',
      'LOCK_TIMEOUT',
      'lock "taken" was not granted within N ms; 1 ahead of it; held by "HOLDER" since TIME',
    ],
    [
      'manager.adopt(\'{"id":"of somebody"}\')',
      'LOCK_OPTIONS',
      'invalid serialized lease: v: expected the version that this library knows',
    ],
    ['closed.acquire()', 'LOCK_CLOSED', 'the lock manager is closed'],
    ['closed.query()', 'LOCK_CLOSED', 'the lock manager is closed'],
    ["lock.on('lost', undefined)", 'TypeError', 'a listener is a function, not undefined'],
  ],
  Rights: [
    [
      "connect({ auth: { username: 'guest', password: 'guest' } })",
      'LOCK_PERMISSION',
      "run lock_schema in //lock was refused: user `guest` is missing the required privileges (`RUN`) on scope `@collection:lock`; see https://docs.thingsdb.io/v1/thingsdb-api/grant (-55); an administrator can allow it, in scope @thingsdb: grant('//lock', 'guest', RUN|CHANGE|JOIN); or, if the user has a whitelist, whitelist_add('guest', 'procedures', 'lock_schema');",
    ],
    [
      "connect({ auth: { username: 'guest', password: 'guest' }, collection: 'other' })",
      'LOCK_SETUP',
      "collection \"other\" is not set up for this version, and this user may not do it: let an administrator call manager.setup() once. To use it then, this user needs no more than grant('//other', '<this user>', RUN|CHANGE|JOIN) in scope @thingsdb (query in //other was refused: user `guest` is missing the required privileges (`QUERY`) on scope `@collection:other`; see https://docs.thingsdb.io/v1/thingsdb-api/grant (-55); only the setup needs that right: it is for an administrator to do)",
    ],
    [
      "connect({ collection: 'other', auth: { username: 'runner', password: 'runner' } })",
      'LOCK_SETUP',
      "collection \"other\" is not set up for this version, and this user may not do it: let an administrator call manager.setup() once. To use it then, this user needs no more than grant('//other', '<this user>', RUN|CHANGE|JOIN) in scope @thingsdb (query in //other was refused: user `runner` is missing the required privileges (`QUERY`) on scope `@collection:other`; see https://docs.thingsdb.io/v1/thingsdb-api/grant (-55); only the setup needs that right: it is for an administrator to do)",
    ],
  ],
};

let db: EmbeddedThingsDB;
let scope: Readonly<Record<string, unknown>>;
const managers: library.LockManager[] = [];

const admin = { username: 'admin', password: 'pass' };

function managerOf(options: Partial<library.LockManagerOptions> = {}): library.LockManager {
  const manager = new library.LockManager({ url: db.url, auth: admin, requestTimeout: '2s', ...options });
  managers.push(manager);
  return manager;
}

beforeAll(async () => {
  db = await startThingsDB();
  const manager = managerOf();
  const client = managerOf({ owner: 'HOLDER' });
  await client.acquire('taken');
  const closed = managerOf();
  await closed.close();
  await prepare();
  scope = {
    ...library,
    SERVER: db.url,
    WEB_SOCKET: db.wsUrl,
    manager,
    lock: manager.get('a'),
    taken: manager.get('taken'),
    closed: Object.assign(closed.get('a'), { query: () => closed.query() }),
    connect: (options: Partial<library.LockManagerOptions>) => managerOf(options).setup(),
  };
});

/** A collection without locks, and two users: one may do nothing, the other only run what is there. */
async function prepare(): Promise<void> {
  const client = clientFor(db.url);
  await client.connect();
  await client.auth(admin.username, admin.password);
  await client.query('@t', "new_collection('other');");
  for (const user of ['guest', 'runner']) {
    await client.query('@t', 'new_user(name); set_password(name, name);', { name: user });
  }
  await client.query('@t', "grant('//other', 'runner', RUN|CHANGE|JOIN);");
  await client.disconnect();
}

afterAll(async () => {
  await Promise.all(managers.map((manager) => manager.close()));
  await db.close();
});

/** Runs what is written, and gives the error that comes of it. */
async function errorOf(wrote: string): Promise<Error & { readonly code?: string }> {
  try {
    // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the table is what is tested, as it stands
    const run = new Function(...Object.keys(scope), `return (async () => (${wrote}))();`) as (
      ...values: unknown[]
    ) => Promise<unknown>;
    await run(...Object.values(scope));
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was wrong');
}

/** What differs from run to run has a name. */
function withoutChance(message: string): string {
  return message
    .replaceAll(db.url, 'SERVER')
    .replaceAll(db.url.replace('thingsdb', 'ws'), 'ws://HOST:PORT')
    .replace(/(?<=within )\d+(?= ms; )/, 'N')
    .replace(/(?<=since )[\d-]{10}T[\d:.]+Z/, 'TIME');
}

describe.each(Object.entries(MISTAKES))('%s', (_what, mistakes) => {
  it.each(mistakes)('%s', async (wrote, code, message) => {
    const error = await errorOf(wrote);
    expect({ code: error.code ?? error.name, message: withoutChance(error.message) }).toEqual({
      code,
      message,
    });
  });
});

it('no message shows what may be secret', () => {
  const all = Object.values(MISTAKES).flat();
  expect(all.length).toBeGreaterThan(60);
  expect(all.filter(([, , message]) => /secret|12345|wrong'/.test(message))).toEqual([]);
});

it('the options that messages name are those that there are', () => {
  const accepted = (place: Place, option: string): boolean => {
    const message = String(refusalOf(place, option));
    return !message.includes(`${option} is not known`);
  };
  for (const [place, options] of Object.entries(KNOWN) as [Place, string[]][]) {
    expect(options.filter((option) => !accepted(place, option))).toEqual([]);
    expect(accepted(place, 'noSuchOption')).toBe(false);
  }
});

/** What is said of one option with a value that is none. */
function refusalOf(place: Place, option: string): unknown {
  const options = { [option]: Symbol('no value') } as never;
  const checks: Record<Place, () => unknown> = {
    LockManager: () => resolveManagerOptions(options),
    tls: () => resolveManagerOptions({ url: 'wss://a', auth: { token: 'a' }, tls: options }),
    lock: () => resolveLockOptions(options),
    semaphore: () => (option === 'permits' ? checkedSemaphore(options) : semaphoreResolver(3)(options)),
    adopt: () => resolveAdoptOptions({}, 1000, options),
    query: () => checkedPage(options),
    drain: () => resolveDrainOptions(options),
  };
  try {
    return checks[place]();
  } catch (error) {
    return error;
  }
}
