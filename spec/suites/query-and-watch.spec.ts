import { LockConnectionError, LockOptionsError, type LockWatch } from '../../lib/index.js';
import { onEachBackEnd } from '../support/back-end.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { nextEvent, rejection, until } from '../support/until.js';
import { Worker } from '../support/worker.js';
import { nothingIsLeft } from './after-a-minute.js';

/** Everything a watch tells from now on, in order. */
function noted(watch: LockWatch): string[] {
  const told: string[] = [];
  for (const event of ['acquired', 'released', 'expired'] as const) {
    watch.on(event, ({ owner, mode, permits }) => told.push(`${event} ${owner} ${mode} ${permits}`));
  }
  watch.on('lost', ({ owner, reason }) => told.push(`lost ${owner} ${reason}`));
  watch.on('resumed', () => told.push('resumed'));
  watch.on('error', (error) => told.push(`error ${String(error)}`));
  return told;
}

onEachBackEnd('query', (backEnd) => {
  test('tells who holds and who waits, in which mode, since when, for how long, with which token and position', async () => {
    const [a, b, c] = ['a', 'b', 'c'].map((owner) => backEnd.manager({ owner }));
    const before = Date.now();
    const lease = await a?.acquire('one', { ttl: 30_000 });
    const controller = new AbortController();
    const waiting = [
      rejection(b!.get('one', { mode: 'shared' }).acquire({ signal: controller.signal })),
      nextEvent(b!, 'waiting').then(() =>
        rejection(c!.semaphore('one', { permits: 5 }).acquire({ permits: 2, signal: controller.signal })),
      ),
    ];
    await nextEvent(c!, 'waiting');
    const { held, pending, next } = await a!.query('one');
    expect(held).toEqual([
      {
        name: 'one',
        mode: 'exclusive',
        permits: 1,
        limit: 1,
        owner: 'a',
        since: expect.any(Date) as Date,
        fencingToken: lease?.fencingToken,
        remaining: expect.any(Number) as number,
      },
    ]);
    expect(pending).toEqual([
      {
        name: 'one',
        mode: 'shared',
        permits: 1,
        limit: 1,
        owner: 'b',
        since: expect.any(Date) as Date,
        position: 1,
      },
      {
        name: 'one',
        mode: 'semaphore',
        permits: 2,
        limit: 5,
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

  test('a lease that has expired is not shown, and whoever follows is', async () => {
    const [first, last] = [backEnd.manager({ owner: 'first' }), backEnd.manager({ owner: 'last' })];
    const lease = await first.acquire('expired', { ttl: 200, autoRenew: false });
    const waiting = last.acquire('expired', { waitTimeout: 25_000 });
    await until(() => lease.remaining() === 0);
    await waiting;
    expect((await first.query('expired')).held.map(({ owner }) => owner)).toEqual(['last']);
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

  test('one for several names stands at each of them', async () => {
    const manager = backEnd.manager();
    const lease = await manager.acquire(['left', 'right']);
    for (const name of ['left', 'right']) {
      expect((await manager.query(name)).held.map(({ fencingToken }) => fencingToken)).toEqual([
        lease.fencingToken,
      ]);
    }
  });

  test('no id of a request, which is the right to release it, is in what the server answers', async () => {
    const manager = backEnd.manager();
    await manager.acquire('secret');
    const ids = (await backEnd.query('.thingsdb_lock.tickets.keys().map(|key| key[1:]);')) as string[];
    const answer = JSON.stringify(await backEnd.run('lock_query', 'secret', '', 10));
    expect(ids).toHaveLength(1);
    for (const id of ids) expect(answer).not.toContain(id);
  });

  test('fails loudly when the server cannot be reached, and for what is no name or page', async () => {
    const manager = backEnd.manager({ url: 'ws://127.0.0.1:1', requestTimeout: 200 });
    await expect(manager.query('unreachable')).rejects.toBeInstanceOf(LockConnectionError);
    for (const wrong of ['', { limit: 0 }, { limit: 1_001 }, { before: 'x' }, null]) {
      await expect(manager.query(wrong as never)).rejects.toBeInstanceOf(LockOptionsError);
    }
  });
});

onEachBackEnd('watch', (backEnd) => {
  let workers: Worker[] = [];
  let proxy: TcpProxy | undefined;
  afterEach(async () => {
    await Promise.all(workers.map((worker) => worker.stop()));
    workers = [];
    await proxy?.quiet();
    await proxy?.close();
    proxy = undefined;
  });

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
      await a.semaphore('live', { permits: 3 }).acquire({ permits: 2 }),
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
    workers = await Worker.start(backEnd, 1);
    const [worker] = workers as [Worker];
    const watch = await backEnd.manager().watch('killed');
    await worker.call({ do: 'acquire', key: 'k', name: 'killed', options: { ttl: 500 } });
    const expired = nextEvent<{ fencingToken: number }>(watch, 'expired');
    await worker.kill();
    const killedMs = performance.now();
    await expired;
    expect(performance.now() - killedMs).toBeLessThanOrEqual(2_500);
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

  test('after the connection was lost it says so, and goes on', async () => {
    proxy = await TcpProxy.to(backEnd.urls[0] ?? '');
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
});
