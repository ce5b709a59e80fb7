import { Emitter } from '../../../lib/emitter.js';
import { DistributedLock } from '../../../lib/distributed-lock.js';
import { LockDeadlockError } from '../../../lib/errors.js';
import type { LockEvents } from '../../../lib/events.js';
import { outside } from '../../../lib/manager/sections.js';
import type { Lease } from '../../../lib/lease.js';
import { resolveLockOptions, semaphoreResolver } from '../../../lib/options/resolved-lock-options.js';
import type { LockOptions } from '../../../lib/options/lock-options.js';
import { FakeCore, says, withFakeCore } from '../../support/fake-core.js';
import { pass, rest } from '../../support/fake-time.js';
import { outcome } from '../../support/outcome.js';

let core: FakeCore;
let manager: Emitter<LockEvents>;
/** What the locks have told, in their order. */
let heard: string[];

withFakeCore((made) => {
  core = made;
  manager = new Emitter();
  heard = [];
  for (const event of ['acquired', 'released', 'lost', 'handedOn', 'error'] as const)
    manager.on(event, () => heard.push(event));
});

const lockOf = (names: string | readonly string[], options: LockOptions = {}, of = core) =>
  new DistributedLock(of, [names].flat(), resolveLockOptions, [{ ttl: 60_000, ...options }], manager);
const semaphoreOf = (limit: number, options: LockOptions = {}) =>
  new DistributedLock(core, ['my-lock'], semaphoreResolver(limit), [{ ttl: 60_000, ...options }], manager);

function called<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

/** The server grants every request and confirms every release, as they come, until nothing more comes. */
async function serve(of = core): Promise<void> {
  for (;;) {
    await rest();
    const calls = of.calls.filter(({ isOpen }) => isOpen);
    if (calls.length === 0) return;
    for (const call of calls) {
      const { kind } = call.operation;
      if (kind === 'release' || kind === 'withdraw') call.answer(says.ended());
      if (kind === 'transfer' || kind === 'acquire' || kind === 'try' || kind === 'steal')
        call.answer(says.held(60_000));
    }
  }
}

const requests = () => core.of('acquire').length + core.of('try').length + core.of('steal').length;
const releases = () => core.of('release').length;

/** What comes of an action inside of a section, on a server where everything is free. */
async function inside<T>(outer: DistributedLock, action: (lease: Lease) => Promise<T>): Promise<T> {
  const result = called(outer.runExclusive(action));
  await serve();
  return result;
}

describe('a lock inside of itself', () => {
  it('is a LockDeadlockError at once, and nothing is sent', async () => {
    const result = inside(lockOf('my-lock'), async () => {
      const sent = requests();
      const settled = await outcome(lockOf('my-lock').acquire({ waitTimeout: Infinity }));
      expect(requests()).toBe(sent);
      return settled;
    });
    expect(await result).toMatchObject({ error: { code: 'LOCK_DEADLOCK', lockName: 'my-lock' } });
    expect(await result).toMatchObject({ error: expect.any(LockDeadlockError) as Error });
  });

  it('is one, however deep and however late: the section goes with the code', async () => {
    const result = inside(lockOf('a'), () =>
      lockOf('b').runExclusive(async () => {
        await Promise.resolve();
        await new Promise((resolve) => setImmediate(resolve));
        return outcome(lockOf('a').runExclusive(() => 'done'));
      }),
    );
    expect(await result).toMatchObject({ error: { code: 'LOCK_DEADLOCK', lockName: 'a' } });
  });

  it('lets the sections around it end as they are', async () => {
    const outer = lockOf('my-lock');
    const result = inside(outer, () => lockOf('my-lock').acquire());
    await expect(result).rejects.toBeInstanceOf(LockDeadlockError);
    expect(releases()).toBe(1);
    expect(outer.isHeld).toBe(false);
  });

  it.each<[string, readonly string[], readonly string[]]>([
    ['one of several', ['a', 'b'], ['b']],
    ['several, of which it has one', ['b'], ['a', 'b', 'c']],
    ['several, of which it has some', ['a', 'b'], ['b', 'c']],
  ])('is a deadlock when it is %s', async (_what, outer, inner) => {
    const result = inside(lockOf(outer), () => outcome(lockOf(inner).acquire()));
    expect(await result).toMatchObject({ error: { code: 'LOCK_DEADLOCK', lockName: inner.join(', ') } });
  });

  it('is asked for as any other where it is no deadlock: another name', async () => {
    const names = inside(lockOf(['a', 'b']), async () => (await lockOf(['c', 'd']).acquire()).names);
    expect(await names).toEqual(['c', 'd']);
  });

  it('of another manager is another lock: it may be another server', async () => {
    const other = new FakeCore();
    const lease = called(
      lockOf('my-lock').runExclusive(() => lockOf('my-lock', { reentrant: true }, other).acquire()),
    );
    await serve();
    await serve(other);
    await serve();
    expect((await lease).isHeld).toBe(true);
    expect(other.of('acquire')).toHaveLength(1);
    other.end();
  });

  it('may be stolen: a thief waits for nobody, not even for itself', async () => {
    const lock = lockOf('my-lock');
    const result = called(
      lock.runExclusive(
        async () => (await lockOf('my-lock').acquire({ steal: true, reentrant: true })).isHeld,
      ),
    );
    await serve();
    expect(core.of('steal')).toHaveLength(1);
    expect(await result).toBe(true);
  });
});

