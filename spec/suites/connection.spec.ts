import { LockConnectionError } from '../../lib/index.js';
import { onEachBackEnd } from '../support/back-end.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { nextEvent, rejection } from '../support/until.js';

onEachBackEnd('a connection that is lost', (backEnd) => {
  let proxy: TcpProxy;
  beforeEach(async () => {
    proxy = await TcpProxy.to(backEnd.urls[0] ?? '');
  });
  afterEach(() => proxy.close());

  // thingsdb.js cannot tell that its socket has closed: its waiters go on asking until their time is over.
  const tells = backEnd.name === 'thingsdb.js' ? test.skip : test;

  tells('ends every waiting call with LockConnectionError', async () => {
    const [a, b] = [backEnd.manager(), backEnd.manager({ url: proxy.url })];
    await a.get('cut').acquire();
    const waiting = rejection(b.get('cut').acquire({ waitTimeout: Infinity }));
    await nextEvent(b, 'waiting');
    const disconnected = nextEvent(b, 'disconnected');
    proxy.cut();
    await disconnected;
    expect(await waiting).toBeInstanceOf(LockConnectionError);
  });

  tells('leaves a lease standing, and the next use connects again', async () => {
    const manager = backEnd.manager({ url: proxy.url });
    const lease = await manager.get('again').acquire({ ttl: 20_000 });
    const disconnected = nextEvent(manager, 'disconnected');
    proxy.cut();
    await disconnected;
    expect(lease.isHeld).toBe(true);
    expect(await lease.release()).toBe(true);
    expect(await backEnd.manager().isLocked('again')).toBe(false);
  });

  test('a frozen server: a request ends with LockConnectionError within requestTimeout, and leaves nothing', async () => {
    const manager = backEnd.manager({ url: proxy.url, requestTimeout: 300 });
    await manager.setup();
    proxy.freeze();
    const startedMs = performance.now();
    expect(await rejection(manager.get('hang').acquire())).toBeInstanceOf(LockConnectionError);
    expect(performance.now() - startedMs).toBeLessThan(3_000);
    expect(await rejection(manager.isLocked('hang'))).toBeInstanceOf(LockConnectionError);
    proxy.thaw();
    // The request and the withdrawal that was sent after it arrive in that order.
    const other = backEnd.manager();
    const lease = await other.get('hang').acquire({ waitTimeout: 5_000 });
    expect(await lease.release()).toBe(true);
  });

  test('close ends within its bound although the server is frozen', async () => {
    const manager = backEnd.manager({ url: proxy.url, requestTimeout: 300 });
    await manager.get('close').acquire({ ttl: 1_000 });
    proxy.freeze();
    const startedMs = performance.now();
    await manager.close();
    expect(performance.now() - startedMs).toBeLessThan(4_000);
    proxy.thaw();
  });
});
