import { LockConnectionError } from '../../lib/index.js';
import { onEachTransport } from '../support/back-end.js';
import type { TcpProxy } from '../support/tcp-proxy.js';
import { nextEvent, rejection } from '../support/until.js';

onEachTransport('a connection that is lost', (backEnd) => {
  let proxy: TcpProxy;
  beforeEach(async () => {
    proxy = await backEnd.proxy();
  });
  // thingsdb.js cannot tell that its socket has closed: its requests end by their time limit, and that tells.
  const tells = backEnd.name === 'thingsdb.js' ? test.skip : test;

  tells('costs a waiting request nothing: it keeps its place, and is granted in its turn', async () => {
    const [a, b, c] = [backEnd.manager(), backEnd.manager({ url: proxy.url }), backEnd.manager()];
    const lease = await a.get('cut').acquire();
    const waiting = b.get('cut').acquire({ waitTimeout: 20_000 });
    await nextEvent(b, 'waiting');
    const behind = c.get('cut').acquire({ waitTimeout: 20_000 });
    await nextEvent(c, 'waiting');
    const [disconnected, reconnecting] = [nextEvent(b, 'disconnected'), nextEvent(b, 'reconnecting')];
    await proxy.quiet();
    proxy.cut();
    await disconnected;
    expect(await reconnecting).toMatchObject({ attempt: 1 });
    await nextEvent(b, 'connected');
    expect(await lease.release()).toBe(true);
    expect(await (await waiting).release()).toBe(true);
    expect(await (await behind).release()).toBe(true);
  });

  tells('while the grant is told: it is found when the connection is back', async () => {
    const [a, b] = [backEnd.manager(), backEnd.manager({ url: proxy.url })];
    const lease = await a.get('missed').acquire();
    const waiting = b.get('missed').acquire({ waitTimeout: 20_000 });
    await nextEvent(b, 'waiting');
    const disconnected = nextEvent(b, 'disconnected');
    await proxy.quiet();
    proxy.refuse(true);
    proxy.cut();
    await disconnected;
    await lease.release();
    proxy.refuse(false);
    expect(await (await waiting).release()).toBe(true);
  });

  tells('is opened again at once while a lease is held, which goes on', async () => {
    const lock = backEnd.manager({ url: proxy.url }).get('goes on');
    const lease = await lock.acquire({ ttl: 2_000 });
    await proxy.quiet();
    proxy.cut();
    await nextEvent(lock, 'extended');
    await nextEvent(lock, 'extended');
    expect(lease.isHeld).toBe(true);
    expect(await lease.release()).toBe(true);
  });

  tells('shows a lease that the server has forgotten meanwhile, at once', async () => {
    const manager = backEnd.manager({ url: proxy.url });
    const lease = await manager.get('gone').acquire({ ttl: 30_000, autoRenew: false });
    const lost = nextEvent<{ reason: string }>(manager, 'lost');
    await backEnd.query('.thingsdb_lock.locks.clear();');
    await proxy.quiet();
    proxy.cut();
    expect((await lost).reason).toBe('forgotten-by-server');
    expect(lease.signal.aborted).toBe(true);
  });

  tells('is not opened again while nobody needs it', async () => {
    const manager = backEnd.manager({ url: proxy.url });
    await manager.setup();
    const reconnecting = jest.fn();
    manager.on('reconnecting', reconnecting);
    const disconnected = nextEvent(manager, 'disconnected');
    await proxy.quiet();
    proxy.cut();
    await disconnected;
    expect(await manager.isLocked('anything')).toBe(false);
    expect(reconnecting).not.toHaveBeenCalled();
  });

  test('that is dead without a sign is found out, and the waiting goes on over another', async () => {
    const [a, b] = [backEnd.manager(), backEnd.manager({ url: proxy.url, requestTimeout: 1_000 })];
    const lease = await a.get('half-open').acquire();
    const waiting = b.get('half-open').acquire({ waitTimeout: 20_000 });
    await nextEvent(b, 'waiting');
    const disconnected = nextEvent(b, 'disconnected');
    await proxy.quiet();
    proxy.freeze();
    await disconnected;
    proxy.forget();
    await lease.release();
    expect(await (await waiting).release()).toBe(true);
  });

  test('to a node that is not there leads to the next in the list', async () => {
    const url = ['ws://127.0.0.1:1', ...backEnd.urls];
    if (backEnd.name === 'thingsdb.js') return;
    const lease = await backEnd.manager({ url }).get('next').acquire();
    expect(await lease.release()).toBe(true);
  });

  tells('leaves a lease standing, and the next use connects again', async () => {
    const manager = backEnd.manager({ url: proxy.url });
    const lease = await manager.get('again').acquire({ ttl: 20_000 });
    const disconnected = nextEvent(manager, 'disconnected');
    await proxy.quiet();
    proxy.cut();
    await disconnected;
    expect(lease.isHeld).toBe(true);
    expect(await lease.release()).toBe(true);
    expect(await backEnd.manager().isLocked('again')).toBe(false);
  });

  test('a frozen server: a request ends with LockConnectionError within requestTimeout, and leaves nothing', async () => {
    const manager = backEnd.manager({ url: proxy.url, requestTimeout: 1_000 });
    await manager.setup();
    proxy.freeze();
    const startedMs = performance.now();
    expect(await rejection(manager.get('hang').acquire())).toBeInstanceOf(LockConnectionError);
    expect(backEnd.ranMs(startedMs)).toBeLessThan(3_000);
    expect(await rejection(manager.isLocked('hang'))).toBeInstanceOf(LockConnectionError);
    proxy.thaw();
    // The request and the withdrawal that was sent after it arrive in that order.
    const other = backEnd.manager();
    const lease = await other.get('hang').acquire({ waitTimeout: 5_000 });
    expect(await lease.release()).toBe(true);
  });

  tells('is opened again with the password of that moment, when auth is a function', async () => {
    const username = `${backEnd.collection}_rotating`;
    let password = 'first';
    const asked = jest.fn(() => Promise.resolve({ username, password }));
    await backEnd.query(
      'new_user(name); set_password(name, "first"); grant(scope, name, RUN|CHANGE|JOIN);',
      { name: username, scope: `//${backEnd.collection}` },
      '@thingsdb',
    );
    try {
      const holder = backEnd.manager();
      const lease = await holder.get('rotated').acquire();
      const manager = backEnd.manager({ url: proxy.url, auth: asked });
      const waiting = manager.acquire('rotated', { waitTimeout: Infinity });
      await nextEvent(manager, 'waiting');
      password = 'second';
      await backEnd.query('set_password(name, "second");', { name: username }, '@thingsdb');
      const connected = nextEvent(manager, 'connected');
      await proxy.quiet();
      proxy.cut();
      await connected;
      expect(asked).toHaveBeenCalledTimes(2);
      await lease.release();
      expect(await (await waiting).release()).toBe(true);
    } finally {
      await backEnd.query('del_user(name);', { name: username }, '@thingsdb');
    }
  });

  test('to a server that has lost its state sets that up again once, for all calls under way', async () => {
    const manager = backEnd.manager({ url: proxy.url });
    await manager.setup();
    await backEnd.query('del_collection(name);', { name: backEnd.collection }, '@thingsdb');
    const names = ['a', 'b', 'c', 'd', 'e'];
    const locked = await Promise.all(names.map((name) => manager.isLocked(name)));
    expect(locked).toEqual(names.map(() => false));
    await backEnd.query('del_collection(name);', { name: backEnd.collection }, '@thingsdb');
    await proxy.quiet();
    proxy.cut();
    const leases = await Promise.all(names.map((name) => manager.acquire(name)));
    expect(await Promise.all(leases.map((lease) => lease.release()))).toEqual(names.map(() => true));
  });

  test('close ends within its bound although the server is frozen', async () => {
    const manager = backEnd.manager({ url: proxy.url, requestTimeout: 1_000 });
    await manager.get('close').acquire({ ttl: 5_000 });
    proxy.freeze();
    const startedMs = performance.now();
    await manager.close();
    expect(backEnd.ranMs(startedMs)).toBeLessThan(1_300);
    proxy.thaw();
  });
});