describe('outside of a section', () => {
  it('a lock that is held by `acquire` alone is asked for again: who waits may be another', async () => {
    const lock = lockOf('my-lock');
    const first = lock.acquire();
    await serve();
    await first;
    void lock.acquire({ reentrant: true });
    await serve();
    expect(requests()).toBe(2);
  });

  it('work that goes on after the section has ended waits as any other', async () => {
    let detached: Promise<unknown> = Promise.resolve();
    let goOn = (): void => undefined;
    const over = new Promise<void>((resolve) => (goOn = resolve));
    await inside(lockOf('my-lock'), () => {
      detached = over.then(() => lockOf('my-lock', { reentrant: true }).acquire());
      return Promise.resolve();
    });
    goOn();
    await serve();
    expect(await outcome(detached)).toMatchObject({ value: { isHeld: true } });
    expect(requests()).toBe(2);
  });

  it('work whose section is just being left does not count on it either', async () => {
    let detached: Promise<unknown> = Promise.resolve();
    let goOn = (): void => undefined;
    const leaving = new Promise<void>((resolve) => (goOn = resolve));
    const result = called(
      lockOf('my-lock').runExclusive(() => {
        detached = leaving.then(() => lockOf('my-lock').acquire());
      }),
    );
    await rest();
    core.last('acquire').answer(says.held(60_000));
    await rest();
    expect(releases()).toBe(1);
    goOn();
    await rest();
    expect(requests()).toBe(2);
    await serve();
    expect(await outcome(detached)).toMatchObject({ value: { isHeld: true } });
    await result;
  });

  it('work whose section has lost its lease waits as any other', async () => {
    const result = called(
      lockOf('my-lock', { autoRenew: false }).runExclusive(async () => {
        await new Promise((resolve) => setTimeout(resolve, 60_000));
        return (await lockOf('my-lock').acquire()).isHeld;
      }),
    );
    await serve();
    await pass(60_000);
    await serve();
    expect(requests()).toBe(2);
    expect(await outcome(result)).toMatchObject({ error: { code: 'LOCK_LOST' } });
  });

  it('what is opened for all is opened: what comes in by it is nobody’s section', async () => {
    const result = inside(lockOf('my-lock'), async () => {
      const lease = await outside(() => lockOf('my-lock').acquire());
      return lease.isHeld;
    });
    expect(await result).toBe(true);
    expect(requests()).toBe(2);
  });
});

