import { loadPeer } from '../unavailable.js';
import { POLL_MS } from './catalogue.js';
import type { AcquireOptions, HeldLock, LockAdapter, LockSession } from './lock-system.js';

/** What the adapters use of ioredis. */
interface Redis {
  set(key: string, value: number): Promise<unknown>;
  quit(): Promise<unknown>;
  sendCommand(...args: unknown[]): unknown;
}

type Acquire = (key: string, options: AcquireOptions) => Promise<HeldLock>;

/** A session on one connection of ioredis, for a library that locks by it. */
function onRedis(locker: (redis: Redis) => Promise<Acquire>): LockAdapter {
  return {
    open: async ({ urls }, space): Promise<LockSession> => {
      const { Redis } = await loadPeer<{ Redis: new (url: string) => Redis }>('ioredis');
      const redis = new Redis(urls[0] ?? '');
      let requests = 0;
      const send = redis.sendCommand.bind(redis);
      redis.sendCommand = (...args) => {
        requests++;
        return send(...args);
      };
      const acquire = await locker(redis);
      let change = 0;
      return {
        acquire: (name, options) => acquire(`${space}:${name}`, options),
        bareChange: () => redis.set(`${space}-bare`, ++change),
        traffic: () => ({ requests, pushes: 0 }),
        close: async () => void (await redis.quit()),
      };
    },
  };
}

interface Mutex {
  acquire(): Promise<void>;
  release(): Promise<void>;
}

interface RedisSemaphore {
  readonly Mutex: new (redis: Redis, key: string, options: Record<string, number>) => Mutex;
}

export const redisSemaphore = onRedis(async (redis) => {
  const { Mutex } = await loadPeer<RedisSemaphore>('redis-semaphore');
  return async (key, { ttlMs, renew }) => {
    const own = renew ? {} : { refreshInterval: 0 };
    const options = { lockTimeout: ttlMs, acquireTimeout: 3_600_000, retryInterval: POLL_MS, ...own };
    const mutex = new Mutex(redis, key, options);
    await mutex.acquire();
    return mutex;
  };
});

interface Redlock {
  acquire(keys: string[], ttlMs: number): Promise<HeldLock>;
  on(event: 'error', listener: (error: Error) => void): void;
}

interface RedlockModule {
  readonly Redlock: new (clients: Redis[], settings: Record<string, number>) => Redlock;
}

export const redlock = onRedis(async (redis) => {
  const { Redlock } = await loadPeer<RedlockModule>('@sesamecare-oss/redlock');
  const lock = new Redlock([redis], { retryCount: -1, retryDelay: POLL_MS, retryJitter: 0 });
  // It emits one for each poll that finds the lock taken.
  lock.on('error', () => undefined);
  return (key, { ttlMs }) => lock.acquire([key], ttlMs);
});

interface VerrouLock extends HeldLock {
  acquire(options: { retry: { delay: number } }): Promise<boolean>;
}

interface VerrouModule {
  readonly Verrou: new (config: object) => { createLock(key: string, ttlMs: number): VerrouLock };
}

interface VerrouRedis {
  readonly redisStore: (options: { connection: Redis }) => unknown;
}

export const verrou = onRedis(async (redis) => {
  const { Verrou } = await loadPeer<VerrouModule>('@verrou/core');
  const { redisStore } = await loadPeer<VerrouRedis>('@verrou/core/drivers/redis');
  const stores = { redis: { driver: redisStore({ connection: redis }) } };
  const factory = new Verrou({ default: 'redis', stores });
  return async (key, { ttlMs }) => {
    const lock = factory.createLock(key, ttlMs);
    if (!(await lock.acquire({ retry: { delay: POLL_MS } }))) throw new Error(`${key} was not acquired`);
    return lock;
  };
});
