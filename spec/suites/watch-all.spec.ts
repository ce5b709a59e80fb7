/** `manager.watch()`: what happens to all names, told in one room. */
import {
  LockManager,
  LockOptionsError,
  type LockSnapshot,
  type LockWatch,
  type WatchedEvent,
} from '../../lib/index.js';
import { type EmbeddedThingsDB, ManualClock, startThingsDB } from '../../lib/testing/index.js';
import { Random } from '../chaos/random.js';
import { onEachBackEnd } from '../support/back-end.js';
import { lockedDownState } from '../support/state-left.js';
import { nextEvent, rejection, until } from '../support/until.js';
import { clientFor } from '../../lib/client/open-client.js';
import { NO_MORE, nothingIsLeft } from './after-a-minute.js';

const OF_LEASES = ['acquired', 'released', 'expired', 'lost', 'adopted'] as const;
const OF_ALL = [...OF_LEASES, 'waiting', 'withdrawn'] as const;

/** Each event in a line: `acquired "name" by owner, 2 waiting`. */
function noted(watch: LockWatch<undefined>): string[] {
  const told: string[] = [];
  for (const event of OF_ALL) {
    watch.on(event, ({ name, owner, queueLength }) =>
      told.push(`${event} "${name}" by ${owner}, ${queueLength} waiting`),
    );
  }
  watch.on('resumed', () => told.push('resumed'));
  watch.on('error', (error) => told.push(`error ${String(error)}`));
  return told;
}

/** Who holds what, and how many wait, by what a watch has told alone. */
class View {
  readonly #held = new Map<string, Map<number, WatchedEvent>>();
  readonly #queued = new Map<string, number>();
  events = 0;

  constructor(watch: LockWatch<undefined>) {
    for (const event of OF_LEASES) watch.on(event, (told) => this.#told(event, told));
    for (const event of OF_ALL)
      watch.on(event, ({ name, queueLength }) => {
        this.events += 1;
        if (queueLength > 0) this.#queued.set(name, queueLength);
        else this.#queued.delete(name);
      });
  }

  #told(event: (typeof OF_LEASES)[number], told: WatchedEvent): void {
    const ofName = this.#held.get(told.name) ?? new Map<number, WatchedEvent>();
    if (event === 'acquired' || event === 'adopted') ofName.set(told.fencingToken, told);
    else ofName.delete(told.fencingToken);
    this.#held.set(told.name, ofName);
  }

