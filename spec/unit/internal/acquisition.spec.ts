import { PackageType } from '../../../lib/client/package-type.js';
import {
  LockConnectionError,
  LockLostError,
  LockPermissionError,
  LockTimeoutError,
} from '../../../lib/errors.js';
import type { LockEvents } from '../../../lib/events.js';
import { Acquisition } from '../../../lib/internal/acquisition.js';
import type { TellLock } from '../../../lib/internal/event-relay.js';
import { SHARED_LIMIT } from '../../../lib/schema/constants.js';
import type { Lease } from '../../../lib/lease.js';
import { resolveLockOptions } from '../../../lib/internal/lock-options.js';
import { type LockOptions } from '../../../lib/options.js';
import type { TicketRequest } from '../../../lib/schema/lock-procedures.js';
import { FakeLockService } from '../../support/fake-lock-service.js';
import { pass, rest, resumeTime, stopTime } from '../../support/fake-time.js';
import { outcome, serverUs, status } from '../../support/fake-procedures.js';

const ROOM = 5;
const NAMES = { name: 'my-lock', names: ['my-lock'] };

let service: FakeLockService;
let heard: { event: keyof LockEvents; payload: object }[];

beforeEach(() => {
  stopTime();
  service = new FakeLockService();
  heard = [];
});

afterEach(async () => {
  for (const lease of service.held) void lease.close(new Error('the spec is over'));
  await rest();
  expect(service.holds).toBe(0);
  resumeTime();
});

const tell: TellLock = (event, payload) => void heard.push({ event, payload });
const acquisition = (options: LockOptions = {}, names: readonly string[] = ['my-lock']) =>
  new Acquisition(service.asService, names, resolveLockOptions({ ttl: 1000, ...options }), tell);

/** A call whose rejection the spec looks at later. */
function called<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
const acquire = (options?: LockOptions) => called(acquisition(options).acquire());
const tryAcquire = (options?: LockOptions) => called(acquisition(options).try());

const request = () => service.procedures.last('acquire').argument as TicketRequest;
const withdrawn = () => service.procedures.of('release').map((call) => call.argument);

function push(token = 42): void {
  const args = [request().number, token, serverUs(), serverUs() + 800_000];
  service.inbox.pushed(PackageType.roomEmit, { id: ROOM, event: 'granted', args });
}

/** Takes a place in the queue; the questions after it are answered with `waiting`. */
async function waitIn(options?: LockOptions, ahead = 1): Promise<{ lease: Promise<Lease> }> {
  const lease = acquire(options);
  await rest();
  service.procedures.last('acquire').answer(status.waiting(60_000, ahead, ROOM));
  await rest();
  service.procedures.last('check').answer([status.waiting(60_000, ahead, ROOM)]);
  await rest();
  return { lease };
}

describe('a lock that is free', () => {
  it('is held until the ttl after the request was sent', async () => {
    const lease = acquire();
    await pass(100);
    service.procedures.last('acquire').answer(status.held(1000, 42));
    expect((await lease).fencingToken).toBe(42);
    expect((await lease).remaining()).toBe(900);
    expect(heard).toEqual([{ event: 'acquired', payload: { ...NAMES, fencingToken: 42, waitedMs: 100 } }]);
    expect(service.held).toContain(await lease);
  });

  it('is asked for with a ttl no longer than maxHold', () => {
    void acquire({ ttl: 60_000, maxHold: 5000.5 });
    expect(request().ttlMs).toBe(5001);
    service.procedures.last('acquire').fail(new LockPermissionError('no'));
  });

  it('costs one request', async () => {
    const lease = acquire();
    service.procedures.last('acquire').answer(status.held(1000));
    await lease;
    expect(service.procedures.calls).toHaveLength(1);
  });
});

