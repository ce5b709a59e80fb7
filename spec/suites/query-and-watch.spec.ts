import {
  LockConnectionError,
  LockManager,
  LockOptionsError,
  type HeldInfo,
  type LockOptions,
  type LockSnapshot,
  type LockWatch,
  type Page,
  type WatchedRequestEvent,
} from '../../lib/index.js';
import { clientFor } from '../../lib/client/open-client.js';
import { type EmbeddedThingsDB, ManualClock, startThingsDB } from '../../lib/testing/index.js';
import { aborted } from '../support/aborted.js';
import { onEachBackEnd } from '../support/back-end.js';
import { changesNothing } from '../support/changes-nothing.js';
import { lockedDownState } from '../support/state-left.js';
import { nextEvent, rejection, until } from '../support/until.js';
import type { Worker } from '../support/worker.js';
import { NO_MORE, nothingIsLeft } from './after-a-minute.js';
import { dueMs, untilClaimed } from './lock-faults.js';

const LONG: LockOptions = { waitTimeout: 25_000 };
const LOOK: LockOptions = { mode: 'shared', ...LONG };

const OF_REQUESTS = [
  ...(['waiting', 'withdrawn'] as const),
  ...(['acquired', 'released', 'expired', 'lost', 'adopted'] as const),
];

/** What a watch tells of leases from now on, in order. */
function noted(watch: LockWatch): string[] {
  const told: string[] = [];
  for (const event of ['acquired', 'released', 'expired'] as const) {
    watch.on(event, ({ owner, mode, count }) => told.push(`${event} ${owner} ${mode} ${count}`));
  }
  watch.on('lost', ({ owner, reason }) => told.push(`lost ${owner} ${reason}`));
  watch.on('resumed', () => told.push('resumed'));
  watch.on('error', (error) => told.push(`error ${String(error)}`));
  return told;
}

/** As {@link noted}, with all that is told of each. */
function recorded(watch: LockWatch<string | undefined>): unknown[][] {
  const told: unknown[][] = [];
  for (const event of OF_REQUESTS) watch.on(event, (payload) => void told.push([event, payload]));
  watch.on('resumed', () => void told.push(['resumed']));
  watch.on('error', (error) => void told.push(['error', error]));
  return told;
}

/** What was told, and of whom. */
const gist = (told: readonly unknown[][]): unknown[][] =>
  told.map(([event, payload]) => [event, (payload as { owner?: string } | undefined)?.owner]);