describe('`reentrant: true`', () => {
  const reentrant = { reentrant: true };

  it('counts one more hold of the same lease: no request, no event, the same token and signal', async () => {
    await inside(lockOf('my-lock'), async (outer) => {
      const inner = await lockOf('my-lock').acquire(reentrant);
      expect(inner).not.toBe(outer);
      expect(inner.isHeld).toBe(true);
      expect(inner.fencingToken).toBe(outer.fencingToken);
      expect(inner.signal).toBe(outer.signal);
      expect([inner.name, inner.names]).toEqual([outer.name, outer.names]);
      expect([...inner.fencingTokens]).toEqual([...outer.fencingTokens]);
      expect(inner.remaining()).toBe(outer.remaining());
      expect(inner.expiresAt).toEqual(outer.expiresAt);
    });
    expect(requests()).toBe(1);
    expect(heard.filter((event) => event === 'acquired')).toHaveLength(1);
  });

  it.each<[string, LockOptions]>([
    ['of the lock', reentrant],
    ['of the call', {}],
  ])('may be an option %s', async (_whose, options) => {
    const result = inside(lockOf('my-lock'), () =>
      lockOf('my-lock', options).runExclusive(() => 'done', options === reentrant ? {} : reentrant),
    );
    expect(await result).toBe('done');
    expect(requests()).toBe(1);
  });

  it('releases the lock once the last of them has let go', async () => {
    await inside(lockOf('my-lock'), async () => {
      await lockOf('my-lock', reentrant).runExclusive(async (lease) => {
        await lockOf('my-lock', reentrant).runExclusive(() => undefined);
        expect(lease.isHeld).toBe(true);
      });
      expect(releases()).toBe(0);
    });
    expect(releases()).toBe(1);
    expect(heard).toEqual(['acquired', 'released']);
  });

  it('keeps the lock for one inside that outlives its section', async () => {
    const lock = lockOf('my-lock');
    const inner = await inside(lock, () => lockOf('my-lock').acquire(reentrant));
    expect(releases()).toBe(0);
    expect(inner.isHeld).toBe(true);
    const released = inner.release();
    await serve();
    expect(await released).toBe(true);
    expect(releases()).toBe(1);
  });

  it('makes a release that is repeated count once', async () => {
    await inside(lockOf('my-lock'), async (outer) => {
      const inner = await lockOf('my-lock').acquire(reentrant);
      expect([await inner.release(), await inner.release()]).toEqual([true, true]);
      await inner[Symbol.asyncDispose]();
      expect(inner.isHeld).toBe(false);
      expect(inner.remaining()).toBe(0);
      expect(outer.isHeld).toBe(true);
      expect(releases()).toBe(0);
    });
  });

  it('is released through the lock that acquired it, and is not held by it afterwards', async () => {
    await inside(lockOf('my-lock'), async () => {
      const lock = lockOf('my-lock');
      await lock.acquire(reentrant);
      expect(lock.isHeld).toBe(true);
      expect(await lock.release()).toBe(true);
      expect(lock.isHeld).toBe(false);
      expect(await outcome(lock.release())).toMatchObject({ error: { code: 'LOCK_NOT_HELD' } });
    });
    expect(releases()).toBe(1);
  });

  it('refuses to extend or hand on what has been released', async () => {
    await inside(lockOf('my-lock'), async () => {
      const inner = await lockOf('my-lock').acquire(reentrant);
      await inner.release();
      const calls: Promise<unknown>[] = [inner.extend(), inner.serialize()];
      for (const call of calls) {
        expect(await outcome(call)).toMatchObject({ error: { code: 'LOCK_NOT_HELD' } });
      }
    });
    expect(core.of('extend')).toEqual([]);
  });

  it('extends the lease for all', async () => {
    const result = called(
      lockOf('my-lock').runExclusive(async (outer) => {
        const inner = await lockOf('my-lock').acquire(reentrant);
        const extended = inner.extend('10m');
        core.last('extend').answer(says.held(600_000));
        await extended;
        return outer.remaining();
      }),
    );
    await serve();
    expect(await result).toBe(600_000);
  });

  it('hands on the lease for all', async () => {
    const result = called(
      lockOf('my-lock').runExclusive(async (outer) => {
        const inner = await lockOf('my-lock').acquire(reentrant);
        await inner.serialize();
        return [inner.isHeld, outer.isHeld, await inner.release()];
      }),
    );
    await serve();
    expect(await result).toEqual([false, false, false]);
    expect(releases()).toBe(0);
    expect(heard).toEqual(['acquired', 'handedOn']);
  });

  it('lets those inside know of the loss: the signal is one, and release says false', async () => {
    const result = called(
      lockOf('my-lock').runExclusive(async () => {
        const inner = await lockOf('my-lock').acquire(reentrant);
        for (const seat of core.desk.seats) core.desk.step(seat, { kind: 'lost' });
        core.last('check').answer(says.gone('stolen'));
        return [inner.isHeld, inner.signal.aborted, await inner.release()];
      }),
    );
    await serve();
    expect(await outcome(result)).toMatchObject({ error: { code: 'LOCK_LOST', reason: 'stolen' } });
    expect(releases()).toBe(0);
  });

  it.each<[string, LockOptions, LockOptions]>([
    ['exclusive in shared', { mode: 'shared' }, {}],
    // With more names it would hold what it has and wait for the rest.
    ['more names than it has', {}, {}],
  ])('is a deadlock all the same for %s', async (what, outer, inner) => {
    const names = what === 'exclusive in shared' ? 'my-lock' : ['my-lock', 'another'];
    const result = inside(lockOf('my-lock', outer), () => outcome(lockOf(names, inner).acquire(reentrant)));
    expect(await result).toMatchObject({ error: { code: 'LOCK_DEADLOCK' } });
  });

  it.each<[string, LockOptions, readonly string[]]>([
    ['shared in exclusive', { mode: 'shared' }, ['a']],
    ['some of the names', {}, ['b']],
    ['the names in another order', {}, ['b', 'a']],
  ])('counts for %s: it has that, and more', async (_what, options, names) => {
    const result = inside(lockOf(['a', 'b']), async (outer) => {
      const inner = await lockOf(names, options).acquire(reentrant);
      return inner.fencingToken === outer.fencingToken;
    });
    expect(await result).toBe(true);
    expect(requests()).toBe(1);
  });

  it('counts the innermost that has it all, past one that has not', async () => {
    const result = inside(lockOf(['a', 'b']), () =>
      lockOf('c').runExclusive(async () => (await lockOf('b').acquire(reentrant)).names),
    );
    expect(await result).toEqual(['a', 'b']);
    expect(requests()).toBe(2);
  });
});