describe('a lock that is not free', () => {
  it('is waited for: `waiting` tells the position, and the process is kept alive', async () => {
    const { lease } = await waitIn({}, 3);
    expect(heard).toEqual([{ event: 'waiting', payload: { ...NAMES, position: 3 } }]);
    expect(service.holds).toBe(1);
    push();
    await lease;
    expect(service.holds).toBe(0);
  });

  it('is held when the grant is pushed, claimed, and told as `acquired` with the time it took', async () => {
    const { lease } = await waitIn();
    await pass(700);
    push(42);
    expect((await lease).fencingToken).toBe(42);
    expect(heard.at(-1)).toEqual({
      event: 'acquired',
      payload: { ...NAMES, fencingToken: 42, waitedMs: 700 },
    });
    expect(service.procedures.last('extend').argument).toEqual([[request().id, 1000]]);
  });

  it('is held when the grant is pushed before the answer to the request', async () => {
    const other = await waitIn();
    push();
    await other.lease;
    const lease = acquire();
    await rest();
    push(43);
    service.procedures.last('acquire').answer(status.waiting(60_000, 1, ROOM));
    expect((await lease).fencingToken).toBe(43);
  });

  it('is refused by try() with null, and nothing is withdrawn as nothing was left', async () => {
    const lease = tryAcquire();
    await rest();
    service.procedures.last('try').answer(status.busy(5000));
    expect(await lease).toBeNull();
    expect(heard).toEqual([]);
    expect(withdrawn()).toEqual([]);
  });
});

describe('waitTimeout', () => {
  it('rejects when it is over, with how long it was, and withdraws the request', async () => {
    const { lease } = await waitIn({ waitTimeout: 500 });
    await pass(499);
    expect(await outcome(lease)).toBe('pending');
    await pass(1);
    expect(withdrawn()).toEqual([[request().id]]);
    service.procedures.last('release').answer([false]);
    await rest();
    const settled = await outcome(lease);
    expect(settled).toMatchObject({ error: { code: 'LOCK_TIMEOUT', lockName: 'my-lock', waitedMs: 500 } });
    expect(settled).toMatchObject({ error: expect.any(LockTimeoutError) as Error });
  });

  it('never holds the lock afterwards, although the grant is pushed in the same moment', async () => {
    const { lease } = await waitIn({ waitTimeout: 500 });
    await pass(500);
    push();
    service.procedures.last('release').answer([true]);
    await rest();
    expect(await outcome(lease)).toMatchObject({ error: { code: 'LOCK_TIMEOUT' } });
    expect(heard.map(({ event }) => event)).toEqual(['waiting']);
    expect(service.held).toEqual([]);
    expect(service.procedures.of('extend')).toEqual([]);
  });

  it('is the requests ahead times the ttl unless it is given', async () => {
    const { lease } = await waitIn({ ttl: 1000 }, 3);
    await pass(2999);
    expect(await outcome(lease)).toBe('pending');
    await pass(1);
    service.procedures.last('release').answer([false]);
    await rest();
    expect(await outcome(lease)).toMatchObject({ error: { code: 'LOCK_TIMEOUT', waitedMs: 3000 } });
  });

  it('counts from the call, not from the answer', async () => {
    const lease = acquire({ waitTimeout: 500 });
    await pass(400);
    service.procedures.last('acquire').answer(status.waiting(60_000, 1, ROOM));
    await pass(100);
    expect(withdrawn()).toEqual([[request().id]]);
    service.procedures.last('release').answer([false]);
    await rest();
    expect(await outcome(lease)).toMatchObject({ error: { waitedMs: 500 } });
  });

  it('counts from the call as well when it is the requests ahead times the ttl', async () => {
    const lease = acquire({ ttl: 1000 });
    await pass(400);
    service.procedures.last('acquire').answer(status.waiting(60_000, 3, ROOM));
    await pass(2599);
    expect(withdrawn()).toEqual([]);
    await pass(1);
    expect(withdrawn()).toEqual([[request().id]]);
    service.procedures.last('release').answer([false]);
    expect(await outcome(lease)).toMatchObject({ error: { code: 'LOCK_TIMEOUT', waitedMs: 3000 } });
  });

  it('of Infinity waits as long as it takes', async () => {
    const { lease } = await waitIn({ waitTimeout: Infinity });
    await pass(50_000);
    expect(await outcome(lease)).toBe('pending');
    push();
    expect((await lease).isHeld).toBe(true);
  });

  it('is over although the request has no answer yet: it is withdrawn when it has one', async () => {
    const lease = acquire({ waitTimeout: 500 });
    await pass(500);
    expect(withdrawn()).toEqual([]);
    service.procedures.last('acquire').answer(status.held(1000));
    await rest();
    expect(withdrawn()).toEqual([[request().id]]);
    service.procedures.last('release').answer([true]);
    await rest();
    expect(await outcome(lease)).toMatchObject({ error: { code: 'LOCK_TIMEOUT' } });
    expect(service.held).toEqual([]);
    expect(heard).toEqual([]);
  });

  it('rejects within half a second more when the withdrawal is not answered', async () => {
    const { lease } = await waitIn({ waitTimeout: 500 });
    await pass(999);
    expect(await outcome(lease)).toBe('pending');
    await pass(1);
    expect(await outcome(lease)).toMatchObject({ error: { code: 'LOCK_TIMEOUT', waitedMs: 500 } });
    expect(service.loosened).toHaveLength(1);
  });

  it('rejects when it is over, and no later, while the request itself has no answer', async () => {
    const lease = acquire({ waitTimeout: 500 });
    await pass(500);
    expect(await outcome(lease)).toMatchObject({ error: { code: 'LOCK_TIMEOUT', waitedMs: 500 } });
    expect(service.loosened).toHaveLength(1);
  });

  it('rejects at once, with the cause, when the server is known to be out of reach', async () => {
    const lease = acquire({ waitTimeout: 100 });
    await pass(50);
    service.trouble = new LockConnectionError('nothing listens there');
    await pass(50);
    const settled = await outcome(lease);
    expect(settled).toMatchObject({ error: { code: 'LOCK_TIMEOUT', cause: service.trouble } });
    expect((settled as { error: Error }).error.message).toContain('nothing listens there');
  });

  it('is a limit for the request too, and includes waiting for a server, only where it is given', async () => {
    void acquire({ waitTimeout: 60_000 });
    const { args } = service.procedures.last('acquire');
    expect(args[2]).toMatchObject({ isPatient: true });
    expect((args[2] as { untilMs: number }).untilMs - performance.now()).toBeGreaterThanOrEqual(60_000);
    void acquire({});
    expect(service.procedures.last('acquire').args[2]).toEqual({});
    service.procedures.last('acquire').answer(status.held(60_000));
    service.procedures.of('acquire')[0]?.answer(status.held(60_000));
    await rest();
  });
});