onEachBackEnd('query', (backEnd) => {
  /** Asks on behalf of an owner, and resolves when the request is in the queue. */
  async function waits(owner: string, name: string | string[], options: LockOptions = {}): Promise<void> {
    const manager = backEnd.manager({ owner });
    void manager.acquire(name, { ...LONG, ...options }).catch(() => undefined);
    await nextEvent(manager, 'waiting');
  }

  /** The server's clock, in milliseconds since the epoch. */
  const serverMs = async (): Promise<number> => Number(await backEnd.query('int(now() * 1000000);')) / 1000;

  test('tells who holds and who waits, in which mode, since when, for how long, with which token and position', async () => {
    const [a, b, c] = ['a', 'b', 'c'].map((owner) => backEnd.manager({ owner }));
    const before = Date.now();
    const lease = await a?.acquire('one', { ttl: 30_000 });
    const controller = new AbortController();
    const waiting = [
      rejection(b!.get('one', { mode: 'shared' }).acquire({ signal: controller.signal })),
      nextEvent(b!, 'waiting').then(() =>
        rejection(c!.semaphore('one', { permits: 5 }).acquire({ count: 2, signal: controller.signal })),
      ),
    ];
    await nextEvent(c!, 'waiting');
    const { held, pending, next } = await a!.query('one');
    expect(held).toEqual([
      {
        name: 'one',
        mode: 'exclusive',
        count: 1,
        permits: 1,
        owner: 'a',
        since: expect.any(Date) as Date,
        fencingToken: lease?.fencingToken,
        remaining: expect.any(Number) as number,
        lingers: false,
      },
    ]);
    expect(pending).toEqual([
      {
        name: 'one',
        mode: 'shared',
        count: 1,
        permits: 1,
        owner: 'b',
        since: expect.any(Date) as Date,
        position: 1,
      },
      {
        name: 'one',
        mode: 'semaphore',
        count: 2,
        permits: 5,
        owner: 'c',
        since: expect.any(Date) as Date,
        position: 2,
      },
    ]);
    expect(next).toBeUndefined();
    expect(held[0]?.remaining).toBeGreaterThan(20_000);
    expect(held[0]?.remaining).toBeLessThanOrEqual(30_000);
    // The server's clock, on the same machine as this one or on one that is kept in step with it.
    expect(Math.abs(Number(held[0]?.since) - before)).toBeLessThan(20_000);
    expect(Number(pending[0]?.since)).toBeLessThanOrEqual(Number(pending[1]?.since));
    controller.abort();
    await Promise.all(waiting);
  });

  test('of a name that nobody is in nothing', async () => {
    expect(await backEnd.manager().query('nobody')).toEqual({ held: [], pending: [], next: undefined });
  });

  test('pages of all names, in their order, hold each name once', async () => {
    const manager = backEnd.manager();
    const names = Array.from({ length: 230 }, (_, i) => `page ${String(i).padStart(3, '0')}`);
    const leases = await Promise.all(names.map((name) => manager.acquire(name)));
    const seen: string[] = [];
    const sizes: number[] = [];
    let after: string | undefined = 'page';
    do {
      const page = await manager.query({ after });
      sizes.push(page.held.length);
      seen.push(...page.held.map(({ name }) => name));
      after = page.next;
    } while (after !== undefined);
    expect(seen).toEqual(names);
    expect(sizes).toEqual([100, 100, 30]);
    expect((await manager.query({ after: 'page 003', limit: 2 })).held.map(({ name }) => name)).toEqual([
      'page 004',
      'page 005',
    ]);
    await Promise.all(leases.map((lease) => lease.release()));
  });

  test('fails loudly when the server cannot be reached, and for what is no name or page', async () => {
    const manager = backEnd.manager({ url: 'ws://127.0.0.1:1', requestTimeout: 200 });
    await expect(manager.query('unreachable')).rejects.toBeInstanceOf(LockConnectionError);
    for (const wrong of ['', { limit: 0 }, { limit: 1_001 }, { before: 'x' }, null]) {
      await expect(manager.query(wrong as never)).rejects.toBeInstanceOf(LockOptionsError);
    }
  });

  test('readers are shown each; behind them a position counts them all', async () => {
    const readers = ['r 1', 'r 2', 'r 3'];
    for (const owner of readers) await backEnd.manager({ owner }).acquire('novel', LOOK);
    await waits('w', 'novel');
    const { held, pending } = await backEnd.manager().query('novel');
    expect(held.map(({ mode, owner }) => [mode, owner])).toEqual(readers.map((owner) => ['shared', owner]));
    expect(pending.map(({ owner, position }) => [owner, position])).toEqual([['w', 3]]);
  });

  test('several names: shown under each, waiting in a queue that nobody holds with nobody ahead', async () => {
    const manager = backEnd.manager({ owner: 'both' });
    const lease = await manager.acquire(['pair 1', 'pair 2']);
    await waits('waits', ['pair 2', 'pair 3']);
    const [one, two, three] = await Promise.all(
      ['pair 1', 'pair 2', 'pair 3'].map((name) => manager.query(name)),
    );
    expect([one, two].map((all) => all?.held.map(({ fencingToken }) => fencingToken))).toEqual([
      [lease.fencingToken],
      [lease.fencingToken],
    ]);
    expect([two, three].map((all) => all?.pending.map(({ owner, position }) => [owner, position]))).toEqual([
      [['waits', 1]],
      [['waits', 0]],
    ]);
    expect(three?.held).toEqual([]);
  });

  test('a Python holder and a Python waiter are shown too', async () => {
    const manager = backEnd.manager();
    await manager.setup();
    const [, holder] = (await backEnd.run('acquire', 'python', 60)) as [boolean, number];
    const [, waiter] = (await backEnd.run('acquire', 'python', 60)) as [boolean, number];
    const { held, pending } = await manager.query('python');
    expect(held.map(({ owner, mode }) => [owner, mode])).toEqual([['python-thingsdb', 'exclusive']]);
    expect(pending.map(({ owner, position }) => [owner, position])).toEqual([['python-thingsdb', 1]]);
    await backEnd.run('release', 'python', waiter);
    await backEnd.run('release', 'python', holder);
  });

  test('a lease that has expired is not shown, also before anybody has ended it', async () => {
    const manager = backEnd.manager();
    await manager.acquire('expired', { ttl: 1_000, autoRenew: false });
    const due = await dueMs(backEnd, 'expired');
    // Without the sweeper nobody ends it but who asks.
    await backEnd.query('tasks().each(|t| t.del());');
    let shown: LockSnapshot | undefined;
    let askedMs = 0;
    await until(async () => {
      askedMs = await serverMs();
      shown = await manager.query('expired');
      if (shown.held.length > 0) expect(shown.held[0]?.remaining).toBeGreaterThan(0);
      return askedMs > due;
    });
    expect(shown?.held).toEqual([]);
    expect((await manager.query()).held.filter(({ name }) => name === 'expired')).toEqual([]);
  });

  test('who asks for an expired lease by a page sees the next in line holding it', async () => {
    const [first, next] = [backEnd.manager({ owner: 'first' }), backEnd.manager({ owner: 'next' })];
    const lease = await first.acquire('handed', { ttl: 1_500, autoRenew: false });
    const waiting = next.acquire('handed', LONG);
    await nextEvent(next, 'waiting');
    await aborted(lease.signal);
    await until(async () => {
      const { held } = await backEnd.manager().query();
      return held.find(({ name }) => name === 'handed')?.owner === 'next';
    });
    await (await waiting).release();
  });

  test('a page is 100 names by default; page by page all names come, each once, in the order of their bytes', async () => {
    const manager = backEnd.manager();
    const names = Array.from({ length: 250 }, (_, i) => `page ${String(i).padStart(3, '0')}`);
    names.push('Page', 'page', 'page é', 'page 🔒', '\u0001');
    await Promise.all(names.map((name) => manager.acquire(name)));
    const inOrder = [...names].sort((x, y) => Buffer.compare(Buffer.from(x), Buffer.from(y)));

    const first = await manager.query();
    expect(first.held.map(({ name }) => name)).toEqual(inOrder.slice(0, 100));
    expect(first.next).toBe(inOrder[99]);

    for (const limit of [100, 7, 1_000]) {
      const seen: string[] = [];
      let page: Page | undefined = { limit };
      while (page !== undefined) {
        const { held, next }: LockSnapshot = await manager.query(page);
        expect(held.length).toBeLessThanOrEqual(limit);
        seen.push(...held.map(({ name }) => name));
        page = next === undefined ? undefined : { limit, after: next };
      }
      expect(seen).toEqual(inOrder);
    }
    expect((await manager.query({ after: 'page 249' })).held.map(({ name }) => name)).toEqual(
      inOrder.slice(-2),
    );
    expect((await manager.query({ after: 'pagez' })).held).toEqual([]);
  });

  test('a page holds whole queues: who waits is shown with who holds', async () => {
    const manager = backEnd.manager({ owner: 'holder' });
    for (const name of ['q 1', 'q 2', 'q 3']) {
      await manager.acquire(name);
      await waits('waiter', name);
    }
    const { held, pending, next } = await manager.query({ limit: 2 });
    expect([held, pending].map((all) => all.map(({ name }) => name))).toEqual([
      ['q 1', 'q 2'],
      ['q 1', 'q 2'],
    ]);
    expect(next).toBe('q 2');
  });

  test('what is shown of others is no right to anything: ids are nowhere', async () => {
    const manager = backEnd.manager();
    await manager.acquire(['secret', 'secret 2']);
    await waits('waiter', 'secret');
    const code =
      's = .thingsdb_lock; requests = s.waiting.values(); for (key, q in s.locks) requests.extend(q.held); [requests.map(|r| r.id), s.inboxes.values().map(|box| box.id)];';
    const ids = ((await backEnd.query(code)) as string[][]).flat();
    expect(ids.length).toBeGreaterThanOrEqual(4);
    const raw = await Promise.all([
      backEnd.run('lock_query', 'secret', '', 1),
      backEnd.run('lock_query', null, '', 100),
      manager.query('secret'),
      manager.query(),
    ]);
    for (const id of ids) expect(JSON.stringify(raw)).not.toContain(id);
  });

  test('to look makes no change on the server', async () => {
    const manager = backEnd.manager();
    await manager.acquire('look');
    await waits('waiter', 'look');
    await changesNothing(backEnd, async () => {
      for (let i = 0; i < 5; i++) await Promise.all([manager.query('look'), manager.query()]);
    });
  });

  test('so is a server that hangs, within requestTimeout', async () => {
    const proxy = await backEnd.proxy();
    const manager = backEnd.manager({ url: proxy.url, requestTimeout: 1_000 });
    await manager.setup();
    proxy.freeze();
    const startedMs = performance.now();
    expect(await rejection(manager.query())).toBeInstanceOf(LockConnectionError);
    expect(backEnd.ranMs(startedMs)).toBeLessThan(3_000);
    await manager.close();
  });

  test('one that was killed while it waited is not shown any more once its turn has come', async () => {
    const [worker] = (await backEnd.workers(1)) as [Worker];
    const manager = backEnd.manager();
    const lease = await manager.acquire('killed');
    await worker.enqueue('k', 'killed', LONG);
    expect((await manager.query('killed')).pending[0]?.owner).toContain(`:${worker.pid}`);
    await worker.kill();
    await lease.release();
    await until(async () => {
      const { held, pending } = await manager.query('killed');
      return held.length + pending.length === 0;
    });
  });
});

