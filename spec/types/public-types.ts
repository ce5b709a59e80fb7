/* eslint-disable @typescript-eslint/no-unused-vars -- what is claimed of a value is claimed of its `typeof` */

/** Compile-time claims about the public types. Nothing here runs: `types.spec.ts` and `npm run check` compile it. */
import {
  isLockError,
  type AcquiredEvent,
  type AdoptOptions,
  type DistributedLock,
  type Duration,
  type ErrorEvent,
  type FencingEntry,
  FencingGuard,
  type HeldInfo,
  type HolderEvent,
  type Lease,
  LockConnectionError,
  LockDeadlockError,
  LockError,
  type LockErrorCode,
  type LockEvents,
  LockLostError,
  LockManager,
  type LockManagerEvents,
  type LockManagerOptions,
  type LockOptions,
  type LockSnapshot,
  LockTimeoutError,
  type LockWatch,
  type LockWatchEvents,
  type LostReason,
  type Page,
  type PendingInfo,
  type ReleaseRequestedEvent,
  type SemaphoreOptions,
  StaleTokenError,
  type ThingsDBClient,
  type WaitingEvent,
  type WatchedEvent,
  type WatchedGrantEvent,
  type WatchedLossEvent,
  type WatchedRequestEvent,
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
  claim<Same<keyof WaitingEvent, 'name' | 'names' | 'position'>>();
  lock.on('waiting', ({ name, names, position }) => {
    claim<Same<[typeof name, typeof names, typeof position], [string, readonly string[], number]>>();
  });
  lock.on('acquired', ({ name, names, fencingToken, waitedMs }) => {
    claim<Same<[typeof name, typeof names], [string, readonly string[]]>>();
    claim<Same<[typeof fencingToken, typeof waitedMs], [number, number]>>();
  });
  lock.on('handedOn', (event) => claim<Same<typeof event, HolderEvent>>());
  lock.on('releaseRequested', (event) => claim<Same<typeof event, ReleaseRequestedEvent>>());
  manager.on('releaseRequested', ({ by }) => claim<Same<typeof by, string>>());
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
  // @ts-expect-error nor can the names
  lock.on('acquired', (event) => (event.names[0] = 'a'));
}

