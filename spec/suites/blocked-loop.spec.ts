import { onEachBackEnd, onEachTransport, type BackEnd } from '../support/back-end.js';
import { nextEvent } from '../support/until.js';
import type { Worker } from '../support/worker.js';
import type { Blocked, BlockedReport } from '../support/worker-main.js';
import type { Lease } from '../../lib/index.js';

/** Longer than an unacknowledged grant lasts at the server. */
const BLOCK_MS = 1_500;
const OPTIONS = { ttl: 10_000, waitTimeout: 60_000 };

interface Crowd {
  /** What the process that was blocked saw. */
  readonly blocked: Promise<BlockedReport>;
  /** The lease of whoever stood behind it. */
  readonly behind: Promise<Lease>;
  readonly grantedMs: number;
}

/** A process is granted a lock by a push, with a waiter behind it, and blocks its event loop. */
async function blockOnPush(backEnd: BackEnd, name: string, blocked: Omit<Blocked, 'name'>): Promise<Crowd> {
  const [worker] = (await backEnd.workers(1)) as [Worker];
  const [first, last] = [backEnd.manager(), backEnd.manager()];
  // It is in the room of its manager before it is blocked.
  await worker.call({ do: 'acquire', key: 'other', name: `${name}, other` });
  const lease = await first.get(name).acquire(OPTIONS);
  const waiting = nextEvent(worker as never, 'waiting');
  const report = worker.beBlocked({ name, options: OPTIONS, ...blocked });
  await waiting;
  const behind = last.get(name).acquire({ waitTimeout: 60_000 });
  await nextEvent(last, 'waiting');
  const grantedMs = performance.now();
  await lease.release();
  return { blocked: report, behind, grantedMs };
}

onEachTransport('a holder that blocks its event loop and goes on', (backEnd) => {
  test('right after a pushed grant, and then goes on: the lease is held once the server is heard', async () => {
    const crowd = await blockOnPush(backEnd, 'goes on', {
      at: 'grant',
      forMs: BLOCK_MS,
      release: 'when known',
    });
    await crowd.behind;
    expect(performance.now() - crowd.grantedMs).toBeGreaterThanOrEqual(BLOCK_MS);
    // Until then nobody is told that it is held: by all that was read it might be over.
    expect(await crowd.blocked).toMatchObject({ wasHeld: false, isHeld: true, released: true, lost: null });
  });
});

onEachBackEnd('a holder that blocks its event loop', (backEnd) => {
  test('right after a pushed grant, and then releases: it has held the lock all the time', async () => {
    const crowd = await blockOnPush(backEnd, 'at once', { at: 'grant', forMs: BLOCK_MS, release: 'at once' });
    const next = await crowd.behind;
    expect(performance.now() - crowd.grantedMs).toBeGreaterThanOrEqual(BLOCK_MS);
    const { fencingToken, released, lost } = await crowd.blocked;
    expect({ released, lost }).toEqual({ released: true, lost: null });
    expect(next.fencingToken).toBeGreaterThan(fencingToken);
  });

  test('in a listener of `acquired`: the grant is acknowledged before', async () => {
    const crowd = await blockOnPush(backEnd, 'listener', {
      at: 'event',
      forMs: 1_000,
      release: 'when known',
    });
    await crowd.behind;
    expect(performance.now() - crowd.grantedMs).toBeGreaterThanOrEqual(1_000);
    expect(await crowd.blocked).toMatchObject({ isHeld: true, released: true, lost: null });
  });

  test('while its lease is stolen: it is told so as soon as it reads', async () => {
    const crowd = await blockOnPush(backEnd, 'stolen', {
      at: 'grant',
      forMs: BLOCK_MS,
      release: 'when known',
    });
    const thief = backEnd.manager();
    const stolen = await thief.get('stolen').acquire({ steal: true });
    expect(backEnd.ranMs(crowd.grantedMs)).toBeLessThan(BLOCK_MS);
    expect(await crowd.blocked).toMatchObject({ released: false, lost: 'stolen' });
    await stolen.release();
    await crowd.behind;
  });

  test('beyond the end of its lease: it is told so, and the next has the lock by then', async () => {
    const crowd = await blockOnPush(backEnd, 'over', {
      at: 'grant',
      forMs: BLOCK_MS,
      release: 'when known',
      options: { ttl: 1_000, waitTimeout: 60_000 },
    });
    await crowd.behind;
    expect(backEnd.ranMs(crowd.grantedMs)).toBeLessThan(BLOCK_MS);
    expect(await crowd.blocked).toMatchObject({
      ...{ wasHeld: false, isHeld: false, released: false, lost: 'expired' },
    });
  });

  test('while an extension is under way, beyond what was known before: the lease is held', async () => {
    const [worker] = (await backEnd.workers(1)) as [Worker];
    const options = { ttl: 1_000, autoRenew: false };
    // The lease that was acquired is over after a second; the extension is asked for after 600 ms.
    const report = await worker.beBlocked({
      ...{ name: 'extended', options, at: 'extension', forMs: 600, release: 'when known' },
    });
    expect(report).toMatchObject({ isHeld: true, released: true, lost: null });
  });
});

onEachBackEnd('a waiter that blocks its event loop', (backEnd) => {
  test('for less than 800 ms as its turn comes: it has the lock', async () => {
    const crowd = await blockOnPush(backEnd, 'short', { at: 'waiting', forMs: 600, release: 'at once' });
    const next = await crowd.behind;
    const { fencingToken, wasHeld, released, lost } = await crowd.blocked;
    expect({ wasHeld, released, lost }).toEqual({ wasHeld: true, released: true, lost: null });
    expect(next.fencingToken).toBeGreaterThan(fencingToken);
  });

  test('for longer as its turn comes: the next has the lock by then, and it has it afterwards', async () => {
    const crowd = await blockOnPush(backEnd, 'long', { at: 'waiting', forMs: BLOCK_MS, release: 'at once' });
    const next = await crowd.behind;
    expect(backEnd.ranMs(crowd.grantedMs)).toBeLessThan(BLOCK_MS);
    expect(await next.release()).toBe(true);
    const { fencingToken, wasHeld, released, lost } = await crowd.blocked;
    expect({ wasHeld, released, lost }).toEqual({ wasHeld: true, released: true, lost: null });
    expect(next.fencingToken).toBeLessThan(fencingToken);
  });
});
