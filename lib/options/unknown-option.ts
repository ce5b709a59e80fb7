/** Where an option was given: what its error is said to be about. */
export type Place = 'LockManager' | 'tls' | 'lock' | 'semaphore' | 'adopt' | 'query' | 'drain';

/** Bundlers leave the tables out where nobody reads them. */
/* @__NO_SIDE_EFFECTS__ */
function called(name: string): string {
  return `it is called ${name} here`;
}
const WAIT = called('waitTimeout (how long to wait)');
const NO_WAIT = 'call tryAcquire(), or give waitTimeout: 0';
const TTL = called('ttl (how long the lock may be held without a renewal)');
const TTL_OR_WAIT = called('ttl (how long it may be held) or waitTimeout (how long to wait)');
const REQUEST_TIMEOUT = called('requestTimeout (how long one call may take)');
const NO_RETRY = 'nothing is tried again here, as a grant is pushed: waitTimeout says how long to wait';
const RENEWAL = 'a lease is renewed at every third of its ttl: autoRenew: false is the only choice';
const AUTH = 'give it within auth: { username, password } or { token }';
const URL = 'it is called url here, one or a list of such as thingsdb://host:9200';
const DEFAULTS = 'what holds for all locks is given within defaults: { ... }';
const PERMITS = 'how many permits there are is called permits, how many one takes count';
const NAME = 'the name is the first argument';
const LOST = "listen to the event 'lost', or use lease.signal";
const SERIALIZED = 'it is what the serialized lease says';
const AT_ONCE = 'a lease is adopted at once or not at all';
const AFTER = 'give the last name of the page before as after';
const NO_LOCK_PERMITS = 'a lock has no permits: manager.semaphore(name, { permits }) has';

/** What other libraries call it, in lower case, or where it belongs. */
const LOCK_HINTS: Readonly<Record<string, string>> = {
  timeout: TTL_OR_WAIT,
  timeoutms: TTL_OR_WAIT,
  acquiretimeout: WAIT,
  acquiretimeoutms: WAIT,
  wait: WAIT,
  waittime: WAIT,
  waittimeoutms: WAIT,
  maxwait: WAIT,
  block: WAIT,
  lease: TTL,
  leasetime: TTL,
  leasems: TTL,
  locktimeout: TTL,
  duration: TTL,
  expiry: TTL,
  expires: TTL,
  expiration: TTL,
  ttlms: TTL,
  ttlseconds: TTL,
  retry: NO_RETRY,
  retries: NO_RETRY,
  retrycount: NO_RETRY,
  retrydelay: NO_RETRY,
  retryjitter: NO_RETRY,
  retryinterval: NO_RETRY,
  retryattempts: NO_RETRY,
  attempts: NO_RETRY,
  acquireattemptslimit: NO_RETRY,
  interval: NO_RETRY,
  refresh: RENEWAL,
  renew: RENEWAL,
  renewal: RENEWAL,
  watchdog: RENEWAL,
  refreshinterval: RENEWAL,
  automaticextensionthreshold: RENEWAL,
  extend: RENEWAL,
  shared: called("mode: 'shared'"),
  read: called("mode: 'shared'"),
  readonly: called("mode: 'shared'"),
  exclusive: "it is called mode: 'exclusive' here, and is the default",
  onlocklost: LOST,
  onlost: LOST,
  abortsignal: called('signal'),
  abort: called('signal'),
  force: called('steal'),
  ifavailable: NO_WAIT,
  nowait: NO_WAIT,
  blocking: NO_WAIT,
  reentry: called('reentrant'),
  maxhold: called('maxHold'),
  maxexecutiontime: called('maxHold'),
  lockatleastfor: called('minHold'),
  lockatmostfor: called('maxHold'),
  name: NAME,
  key: NAME,
  resource: NAME,
  fair: 'every lock is fair: it is granted in the order in which it is asked for',
  priority: 'there are no priorities: locks are granted in the order in which they are asked for',
  owner: 'it is an option of the LockManager',
  limit: PERMITS,
  max: PERMITS,
  maxcount: PERMITS,
  weight: PERMITS,
};

