import type { DistributedLock, Lease, LockManager, LockOptions } from '../../lib/index.js';
import { RequestState } from '../../lib/schema/constants.js';
import { abortedWithin } from '../support/aborted.js';
import type { BackEnd } from '../support/back-end.js';
import { nextEvent, until } from '../support/until.js';
import type { Worker } from '../support/worker.js';
import type { Wish } from '../support/worker-main.js';

/** How long a test of a fault may wait for its turn, at the most. */
const WAIT: LockOptions = { waitTimeout: 25_000 };

/** One who holds, and what another wishes for who has to wait for it. */
export interface Kind {
  /** As it stands in the names of the tests. */
  readonly holder: string;
  /** Where they meet. */
  readonly name: string;
  readonly holdIn: (worker: Worker, options: LockOptions) => Promise<unknown>;
  readonly hold: (manager: LockManager, options: LockOptions) => Promise<Lease>;
  readonly wanted: Wish;
}

/** The lock, the locks together or the semaphore that is wished for. */
export function lockOf(manager: LockManager, { name, limit }: Wish): DistributedLock {
  return limit === undefined ? manager.get(name) : manager.semaphore(String(name), { permits: limit });
}

/** One who holds what it has wished for. */
export function holderOf(holder: string, held: Wish): Pick<Kind, 'holder' | 'holdIn' | 'hold'> {
  return {
    holder,
    holdIn: (worker, options) =>
      worker.call({ do: 'acquire', key: 'held', ...held, options: { ...held.options, ...options } }),
    hold: (manager, options) => lockOf(manager, held).acquire({ ...held.options, ...options }),
  };
}

/** Resolves when every holder of a name has answered its grant: from then on its lease is its ttl's. */
export async function untilClaimed(backEnd: BackEnd, name: string): Promise<void> {
  const code = 'q = .thingsdb_lock.locks.get(`:{name}`); q && q.held && q.held.every(|r| r.state == held);';
  const vars = { name, held: RequestState.held };
  await until(async () => (await backEnd.query(code, vars)) === true);
}

/**
 * Resolves when no process has still to answer whether it lives. To be waited for before one is killed. A node
 * (ThingsDB 1.9.3) can crash when a WebSocket closes before the change that it asked for is made.
 */
export async function untilAnswered(backEnd: BackEnd): Promise<void> {
  const code = 'wse(); .thingsdb_lock.inboxes.values().every(|box| !box.probe);';
  await until(async () => (await backEnd.query(code)) === true);
}

/** When the only lease on a name ends, by the server's clock (milliseconds). */
export async function dueMs(backEnd: BackEnd, name: string): Promise<number> {
  // A change, because a read may be answered by a node of the cluster that lags behind; below too.
  const code = 'wse(); .thingsdb_lock.locks.get(`:{name}`).held.first().due;';
  return Number(await backEnd.query(code, { name })) / 1000;
}

/** When a lease was granted, by the server's clock (milliseconds). */
export async function grantedMs(backEnd: BackEnd, name: string, { fencingToken }: Lease): Promise<number> {
  const code = 'wse(); .thingsdb_lock.locks.get(`:{name}`).held.find(|t| t.token == token).since;';
  return Number(await backEnd.query(code, { name, token: fencingToken })) / 1000;
}

/** Registers what each kind of lock has to prove when a process is killed or the server hangs. */
export function testFaults(backEnd: BackEnd, { holder, name, holdIn, hold, wanted }: Kind): void {
  const wait = (manager: LockManager): Promise<Lease> =>
    lockOf(manager, wanted).acquire({ ...wanted.options, ...WAIT });
  test(`${holder} that is killed: who waits follows within 100 ms of the end of its lease`, async () => {
    const [worker] = (await backEnd.workers(1)) as [Worker];
    const manager = backEnd.manager();
    await holdIn(worker, { ttl: 2_000 });
    const waiting = wait(manager);
    await nextEvent(manager, 'waiting');
    await untilClaimed(backEnd, name);
    await worker.kill();
    const due = await dueMs(backEnd, name);
    const granted = await grantedMs(backEnd, name, await waiting);
    expect(granted).toBeGreaterThanOrEqual(due);
    expect(backEnd.servedMs(due, granted)).toBeLessThanOrEqual(100);
  });

  test(`one that is killed while it waits for ${holder} delays those behind it at most 2 s`, async () => {
    const [worker] = (await backEnd.workers(1)) as [Worker];
    const [first, last] = [backEnd.manager(), backEnd.manager()];
    const lease = await hold(first, {});
    for (const key of ['one', 'two', 'three']) {
      await worker.enqueue(key, wanted.name, { ...wanted.options, ...WAIT }, wanted.limit);
    }
    const waiting = wait(last);
    await nextEvent(last, 'waiting');
    await worker.kill();
    expect(await lease.release()).toBe(true);
    const releasedMs = performance.now();
    expect((await waiting).isHeld).toBe(true);
    expect(backEnd.ranMs(releasedMs)).toBeLessThanOrEqual(2_000);
  });

  test(`a server that is frozen under ${holder}: its signal aborts by the end of the lease, who waits follows alone`, async () => {
    const proxy = await backEnd.proxy();
    const { url } = proxy;
    const [first, last] = [backEnd.manager({ url }), backEnd.manager({ url })];
    await first.setup();
    const lease = await hold(first, { ttl: 1_000 });
    const waiting = wait(last);
    await nextEvent(last, 'waiting');
    // What is renewed from here on does not arrive: no lease goes on for longer than the ttl.
    const frozenMs = performance.now();
    proxy.freeze();
    await abortedWithin(lease.signal, 1_000, frozenMs);
    expect(lease.signal.reason).toMatchObject({ code: 'LOCK_LOST', reason: 'expired' });
    proxy.thaw();
    const next = await waiting;
    expect({ before: lease.isHeld, next: next.isHeld }).toEqual({ before: false, next: true });
    const { held } = await backEnd.manager().query(name);
    expect(held.map(({ fencingToken }) => fencingToken)).toEqual([next.fencingToken]);
    expect(await lease.release()).toBe(false);
    expect(await next.release()).toBe(true);
    await Promise.all([first.close(), last.close()]);
  });
}
