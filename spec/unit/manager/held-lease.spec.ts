import {
  LockConnectionError,
  LockLostError,
  LockNotHeldError,
  LockOptionsError,
} from '../../../lib/errors.js';
import type { LockEvents } from '../../../lib/events.js';
import type { HeldLease } from '../../../lib/manager/held-lease.js';
import type { Terms } from '../../../lib/request/request.js';
import { Why } from '../../../lib/schema/constants.js';
import type { FakeCore } from '../../support/fake-core.js';
import { says, withFakeCore } from '../../support/fake-core.js';
import { pass } from '../../support/fake-time.js';
import { outcome } from '../../support/outcome.js';
import { OWN_TERMS } from '../../support/own-terms.js';

let core: FakeCore;
let heard: [event: keyof LockEvents, payload: object][];

withFakeCore((made) => {
  core = made;
  heard = [];
});

/** A lease that was free, of 3 s. */
function held(terms: Partial<Terms> = {}): HeldLease {
  const lease = core.open(
    { ...OWN_TERMS, ttlMs: 3000, ...terms },
    {
      tell: (event, payload) => void heard.push([event, payload]),
    },
  );
  core.last('acquire').answer(says.held(terms.ttlMs ?? 3000));
  return lease;
}

function called<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

function steal(): void {
  core.push('lost', core.last('acquire').seat.request.number, Why.stolen);
  core.last('check').answer(says.gone('stolen'));
}

const EVENT = { name: 'my-lock', names: ['my-lock'], fencingToken: 7 };

describe('a lease', () => {
  it('shows its name, its token and what is left of it', async () => {
    const lease = held();
    expect(lease).toMatchObject({ name: 'my-lock', names: ['my-lock'], fencingToken: 7, isHeld: true });
    await pass(500);
    expect(lease.remaining()).toBe(2500);
    expect(lease.expiresAt).toEqual(new Date(Date.now() + 2500));
  });

  it('of several names has the first for its name, one token for each, and tells all of them', async () => {
    const lease = held({ names: ['b', 'a'], autoRenew: false });
    expect([lease.name, [...lease.fencingTokens]]).toEqual([
      'b',
      [
        ['b', 7],
        ['a', 7],
      ],
    ]);
    await pass(3000);
    expect(heard.at(-1)).toEqual([
      'lost',
      { name: 'b', names: ['b', 'a'], fencingToken: 7, reason: 'expired' },
    ]);
    expect(lease.signal.reason).toMatchObject({ lockName: 'b, a' });
  });

  it('tells what happens to it, each in its order', async () => {
    const lease = held();
    await pass(1000);
    core.last('extend').answer(says.held(3000));
    core.push('asked', core.last('acquire').seat.request.number, 'ops');
    const released = lease.release();
    core.last('release').answer(says.ended());
    await released;
    expect(heard).toEqual([
      ['acquired', { ...EVENT, waitedMs: 0 }],
      ['extended', { ...EVENT, expiresAt: expect.any(Date) as Date }],
      ['releaseRequested', { ...EVENT, by: 'ops' }],
      ['released', EVENT],
    ]);
  });

  it('tells where in the queue it waits, and how long it has', async () => {
    core.open(OWN_TERMS, { tell: (event, payload) => void heard.push([event, payload]) });
    const call = core.last('acquire');
    call.answer(says.waiting(5000, 3));
    await pass(250);
    core.grant(call.seat);
    expect(heard).toEqual([
      ['waiting', { name: 'my-lock', names: ['my-lock'], position: 3 }],
      ['acquired', { ...EVENT, waitedMs: 250 }],
    ]);
  });

  it('tells what a renewal fails with, a refusal too', async () => {
    held();
    await pass(1000);
    const error = new LockConnectionError('no answer');
    core.last('extend').fail(error);
    expect(heard.at(-1)).toEqual(['error', { name: 'my-lock', error }]);
    await pass(1000);
    core.last('extend').answer({ state: 'refused', code: -100 });
    expect(heard.at(-1)).toMatchObject(['error', { error: { code: 'LOCK_PROTOCOL' } }]);
  });
});

