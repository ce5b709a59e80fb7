import { PackageType } from '../../lib/client/package-type.js';
import type { ThingsDBClient } from '../../lib/client/thingsdb-client.js';
import { LockConnectionError, LockOptionsError, LockPermissionError } from '../../lib/errors.js';
import { LockManager } from '../../lib/lock-manager.js';
import type { LockManagerOptions } from '../../lib/options/manager-options.js';
import { SCHEMA, Told, Was, Why } from '../../lib/schema/constants.js';
import { proofOf } from '../../lib/schema/constants.js';
import { serverUs } from '../support/fake-core.js';
import { outcome } from '../support/outcome.js';

const ROOM = 5;
const WATCHED = 70;
const auth = { username: 'worker', password: 'secret' };

type Answer = (args: unknown[]) => unknown;

/** A client like thingsdb.js whose server is a table of answers; what is asked of it is recorded. */
class FakeClient implements ThingsDBClient {
  readonly asked: string[] = [];
  /** The arguments of every procedure that was run, with its name. */
  readonly runs: [procedure: string, args: unknown[]][] = [];
  readonly answers: Record<string, Answer> = {
    lock_schema: () => [SCHEMA, SCHEMA],
    lock_batch: (args) => this.#batch(args),
    lock_change: (args) => this.#batch(args),
    acquire: () => HELD(),
    adopt: () => HELD(),
    extend: ([, , , ttlMs]) => HELD(ttlMs as number),
    transfer: ([, , , ttlMs]) => HELD(ttlMs as number),
    check: ([, , id]) => (this.#waits.has(id as string) ? WAITING() : HELD()),
    release: () => [Told.ended, Was.held, 42],
    keep: () => [Told.ended, Was.held, 42],
    lock_locked: () => true,
    lock_query: () => [serverUs(), null, [], 0],
    lock_force_release: () => 3,
    lock_ask: () => 2,
    lock_watch: (args) => (args[0] as string[]).map((_, i) => WATCHED + i),
    lock_close: () => false,
  };
  onAuth: () => unknown = () => null;
  readonly #waits = new Set<string>();
  #push: ((type: number, message: unknown) => void) | undefined;

  connect(): Promise<unknown> {
    return this.#settled('connect', () => null);
  }

  disconnect(): Promise<unknown> {
    return this.#settled('disconnect', () => null);
  }

  auth(): Promise<unknown> {
    return this.#settled('auth', this.onAuth);
  }

  authToken(): Promise<unknown> {
    return this.#settled('authToken', this.onAuth);
  }

  ping(): Promise<unknown> {
    return this.#settled('ping', () => null);
  }

  query(scope: string): Promise<unknown> {
    return this.#settled(`query ${scope}`, () => [SCHEMA, SCHEMA]);
  }

  run(_scope: string, procedure: string, args: unknown[] = []): Promise<unknown> {
    this.runs.push([procedure, args]);
    return this.#settled(procedure, () => {
      return this.answers[procedure]?.(args);
    });
  }

  #batch(args: unknown[]): unknown {
    return [serverUs(), ROOM, (args[3] as unknown[][]).map((operation) => this.#decided(operation))];
  }

  /** What one operation of a batch is answered; recorded as if it were a call of its own. */
  #decided(operation: unknown[]): unknown {
    const [kind, id] = operation as [string, string];
    this.asked.push(kind);
    this.runs.push([kind, operation]);
    const answer = this.answers[kind]?.(operation);
    if (kind === 'acquire' && Array.isArray(answer) && answer[0] === Told.waiting) this.#waits.add(id);
    return answer;
  }

  /** What a procedure was run with, or an operation is, each time. */
  argsOf(procedure: string): unknown[][] {
    return this.runs.filter(([name]) => name === procedure).map(([, args]) => args);
  }

  join(_scope: string, ...roomIds: number[]): Promise<number[]> {
    return this.#settled('join', () => roomIds) as Promise<number[]>;
  }

  leave(_scope: string, ...roomIds: number[]): Promise<number[]> {
    return this.#settled('leave', () => roomIds) as Promise<number[]>;
  }

  addEventListener(callback: (type: number, message: unknown) => void): void {
    this.#push = callback;
  }

  removeEventListener(): void {
    this.#push = undefined;
  }

  get isListenedTo(): boolean {
    return this.#push !== undefined;
  }

  push(event: string, ...args: unknown[]): void {
    this.pushIn(ROOM, event, ...args);
  }

  pushIn(room: number, event: string, ...args: unknown[]): void {
    this.#push?.(PackageType.roomEmit, { id: room, event, args });
  }

  /** How often it was asked for something. */
  count(what: string): number {
    return this.asked.filter((asked) => asked === what).length;
  }

  #settled(what: string, answer: () => unknown): Promise<unknown> {
    this.asked.push(what);
    return new Promise((resolve) => resolve(answer()));
  }
}