describe('the signal', () => {
  it('that has aborted already rejects with its reason, and nothing is sent', async () => {
    const reason = new Error('no longer wanted');
    expect(await outcome(acquire({ signal: AbortSignal.abort(reason) }))).toEqual({ error: reason });
    expect(service.procedures.calls).toEqual([]);
  });

  it.each<[string, unknown]>([
    ['an error', new Error('no longer wanted')],
    ['a text', 'no longer wanted'],
    ['undefined, which becomes an AbortError', undefined],
    // The signal of another lease is the most natural thing to pass on.
    ['the loss of another lock', new LockLostError('another', 'expired', 1)],
    ['the time-out of another lock', new LockTimeoutError('another', 1)],
    ['the lost connection of another manager', new LockConnectionError('gone')],
    ['a refusal to somebody else', new LockPermissionError('no')],
  ])(
    'that aborts while waiting withdraws the request and rejects with its reason: %s',
    async (_what, given) => {
      const controller = new AbortController();
      const { lease } = await waitIn({ signal: controller.signal });
      controller.abort(given);
      await rest();
      expect(withdrawn()).toEqual([[request().id]]);
      service.procedures.last('release').answer([false]);
      await rest();
      const settled = await outcome(lease);
      expect(settled).not.toBe('pending');
      expect((settled as { error: unknown }).error).toBe(controller.signal.reason);
    },
  );

  it('that aborts as the grant arrives gives the lock back', async () => {
    const controller = new AbortController();
    const lease = acquire({ signal: controller.signal });
    controller.abort(new Error('no longer wanted'));
    service.procedures.last('acquire').answer(status.held(1000));
    await rest();
    expect(withdrawn()).toEqual([[request().id]]);
    service.procedures.last('release').answer([true]);
    await rest();
    expect(await outcome(lease)).toEqual({ error: controller.signal.reason as Error });
    expect(service.held).toEqual([]);
  });

  it('has no effect once the lock is held, and no listener stays on it', async () => {
    const controller = new AbortController();
    const remove = jest.spyOn(controller.signal, 'removeEventListener');
    const add = jest.spyOn(controller.signal, 'addEventListener');
    const lease = acquire({ signal: controller.signal });
    service.procedures.last('acquire').answer(status.held(1000));
    await lease;
    controller.abort();
    await rest();
    expect((await lease).isHeld).toBe(true);
    expect((await lease).signal.aborted).toBe(false);
    expect(remove.mock.calls.map(([, listener]) => listener)).toEqual(
      add.mock.calls.map(([, listener]) => listener),
    );
  });
});