onEachBackEnd('watch', (backEnd) => {
  // thingsdb.js cannot tell that its socket has closed.
  const tells = backEnd.name === 'thingsdb.js' ? test.skip : test;

  test('tells what other managers do with a name, in order, and nothing of other names', async () => {
    const [a, b, watching] = [
      backEnd.manager({ owner: 'a' }),
      backEnd.manager({ owner: 'b' }),
      backEnd.manager(),
    ];
    const watch = await watching.watch('live');
    const told = noted(watch);
    await (await a.acquire('live', { mode: 'shared' })).release();
    await a.acquire('other');
    const leases = [
      await a.semaphore('live', { permits: 3 }).acquire({ count: 2 }),
      await b.semaphore('live', { permits: 3 }).acquire(),
    ];
    await leases[0]?.release();
    await a.forceRelease('live');
    await a.acquire('live');
    await b.acquire('live', { steal: true });
    await until(() => told.length === 9, { describe: () => told.join(', ') });
    expect(told).toEqual([
      'acquired a shared 1',
      'released a shared 1',
      'acquired a semaphore 2',
      'acquired b semaphore 1',
      'released a semaphore 2',
      'lost b force-released',
      'acquired a exclusive 1',
      'lost a stolen',
      'acquired b exclusive 1',
    ]);
    watch.close();
  });

  test('a holder that is killed is told as expired within 2 s of its end, although nobody waits', async () => {
    const [worker] = (await backEnd.workers(1)) as [Worker];
    const watch = await backEnd.manager().watch('killed');
    await worker.call({ do: 'acquire', key: 'k', name: 'killed', options: { ttl: 500 } });
    const expired = nextEvent<{ fencingToken: number }>(watch, 'expired');
    await worker.kill();
    const killedMs = performance.now();
    await expired;
    expect(backEnd.ranMs(killedMs)).toBeLessThanOrEqual(2_500);
    watch.close();
  });

  test('hand-overs are told with the owners on both sides, Python programs too', async () => {
    const manager = backEnd.manager({ owner: 'ours' });
    const watch = await manager.watch('mixed');
    const told = noted(watch);
    const lease = await manager.acquire('mixed');
    const [, room] = (await backEnd.run('acquire', 'mixed', 60)) as [boolean, number, number];
    await lease.release();
    await backEnd.run('release', 'mixed', room);
    await until(() => told.length === 4, { describe: () => told.join(', ') });
    expect(told).toEqual([
      'acquired ours exclusive 1',
      'released ours exclusive 1',
      'acquired python-thingsdb exclusive 1',
      'released python-thingsdb exclusive 1',
    ]);
    watch.close();
  });

  tells('after the connection was lost it says so, and goes on', async () => {
    const proxy = await backEnd.proxy();
    const watching = backEnd.manager({ url: proxy.url });
    const watch = await watching.watch('cut');
    const told = noted(watch);
    const resumed = nextEvent(watch, 'resumed');
    await proxy.quiet();
    proxy.cut();
    await resumed;
    const other = backEnd.manager({ owner: 'other' });
    await other.acquire('cut');
    await until(() => told.length === 2, { describe: () => told.join(', ') });
    expect(told).toEqual(['resumed', 'acquired other exclusive 1']);
    await watching.close();
  });

  test('two watches of a name are told the same; one that is closed nothing more, the other all', async () => {
    const [watching, other] = [backEnd.manager(), backEnd.manager({ owner: 'other' })];
    const [one, two] = [await watching.watch('twice'), await watching.watch('twice')];
    const [toOne, toTwo] = [noted(one), noted(two)];
    const lease = await other.acquire('twice');
    await until(() => toOne.length + toTwo.length === 2);
    one.close();
    await lease.release();
    await until(() => toTwo.length === 2);
    expect(toOne).toEqual(['acquired other exclusive 1']);
    two.close();
  });

  test('a name that is not watched any more leaves nothing', async () => {
    const manager = backEnd.manager();
    const watch = await manager.watch('left');
    expect(await backEnd.query('.thingsdb_lock.watches.len();')).toBeGreaterThan(0);
    watch.close();
    await manager.close();
    await nothingIsLeft(backEnd);
    expect(await backEnd.query('.thingsdb_lock.watches.len();')).toBe(0);
  });

  test('bad names are refused; an unreachable server is an error', async () => {
    const manager = backEnd.manager({ url: 'ws://127.0.0.1:1', requestTimeout: 200 });
    await expect(manager.watch('')).rejects.toBeInstanceOf(LockOptionsError);
    await expect(manager.watch('unreachable')).rejects.toBeInstanceOf(LockConnectionError);
  });

  test('tells what holders in other processes do: acquired and released, with owner, mode, permits and token', async () => {
    const [worker] = (await backEnd.workers(1)) as [Worker];
    const manager = backEnd.manager();
    const watches = await Promise.all(['lock', 'book', 'seats'].map((name) => manager.watch(name)));
    const told = watches.map(recorded);
    const wishes = [
      { name: 'lock', options: {} },
      { name: 'book', options: { mode: 'shared' as const } },
      { name: 'seats', options: { count: 2 }, limit: 3 },
    ];
    const tokens: number[] = [];
    for (const wish of wishes) {
      tokens.push((await worker.call({ do: 'acquire', key: wish.name, ...wish })) as number);
      await worker.call({ do: 'release', key: wish.name });
    }
    await until(() => told.every((events) => events.length === 2));
    const owner = expect.stringContaining(`:${worker.pid}`) as string;
    const shapes = [
      ['lock', 'exclusive', 1],
      ['book', 'shared', 1],
      ['seats', 'semaphore', 2],
    ] as const;
    for (const [i, [name, mode, count]] of shapes.entries()) {
      const permits = mode === 'semaphore' ? 3 : 1;
      const payload = {
        ...{ name, mode, count, permits, owner, fencingToken: tokens[i], lingers: false, queueLength: 0 },
        ...{ at: expect.any(Date) as Date, lastedMs: expect.any(Number) as number },
      };
      expect(told[i]).toEqual([
        ['acquired', { ...payload, lastedMs: 0, ttl: 60_000 }],
        ['released', payload],
      ]);
    }
  });

  test('of several names each is told to those who watch it', async () => {
    const manager = backEnd.manager({ owner: 'both' });
    const watches = [
      await manager.watch('pair 1'),
      await manager.watch('pair 2'),
      await manager.watch('pair 3'),
    ];
    const told = watches.map(recorded);
    await (await manager.acquire(['pair 1', 'pair 2'])).release();
    await until(() => told[0]?.length === 2 && told[1]?.length === 2);
    expect(
      told.map((events) => events.map(([event, payload]) => [event, (payload as HeldInfo).name])),
    ).toEqual([
      [
        ['acquired', 'pair 1'],
        ['released', 'pair 1'],
      ],
      [
        ['acquired', 'pair 2'],
        ['released', 'pair 2'],
      ],
      [],
    ]);
  });

  test('tells of those who wait and give up, with the length of the queue; not of those who only ask', async () => {
    const [holder, other] = [backEnd.manager({ owner: 'holder' }), backEnd.manager({ owner: 'other' })];
    const told = recorded(await holder.watch('queue'));
    const lease = await holder.acquire('queue');
    expect(await other.get('queue').tryAcquire()).toBeNull();
    expect(await other.isLocked('queue')).toBe(true);
    await rejection(other.acquire('queue', { waitTimeout: 50 }));
    await lease.extend();
    await lease.release();
    await until(() => told.length >= 4);
    const lengths = told.map(([, payload]) => (payload as WatchedRequestEvent).queueLength);
    expect(gist(told).map((one, i) => [...one, lengths[i]])).toEqual([
      ['acquired', 'holder', 0],
      ['waiting', 'other', 1],
      ['withdrawn', 'other', 0],
      ['released', 'holder', 0],
    ]);
    // It has waited for its 50 ms by the client's clock.
    expect((told[2]?.[1] as WatchedRequestEvent).lastedMs).toBeGreaterThan(25);
  });

  test('is live when it is there: also of several that open the same at once nobody misses the next lease', async () => {
    const [a, b] = [backEnd.manager(), backEnd.manager()];
    await b.setup();
    const told = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const events = recorded(await a.watch('at once'));
        await (await b.acquire('at once', LONG)).release();
        return events;
      }),
    );
    await until(() => told.every((events) => events.length >= 2));
  });

  test('the first connection is no loss: what is watched from the start tells nothing of `resumed`', async () => {
    await backEnd.manager().setup();
    const managers = Array.from({ length: 10 }, () => backEnd.manager());
    const told = await Promise.all(managers.map(async (manager) => recorded(await manager.watch('first'))));
    // Whatever was asked with the connection has been answered before this.
    for (const manager of managers) await (await manager.acquire('first', LONG)).release();
    await until(() => told.every((events) => events.length >= 20));
    for (const events of told) expect(gist(events)).not.toContainEqual(['resumed', undefined]);
  });

  test('what is closed tells nothing any more, and the same name can be watched again', async () => {
    const manager = backEnd.manager();
    let told: unknown[][];
    {
      using watch = await manager.watch('again');
      told = recorded(watch);
    }
    const second = recorded(await manager.watch('again'));
    await (await manager.acquire('again')).release();
    await until(() => second.length === 2);
    expect(told).toEqual([]);
  });

  test('what is pushed is no right to anything: ids are nowhere', async () => {
    const manager = backEnd.manager();
    await manager.setup();
    const client = await backEnd.client();
    const pushed: unknown[] = [];
    client.addEventListener((type, message) => pushed.push([type, message]));
    const [room] = (await backEnd.run('lock_watch', ['secret'])) as [number];
    await client.join(`//${backEnd.collection}`, room);
    const lease = await manager.acquire('secret');
    const code =
      's = .thingsdb_lock; requests = s.waiting.values(); for (key, q in s.locks) requests.extend(q.held); [requests.map(|r| r.id), s.inboxes.values().map(|box| box.id)];';
    const ids = ((await backEnd.query(code)) as string[][]).flat();
    await lease.release();
    await until(() => JSON.stringify(pushed).includes('released'));
    expect(ids.length).toBeGreaterThanOrEqual(2);
    for (const id of ids) expect(JSON.stringify(pushed)).not.toContain(id);
  });

  test('a server that hangs is found out, and the watch goes on over another connection', async () => {
    const proxy = await backEnd.proxy();
    const [watcher, holder] = [
      backEnd.manager({ url: proxy.url, requestTimeout: 1_000 }),
      backEnd.manager({ owner: 'holder' }),
    ];
    const watch = await watcher.watch('half-open');
    const told = recorded(watch);
    const resumed = nextEvent(watch, 'resumed');
    const disconnected = nextEvent(watcher, 'disconnected');
    await proxy.quiet();
    proxy.freeze();
    await disconnected;
    proxy.forget();
    await resumed;
    await (await holder.acquire('half-open')).release();
    await until(() => told.length === 3);
    expect(gist(told)).toEqual([
      ['resumed', undefined],
      ['acquired', 'holder'],
      ['released', 'holder'],
    ]);
    await watcher.close();
  });

  test('a room that the server has removed is made again, and `resumed` is told', async () => {
    const manager = backEnd.manager({ owner: 'holder' });
    const watch = await manager.watch('removed');
    const told = recorded(watch);
    const resumed = nextEvent(watch, 'resumed');
    await backEnd.query(
      's = .thingsdb_lock; at = int(now() * 1000000); s.watches.values().each(|w| w.due = at); wse(s.fn.arm(s, at / 1000000));',
    );
    await resumed;
    await (await manager.acquire('removed')).release();
    await until(() => told.length === 3);
    expect(gist(told)).toEqual([
      ['resumed', undefined],
      ['acquired', 'holder'],
      ['released', 'holder'],
    ]);
  });

  test('one holder that is killed among several of a semaphore is told by its own token', async () => {
    const [worker] = (await backEnd.workers(1)) as [Worker];
    const manager = backEnd.manager();
    const watch = await manager.watch('of two');
    const token = await worker.call({
      do: 'acquire',
      key: 'k',
      name: 'of two',
      limit: 2,
      options: { ttl: 2_000 },
    });
    const lease = await manager.semaphore('of two', { permits: 2 }).acquire();
    await untilClaimed(backEnd, 'of two');
    await worker.kill();
    expect(await nextEvent<{ fencingToken: number }>(watch, 'expired')).toMatchObject({
      mode: 'semaphore',
      count: 1,
      fencingToken: token,
    });
    expect(lease.isHeld).toBe(true);
  });
});