const HELD = (leaseMs = 60_000) => [Told.held, serverUs() + leaseMs * 1000, 42];
const WAITING = () => [Told.waiting, serverUs() + 60_000_000, 1];

let client: FakeClient;
let managers: LockManager[];

beforeEach(() => {
  client = new FakeClient();
  managers = [];
});

afterEach(async () => {
  for (const manager of managers) await manager.close();
});

function managerOf(options: Partial<LockManagerOptions> = {}): LockManager {
  const manager = new LockManager({ client: () => client, auth, ...options });
  managers.push(manager);
  return manager;
}

const rest = () => new Promise((resolve) => setImmediate(resolve));

describe('a manager', () => {
  it('connects to nothing before it is used', async () => {
    managerOf().get('a');
    await rest();
    expect(client.asked).toEqual([]);
  });

  it('refuses wrong options and names where they are written', () => {
    expect(() => managerOf({ requestTimeout: 'soon' })).toThrow(LockOptionsError);
    expect(() => managerOf().get('')).toThrow(LockOptionsError);
    expect(() => managerOf().get('a', { ttl: 1 })).toThrow(LockOptionsError);
  });

  it('connects, authenticates and sets up once, however many use it first at once', async () => {
    const manager = managerOf();
    await Promise.all(Array.from({ length: 20 }, (_, i) => manager.get(`lock ${i}`).acquire()));
    for (const what of ['connect', 'auth', 'lock_schema']) expect(client.count(what)).toBe(1);
    expect(client.asked.indexOf('auth')).toBeLessThan(client.asked.indexOf('lock_schema'));
  });

  it('sets up again at the next use when that has failed', async () => {
    const manager = managerOf();
    client.answers['lock_schema'] = () => {
      throw Object.assign(new Error(), { error_code: -55, error_msg: 'no rights' });
    };
    expect(await outcome(manager.isLocked('a'))).toMatchObject({ error: { code: 'LOCK_PERMISSION' } });
    client.answers['lock_schema'] = () => [SCHEMA, SCHEMA];
    expect(await manager.isLocked('a')).toBe(true);
  });

  it('sets up again, and asks again, when the procedures have vanished; a second time is told', async () => {
    const manager = managerOf();
    await manager.setup();
    let answers = 0;
    client.answers['lock_locked'] = () => {
      if (++answers === 2) return false;
      throw Object.assign(new Error(), { error_code: -54, error_msg: 'procedure `lock_locked` not found' });
    };
    expect(await manager.isLocked('a')).toBe(false);
    expect(client.count('lock_schema')).toBe(2);
    await expect(manager.isLocked('a')).rejects.toMatchObject({ code: 'LOCK_SETUP' });
    expect(client.count('lock_schema')).toBe(3);
  });

  it('uses an instance as it is: it neither connects nor authenticates nor disconnects it', async () => {
    const manager = new LockManager({ client });
    expect(await manager.isLocked('a')).toBe(true);
    await manager.close();
    expect(client.asked.filter((what) => /connect|auth/.test(what))).toEqual([]);
    expect(client.isListenedTo).toBe(false);
  });

  it('disconnects a client whose credentials were refused', async () => {
    client.onAuth = () => {
      throw Object.assign(new Error(), { error_code: -56, error_msg: 'invalid username or password' });
    };
    expect(await outcome(managerOf().isLocked('a'))).toMatchObject({
      error: expect.any(LockPermissionError) as Error,
    });
    expect(client.count('disconnect')).toBe(1);
  });

  it.each<[string, () => ThingsDBClient | Promise<ThingsDBClient>]>([
    [
      'throws',
      () => {
        throw new Error('ECONNREFUSED');
      },
    ],
    ['rejects', () => Promise.reject(new Error('ECONNREFUSED'))],
    ['makes something else', () => ({}) as ThingsDBClient],
  ])(
    'whose client function %s rejects with LockConnectionError, and closes all the same',
    async (_how, make) => {
      const manager = managerOf({ client: make });
      expect(await outcome(manager.get('a').acquire())).toMatchObject({
        error: expect.any(LockConnectionError) as Error,
      });
      await manager.close();
    },
  );
});