describe('several names', () => {
  it('are one request, one lease and one event', async () => {
    const lease = called(acquisition({}, ['b', 'a']).acquire());
    await rest();
    expect(service.procedures.calls).toHaveLength(1);
    expect(request()).toMatchObject({ names: ['b', 'a'], want: 1, limit: 1 });
    service.procedures.last('acquire').answer(status.held(1000, 42));
    expect((await lease).names).toEqual(['b', 'a']);
    expect(heard).toMatchObject([
      { event: 'acquired', payload: { name: 'b', names: ['b', 'a'], fencingToken: 42 } },
    ]);
  });

  it('are waited for together, and told together', async () => {
    const lease = called(acquisition({ waitTimeout: 500 }, ['b', 'a']).acquire());
    await rest();
    service.procedures.last('acquire').answer(status.waiting(60_000, 2, ROOM));
    await rest();
    expect(heard).toEqual([{ event: 'waiting', payload: { name: 'b', names: ['b', 'a'], position: 2 } }]);
    await pass(500);
    service.procedures.last('release').answer([false]);
    await rest();
    expect(await outcome(lease)).toMatchObject({ error: { code: 'LOCK_TIMEOUT', lockName: 'b, a' } });
  });
});

it('a shared lock wants one of as many as there may be', async () => {
  const lease = acquire({ mode: 'shared' });
  await rest();
  expect(request()).toMatchObject({ want: 1, limit: SHARED_LIMIT });
  service.procedures.last('acquire').answer(status.held(1000));
  expect(await lease).toMatchObject({ want: 1, limit: SHARED_LIMIT });
});

describe('a thief', () => {
  const isSteal = (): unknown => service.procedures.last('acquire').args[1];

  it('says so, and holds the lock with the answer', async () => {
    const lease = acquire({ steal: true });
    expect(isSteal()).toBe(true);
    service.procedures.last('acquire').answer(status.held(1000, 42));
    expect((await lease).fencingToken).toBe(42);
    expect(heard.map(({ event }) => event)).toEqual(['acquired']);
  });

  it('is nobody who does not say so', async () => {
    const lease = acquire();
    expect(isSteal()).toBe(false);
    service.procedures.last('acquire').answer(status.held(1000));
    await lease;
  });

  it('never waits, so that a waitTimeout has no effect, and try() steals as well', async () => {
    const stolen = [acquire({ steal: true, waitTimeout: 10 }), tryAcquire({ steal: true, waitTimeout: 10 })];
    await pass(200);
    expect(service.procedures.of('try')).toEqual([]);
    for (const call of service.procedures.of('acquire')) {
      expect(call.args[1]).toBe(true);
      call.answer(status.held(1000));
    }
    for (const lease of stolen) expect((await lease)?.isHeld).toBe(true);
  });

  it('that was robbed before it had an answer steals again, with another id, and waits for nobody', async () => {
    const lease = acquire({ steal: true });
    const first = request().id;
    // The answer to a repeat of the request.
    service.procedures.last('acquire').answer(status.gone('stolen'));
    await rest();
    expect(service.procedures.of('acquire')).toHaveLength(2);
    expect(isSteal()).toBe(true);
    expect(request().id).not.toBe(first);
    service.procedures.last('acquire').answer(status.held(1000, 43));
    expect((await lease).fencingToken).toBe(43);
  });

  it('that is robbed every time gives up: that is no accident', async () => {
    const lease = acquire({ steal: true });
    for (let tries = 0; tries < 10; tries++) {
      service.procedures.last('acquire').answer(status.gone('stolen'));
      await rest();
    }
    expect(await outcome(lease)).toMatchObject({ error: { code: 'LOCK_CONNECTION' } });
    expect(service.procedures.of('acquire').length).toBeLessThan(6);
    expect(service.held).toEqual([]);
  });
});

