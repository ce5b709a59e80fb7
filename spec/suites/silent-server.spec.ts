import { LockConnectionError, LockTimeoutError, type LockManager } from '../../lib/index.js';
import { onEachTransport, type BackEnd } from '../support/back-end.js';
import type { TcpProxy } from '../support/tcp-proxy.js';
import { nextEvent, rejection } from '../support/until.js';

/** How long a promise takes to settle (milliseconds), in a process that can run all the time. */
async function tookMs(backEnd: BackEnd, promise: Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await promise.catch(() => undefined);
  return backEnd.ranMs(startMs);
}

onEachTransport('a server that goes silent', (backEnd) => {
  /** Ways to the same server: one that is frozen stands for a node of a cluster that hangs. */
  const open = (count: number): Promise<TcpProxy[]> =>
    Promise.all(Array.from({ length: count }, () => backEnd.proxy()));
  const managerOver = (...over: TcpProxy[]): LockManager =>
    backEnd.manager({ url: over.map(({ url }) => url) });

  const hasSeveral = backEnd.name === 'thingsdb.js' ? test.skip : test;

  hasSeveral.each([0, 1, 2])(
    'one of three nodes (%i) hangs: a new manager has its lock within 2 s',
    async (n) => {
      const three = await open(3);
      three[n]?.freeze();
      const lock = managerOver(...three).get('new');
      const lease = lock.acquire();
      expect(await tookMs(backEnd, lease)).toBeLessThan(2_000);
      expect(await (await lease).release()).toBe(true);
    },
  );

  hasSeveral('the node of an idle manager hangs: its next call is answered within 2 s', async () => {
    const three = await open(3);
    const manager = managerOver(...three);
    await manager.setup();
    three[0]?.freeze();
    const lease = manager.get('idle').acquire();
    expect(await tookMs(backEnd, lease)).toBeLessThan(2_000);
    expect(await (await lease).release()).toBe(true);
    expect(await manager.isLocked('idle')).toBe(false);
  });

  hasSeveral('two of three nodes hang: a manager finds the third', async () => {
    const [one, two, three] = (await open(3)) as [TcpProxy, TcpProxy, TcpProxy];
    const manager = managerOver(one, two, three);
    await manager.setup();
    one.freeze();
    two.freeze();
    expect(await tookMs(backEnd, manager.isLocked('third'))).toBeLessThan(3_000);
  });

  hasSeveral(
    'what a node that hung makes of an old copy, once the manager is closed, is no lease',
    async () => {
      const [one, two] = (await open(2)) as [TcpProxy, TcpProxy];
      const manager = managerOver(one, two);
      await manager.setup();
      one.freeze();
      // Sent to both.
      await manager.get('copied').acquire();
      await manager.close();
      one.thaw();
      await one.quiet();
      expect(await backEnd.manager().query('copied')).toMatchObject({ held: [], pending: [] });
    },
  );

  hasSeveral.each([1_000, 6_000])(
    'the node of a holder hangs: a lease of %i ms is renewed over another, in time',
    async (ttl) => {
      const three = await open(3);
      const manager = managerOver(...three);
      const lost = jest.fn();
      manager.on('lost', lost);
      const lease = await manager.get('held').acquire({ ttl });
      const [disconnected, connected] = [nextEvent(manager, 'disconnected'), nextEvent(manager, 'connected')];
      three[0]?.freeze();
      expect(await tookMs(backEnd, disconnected)).toBeLessThan(ttl / 3 + 300);
      await connected;
      await nextEvent(manager, 'extended');
      await nextEvent(manager, 'extended');
      expect(lost).not.toHaveBeenCalled();
      expect(lease.isHeld).toBe(true);
      expect(await lease.release()).toBe(true);
    },
  );

  hasSeveral('the node of a waiter hangs: it keeps its place, and is granted in its turn', async () => {
    const three = await open(3);
    const [holder, behind, waiter] = [backEnd.manager(), backEnd.manager(), managerOver(...three)];
    const lease = await holder.get('wait').acquire({ ttl: 20_000 });
    const waiting = waiter.get('wait').acquire({ waitTimeout: 20_000 });
    await nextEvent(waiter, 'waiting');
    const last = behind.get('wait').acquire({ waitTimeout: 20_000 });
    await nextEvent(behind, 'waiting');
    const connected = nextEvent(waiter, 'connected');
    three[0]?.freeze();
    await connected;
    expect(await lease.release()).toBe(true);
    expect(await (await waiting).release()).toBe(true);
    expect(await (await last).release()).toBe(true);
  });

  test.each([1_500, 6_000])(
    'a connection is forgotten on its way: a lease of %i ms is renewed over a new one',
    async (ttl) => {
      const [proxy] = (await open(1)) as [TcpProxy];
      const manager = managerOver(proxy);
      const lost = jest.fn();
      manager.on('lost', lost);
      const lease = await manager.get('forgotten').acquire({ ttl });
      const [disconnected, connected] = [nextEvent(manager, 'disconnected'), nextEvent(manager, 'connected')];
      await proxy.quiet();
      proxy.silence();
      expect(await tookMs(backEnd, disconnected)).toBeLessThan(ttl / 3 + 500);
      await connected;
      await nextEvent(manager, 'extended');
      expect(lost).not.toHaveBeenCalled();
      expect(await lease.release()).toBe(true);
    },
  );

  test.each<[string, (manager: LockManager) => Promise<unknown>]>([
    ['acquire', (manager) => manager.acquire('call', { waitTimeout: '60s' })],
    ['acquire with the default wait', (manager) => manager.acquire('call')],
    ['tryAcquire', (manager) => manager.get('call').tryAcquire()],
    ['isLocked', (manager) => manager.isLocked('call')],
    ['watch', (manager) => manager.watch('call')],
  ])('a connection is forgotten while its manager is idle: the next %s works', async (_what, call) => {
    const [proxy] = (await open(1)) as [TcpProxy];
    const manager = managerOver(proxy);
    await manager.setup();
    await proxy.quiet();
    proxy.silence();
    const answer = call(manager);
    expect(await tookMs(backEnd, answer)).toBeLessThan(2_000);
    await expect(answer).resolves.toBeDefined();
  });

  hasSeveral('a connection that hangs while it opens is tried anew', async () => {
    const [proxy] = (await open(1)) as [TcpProxy];
    proxy.mute(true);
    const manager = managerOver(proxy);
    const lease = manager.get('opening').acquire();
    await proxy.accepted(1);
    proxy.mute(false);
    expect(await tookMs(backEnd, lease)).toBeLessThan(2_000);
    expect(await (await lease).release()).toBe(true);
  });

  test.each<[side: 'client' | 'server', bytes: number]>([
    ['client', 0],
    ['client', 7],
    ['client', 100],
    ['server', 0],
    ['server', 7],
    ['server', 100],
  ])('what the %s sends is swallowed after %i bytes: the lease lives', async (side, bytes) => {
    const [proxy] = (await open(1)) as [TcpProxy];
    const manager = managerOver(proxy);
    const lease = await manager.get('swallowed').acquire({ ttl: 3_000 });
    await proxy.quiet();
    const connected = nextEvent(manager, 'connected');
    proxy.swallowAfter(side, bytes);
    await connected;
    await nextEvent(manager, 'extended');
    expect(lease.isHeld).toBe(true);
    expect(await lease.release()).toBe(true);
  });

  test('that answers slowly is not taken for silent', async () => {
    const [proxy] = (await open(1)) as [TcpProxy];
    proxy.delay(200);
    const manager = managerOver(proxy);
    const disconnected = jest.fn();
    manager.on('disconnected', disconnected);
    const lease = await manager.get('far away').acquire({ ttl: 4_500 });
    for (let renewals = 0; renewals < 2; renewals++) await nextEvent(manager, 'extended');
    expect(disconnected).not.toHaveBeenCalled();
    expect(await lease.release()).toBe(true);
    proxy.delay(0);
  });

  test('and hangs for good: every wait ends when its option says', async () => {
    const [proxy] = (await open(1)) as [TcpProxy];
    const manager = managerOver(proxy);
    await manager.setup();
    await proxy.quiet();
    proxy.freeze();
    const short = manager.acquire('hangs', { waitTimeout: 1_000 });
    expect(await tookMs(backEnd, short)).toBeLessThan(1_300);
    const error = await rejection(short);
    expect(error).toBeInstanceOf(LockTimeoutError);
    expect((error as LockTimeoutError).cause).toBeInstanceOf(LockConnectionError);
  });

  test('and hangs for good: close() ends within the request time-out', async () => {
    const [proxy] = (await open(1)) as [TcpProxy];
    const manager = backEnd.manager({ url: proxy.url, requestTimeout: 1_000 });
    await manager.get('closing').acquire({ ttl: 3_000 });
    await proxy.quiet();
    proxy.freeze();
    expect(await tookMs(backEnd, manager.close())).toBeLessThan(1_200);
  });
});