describe('a grant that is pushed', () => {
  it('is claimed before the code of the caller runs: that may block the process', async () => {
    client.answers['acquire'] = WAITING;
    const manager = managerOf();
    let wasClaimed = false;
    const done = manager
      .get('a')
      .acquire()
      .then(() => (wasClaimed = client.asked.includes('acknowledge')));
    while (!client.asked.includes('check')) await rest();
    await rest();
    client.push(
      'granted',
      1,
      proofOf(client.argsOf('acquire')[0]?.[1] as string),
      serverUs(),
      serverUs(),
      serverUs() + 800_000,
    );
    await done;
    expect(wasClaimed).toBe(true);
  });
});

describe('the events of a manager', () => {
  it('tell that it is connected, once for each connection', async () => {
    const manager = managerOf();
    const connected = jest.fn();
    manager.on('connected', connected);
    await manager.setup();
    await manager.isLocked('a');
    expect(connected.mock.calls).toEqual([[]]);
  });

  it('are those of its locks as well', async () => {
    const manager = managerOf();
    const names: string[] = [];
    manager.on('acquired', ({ name }) => names.push(name));
    await manager.get('a').acquire();
    await manager.get('b').acquire();
    expect(names).toEqual(['a', 'b']);
  });

  it('break nothing when a listener of `connected` throws', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const manager = managerOf();
    manager.on('connected', () => {
      throw new Error('from a listener');
    });
    expect(await manager.isLocked('a')).toBe(true);
    expect(client.count('connect')).toBe(1);
    warn.mockRestore();
  });
});

describe('a name or an option that is wrong', () => {
  it.each<[string, (manager: LockManager) => unknown]>([
    ['get of no names', (manager) => manager.get([])],
    ['get of a name twice', (manager) => manager.get(['a', 'a'])],
    ['get with permits', (manager) => manager.get('a', { count: 2 })],
    ['get that would steal a shared lock', (manager) => manager.get('a', { mode: 'shared', steal: true })],
    ['a semaphore without a name', (manager) => manager.semaphore('', { permits: 2 })],
    ['a semaphore without permits', (manager) => manager.semaphore('a', {} as never)],
    ['a semaphore without options', (manager) => manager.semaphore('a', undefined as never)],
    ['a semaphore with a mode', (manager) => manager.semaphore('a', { permits: 2, mode: 'shared' } as never)],
  ])('is thrown where it is written: %s', (_what, call) => {
    expect(() => call(managerOf())).toThrow(LockOptionsError);
  });

  it.each<[string, (manager: LockManager) => Promise<unknown>]>([
    ['acquire of no names', (manager) => manager.acquire([])],
    ['acquire with an unknown option', (manager) => manager.acquire('a', { timeout: 5 } as never)],
    [
      'more permits than there are',
      (manager) => manager.semaphore('a', { permits: 2 }).acquire({ count: 3 }),
    ],
    ['query of an empty name', (manager) => manager.query('')],
    ['query of an unknown option', (manager) => manager.query({ offset: 5 } as never)],
    ['query of a list', (manager) => manager.query(['a'] as never)],
    ['watch of an empty name', (manager) => manager.watch('')],
    ['watch of a list', (manager) => manager.watch(['a'] as never)],
    ['watch of a name that is missing', (manager) => manager.watch(undefined as never)],
    ['forceRelease of an empty name', (manager) => manager.forceRelease('')],
    ['forceRelease of nothing', (manager) => manager.forceRelease(undefined as never)],
    ['requestRelease of half a character', (manager) => manager.requestRelease('\ud83d')],
    ['adopt of something else', (manager) => manager.adopt('{}')],
    ['adopt of nothing', (manager) => manager.adopt(undefined as never)],
  ])('is a rejection, and nothing is sent: %s', async (_what, call) => {
    expect(await outcome(call(managerOf()))).toMatchObject({
      error: expect.any(LockOptionsError) as Error,
    });
    expect(client.asked).toEqual([]);
  });
});