describe('a watch that nobody asks for again, with the clock moved', () => {
  let clock: ManualClock;
  let db: EmbeddedThingsDB;
  let watcher: LockManager;
  let observer: LockManager;

  beforeEach(async () => {
    clock = new ManualClock();
    db = await startThingsDB({ clock });
    const options = { url: db.url, auth: { username: 'admin', password: 'pass' } };
    [watcher, observer] = [new LockManager(options), new LockManager(options)];
  });
  afterEach(async () => {
    await Promise.all([watcher.close(), observer.close()]);
    await db.close();
  });

  const left = async (url: string): Promise<unknown> => {
    const client = clientFor(url);
    await client.connect();
    await client.auth('admin', 'pass');
    const state = await lockedDownState({ query: (code) => client.query('//lock', code) });
    await client.disconnect();
    return state;
  };

  test('closed: the server has forgotten it two minutes later, and nothing is left', async () => {
    const watch = await watcher.watch('x');
    watch.close();
    await Promise.all([watcher.close(), observer.close()]);
    expect(await left(db.url)).toMatchObject({ watches: 1, hasSweeper: true });
    await clock.advance(110_000);
    expect(await left(db.url)).toMatchObject({ watches: 1 });
    await clock.advance(12_000);
    expect(await left(db.url)).toEqual(NO_MORE);
  });

  test('its process killed: the same', async () => {
    await watcher.watch('x');
    db.faults.refuseConnections(true);
    db.faults.cutConnections();
    await clock.advance(122_000);
    db.faults.refuseConnections(false);
    await watcher.close();
    expect(await left(db.url)).toEqual(NO_MORE);
  });

  test('asked for again in between: it goes on', async () => {
    const told = recorded(await watcher.watch('x'));
    await clock.advance(100_000);
    await observer.watch('x');
    await clock.advance(100_000);
    const lease = await observer.acquire('x');
    await until(() => told.length === 1);
    await lease.release();
    await until(() => told.length === 2);
    expect(told.map(([event]) => event)).toEqual(['acquired', 'released']);
  });
});