describe('the signal', () => {
  it('aborts when the lease is over, before it is told', async () => {
    const lease = held({ autoRenew: false });
    const { signal } = lease;
    const seen: string[] = [];
    signal.addEventListener('abort', () =>
      seen.push(`aborted, isHeld ${lease.isHeld}, ${heard.length} told`),
    );
    await pass(2994);
    expect(signal.aborted).toBe(false);
    await pass(1);
    expect(seen).toEqual(['aborted, isHeld false, 1 told']);
    expect(heard.map(([event]) => event)).toEqual(['acquired', 'expired', 'lost']);
    expect(signal.reason).toBeInstanceOf(LockLostError);
  });

  it('has aborted for who asks for it only afterwards', () => {
    const lease = held();
    steal();
    expect(lease.signal.aborted).toBe(true);
    expect(lease.signal.reason).toMatchObject({ code: 'LOCK_LOST', reason: 'stolen', fencingToken: 7 });
  });

  it('is one, however often it is asked for, and may be used as often as one likes without a warning', () => {
    const lease = held();
    const warn = jest.spyOn(process, 'emitWarning');
    for (let i = 0; i < 20; i++) lease.signal.addEventListener('abort', () => undefined);
    expect(lease.signal).toBe(lease.signal);
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });

  it('does not abort by a release', async () => {
    const lease = held();
    const released = lease.release();
    core.last('release').answer(says.ended());
    await released;
    expect(lease.signal.aborted).toBe(false);
  });

  it('aborts with the reason of a manager that closes', () => {
    const lease = held();
    const reason = new Error('closed');
    core.desk.close(reason);
    expect(lease.signal.reason).toBeInstanceOf(LockLostError);
    expect(lease.signal.reason).toMatchObject({ reason: 'closed', cause: reason });
    expect(heard.at(-1)?.[0]).toBe('released');
  });
});

describe('release', () => {
  it('is one call, however often it is asked for, and gives one answer', async () => {
    const lease = held();
    const releases = [lease.release(), lease.release(), lease[Symbol.asyncDispose]()];
    core.last('release').answer(says.ended());
    expect(await Promise.all(releases)).toEqual([true, true, undefined]);
    expect(await lease.release()).toBe(true);
    expect(core.of('release')).toHaveLength(1);
  });

  it.each<[string, (lease: HeldLease) => Promise<void> | void, boolean]>([
    ['lost', () => steal(), false],
    ['released by a manager that closed', () => core.desk.close('closed'), true],
  ])('of a lease that was %s sends nothing', async (_how, end, wasHeld) => {
    const lease = held();
    await end(lease);
    const sent = core.calls.length;
    expect(await lease.release()).toBe(wasHeld);
    expect(core.calls).toHaveLength(sent);
  });

  it('rejects when no answer came, and can be tried again', async () => {
    const lease = held();
    const first = called(lease.release());
    const error = new LockConnectionError('no answer');
    core.last('release').fail(error);
    expect(await outcome(first)).toEqual({ error });
    expect([lease.isHeld, lease.isReleased]).toEqual([false, false]);
    const second = lease.release();
    core.last('release').answer(says.ended());
    expect(await second).toBe(true);
  });

  it('by `await using` happens at the end of the block', async () => {
    {
      await using lease = held();
      expect(lease.isHeld).toBe(true);
      setImmediate(() => core.last('release').answer(says.ended()));
    }
    expect(heard.at(-1)).toEqual(['released', EVENT]);
  });

  it('by `await using` never rejects: a failure is told as `error`', async () => {
    const lease = held();
    const disposed = lease[Symbol.asyncDispose]();
    const error = new LockConnectionError('no answer');
    core.last('release').fail(error);
    await disposed;
    expect(heard.at(-1)).toEqual(['error', { name: 'my-lock', error }]);
  });
});