describe('several names', () => {
  it('are one lock, in the order in which they are given', async () => {
    const lease = await managerOf().acquire(['b', 'a'], { ttl: '5s' });
    expect(lease.names).toEqual(['b', 'a']);
    expect(client.argsOf('acquire')).toHaveLength(1);
    expect(client.argsOf('acquire')[0]?.[3]).toEqual(['b', 'a']);
    expect(client.argsOf('acquire')[0]?.[4]).toBe(5000);
  });
});

describe('a semaphore', () => {
  it('says with each request how many permits there are', async () => {
    const semaphore = managerOf().semaphore('a', { permits: 5, ttl: '5s' });
    await semaphore.acquire();
    await semaphore.acquire({ count: 5 });
    expect(client.argsOf('acquire').map((args) => args.slice(5, 7))).toEqual([
      [1, 5],
      [5, 5],
    ]);
    expect(client.argsOf('acquire')[0]?.[4]).toBe(5000);
  });
});

describe('query', () => {
  const holder = ['a', true, 1, 1, 'someone', serverUs(), serverUs() + 60_000_000, 42, 0, false];

  it('of a name asks for it alone, and gives who holds and who waits', async () => {
    client.answers['lock_query'] = () => [
      serverUs(),
      null,
      [holder, ['a', false, 1, 1, 'other', serverUs(), 0, 0, 1, false]],
      0,
    ];
    const { held, pending, next } = await managerOf().query('a');
    expect(client.argsOf('lock_query').map(([name]) => name)).toEqual(['a']);
    expect(held).toMatchObject([{ name: 'a', owner: 'someone', fencingToken: 42 }]);
    expect(pending).toMatchObject([{ name: 'a', owner: 'other', position: 1 }]);
    expect(next).toBeUndefined();
  });

  it('without a name asks page by page', async () => {
    client.answers['lock_query'] = () => [serverUs(), 'a', [holder], 0];
    const manager = managerOf();
    const { next } = await manager.query();
    client.answers['lock_query'] = () => [serverUs(), null, [holder], 0];
    await manager.query({ after: next, limit: 1 });
    expect(client.argsOf('lock_query')).toEqual([
      [null, '', 100],
      [null, 'a', 1],
    ]);
  });

  it('fails loudly when nobody answers: an empty answer would be a lie', async () => {
    const manager = managerOf({
      client: () => Promise.reject(new Error('ECONNREFUSED')),
      requestTimeout: 50,
    });
    await expect(manager.query()).rejects.toBeInstanceOf(LockConnectionError);
    await expect(manager.query('a')).rejects.toBeInstanceOf(LockConnectionError);
  });
});

describe('taking a lock away', () => {
  it('forceRelease says how many leases it has ended, requestRelease how many holders it has asked', async () => {
    const manager = managerOf({ owner: 'the boss' });
    expect(await manager.forceRelease('a')).toBe(3);
    expect(await manager.requestRelease('a')).toBe(2);
    expect(client.argsOf('lock_force_release')).toEqual([['a', expect.any(String)]]);
    expect(client.argsOf('lock_ask')).toEqual([['a', 'the boss']]);
  });

  it.each<[number, string]>([
    [Why.stolen, 'stolen'],
    [Why.forceReleased, 'force-released'],
  ])('is pushed to the holder, who asks, and whose signal aborts: %p, which is %p', async (why, reason) => {
    const manager = managerOf();
    const lost: string[] = [];
    manager.on('lost', (event) => lost.push(event.reason));
    const lease = await manager.get('a').acquire();
    while (!client.asked.includes('check')) await rest();
    client.answers['check'] = () => [Told.gone, why];
    client.push('lost', client.argsOf('acquire')[0]?.[2], why);
    while (lost.length === 0) await rest();
    expect(lease.signal.reason).toMatchObject({ reason });
    expect(lost).toEqual([reason]);
  });

  it('is asked for of the holder by an event, on its lock and its manager', async () => {
    const manager = managerOf();
    const lock = manager.get('a');
    const asked: string[] = [];
    lock.on('releaseRequested', ({ by }) => asked.push(`lock ${by}`));
    manager.on('releaseRequested', ({ by, name }) => asked.push(`manager ${by} ${name}`));
    const lease = await lock.acquire();
    while (!client.asked.includes('check')) await rest();
    client.push('asked', client.argsOf('acquire')[0]?.[2], 'the boss');
    expect(asked).toEqual(['lock the boss', 'manager the boss a']);
    expect(lease.isHeld).toBe(true);
  });
});

