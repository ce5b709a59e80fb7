/* eslint-disable @typescript-eslint/no-unused-vars -- what is claimed of a value is claimed of its `typeof` */

/** Compile-time claims about the public types. Nothing here runs: `types.spec.ts` and `npm run check` compile it. */
import {
  type AcquiredEvent,
  type DistributedLock,
  type Duration,
  type ErrorEvent,
  type Lease,
  LockConnectionError,
  LockError,
  type LockErrorCode,
  type LockEvents,
  LockLostError,
  LockManager,
  type LockManagerEvents,
  type LockManagerOptions,
  type LockOptions,
  LockTimeoutError,
  type LostReason,
  type ThingsDBClient,
  type WaitingEvent,
} from '../../lib/index.js';

type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : 'these types differ';
/** Compiles only for a claim that holds. */
declare function claim<Holds extends true>(): Holds;

declare const manager: LockManager;
declare const lock: DistributedLock;
declare const client: ThingsDBClient;

export function events(): void {
  lock.on('waiting', (event) => claim<Same<typeof event, WaitingEvent>>());
  claim<Same<WaitingEvent, { readonly name: string; readonly position: number }>>();
  lock.on('acquired', ({ name, fencingToken, waitedMs }) => {
    claim<Same<[typeof name, typeof fencingToken, typeof waitedMs], [string, number, number]>>();
  });
  lock.on('extended', ({ expiresAt }) => claim<Same<typeof expiresAt, Date>>());
  lock.on('lost', ({ reason }) => claim<Same<typeof reason, LostReason>>());
  lock.once('error', (event) => claim<Same<typeof event, ErrorEvent>>());
  lock.on('error', ({ error }) => claim<Same<typeof error, unknown>>());
  manager.on('acquired', (event) => claim<Same<typeof event, AcquiredEvent>>());
  manager.on('disconnected', ({ reason }) => claim<Same<typeof reason, LockError>>());
  manager.on('connected', () => undefined);
  claim<Same<LockEvents['released'], LockManagerEvents['released']>>();

  // @ts-expect-error there is no such event
  lock.on('acquire', () => undefined);
  // @ts-expect-error a lock has no connection
  lock.on('connected', () => undefined);
  // @ts-expect-error the payload is an object, not the token
  lock.on('acquired', (token: number) => token);
  // @ts-expect-error payloads cannot be changed
  lock.on('acquired', (event) => (event.fencingToken = 1));
}

export function options(): void {
  const { signal } = new AbortController();
  const all: LockOptions = { ttl: 500, autoRenew: false, maxHold: '1h', waitTimeout: Infinity, signal };
  manager.get('a', all);
  manager.get('a', { ttl: undefined });
  claim<Same<Duration, number | string>>();

  // @ts-expect-error the name is a must
  manager.get();
  // @ts-expect-error a name is text
  manager.get(5);
  // @ts-expect-error unknown key: timeout means lease in one library and wait in the next
  manager.get('a', { timeout: 500 });
  // @ts-expect-error wrong type
  void lock.acquire({ autoRenew: 'yes' });
  // @ts-expect-error wrong type
  void lock.tryAcquire({ ttl: new Date() });
  // @ts-expect-error options cannot be changed
  all.ttl = 600;

  const token = { token: 'secret' };
  new LockManager({ url: 'ws://a', auth: token });
  new LockManager({ url: ['ws://a', 'wss://b'] as const, auth: { username: 'u', password: 'p' } });
  new LockManager({ client });
  new LockManager({ client: () => client });
  new LockManager({ client: () => Promise.resolve(client), auth: token });
  new LockManager({ client, defaults: { ttl: '30s' } });
  const read: LockManagerOptions = { client, collection: undefined, requestTimeout: '5s', owner: 'me' };
  new LockManager(read);

  // @ts-expect-error options are a must
  new LockManager();
  // @ts-expect-error unknown key
  new LockManager({ client, retries: 5 });
  // @ts-expect-error half of the credentials
  new LockManager({ url: 'ws://a', auth: { username: 'u' } });
  // @ts-expect-error one signal for every lock would cancel them all for ever
  new LockManager({ client, defaults: { signal } });
  // @ts-expect-error not shaped like thingsdb.js
  new LockManager({ client: { run: () => Promise.resolve() } });
}

export async function leases(): Promise<void> {
  claim<Same<Awaited<ReturnType<typeof lock.acquire>>, Lease>>();
  claim<Same<Awaited<ReturnType<typeof lock.tryAcquire>>, Lease | null>>();
  claim<Same<Awaited<ReturnType<typeof lock.release>>, boolean>>();
  claim<Same<Awaited<ReturnType<typeof lock.isLocked>>, boolean>>();

  await using lease = await lock.acquire();
  claim<Same<typeof lease.fencingToken, number>>();
  claim<Same<typeof lease.signal, AbortSignal>>();
  claim<Same<typeof lease.expiresAt, Date>>();
  claim<Same<ReturnType<typeof lease.remaining>, number>>();
  claim<Same<ReturnType<typeof lease.release>, Promise<boolean>>>();
  await lease.extend('5m');
  await lease.extend(500);
  await lease.extend();

  // A refused try is `null`, which `await using` takes.
  await using maybe = await lock.tryAcquire();
  claim<Same<typeof maybe, Lease | null>>();
  // @ts-expect-error it may be null
  void maybe.release();
  // @ts-expect-error a token is the server's to give
  lease.fencingToken = 5;
  // @ts-expect-error only the library ends a lease
  void (lease.isHeld = false);
  await using closing = new LockManager({ client });
  void closing.get('a');
}

export async function runExclusive(): Promise<void> {
  const text = await lock.runExclusive(() => 'done');
  claim<Same<typeof text, string>>();
  const count = await lock.runExclusive(async (lease) => Promise.resolve(lease.fencingToken));
  claim<Same<typeof count, number>>();
  const nothing = await lock.runExclusive(() => undefined, { waitTimeout: '10s' });
  claim<Same<typeof nothing, undefined>>();
  const either = await lock.runExclusive(async () =>
    Math.random() > 0.5 ? Promise.resolve(1) : Promise.resolve('a'),
  );
  claim<Same<typeof either, string | number>>();
  // @ts-expect-error the function comes first
  void lock.runExclusive({ ttl: 500 }, () => 'done');
}

export function errors(error: unknown): void {
  if (error instanceof LockTimeoutError) {
    claim<Same<typeof error.code, 'LOCK_TIMEOUT'>>();
    claim<Same<typeof error.waitedMs, number>>();
    claim<Same<typeof error.lockName, string>>();
  } else if (error instanceof LockLostError) {
    claim<Same<typeof error.reason, LostReason>>();
    claim<Same<typeof error.fencingToken, number>>();
  } else if (error instanceof LockConnectionError) {
    claim<Same<typeof error.code, 'LOCK_CONNECTION'>>();
    // @ts-expect-error of a lost connection nobody knows a lock
    void error.lockName;
  } else if (error instanceof LockError) {
    claim<Same<typeof error.code, LockErrorCode>>();
  }
  // @ts-expect-error the base has no instances of its own
  new LockError('x');
}