describe('extend', () => {
  it('asks for its ttl, or for what is said, and resolves when the lease ends then', async () => {
    const lease = held();
    const extended = lease.extend('10s');
    expect(core.last('extend').operation).toMatchObject({ ttlMs: 10_000 });
    core.last('extend').answer(says.held(10_000));
    await extended;
    expect(lease.remaining()).toBe(10_000);
    void called(lease.extend());
    expect(core.last('extend').operation).toMatchObject({ ttlMs: 3000 });
  });

  it.each([99, 0, NaN, Infinity, 'soon', null])('refuses a ttl of %p and sends nothing', async (ttl) => {
    const settled = await outcome(held().extend(ttl as number));
    expect(settled).toMatchObject({ error: expect.any(LockOptionsError) as Error });
    expect(core.of('extend')).toEqual([]);
  });

  it('throws what the signal aborted with when the lease is lost, before or meanwhile', async () => {
    const lease = held();
    const meanwhile = called(lease.extend());
    steal();
    core.last('extend').answer(says.gone('stolen'));
    expect(await outcome(meanwhile)).toEqual({ error: lease.signal.reason as Error });
    expect(await outcome(lease.extend())).toEqual({ error: lease.signal.reason as Error });
    expect(core.of('extend')).toHaveLength(1);
  });

  it('throws LockNotHeldError after a release, and sends nothing', async () => {
    const lease = held();
    void lease.release();
    core.last('release').answer(says.ended());
    expect(await outcome(lease.extend())).toMatchObject({ error: expect.any(LockNotHeldError) as Error });
    expect(core.of('extend')).toEqual([]);
  });

  it('gives each of several at once its own answer', async () => {
    const lease = held();
    const [first, second] = [called(lease.extend()), called(lease.extend())];
    const error = new LockConnectionError('no answer');
    core.of('extend')[0]?.fail(error);
    core.of('extend')[1]?.answer(says.held(3000));
    expect(await outcome(first)).toEqual({ error });
    expect(await outcome(second)).toEqual({ value: undefined });
  });
});

describe('serialize', () => {
  it('ends the lease here, told as `handedOn`; its signal does not abort', async () => {
    const lease = held({ units: 2, limit: 5 });
    const text = lease.serialize();
    core.last('transfer').answer(says.held(3000));
    const { id } = core.last('acquire').seat.request;
    expect(JSON.parse(await text)).toEqual({
      v: 1,
      id,
      names: ['my-lock'],
      token: 7,
      ttlMs: 3000,
      want: 2,
      limit: 5,
    });
    expect([lease.isHeld, lease.isReleased, lease.signal.aborted]).toEqual([false, true, false]);
    expect(heard.at(-1)).toEqual(['handedOn', EVENT]);
    expect(await lease.release()).toBe(false);
    expect(await outcome(lease.serialize())).toMatchObject({ error: { code: 'LOCK_NOT_HELD' } });
  });

  it('gives the text to one of several that ask at once', async () => {
    const lease = held();
    const [first, second] = [called(lease.serialize()), called(lease.serialize())];
    for (const call of core.of('transfer')) call.answer(says.held(3000));
    expect(await outcome(first)).toMatchObject({ value: expect.any(String) as string });
    expect(await outcome(second)).toMatchObject({ error: { code: 'LOCK_NOT_HELD' } });
  });

  it('without an answer leaves the lease as it was, renewed as ever', async () => {
    const lease = held();
    const text = called(lease.serialize());
    await pass(1000);
    expect(core.of('extend')).toHaveLength(1);
    const error = new LockConnectionError('no answer');
    core.last('transfer').fail(error);
    expect(await outcome(text)).toEqual({ error });
    expect(lease.isHeld).toBe(true);
  });
});

describe('a lease that is held several times', () => {
  it('is given back by the last of them, whoever that is', async () => {
    const lease = held();
    lease.join();
    expect(await lease.release()).toBe(true);
    expect(core.of('release')).toEqual([]);
    const last = lease.leave();
    core.last('release').answer(says.ended());
    expect(await last).toBe(true);
  });

  it('is not given back by a release that is repeated: each counts once', async () => {
    const lease = held();
    lease.join();
    await lease.release();
    await lease.release();
    expect(core.of('release')).toEqual([]);
    expect(lease.isHeld).toBe(true);
  });

  it('says false to each of them once it is lost', async () => {
    const lease = held();
    lease.join();
    steal();
    expect([await lease.release(), await lease.leave()]).toEqual([false, false]);
  });
});