describe('a lease that was taken away before its answer was here', () => {
  it('is asked for anew with another id: the server takes in no more with the old one', async () => {
    const lease = acquire();
    const first = request().id;
    service.procedures.last('acquire').answer(status.gone('force-released'));
    await rest();
    expect(service.procedures.of('acquire')).toHaveLength(2);
    expect(request().id).not.toBe(first);
    service.procedures.last('acquire').answer(status.held(1000, 43));
    expect((await lease).fencingToken).toBe(43);
  });

  it('is waited for as usual if it is not free then: told, kept alive, and only for so long', async () => {
    const lease = acquire({ ttl: 1000 });
    service.procedures.last('acquire').answer(status.gone('stolen'));
    await rest();
    service.procedures.last('acquire').answer(status.waiting(60_000, 2, ROOM));
    await rest();
    expect(heard).toEqual([{ event: 'waiting', payload: { ...NAMES, position: 2 } }]);
    expect(service.holds).toBe(1);
    await pass(2000);
    service.procedures.last('release').answer([false]);
    await rest();
    expect(await outcome(lease)).toMatchObject({ error: { code: 'LOCK_TIMEOUT' } });
  });

  it('does not make try() wait', async () => {
    const lease = tryAcquire();
    service.procedures.last('try').answer(status.gone('stolen'));
    await rest();
    expect(service.procedures.of('acquire')).toEqual([]);
    expect(service.procedures.of('try')).toHaveLength(2);
    service.procedures.last('try').answer(status.busy(1000));
    expect(await lease).toBeNull();
  });

  it('or before it could be made here is lost as soon as it is made', async () => {
    const { lease } = await waitIn();
    const { number } = request();
    push(42);
    service.inbox.pushed(PackageType.roomEmit, { id: ROOM, event: 'lost', args: [number, 1] });
    expect((await lease).isHeld).toBe(false);
    expect((await lease).signal.reason).toMatchObject({ reason: 'stolen', fencingToken: 42 });
    expect(heard.map(({ event }) => event)).toEqual(['waiting', 'acquired', 'lost']);
    service.procedures.last('release').answer([false]);
  });
});

describe('a failure', () => {
  it('of a manager that is closed rejects before anything is sent', async () => {
    service.isClosed = true;
    expect(await outcome(acquire())).toMatchObject({ error: { code: 'LOCK_CONNECTION' } });
    expect(await outcome(tryAcquire())).toMatchObject({ error: { code: 'LOCK_CONNECTION' } });
    expect(service.procedures.calls).toEqual([]);
  });

  it('by a refusal comes through at once: there is nothing to withdraw', async () => {
    const error = new LockPermissionError('no');
    const lease = acquire();
    service.procedures.last('acquire').fail(error);
    await rest();
    expect(await outcome(lease)).toEqual({ error });
    expect(withdrawn()).toEqual([]);
  });

  it('by a lost answer comes through at once, and the request is withdrawn behind it', async () => {
    const error = new LockConnectionError('no answer');
    const lease = acquire();
    service.procedures.last('acquire').fail(error);
    await rest();
    expect(await outcome(lease)).toEqual({ error });
    expect(withdrawn()).toEqual([[request().id]]);
    expect(service.loosened).toHaveLength(1);
  });

  it('by a connection that cannot come back comes through at once, and the request is withdrawn behind it', async () => {
    const error = new LockConnectionError('lost');
    const { lease } = await waitIn();
    service.inbox.fail(error);
    await rest();
    expect(await outcome(lease)).toEqual({ error });
    expect(withdrawn()).toEqual([[request().id]]);
  });

  it('to withdraw hides nothing of why the caller gave up', async () => {
    const { lease } = await waitIn({ waitTimeout: 500 });
    await pass(500);
    service.procedures.last('release').fail(new LockConnectionError('no answer'));
    await rest();
    expect(await outcome(lease)).toMatchObject({ error: { code: 'LOCK_TIMEOUT' } });
  });

  it('of try() by a lost answer withdraws what may have been granted', async () => {
    const error = new LockConnectionError('no answer');
    const lease = tryAcquire();
    service.procedures.last('try').fail(error);
    await rest();
    expect(await outcome(lease)).toEqual({ error });
    expect(withdrawn()).toHaveLength(1);
  });
});