  get lines(): string[] {
    const held = [...this.#held.values()].flatMap((ofName) =>
      [...ofName.values()].map(
        ({ name, mode, count, permits, owner, fencingToken, lingers }) =>
          `${name} ${mode} ${count}/${permits} ${owner} ${fencingToken} ${lingers}`,
      ),
    );
    return [...held, ...[...this.#queued].map(([name, count]) => `${name} ${count} waiting`)].sort();
  }
}

/** The same, by what the server says. */
function linesOf({ held, pending }: LockSnapshot): string[] {
  const counts = new Map<string, number>();
  for (const { name } of pending) counts.set(name, (counts.get(name) ?? 0) + 1);
  const lines = held.map(
    ({ name, mode, count, permits, owner, fencingToken, lingers }) =>
      `${name} ${mode} ${count}/${permits} ${owner} ${fencingToken} ${lingers}`,
  );
  return [...lines, ...[...counts].map(([name, count]) => `${name} ${count} waiting`)].sort();
}

onEachBackEnd('a watch of all names', (backEnd) => {
  test('tells of names that nobody has named: who waits, gets it, gives up and lets go', async () => {
    const [a, b] = [backEnd.manager({ owner: 'a' }), backEnd.manager({ owner: 'b' })];
    const told = noted(await backEnd.manager().watch());
    const lease = await a.acquire('one');
    await rejection(b.acquire('one', { waitTimeout: 50 }));
    const next = b.acquire('one');
    await nextEvent(b, 'waiting');
    await lease.release();
    await (await next).release();
    await (await a.acquire(['two', 'three'])).release();
    await until(() => told.length >= 11, { describe: () => told.join('\n') });
    expect(told).toEqual([
      'acquired "one" by a, 0 waiting',
      'waiting "one" by b, 1 waiting',
      'withdrawn "one" by b, 0 waiting',
      'waiting "one" by b, 1 waiting',
      'released "one" by a, 1 waiting',
      'acquired "one" by b, 0 waiting',
      'released "one" by b, 0 waiting',
      ...['acquired', 'released'].flatMap((event) =>
        ['two', 'three'].map((name) => `${event} "${name}" by a, 0 waiting`),
      ),
    ]);
  });

  test('tells of Python’s queue, of who adopts, of who lingers, and how long each has lasted', async () => {
    const [a, b] = [backEnd.manager({ owner: 'a' }), backEnd.manager({ owner: 'b' })];
    const watch = await b.watch();
    const told = noted(watch);
    const [, first] = (await backEnd.run('acquire', 'python', 60)) as [boolean, number];
    const [, second] = (await backEnd.run('acquire', 'python', 61)) as [boolean, number];
    const [, third] = (await backEnd.run('acquire', 'python', 62)) as [boolean, number];
    await backEnd.run('release', 'python', second);
    const granted = nextEvent<{ ttl: number; lastedMs: number }>(watch, 'acquired');
    await backEnd.run('release', 'python', first);
    expect(await granted).toMatchObject({ ttl: 62_000, lastedMs: expect.any(Number) as number });
    expect((await granted).lastedMs).toBeGreaterThan(0);
    await backEnd.run('release', 'python', third);
    const acquired = nextEvent<WatchedEvent>(watch, 'acquired');
    const lease = await a.acquire('moves', { linger: '1m' });
    const adopted = nextEvent<WatchedEvent>(watch, 'adopted');
    const heir = await b.adopt(await lease.serialize());
    expect(await acquired).toMatchObject({ lingers: true, owner: 'a', ttl: 60_000 });
    expect(await adopted).toMatchObject({ lingers: false, owner: 'b', fencingToken: lease.fencingToken });
    const released = nextEvent<WatchedEvent>(watch, 'released');
    await heir.release();
    expect((await released).lastedMs).toBeGreaterThanOrEqual((await adopted).lastedMs);
    const python = (event: string, waiting: number): string =>
      `${event} "python" by python-thingsdb, ${waiting} waiting`;
    expect(told).toEqual([
      python('acquired', 0),
      python('waiting', 1),
      python('waiting', 2),
      python('withdrawn', 1),
      python('released', 1),
      python('acquired', 0),
      python('released', 0),
      'acquired "moves" by a, 0 waiting',
      'adopted "moves" by b, 0 waiting',
      'released "moves" by b, 0 waiting',
    ]);
  });

  test('what it tells adds up to what the server says, whatever is done', async () => {
    const watching = backEnd.manager();
    const view = new View(await watching.watch());
    const random = new Random(15);
    const names = ['a', 'b', 'c', 'd'];
    const managers = ['x', 'y', 'z'].map((owner) => backEnd.manager({ owner }));
    const work = async (manager: LockManager): Promise<void> => {
      for (let round = 0; round < 12; round++) {
        const name = random.pick(names);
        const kind = random.between(0, 5);
        const options = { waitTimeout: random.between(1, 40), ttl: '1m' };
        const locks = [
          manager.get(name, options),
          manager.get(name, { ...options, mode: 'shared' }),
          manager.get([name, random.pick(names.filter((other) => other !== name))], options),
          manager.semaphore(name, { ...options, permits: 3 }),
          manager.get(name, { ...options, steal: true }),
          manager.get(name, { ...options, linger: '1m' }),
        ];
        const lease = await locks[kind]?.acquire().catch(() => undefined);
        if (random.chance(0.1)) await manager.forceRelease(name);
        // Some are left as they are.
        if (random.chance(0.8)) await lease?.release().catch(() => undefined);
      }
    };
    await Promise.all(managers.map(work));
    const held = await managers[0]?.acquire('e');
    const waits = managers[1]?.acquire('e');
    await nextEvent(managers[1] as LockManager, 'waiting');
    // What was told before has come: a node answers after it.
    await until(async () => view.lines.join('\n') === linesOf(await watching.query()).join('\n'), {
      describe: () => view.lines.join('\n'),
    });
    expect(view.lines).toEqual(linesOf(await watching.query()));
    expect(view.events).toBeGreaterThan(60);
    expect(view.lines.length).toBeGreaterThanOrEqual(2);
    await held?.release();
    await (await waits)?.release();
    await Promise.all(managers.map((manager) => manager.close()));
    await until(() => view.lines.length === 0, { describe: () => view.lines.join('\n') });
  });

  test('beside a watch of a name each is told once; a name that may be missing is refused', async () => {
    const manager = backEnd.manager({ owner: 'a' });
    const [all, one] = [await manager.watch(), await manager.watch('one')];
    const told: string[] = [];
    all.on('acquired', ({ name }) => told.push(`all ${name}`));
    one.on('acquired', ({ name }) => told.push(`one ${name}`));
    for (const name of ['one', 'two']) await (await manager.acquire(name)).release();
    await until(() => told.length >= 3);
    expect(told.sort()).toEqual(['all one', 'all two', 'one one']);
    await expect(manager.watch(undefined as never)).rejects.toBeInstanceOf(LockOptionsError);
  });

  const tells = backEnd.name === 'thingsdb.js' ? test.skip : test;
  tells('after the connection was lost it says so, and goes on', async () => {
    const proxy = await backEnd.proxy();
    const watching = backEnd.manager({ url: proxy.url });
    const watch = await watching.watch();
    const told = noted(watch);
    const resumed = nextEvent(watch, 'resumed');
    await proxy.quiet();
    proxy.cut();
    await resumed;
    await backEnd.manager({ owner: 'other' }).acquire('cut');
    await until(() => told.length >= 2, { describe: () => told.join(', ') });
    expect(told).toEqual(['resumed', 'acquired "cut" by other, 0 waiting']);
    await watching.close();
  });

  test('the server keeps one entry for all who watch, whatever happens; and none when it is over', async () => {
    const managers = [backEnd.manager(), backEnd.manager()];
    const watches = await Promise.all(managers.map((manager) => manager.watch()));
    for (const name of ['a', 'b', 'c']) await managers[0]?.acquire(name);
    const keys = (await backEnd.query('.thingsdb_lock.watches.keys();')) as string[];
    expect(keys.filter((key) => [':', ':a', ':b', ':c'].includes(key))).toEqual([':']);
    for (const watch of watches) watch.close();
    await Promise.all(managers.map((manager) => manager.close()));
    await nothingIsLeft(backEnd);
    expect(await backEnd.query('.thingsdb_lock.watches.len();')).toBe(0);
  });
});

describe('a watch of all names that nobody asks for again, with the clock moved', () => {
  let clock: ManualClock;
  let db: EmbeddedThingsDB;
  let managers: LockManager[];

  beforeEach(async () => {
    clock = new ManualClock();
    db = await startThingsDB({ clock });
    const options = { url: db.url, auth: { username: 'admin', password: 'pass' } };
    managers = [new LockManager(options), new LockManager(options)];
  });
  afterEach(async () => {
    await Promise.all(managers.map((manager) => manager.close()));
    await db.close();
  });

  async function left(): Promise<unknown> {
    const client = clientFor(db.url);
    await client.connect();
    await client.auth('admin', 'pass');
    const state = await lockedDownState({ query: (code) => client.query('//lock', code) });
    await client.disconnect();
    return state;
  }

  test('its process killed: the server has forgotten it two minutes later, and nothing is left', async () => {
    await managers[0]?.watch();
    db.faults.refuseConnections(true);
    db.faults.cutConnections();
    // While connections are refused: it would ask again otherwise.
    await managers[0]?.close();
    await clock.advance(110_000);
    db.faults.refuseConnections(false);
    expect(await left()).toMatchObject({ watches: 1 });
    await clock.advance(12_000);
    expect(await left()).toEqual(NO_MORE);
  });

  test('asked for again by another: it goes on', async () => {
    const told = noted((await managers[0]?.watch()) as LockWatch<undefined>);
    await clock.advance(100_000);
    await managers[1]?.watch();
    await clock.advance(100_000);
    await managers[1]?.acquire('x');
    await until(() => told.length === 1);
  });
});