describe('a shared lock', () => {
  const shared = { mode: 'shared' } as const;

  it('inside of a shared one goes on: they do not exclude each other', async () => {
    const token = inside(
      lockOf('my-lock', shared),
      async () => (await lockOf('my-lock', shared).acquire()).isHeld,
    );
    expect(await token).toBe(true);
    expect(requests()).toBe(2);
  });

  it('inside of a shared one counts with `reentrant`: nobody who waits can come between', async () => {
    await inside(lockOf('my-lock', shared), () => lockOf('my-lock', shared).acquire({ reentrant: true }));
    expect(requests()).toBe(1);
  });

  it.each<[string, LockOptions, LockOptions]>([
    ['inside of an exclusive one', {}, shared],
    ['around an exclusive one', shared, {}],
  ])('%s is a deadlock', async (_what, outer, inner) => {
    const result = inside(lockOf('my-lock', outer), () => outcome(lockOf('my-lock', inner).acquire()));
    expect(await result).toMatchObject({ error: { code: 'LOCK_DEADLOCK' } });
  });
});

describe('a semaphore', () => {
  it('inside of itself goes on as long as there are permits', async () => {
    const result = inside(semaphoreOf(3, { count: 2 }), async () => (await semaphoreOf(3).acquire()).isHeld);
    expect(await result).toBe(true);
    expect(requests()).toBe(2);
  });

  it('inside of itself is a deadlock when there are not', async () => {
    const result = inside(semaphoreOf(3, { count: 2 }), () =>
      outcome(semaphoreOf(3, { count: 2 }).acquire()),
    );
    expect(await result).toMatchObject({ error: { code: 'LOCK_DEADLOCK' } });
  });

  it('adds up what the sections around it have', async () => {
    const result = inside(semaphoreOf(3, { count: 2 }), () =>
      semaphoreOf(3).runExclusive(() => outcome(semaphoreOf(3).acquire())),
    );
    expect(await result).toMatchObject({ error: { code: 'LOCK_DEADLOCK' } });
    expect(requests()).toBe(2);
  });

  it('is held up by the lowest limit that anybody around goes by', async () => {
    const result = inside(semaphoreOf(2, { count: 2 }), () => outcome(semaphoreOf(5).acquire()));
    expect(await result).toMatchObject({ error: { code: 'LOCK_DEADLOCK' } });
  });

  it.each([1, 2])('counts with `reentrant` for %p permits inside of one that has 2', async (count) => {
    await inside(semaphoreOf(3, { count: 2 }), () => semaphoreOf(3, { count }).acquire({ reentrant: true }));
    expect(requests()).toBe(1);
  });

  it.each<[string, number, LockOptions]>([
    ['more than it has', 5, { count: 3 }],
    ['permits by another limit', 6, { count: 1 }],
  ])('does not count for %s: that is a request of its own', async (_what, limit, options) => {
    await inside(semaphoreOf(5, { count: 2 }), () =>
      semaphoreOf(limit, options).acquire({ reentrant: true }),
    );
    expect(requests()).toBe(2);
  });

  it('is a deadlock with `reentrant`, too, for what does not fit beside what it has', async () => {
    const result = inside(semaphoreOf(3, { count: 2 }), () =>
      outcome(semaphoreOf(3, { count: 3 }).acquire({ reentrant: true })),
    );
    expect(await result).toMatchObject({ error: { code: 'LOCK_DEADLOCK' } });
  });

  it('inside of a lock of the same name counts with `reentrant`: who has it all has some of it', async () => {
    await inside(lockOf('my-lock'), () => semaphoreOf(3, { count: 2 }).acquire({ reentrant: true }));
    expect(requests()).toBe(1);
  });
});