/** What is told to those who watch: of a lease that was free. */
const watched = (name: string, token: number): unknown[] => [
  ...[name, 'someone', token, 1, 1, 0],
  ...[Date.now() * 1000, Date.now() * 1000, 0, 60_000, false],
];

describe('watch', () => {
  it('without a name is of all names, in one room', async () => {
    const manager = managerOf();
    const watch = await manager.watch();
    const heard: string[] = [];
    watch.on('acquired', ({ name }) => heard.push(name));
    for (const name of ['a', 'b']) client.pushIn(WATCHED, 'acquired', ...watched(name, 42));
    expect([client.argsOf('lock_watch'), heard, watch.name]).toEqual([[[['']]], ['a', 'b'], undefined]);
  });

  it('joins the room of the name, tells what is pushed there, and leaves it when it is closed', async () => {
    const manager = managerOf();
    const watch = await manager.watch('a');
    const heard: unknown[] = [];
    watch.on('acquired', (event) => heard.push(event));
    client.pushIn(WATCHED, 'acquired', ...watched('a', 42));
    client.pushIn(ROOM, 'acquired', ...watched('a', 43));
    expect(heard).toMatchObject([{ name: 'a', owner: 'someone', fencingToken: 42 }]);
    watch.close();
    await rest();
    expect(client.count('leave')).toBe(1);
  });

  it('ends when the manager closes', async () => {
    const manager = managerOf();
    const watch = await manager.watch('a');
    const heard = jest.fn();
    watch.on('acquired', heard);
    await manager.close();
    client.pushIn(WATCHED, 'acquired', ...watched('a', 42));
    expect(heard).not.toHaveBeenCalled();
    watch.close();
  });
});

describe('handing on', () => {
  it('goes from one manager to another: the first sends no more of it, not even as it closes', async () => {
    const manager = managerOf();
    const lease = await manager.get('a').acquire();
    const text = await lease.serialize();
    expect(lease.isHeld).toBe(false);
    await manager.close();
    expect([client.count('release'), client.count('keep')]).toEqual([0, 0]);
    expect(lease.signal.aborted).toBe(false);

    const other = managerOf();
    const acquired: string[] = [];
    other.on('acquired', ({ name }) => acquired.push(name));
    const adopted = await other.adopt(text, { ttl: '5s' });
    expect(adopted.isHeld).toBe(true);
    expect(acquired).toEqual(['a']);
    const [, , id] = client.argsOf('adopt')[0] ?? [];
    expect(id).toBe(client.argsOf('acquire')[0]?.[1]);
    expect(await adopted.release()).toBe(true);
  });

  it('goes by the defaults of the manager that adopts', async () => {
    const text = await (await managerOf().get('a').acquire()).serialize();
    const other = managerOf({ defaults: { autoRenew: false, maxHold: '3s', waitTimeout: 0 } });
    await other.adopt(text);
    await rest();
    const ttl = client.argsOf('extend').at(-1)?.[3];
    // What is left of maxHold, less what the adopting took.
    expect(ttl).toBeGreaterThan(1_000);
    expect(ttl).toBeLessThanOrEqual(3_000);
  });
});

describe('a prefix', () => {
  it('is that of every procedure', async () => {
    client.answers['jobs_lock_schema'] = () => [SCHEMA, SCHEMA];
    client.answers['jobs_lock_locked'] = () => true;
    expect(await managerOf({ prefix: 'jobs_' }).isLocked('a')).toBe(true);
    expect(client.runs.map(([procedure]) => procedure)).toEqual(['jobs_lock_schema', 'jobs_lock_locked']);
    client.answers['jobs_lock_close'] = () => false;
  });
});

describe('the section of a runExclusive', () => {
  it('is not that of what a connection brings, although it was opened inside', async () => {
    const first = managerOf();
    const second = managerOf({ client: () => other });
    const other = new FakeClient();
    const outcomes: unknown[] = [];
    await first.get('a').runExclusive(async () => {
      // The connection of the second manager is opened here, and brings what is told of its locks.
      second.on('connected', () => outcomes.push(outcome(first.get('a').tryAcquire({ reentrant: true }))));
      client.answers['try'] = () => [Told.busy, serverUs() + 1000];
      await second.setup();
    });
    expect(await Promise.all(outcomes)).toEqual([{ value: null }]);
  });
});