onEachTransport('a server that is not there yet', (backEnd) => {
  let proxy: TcpProxy;
  beforeEach(async () => {
    proxy = await backEnd.proxy();
    proxy.refuse(true);
  });
  test('is waited for by whoever says how long to wait, and by nobody else', async () => {
    const manager = backEnd.manager({ url: proxy.url });
    const reconnecting = nextEvent<{ reason: Error }>(manager, 'reconnecting');
    const waiting = manager.acquire('soon', { waitTimeout: '30s' });
    expect((await reconnecting).reason).toBeInstanceOf(LockConnectionError);
    expect(await rejection(backEnd.manager({ url: proxy.url }).acquire('soon'))).toBeInstanceOf(
      LockConnectionError,
    );
    proxy.refuse(false);
    expect(await (await waiting).release()).toBe(true);
  });

  test('is not waited for any more when the waiting is cancelled', async () => {
    const manager = backEnd.manager({ url: proxy.url });
    const abort = new AbortController();
    const reconnecting = nextEvent(manager, 'reconnecting');
    const waiting = manager.acquire('cancelled', { waitTimeout: Infinity, signal: abort.signal });
    await reconnecting;
    abort.abort();
    expect(await rejection(waiting)).toBe(abort.signal.reason);
    proxy.refuse(false);
  });

  test('in all the time there was: the error says that, and why', async () => {
    const waiting = backEnd.manager({ url: proxy.url }).acquire('never', { waitTimeout: 400 });
    expect(await tookMs(backEnd, waiting)).toBeLessThan(900);
    const error = await rejection(waiting);
    expect(error).toBeInstanceOf(LockTimeoutError);
    expect((error as LockTimeoutError).cause).toBeInstanceOf(LockConnectionError);
  });
});
