import { LockClosedError, LockTimeoutError } from '../../lib/index.js';
import { onEachTransport } from '../support/back-end.js';
import { noMore } from './after-a-minute.js';
import { nextEvent, rejection, until } from '../support/until.js';

onEachTransport('waiting and giving up', (backEnd) => {
  test('many tasks of one process are served in order among those of others, each with a greater token', async () => {
    const [a, b] = [backEnd.manager(), backEnd.manager()];
    const holder = await b.get('served').acquire();
    const served: number[] = [];
    const tokens: number[] = [];
    let inside = 0;
    const asked: Promise<void>[] = [];
    for (let task = 0; task < 12; task++) {
      // Each third is of the other process.
      const lock = (task % 3 === 2 ? b : a).get('served', { waitTimeout: '30s' });
      const isInLine = nextEvent(lock, 'waiting');
      asked.push(
        lock.runExclusive(async ({ fencingToken }) => {
          expect(inside++).toBe(0);
          served.push(task);
          tokens.push(fencingToken);
          await Promise.resolve();
          inside--;
        }),
      );
      await isInLine;
    }
    await holder.release();
    await Promise.all(asked);
    expect(served).toEqual([...served.keys()]);
    expect(tokens).toEqual([...new Set(tokens)].sort((x, y) => x - y));
    expect(tokens[0]).toBeGreaterThan(holder.fencingToken);
    expect(await a.isLocked('served')).toBe(false);
  });

  test('waitTimeout rejects and never enters, and its request is gone', async () => {
    const [a, b] = [backEnd.manager(), backEnd.manager()];
    const lease = await a.get('timeout').acquire();
    let entered = false;
    b.on('acquired', () => (entered = true));
    const startedMs = performance.now();
    const error = await rejection(
      b.get('timeout').runExclusive(() => (entered = true), { waitTimeout: 150 }),
    );
    expect(error).toBeInstanceOf(LockTimeoutError);
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(149);
    expect(await backEnd.left()).toMatchObject({ requests: 1 });
    await lease.release();
    expect(await b.isLocked('timeout')).toBe(false);
    expect(entered).toBe(false);
  });

  test('the default waitTimeout is the requests ahead times the ttl, as the Python lock has it', async () => {
    const [a, b, c] = [backEnd.manager(), backEnd.manager(), backEnd.manager()];
    await a.get('default').acquire();
    const second = b.get('default').acquire({ waitTimeout: Infinity });
    await nextEvent(b, 'waiting');
    const startedMs = performance.now();
    const error = await rejection(c.get('default').acquire({ ttl: 150 }));
    const waitedMs = performance.now() - startedMs;
    expect(error).toBeInstanceOf(LockTimeoutError);
    expect(waitedMs).toBeGreaterThanOrEqual(299);
    expect(waitedMs).toBeLessThan(5_000);
    await a.close();
    await second;
  });

  test('waitTimeout 0 does not wait', async () => {
    const [a, b] = [backEnd.manager(), backEnd.manager()];
    await a.get('zero').acquire();
    const waited = jest.fn();
    b.on('waiting', waited);
    await expect(b.get('zero').acquire({ waitTimeout: 0 })).rejects.toBeInstanceOf(LockTimeoutError);
    expect(waited).not.toHaveBeenCalled();
  });

  test('a signal cancels the waiting with its reason, and its request is gone', async () => {
    const [a, b] = [backEnd.manager(), backEnd.manager()];
    await a.get('abort').acquire();
    const controller = new AbortController();
    const acquiring = b.get('abort').acquire({ signal: controller.signal });
    await nextEvent(b, 'waiting');
    const reason = new Error('no longer needed');
    controller.abort(reason);
    expect(await rejection(acquiring)).toBe(reason);
    expect(await backEnd.left()).toMatchObject({ requests: 1 });
  });

  test('a signal that is aborted already stops the request before it is sent', async () => {
    const manager = backEnd.manager();
    const reason = new Error('too late');
    expect(await rejection(manager.get('early').acquire({ signal: AbortSignal.abort(reason) }))).toBe(reason);
    const connected = jest.fn();
    manager.on('connected', connected);
    expect(connected).not.toHaveBeenCalled();
  });

  test('a signal that aborts while the request is under way leaves nothing', async () => {
    const manager = backEnd.manager();
    await manager.setup();
    const controller = new AbortController();
    const acquiring = manager.get('under way').acquire({ signal: controller.signal });
    controller.abort();
    expect(await rejection(acquiring)).toBe(controller.signal.reason);
    expect(await manager.isLocked('under way')).toBe(false);
    expect(await backEnd.left()).toMatchObject({ requests: 0 });
  });

  test('a signal that aborts once the lock is held has no effect', async () => {
    const controller = new AbortController();
    const lease = await backEnd.manager().get('held').acquire({ signal: controller.signal });
    controller.abort();
    expect(lease.isHeld).toBe(true);
    expect(lease.signal.aborted).toBe(false);
    expect(await lease.release()).toBe(true);
  });

  test('those behind one that gave up move up', async () => {
    const [a, b, c] = [backEnd.manager(), backEnd.manager(), backEnd.manager()];
    const lease = await a.get('move up').acquire();
    const controller = new AbortController();
    const second = rejection(b.get('move up').acquire({ signal: controller.signal }));
    await nextEvent(b, 'waiting');
    const third = c.get('move up').acquire();
    await nextEvent(c, 'waiting');
    controller.abort();
    await second;
    await lease.release();
    expect((await third).isHeld).toBe(true);
  });

  test('a wait that is over before the connection is open leaves nobody in the queue', async () => {
    const [holder, proxy] = [backEnd.manager(), await backEnd.proxy()];
    const lease = await holder.get('opening').acquire({ ttl: 20_000 });
    proxy.delay(40);
    const late = backEnd.manager({ url: proxy.url });
    const connected = nextEvent(late, 'connected');
    expect(await rejection(late.acquire('opening', { waitTimeout: 20 }))).toBeInstanceOf(LockTimeoutError);
    await connected;
    // It was sent before this, if it was.
    expect(await late.isLocked('opening')).toBe(true);
    await until(async () => (await holder.query('opening')).pending.length === 0);
    await lease.release();
  });

  test('200 waiters that give up at once leave no trace', async () => {
    const [a, b] = [backEnd.manager(), backEnd.manager()];
    await a.get('many').acquire();
    const controller = new AbortController();
    const waiting = Array.from({ length: 200 }, () =>
      rejection(b.get('many').acquire({ signal: controller.signal, waitTimeout: Infinity })),
    );
    await new Promise<void>((resolve) => {
      let count = 0;
      b.on('waiting', () => ++count === 200 && resolve());
    });
    controller.abort();
    await Promise.all(waiting);
    expect(await backEnd.left()).toMatchObject({ requests: 1, locks: 1 });
    await Promise.all([a.close(), b.close()]);
    expect(await backEnd.left()).toEqual(noMore(backEnd));
  });

  test('closing the manager rejects what waits, releases what is held, and leaves nothing', async () => {
    const [a, b] = [backEnd.manager(), backEnd.manager()];
    const held = await a.get('close').acquire();
    const waiting = rejection(a.get('close').acquire());
    await nextEvent(a, 'waiting');
    const next = b.get('close').acquire();
    await nextEvent(b, 'waiting');
    const released = jest.fn();
    a.on('released', released);
    await a.close();
    expect(await waiting).toBeInstanceOf(LockClosedError);
    expect(released).toHaveBeenCalledTimes(1);
    expect(held.isHeld).toBe(false);
    expect(held.signal.aborted).toBe(true);
    expect(await held.release()).toBe(true);
    expect((await next).isHeld).toBe(true);
    await expect(a.get('close').acquire()).rejects.toBeInstanceOf(LockClosedError);
    await b.close();
    expect(await backEnd.left()).toEqual(noMore(backEnd));
  });
});
