import type { ThingsDBClient } from '../../lib/client/thingsdb-client.js';
import { type DistributedLock, LockManager, type LockOptions, LockOptionsError } from '../../lib/index.js';
import { Unavailable } from '../unavailable.js';
import type { AcquireOptions, LockAdapter, LockSession, ServerPlace } from './lock-system.js';
import { bareSpace, BARE_CHANGE, makeClient, TrafficCounter, urlsBy } from './thingsdb-client.js';

/** The library as its users have it; its client is counted, and shared with the bare changes. */
function session(urls: readonly string[], auth: ServerPlace['auth'], space: string): LockSession {
  const counter = new TrafficCounter();
  let current: ThingsDBClient | undefined;
  const make = (): ThingsDBClient => (current = counter.watch(makeClient(urls[0] ?? '')));
  // Several nodes need the manager's own choice among them; that leaves nothing to count.
  const way = urls.length > 1 ? { url: urls } : { client: make };
  const manager = new LockManager({ ...way, auth: auth ?? DEFAULT_AUTH, collection: space });
  const lockOf = lockCache(manager);
  let change = 0;
  return {
    acquire: async (name, options) => lockOf(name, options).acquire(),
    ...(urls.length > 1
      ? {}
      : {
          bareChange: () =>
            current?.run(`//${bareSpace(space)}`, BARE_CHANGE, [++change]) ??
            Promise.reject(new Error('the manager has not connected yet')),
          traffic: () => counter.traffic,
        }),
    close: () => manager.close(),
  };
}

/** As a program that uses a lock again and again has it: one object for each name. */
function lockCache(manager: LockManager): (name: string, options: AcquireOptions) => DistributedLock {
  const all = new Map<string, Map<string, DistributedLock>>();
  return (name, options) => {
    const { ttlMs, renew, lingerMs } = options;
    const key = `${ttlMs} ${renew} ${lingerMs}`;
    let locks = all.get(key);
    if (locks === undefined) all.set(key, (locks = new Map<string, DistributedLock>()));
    let lock = locks.get(name);
    if (lock !== undefined) return lock;
    try {
      lock = manager.get(name, lockOptions(options));
    } catch (cause) {
      throw orUnavailable(cause);
    }
    locks.set(name, lock);
    return lock;
  };
}

/** Options that this version does not know are nothing that failed: it cannot do what they ask for. */
function orUnavailable(error: unknown): unknown {
  if (!(error instanceof LockOptionsError)) return error;
  return new Unavailable(`this version refuses: ${error.message}`, { cause: error });
}

const DEFAULT_AUTH = { username: 'admin', password: 'pass' };

function lockOptions({ ttlMs, renew, lingerMs }: AcquireOptions): LockOptions {
  const options = { ttl: ttlMs, autoRenew: renew, waitTimeout: Infinity };
  return lingerMs === undefined ? options : { ...options, ...{ linger: lingerMs } };
}

function adapter(urlsOf: (place: ServerPlace) => readonly string[]): LockAdapter {
  return {
    open: async (place, space) => {
      try {
        const opened = session(urlsOf(place), place.auth, space);
        // Connects, and finds out at once what this version cannot do.
        await (await opened.acquire('opening', { ttlMs: 60_000, renew: true })).release();
        return opened;
      } catch (cause) {
        throw orUnavailable(cause);
      }
    },
  };
}

export const oursOverTcp = adapter((place) => urlsBy('thingsdb', place).slice(0, 1));
export const oursOverWebSocket = adapter((place) => urlsBy('ws', place).slice(0, 1));
export const oursOnThreeNodesOverTcp = adapter((place) => urlsBy('thingsdb', place));
export const oursOnThreeNodesOverWebSocket = adapter((place) => urlsBy('ws', place));