export function options(): void {
  const { signal } = new AbortController();
  const all: LockOptions = {
    ttl: 500,
    autoRenew: false,
    maxHold: '1h',
    minHold: '2s',
    linger: '100ms',
    waitTimeout: Infinity,
    mode: 'shared',
    steal: true,
    reentrant: true,
    confirmGrants: true,
    signal,
  };
  manager.get('a', all);
  manager.get('a', { ttl: undefined });
  claim<Same<Duration, number | string>>();

  // @ts-expect-error the name is a must
  manager.get();
  // @ts-expect-error a name is text
  manager.get(5);
  // @ts-expect-error unknown key: timeout means lease in one library and wait in the next
  manager.get('a', { timeout: 500 });
  // @ts-expect-error there are two modes
  manager.get('a', { mode: 'read' });
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
  new LockManager({
    client,
    defaults: { ttl: '30s', reentrant: true, confirmGrants: true },
    prefix: 'jobs_',
  });
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
  // @ts-expect-error every lock of a manager would steal
  new LockManager({ client, defaults: { steal: true } });
  // @ts-expect-error every lock of a manager would be shared, the semaphores too
  new LockManager({ client, defaults: { mode: 'shared' } });
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

export async function severalNames(): Promise<void> {
  claim<Same<typeof lock.names, readonly string[]>>();
  claim<Same<ReturnType<typeof manager.get>, DistributedLock>>();
  manager.get(['a', 'b'], { ttl: '5s' });
  const names = ['a', 'b'] as const;
  const lease = await manager.acquire(names, { waitTimeout: 5000 });
  claim<Same<typeof lease, Lease>>();
  claim<Same<typeof lease.names, readonly string[]>>();
  claim<Same<typeof lease.fencingTokens, ReadonlyMap<string, number>>>();
  await manager.acquire('a');
  // @ts-expect-error names are text
  void manager.acquire([5]);
  // @ts-expect-error one name after the other is no list
  void manager.acquire('a', 'b');
}

export function semaphores(): void {
  const options: SemaphoreOptions = { permits: 3, ttl: '5s', waitTimeout: 0, reentrant: true, minHold: 100 };
  claim<Same<ReturnType<typeof manager.semaphore>, DistributedLock>>();
  manager.semaphore('a', options);
  void manager.semaphore('a', { permits: 3 }).acquire({ count: 2 });

  // @ts-expect-error how many there are is a must
  manager.semaphore('a');
  // @ts-expect-error the ttl alone does not say how many there are
  manager.semaphore('a', { ttl: 500 });
  // @ts-expect-error it is neither shared nor exclusive
  manager.semaphore('a', { permits: 3, mode: 'shared' });
  // @ts-expect-error it cannot be stolen
  manager.semaphore('a', { permits: 3, steal: true });
  // @ts-expect-error of one name
  manager.semaphore(['a', 'b'], { permits: 3 });
}

export async function looking(): Promise<void> {
  const snapshot = await manager.query('a');
  claim<Same<typeof snapshot, LockSnapshot>>();
  claim<Same<(typeof snapshot.held)[number], HeldInfo>>();
  claim<Same<(typeof snapshot.pending)[number], PendingInfo>>();
  claim<Same<typeof snapshot.next, string | undefined>>();
  const [held] = snapshot.held;
  if (held !== undefined) {
    claim<Same<typeof held.mode, 'exclusive' | 'shared' | 'semaphore'>>();
    claim<Same<typeof held.since, Date>>();
    claim<Same<[typeof held.remaining, typeof held.fencingToken], [number, number]>>();
    claim<Same<typeof held.lingers, boolean>>();
    // @ts-expect-error who holds waits for nothing
    void held.position;
  }
  const [pending] = snapshot.pending;
  claim<Same<typeof pending, PendingInfo | undefined>>();
  // @ts-expect-error who waits has no token
  void pending?.fencingToken;
  await manager.query();
  const page: Page = { after: snapshot.next, limit: 10 };
  await manager.query(page);
  // @ts-expect-error unknown key
  void manager.query({ offset: 5 });

  claim<Same<ReturnType<typeof manager.forceRelease>, Promise<number>>>();
  claim<Same<ReturnType<typeof manager.requestRelease>, Promise<number>>>();
}

export async function watching(): Promise<void> {
  using watch = await manager.watch('a');
  claim<Same<typeof watch, LockWatch>>();
  claim<Same<typeof watch.name, string>>();
  watch.on('waiting', (event) => claim<Same<typeof event, WatchedRequestEvent>>());
  watch.on('acquired', (event) => claim<Same<typeof event, WatchedGrantEvent>>());
  watch.on('released', (event) => claim<Same<typeof event, WatchedEvent>>());
  watch.on('lost', (event) => claim<Same<typeof event, WatchedLossEvent>>());
  watch.on('lost', ({ reason }) => claim<Same<typeof reason, LostReason>>());
  watch.on('resumed', () => undefined);
  watch.on('error', (error) => claim<Same<typeof error, unknown>>());
  type OfRequests = 'waiting' | 'withdrawn' | 'acquired' | 'released' | 'expired' | 'lost' | 'adopted';
  claim<Same<keyof LockWatchEvents, OfRequests | 'resumed' | 'error'>>();
  watch.close();
  // @ts-expect-error the manager of whoever holds it tells that, not a watch
  watch.on('extended', () => undefined);
  // @ts-expect-error who waits has no token
  watch.on('waiting', ({ fencingToken }) => void fencingToken);
  using all = await manager.watch();
  claim<Same<typeof all, LockWatch<undefined>>>();
  all.on('released', ({ name }) => claim<Same<typeof name, string>>());
  // @ts-expect-error a name that may be missing is not all names
  await manager.watch(process.env.NAME);
}

export async function handingOn(): Promise<void> {
  const lease = await lock.acquire();
  const text = await lease.serialize();
  claim<Same<typeof text, string>>();
  const options: AdoptOptions = { ttl: '5s', autoRenew: true, maxHold: '1h', minHold: 500 };
  const adopted = await manager.adopt(text, options);
  claim<Same<typeof adopted, Lease>>();
  // @ts-expect-error it is held already: there is nothing to wait for
  void manager.adopt(text, { waitTimeout: 5 });
  // @ts-expect-error nor to steal
  void manager.adopt(text, { steal: true });
  // @ts-expect-error only the text is the right to it
  void manager.adopt(lease);
}

export function fencing(): void {
  const guard = new FencingGuard();
  claim<Same<ReturnType<typeof guard.check>, void>>();
  const entries: FencingEntry[] = [...guard.entries()];
  new FencingGuard(entries);
  new FencingGuard(new Map([['a', 5]]));
  // @ts-expect-error a token is a number
  guard.check('a', '5');
}

export function codes(error: unknown): string {
  if (!isLockError(error)) return 'not ours';
  switch (error.code) {
    case 'LOCK_TIMEOUT':
      claim<Same<typeof error, LockTimeoutError>>();
      claim<Same<[typeof error.position, typeof error.holder], [number | undefined, string | undefined]>>();
      return `behind ${error.position}`;
    case 'LOCK_LOST':
      claim<Same<typeof error.reason, LostReason>>();
      return error.reason;
    case 'LOCK_CLOSED':
      // @ts-expect-error there is nothing to know of a lock then
      return String(error.lockName);
    default:
      // @ts-expect-error the cases before have taken this one away
      claim<Same<'LOCK_TIMEOUT', Extract<typeof error.code, 'LOCK_TIMEOUT'>>>();
      return error.message;
  }
}

export async function ofTheManager(): Promise<void> {
  claim<Same<Awaited<ReturnType<typeof manager.drain>>, boolean>>();
  await manager.drain({ waitTimeout: '20s' });
  // @ts-expect-error unknown key
  void manager.drain({ timeout: 5 });
  const text = await manager.runExclusive(['a', 'b'], (lease) => lease.name, { ttl: '5s' });
  claim<Same<typeof text, string>>();
  claim<Same<Awaited<ReturnType<typeof manager.tryAcquire>>, Lease | null>>();
  const maybe = await manager.tryRunExclusive('a', () => 5);
  claim<Same<typeof maybe, number | null>>();
  const tried = await lock.tryRunExclusive(() => Promise.resolve(5));
  claim<Same<typeof tried, number | null>>();
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
  } else if (error instanceof LockDeadlockError) {
    claim<Same<typeof error.code, 'LOCK_DEADLOCK'>>();
    claim<Same<typeof error.lockName, string>>();
  } else if (error instanceof StaleTokenError) {
    claim<Same<typeof error.code, 'LOCK_STALE_TOKEN'>>();
    claim<Same<[typeof error.token, typeof error.newest], [number, number]>>();
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