describe('close', () => {
  it('first keeps what is to be held longer, as the server ends all the rest then', async () => {
    const manager = managerOf();
    await manager.acquire('a', { minHold: '1h' });
    await manager.close();
    const runs = client.runs.map(([procedure]) => procedure);
    expect(runs.slice(-2)).toEqual(['keep', 'lock_close']);
  });

  it('ends all the rest also when that could not be kept', async () => {
    client.answers['keep'] = () => {
      throw Object.assign(new Error(), { error_code: -100, error_msg: 'no' });
    };
    const manager = managerOf();
    await manager.acquire('a', { minHold: '1h' });
    await manager.close();
    expect(client.count('lock_close')).toBe(1);
  });

  it('waits for no server that nothing was ever sent to', async () => {
    const unreachable = managerOf({ client: () => Promise.reject(new Error('ECONNREFUSED')) });
    expect(await outcome(unreachable.acquire('a'))).toMatchObject({ error: { code: 'LOCK_CONNECTION' } });
    const waiting = outcome(unreachable.acquire('a', { waitTimeout: '1h' }));
    const startMs = performance.now();
    await unreachable.close();
    expect(performance.now() - startMs).toBeLessThan(1_000);
    expect(await waiting).toMatchObject({ error: { code: 'LOCK_CLOSED' } });
  });

  it('sends nothing when nothing was sent', async () => {
    await managerOf().close();
    expect(client.asked).toEqual([]);
  });

  it('ends everything on the server in one request, then disconnects; twice is once', async () => {
    const manager = managerOf();
    await Promise.all([manager.get('a').acquire(), manager.get('b').acquire()]);
    await Promise.all([manager.close(), manager.close()]);
    await manager.close();
    expect(client.count('lock_close')).toBe(1);
    expect(client.count('release')).toBe(0);
    expect(client.asked.at(-1)).toBe('disconnect');
    expect(client.count('disconnect')).toBe(1);
  });

  it('aborts the signals of what is held, and tells `released`', async () => {
    const manager = managerOf();
    const released: string[] = [];
    manager.on('released', ({ name }) => released.push(name));
    const lease = await manager.get('a').acquire();
    const closed = manager.close();
    expect(lease.isHeld).toBe(false);
    expect(lease.signal.reason).toMatchObject({
      name: 'LockLostError',
      reason: 'closed',
      cause: { name: 'LockClosedError' },
    });
    await closed;
    expect(released).toEqual(['a']);
    expect(await lease.release()).toBe(true);
  });

  it('rejects what waits', async () => {
    client.answers['acquire'] = WAITING;
    const manager = managerOf();
    const waiting = manager.get('a').acquire();
    waiting.catch(() => undefined);
    while (!client.asked.includes('check')) await rest();
    await manager.close();
    expect(await outcome(waiting)).toMatchObject({
      error: { code: 'LOCK_CLOSED', message: 'the lock manager is closed' },
    });
  });

  it('is final: nothing can be asked, acquired or set up afterwards', async () => {
    const manager = managerOf();
    const lock = manager.get('a');
    await manager.setup();
    await manager.close();
    const { length } = client.asked;
    const calls: Promise<unknown>[] = [
      lock.acquire(),
      lock.tryAcquire(),
      lock.isLocked(),
      manager.isLocked('a'),
      manager.acquire(['a', 'b']),
      manager.query(),
      manager.query('a'),
      manager.watch('a'),
      manager.forceRelease('a'),
      manager.requestRelease('a'),
      manager.adopt('{}'),
      manager.setup(),
    ];
    for (const call of await Promise.all(calls.map(outcome))) {
      expect(call).toMatchObject({ error: { code: 'LOCK_CLOSED' } });
    }
    expect(client.asked).toHaveLength(length);
  });

  it.each<[string, () => unknown]>([
    [
      'refuses',
      () => {
        throw Object.assign(new Error(), { error_code: -51, error_msg: 'away' });
      },
    ],
    [
      'answers by a refusal of our own',
      () => {
        throw Object.assign(new Error(), { error_code: -100, error_msg: 'no' });
      },
    ],
  ])('never rejects, also when the server %s', async (_how, answer) => {
    client.answers['lock_close'] = answer;
    const manager = managerOf({ requestTimeout: 100 });
    await manager.get('a').acquire();
    await manager.close();
    expect(client.asked.at(-1)).toBe('disconnect');
  });

  it('happens at the end of `await using`', async () => {
    {
      await using manager = managerOf();
      await manager.get('a').acquire();
    }
    expect(client.count('lock_close')).toBe(1);
  });
});
