import { PackageType } from '../../lib/client/package-type.js';
import type { ThingsDBClient } from '../../lib/client/thingsdb-client.js';
import { LockConnectionError, LockOptionsError, LockPermissionError } from '../../lib/errors.js';
import { LockManager } from '../../lib/lock-manager.js';
import type { LockManagerOptions } from '../../lib/options.js';
import { SCHEMA, TicketState } from '../../lib/schema/constants.js';
import { outcome, serverUs } from '../support/fake-procedures.js';

const ROOM = 5;
const auth = { username: 'worker', password: 'secret' };

type Answer = (args: unknown[]) => unknown;

/** A client like thingsdb.js whose server is a table of answers; what is asked of it is recorded. */
class FakeClient implements ThingsDBClient {
  readonly asked: string[] = [];
  readonly answers: Record<string, Answer> = {
    lock_schema: () => [SCHEMA, SCHEMA],
    lock_acquire: () => [TicketState.held, serverUs(), serverUs() + 60_000_000, 42, 0, ROOM],
    lock_extend: (args) =>
      (args[0] as [string, number][]).map(([, ttlMs]) => [
        TicketState.held,
        serverUs(),
        serverUs() + ttlMs * 1000,
        42,
      ]),
    lock_check: (args) => (args[0] as string[]).map(() => WAITING()),
    lock_release: (args) => (args[0] as string[]).map(() => TicketState.held),
    lock_locked: () => true,
    lock_close: () => null,
  };
  onAuth: () => unknown = () => null;
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
    return this.#settled(procedure, () => this.answers[procedure]?.(args));
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
    this.#push?.(PackageType.roomEmit, { id: ROOM, event, args });
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

const WAITING = () => [TicketState.waiting, serverUs(), serverUs() + 60_000_000, 0, 1, ROOM];

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
    expect(await outcome(manager.isLocked('a'))).toMatchObject({ error: { code: 'LOCK_SETUP' } });
    expect(answers).toBe(4);
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
    client.answers['lock_acquire'] = WAITING;
    const manager = managerOf();
    let wasClaimed = false;
    const done = manager
      .get('a')
      .acquire()
      .then(() => (wasClaimed = client.asked.includes('lock_extend')));
    while (!client.asked.includes('lock_check')) await rest();
    await rest();
    client.push('granted', 1, 43, serverUs(), serverUs() + 800_000);
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

describe('close', () => {
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
    expect(client.count('lock_release')).toBe(0);
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
    expect(lease.signal.reason).toBeInstanceOf(LockConnectionError);
    await closed;
    expect(released).toEqual(['a']);
    expect(await lease.release()).toBe(true);
  });

  it('rejects what waits', async () => {
    client.answers['lock_acquire'] = WAITING;
    const manager = managerOf();
    const waiting = manager.get('a').acquire();
    waiting.catch(() => undefined);
    while (!client.asked.includes('lock_check')) await rest();
    await manager.close();
    expect(await outcome(waiting)).toMatchObject({ error: { message: 'the lock manager is closed' } });
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
      manager.setup(),
    ];
    for (const call of await Promise.all(calls.map(outcome))) {
      expect(call).toMatchObject({ error: { code: 'LOCK_CONNECTION' } });
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
    const manager = managerOf();
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