describe('tryAcquire', () => {
  it('inside of itself asks, and gives null when it is told that the lock is not free', async () => {
    const result = called(lockOf('my-lock').runExclusive(() => lockOf('my-lock').tryAcquire()));
    await rest();
    core.last('acquire').answer(says.held(60_000));
    await rest();
    core.last('try').answer(says.busy(60_000));
    await serve();
    expect(await result).toBeNull();
  });

  it('with `reentrant` counts', async () => {
    const result = inside(lockOf('my-lock'), async () => {
      await using lease = await lockOf('my-lock').tryAcquire({ reentrant: true });
      return lease?.isHeld;
    });
    expect(await result).toBe(true);
    expect(requests()).toBe(1);
    expect(releases()).toBe(1);
  });

  it.each<[string, (lock: DistributedLock) => Promise<unknown>, object]>([
    ['gives null', (lock) => lock.tryAcquire({ reentrant: true }), { value: null }],
    [
      'is a time-out as acquire with waitTimeout 0',
      (lock) => lock.acquire({ reentrant: true, waitTimeout: 0 }),
      { error: { code: 'LOCK_TIMEOUT' } },
    ],
  ])(
    'with `reentrant` for more than it has %s, as for any lock that is not free',
    async (_how, call, settled) => {
      let inner: Promise<unknown> = Promise.resolve();
      const result = called(
        lockOf('my-lock', { mode: 'shared' }).runExclusive(async () => {
          inner = called(call(lockOf('my-lock')));
          await inner.catch(() => undefined);
        }),
      );
      await rest();
      core.last('acquire').answer(says.held(60_000));
      await rest();
      core.last('try').answer(says.busy(60_000));
      await serve();
      expect(await outcome(inner)).toMatchObject(settled);
      await result;
    },
  );
});