const PLACE_HINTS: Readonly<Partial<Record<Place, Readonly<Record<string, string>>>>> = {
  lock: { permits: NO_LOCK_PERMITS, count: NO_LOCK_PERMITS },
  tls: {
    pfx: 'give the certificate and its key as PEM, as cert and key',
    cafile: 'ca is the certificate itself, as PEM: read the file',
  },
  semaphore: {
    mode: 'a semaphore is neither shared nor exclusive: leave it out',
    steal: 'a semaphore cannot be stolen: manager.forceRelease(name) ends all of its leases',
  },
  adopt: {
    waittimeout: AT_ONCE,
    signal: AT_ONCE,
    mode: SERIALIZED,
    count: SERIALIZED,
    permits: SERIALIZED,
    steal: 'a lease that was serialized is held: there is nothing to steal',
    reentrant: 'it counts where a lock is acquired',
  },
  query: {
    name: 'ask for one name by query(name)',
    offset: AFTER,
    page: AFTER,
    prefix: 'names come in order: give what they begin with as after',
    count: called('limit'),
    size: called('limit'),
  },
  drain: { timeout: WAIT },
  LockManager: {
    host: URL,
    hostname: URL,
    port: URL,
    address: URL,
    uri: URL,
    urls: URL,
    nodes: URL,
    servers: URL,
    endpoints: URL,
    connectionstring: URL,
    user: AUTH,
    username: AUTH,
    password: AUTH,
    token: AUTH,
    credentials: AUTH,
    database: called('collection'),
    db: called('collection'),
    scope: "it is called collection here, without the slashes: 'lock' is //lock",
    keyprefix: called('prefix'),
    namespace: called('prefix'),
    timeout: REQUEST_TIMEOUT,
    connecttimeout: REQUEST_TIMEOUT,
    connectiontimeout: REQUEST_TIMEOUT,
    ssl: 'it is called tls here, and is for wss:// addresses',
    ca: 'give it within tls: { ca }',
    driftfactor: called('clockSkew (by how much the clocks of the nodes may differ)'),
    ttl: DEFAULTS,
    autorenew: DEFAULTS,
    waittimeout: DEFAULTS,
    reentrant: DEFAULTS,
    redis: 'locks are kept by ThingsDB: give url, or client',
    logger: 'listen to the events of the manager',
  },
};

/** What may be meant by options that are not known; those that mean the same are told together. */
export function unknownOptions(paths: readonly (readonly PropertyKey[])[], place: Place): string[] {
  const namesByHint = new Map<string, string[]>();
  for (const path of paths) {
    const hint = hintFor(path, place);
    namesByHint.set(hint, [...(namesByHint.get(hint) ?? []), path.map(String).join('.')]);
  }
  return [...namesByHint].map(
    ([hint, names]) => `${names.join(' and ')} ${names.length === 1 ? 'is' : 'are'} not known${hint}`,
  );
}

function hintFor(path: readonly PropertyKey[], place: Place): string {
  const lower = String(path.at(-1)).toLowerCase();
  const within = placeOf(path, place);
  const hints = { ...(within === 'tls' ? {} : LOCK_HINTS), ...PLACE_HINTS[within] };
  const hint = Object.hasOwn(hints, lower) ? hints[lower] : undefined;
  const near = KNOWN[within].find((known) => isNear(known.toLowerCase(), lower));
  if (hint !== undefined && near?.toLowerCase() !== lower) return `: ${hint}`;
  if (near !== undefined) return `: did you mean ${near}?`;
  return `; there are ${KNOWN[within].join(', ')}`;
}

/** What is within `defaults` is of a lock. */
function placeOf(path: readonly PropertyKey[], place: Place): Place {
  if (path.length === 1) return place;
  return path[0] === 'tls' ? 'tls' : 'lock';
}

const HOLD = ['ttl', 'autoRenew', 'maxHold', 'minHold'];
const ACQUIRE = [...HOLD, 'waitTimeout', 'reentrant', 'confirmGrants', 'linger', 'signal'];

/** The options that there are, for messages. A spec holds them against the checks. */
export const KNOWN: Readonly<Record<Place, readonly string[]>> = {
  LockManager: [
    ...['client', 'url', 'auth', 'tls', 'collection', 'prefix', 'owner', 'requestTimeout', 'clockSkew'],
    'defaults',
  ],
  tls: ['ca', 'cert', 'key', 'passphrase', 'servername', 'rejectUnauthorized'],
  lock: [...ACQUIRE, 'mode', 'steal'],
  semaphore: [...ACQUIRE, 'permits', 'count'],
  adopt: HOLD,
  query: ['after', 'limit'],
  drain: ['waitTimeout'],
};

/**
 * Whether a slip of the finger leads from one to the other. That is a letter too many, too few, wrong, or two swapped.
 */
export function isNear(a: string, b: string): boolean {
  if (a === b) return true;
  if (Math.abs(a.length - b.length) > 1 || Math.min(a.length, b.length) < 3) return false;
  let same = 0;
  while (same < a.length && a[same] === b[same]) same++;
  const [restA, restB] = [a.slice(same), b.slice(same)];
  const isSwapped = restA.slice(0, 2) === `${restB[1]}${restB[0]}` && restA.slice(2) === restB.slice(2);
  return (
    isSwapped || restA.slice(1) === restB || restA === restB.slice(1) || restA.slice(1) === restB.slice(1)
  );
}
