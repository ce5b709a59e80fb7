import { LockConnectionError, LockLostError, LockNotHeldError, LockOptionsError } from '../../lib/errors.js';
import type { LockEvents } from '../../lib/events.js';
import { Deferred } from '../../lib/internal/deferred.js';
import type { TellLock } from '../../lib/internal/event-relay.js';
import { Renewer } from '../../lib/internal/renewer.js';
import { Ticket } from '../../lib/internal/ticket.js';
import { Lease, type LeaseKeeper } from '../../lib/lease.js';
import { resolveLockOptions, type LockOptions } from '../../lib/options.js';
import { pass, rest, resumeTime, stopTime } from '../support/fake-time.js';
import { FakeProcedures, outcome, status, type FakeCall } from '../support/fake-procedures.js';

const TOKEN = 7;
const noAnswer = () => new LockConnectionError('no answer');

/** What was told, and how the lease looked to the listener at that moment. */
interface Heard {
  readonly event: keyof LockEvents;
  readonly payload: object;
  readonly wasAborted: boolean;
  readonly wasHeld: boolean;
}

class Keeper implements LeaseKeeper {
  readonly procedures = new FakeProcedures();
  readonly renewer = new Renewer(this.procedures.asProcedures);
  readonly releases: Deferred<boolean | undefined>[] = [];
  readonly endings: Lease[] = [];
  readonly loosened: Promise<unknown>[] = [];
  knows = true;
  clockSkewMs = 0;

  release(): Promise<boolean | undefined> {
    const answer = new Deferred<boolean | undefined>();
    this.releases.push(answer);
    return answer.promise;
  }

  isKnown(): Promise<boolean> {
    return Promise.resolve(this.knows);
  }

  ended(lease: Lease): void {
    this.endings.push(lease);
  }

  loose(task: Promise<unknown>): void {
    this.loosened.push(task.catch(() => undefined));
  }

  get renewals(): FakeCall[] {
    return this.procedures.of('extend');
  }
}

const ttlOf = (renewal: FakeCall): number => (renewal.argument as [string, number][])[0]?.[1] ?? NaN;

let keeper: Keeper;
let heard: Heard[];
let leases: Lease[];

beforeEach(() => {
  stopTime();
  keeper = new Keeper();
  heard = [];
  leases = [];
});

afterEach(async () => {
  for (const lease of leases) lease.close(new Error('the spec is over'));
  await rest();
  resumeTime();
});

const told = (event: keyof LockEvents) => heard.filter((entry) => entry.event === event);

interface Making extends LockOptions {
  readonly ttl: number;
  /** As pushed: the server waits this long for a sign of life. */
  readonly claimMs?: number;
  readonly leaseMs?: number;
}

function make({ claimMs, leaseMs, ...options }: Making): Lease {
  const nowMs = performance.now();
  const tell: TellLock = (event, payload) => {
    heard.push({ event, payload, wasAborted: lease.signal.aborted, wasHeld: lease.isHeld });
  };
  const resolved = resolveLockOptions(options);
  const ticket = new Ticket('my-lock', 1, Math.min(resolved.ttlMs, resolved.maxHoldMs));
  const grant = {
    fencingToken: TOKEN,
    grantedMs: nowMs,
    deadlineMs: nowMs + (claimMs ?? leaseMs ?? ticket.ttlMs),
    isProvisional: claimMs !== undefined,
  };
  const lease: Lease = new Lease(ticket, grant, resolved, keeper, tell);
  leases.push(lease);
  return lease;
}

/** The server grants what it was asked for, counted from when the request was sent. */
function confirm(renewal: FakeCall | undefined): void {
  if (renewal === undefined) throw new Error('no renewal was sent');
  renewal.answer([status.held(ttlOf(renewal))]);
}

/** Lets time pass while the server answers every renewal. */
async function passWithServer(ms: number): Promise<void> {
  const answered = new Set<FakeCall>();
  for (let passedMs = 0; passedMs < ms; passedMs += 10) {
    await pass(10);
    for (const renewal of keeper.renewals) {
      if (!answered.has(renewal)) confirm(renewal);
      answered.add(renewal);
    }
  }
}

describe('the end of a lease', () => {
  it.each([1000, 1000.4, 333.3, 100])(
    'aborts the signal no later than the deadline, without any word of the server (%p ms)',
    async (leaseMs) => {
      const deadlineMs = performance.now() + leaseMs;
      const lease = make({ ttl: 1001, leaseMs });
      let abortedMs = Infinity;
      lease.signal.addEventListener('abort', () => (abortedMs = performance.now()));
      await pass(leaseMs - 20);
      expect(lease.isHeld).toBe(true);
      await pass(1000);
      expect(abortedMs).toBeLessThanOrEqual(deadlineMs);
      expect(lease.signal.reason).toBeInstanceOf(LockLostError);
      expect(lease.signal.reason).toMatchObject({ reason: 'expired', fencingToken: TOKEN });
    },
  );

  it('has aborted the signal and changed the state before `expired` and then `lost` are told', async () => {
    make({ ttl: 1000, autoRenew: false });
    await pass(1000);
    const state = { wasAborted: true, wasHeld: false };
    const event = { name: 'my-lock', fencingToken: TOKEN };
    expect(heard).toEqual([
      { event: 'expired', payload: event, ...state },
      { event: 'lost', payload: { ...event, reason: 'expired' }, ...state },
    ]);
  });

  it('shows as soon as the clock has passed it, although no timer could run', () => {
    const lease = make({ ttl: 1000 });
    const endMs = performance.now() + 1000;
    const clock = jest.spyOn(performance, 'now').mockReturnValue(endMs);
    expect(lease.isHeld).toBe(false);
    expect(lease.signal.aborted).toBe(true);
    expect(lease.remaining()).toBe(0);
    clock.mockRestore();
  });

  it('is shown by remaining() and expiresAt', async () => {
    const lease = make({ ttl: 1000, autoRenew: false });
    expect(lease.expiresAt.getTime()).toBe(Date.now() + 1000);
    await pass(400);
    expect(lease.remaining()).toBe(600);
    await pass(600);
    expect(lease.remaining()).toBe(0);
  });

  it('comes once: its manager hears of it once, and so do the listeners', async () => {
    const lease = make({ ttl: 1000, autoRenew: false });
    await pass(1000);
    lease.lose('stolen');
    lease.close(new Error('closed'));
    expect(lease.isHeld).toBe(false);
    expect(keeper.endings).toEqual([lease]);
    expect(told('lost')).toHaveLength(1);
    expect(told('released')).toHaveLength(0);
  });

  it('takes back a renewal that may still come through: the lock would stay taken for nobody', async () => {
    const lease = make({ ttl: 1000 });
    await pass(1000);
    expect(keeper.renewals.length).toBeGreaterThan(0);
    expect(lease.isHeld).toBe(false);
    expect(keeper.releases).toHaveLength(1);
    expect(keeper.loosened).toHaveLength(1);
  });

  it('sends nothing when no renewal is under way', async () => {
    make({ ttl: 1000, autoRenew: false });
    await pass(1000);
    expect(keeper.releases).toEqual([]);
  });

  it('is told as `lost` alone when it did not run out', () => {
    make({ ttl: 1000 }).lose('stolen');
    expect(heard.map(({ event }) => event)).toEqual(['lost']);
    expect(heard[0]).toMatchObject({ payload: { reason: 'stolen' }, wasAborted: true, wasHeld: false });
  });
});

describe('renewal', () => {
  it('goes out at a third of the ttl, and moves the end and tells `extended`', async () => {
    const lease = make({ ttl: 900 });
    await pass(299);
    expect(keeper.renewals).toHaveLength(0);
    await pass(1);
    expect(keeper.renewals).toHaveLength(1);
    confirm(keeper.renewals[0]);
    await rest();
    expect(lease.remaining()).toBe(900);
    expect(told('extended')).toMatchObject([
      { payload: { name: 'my-lock', fencingToken: TOKEN, expiresAt: lease.expiresAt }, wasHeld: true },
    ]);
  });

  it('holds a lock for as long as the server answers', async () => {
    const lease = make({ ttl: 1000 });
    await passWithServer(30_000);
    expect(lease.isHeld).toBe(true);
    expect(keeper.renewals.length).toBeLessThan(100);
  });

  it('counts the lease from before the renewal was sent', async () => {
    const lease = make({ ttl: 900 });
    await pass(300);
    await pass(200);
    confirm(keeper.renewals[0]);
    await rest();
    expect(lease.remaining()).toBe(700);
  });

  it('that failed once does not end the lease', async () => {
    const lease = make({ ttl: 1000 });
    await pass(334);
    const error = noAnswer();
    keeper.renewals[0]?.fail(error);
    await rest();
    expect(told('error')).toMatchObject([{ payload: { name: 'my-lock', error }, wasHeld: true }]);
    await passWithServer(2000);
    expect(lease.isHeld).toBe(true);
    expect(lease.signal.aborted).toBe(false);
  });

  it('that fails every time is tried again and again, and the lease ends by its deadline', async () => {
    const lease = make({ ttl: 1000 });
    const endMs = performance.now() + 1000;
    const failed = new Set<FakeCall>();
    while (lease.isHeld) {
      await pass(10);
      for (const renewal of keeper.renewals) if (!failed.has(renewal)) renewal.fail(noAnswer());
      for (const renewal of keeper.renewals) failed.add(renewal);
    }
    expect(performance.now()).toBeLessThanOrEqual(endMs);
    expect(failed.size).toBeGreaterThan(3);
    expect(failed.size).toBeLessThan(60);
    expect(told('lost')).toMatchObject([{ payload: { reason: 'expired' } }]);
  });

  it('that hangs does not cost the lease: another is sent within it', async () => {
    const lease = make({ ttl: 1000 });
    await pass(334);
    expect(keeper.renewals).toHaveLength(1);
    await pass(330);
    expect(keeper.renewals.length).toBeGreaterThan(1);
    confirm(keeper.renewals.at(-1));
    await pass(500);
    expect(lease.isHeld).toBe(true);
  });

  it('that is answered `gone` ends the lease as forgotten by the server', async () => {
    const lease = make({ ttl: 1000 });
    await pass(334);
    keeper.renewals[0]?.answer([status.gone()]);
    await rest();
    expect(lease.isHeld).toBe(false);
    expect(lease.signal.reason).toMatchObject({ reason: 'forgotten-by-server' });
    expect(told('lost')).toMatchObject([{ payload: { reason: 'forgotten-by-server' }, wasAborted: true }]);
    await pass(2000);
    expect(keeper.renewals).toHaveLength(1);
  });

  it('that is answered after a later one is old news', async () => {
    const lease = make({ ttl: 900 });
    await pass(300);
    await pass(200);
    const [first, second] = keeper.renewals;
    confirm(second);
    await rest();
    const remainingMs = lease.remaining();
    confirm(first);
    await rest();
    expect(lease.remaining()).toBe(remainingMs);
  });

  it.each<[string, (lease: Lease) => void]>([
    ['released', (lease) => void lease.release()],
    ['lost', (lease) => lease.lose('stolen')],
  ])('that is answered after the lease was %s revives nothing', async (_how, end) => {
    const lease = make({ ttl: 900 });
    await pass(300);
    end(lease);
    confirm(keeper.renewals[0]);
    await rest();
    expect(lease.isHeld).toBe(false);
    expect(lease.remaining()).toBe(0);
    expect(told('extended')).toEqual([]);
    keeper.releases[0]?.resolve(true);
  });

  it('never reaches beyond maxHold, and the lease ends there', async () => {
    const startMs = performance.now();
    const lease = make({ ttl: 1000, maxHold: 2500 });
    await passWithServer(2400);
    expect(lease.isHeld).toBe(true);
    await passWithServer(200);
    expect(lease.isHeld).toBe(false);
    expect(told('expired')).toHaveLength(1);
    // Whole milliseconds, rounded up.
    for (const renewal of keeper.renewals) {
      expect(renewal.sentMs + ttlOf(renewal)).toBeLessThan(startMs + 2501);
    }
  });

  it('is not sent at all for a hold no longer than the ttl', async () => {
    make({ ttl: 1000, maxHold: 1000 });
    await pass(1000);
    expect(keeper.renewals).toHaveLength(0);
    expect(told('expired')).toHaveLength(1);
  });

  it('is not sent with autoRenew: false', async () => {
    const lease = make({ ttl: 1000, autoRenew: false });
    await pass(990);
    expect(lease.isHeld).toBe(true);
    await pass(10);
    expect(lease.isHeld).toBe(false);
    expect(keeper.renewals).toHaveLength(0);
  });
});

describe('a grant that was pushed', () => {
  it('is claimed before anything else can run', () => {
    make({ ttl: 60_000, claimMs: 800 });
    expect(keeper.renewals).toHaveLength(1);
    expect(ttlOf(keeper.renewals[0] as FakeCall)).toBe(60_000);
  });

  it('lasts its ttl once the claim is answered, and that is not told as `extended`', async () => {
    const lease = make({ ttl: 60_000, claimMs: 800 });
    expect(lease.remaining()).toBe(800);
    confirm(keeper.renewals[0]);
    await rest();
    expect(lease.remaining()).toBe(60_000);
    expect(heard).toEqual([]);
  });

  it('is over at the end of the time to claim it when no answer comes', async () => {
    const lease = make({ ttl: 60_000, claimMs: 800 });
    await pass(800);
    expect(lease.isHeld).toBe(false);
    expect(lease.signal.reason).toMatchObject({ reason: 'expired' });
  });

  it.each(['hangs', 'fails'])('is claimed again when the claim %s', async (how) => {
    const lease = make({ ttl: 60_000, claimMs: 800 });
    if (how === 'fails') keeper.renewals[0]?.fail(noAnswer());
    await pass(500);
    expect(keeper.renewals.length).toBeGreaterThan(1);
    confirm(keeper.renewals.at(-1));
    await pass(1000);
    expect(lease.isHeld).toBe(true);
  });

  it('is claimed and not renewed with autoRenew: false, and lasts no longer than the ttl', async () => {
    const endMs = performance.now() + 5000;
    const lease = make({ ttl: 5000, claimMs: 800, autoRenew: false });
    await pass(20);
    confirm(keeper.renewals[0]);
    await pass(4900);
    expect(lease.isHeld).toBe(true);
    expect(keeper.renewals).toHaveLength(1);
    expect(told('extended')).toEqual([]);
    while (lease.isHeld) await pass(1);
    expect(performance.now()).toBeLessThanOrEqual(endMs + 1);
  });
});

describe('release', () => {
  it('resolves true when the lock was held until now, and then tells `released`', async () => {
    const lease = make({ ttl: 1000 });
    const released = lease.release();
    expect(lease.isHeld).toBe(false);
    expect(heard).toEqual([]);
    keeper.releases[0]?.resolve(true);
    expect(await released).toBe(true);
    expect(heard.map(({ event }) => event)).toEqual(['released']);
    expect(keeper.endings).toEqual([lease]);
  });

  it('does not abort the signal', async () => {
    const lease = make({ ttl: 1000 });
    const released = lease.release();
    keeper.releases[0]?.resolve(true);
    await released;
    await pass(5000);
    expect(lease.signal.aborted).toBe(false);
    expect(told('lost')).toEqual([]);
  });

  it('stops the renewal before it is sent', async () => {
    const lease = make({ ttl: 1000 });
    await pass(333);
    const released = lease.release();
    await pass(900);
    expect(keeper.renewals).toEqual([]);
    keeper.releases[0]?.resolve(true);
    await released;
    await pass(5000);
    expect(keeper.renewals).toEqual([]);
  });

  it('stops a renewal that is due in this very turn of the event loop', async () => {
    const lease = make({ ttl: 900 });
    const released = jest.spyOn(keeper, 'release');
    const renewed = jest.spyOn(keeper.procedures, 'extend');
    // The renewal's timer has run, but what it asked for is sent at the end of the turn only.
    jest.advanceTimersByTime(300);
    void lease.release();
    await rest();
    const [releasedAs = Infinity] = released.mock.invocationCallOrder;
    expect(released).toHaveBeenCalledTimes(1);
    expect(renewed.mock.invocationCallOrder.filter((order) => order > releasedAs)).toEqual([]);
    keeper.releases[0]?.resolve(true);
  });

  it('is one request, however often it is called, and gives one answer', async () => {
    const lease = make({ ttl: 1000 });
    const answers = [lease.release(), lease.release()];
    keeper.releases[0]?.resolve(true);
    expect(await Promise.all([...answers, lease.release()])).toEqual([true, true, true]);
    expect(keeper.releases).toHaveLength(1);
    expect(told('released')).toHaveLength(1);
  });

  it.each<[string, (lease: Lease) => Promise<void>]>([
    ['that ran out', async () => pass(1000)],
    ['that was stolen', (lease) => Promise.resolve(lease.lose('stolen'))],
  ])('of a lease %s resolves false and sends nothing', async (_how, lose) => {
    const lease = make({ ttl: 1000, autoRenew: false });
    await lose(lease);
    expect(await lease.release()).toBe(false);
    expect(await lease.release()).toBe(false);
    expect(keeper.releases).toEqual([]);
    expect(told('released')).toEqual([]);
  });

  it('resolves false when the server knows the lease no longer, and then it was lost', async () => {
    const lease = make({ ttl: 1000 });
    const released = lease.release();
    keeper.releases[0]?.resolve(false);
    expect(await released).toBe(false);
    expect(lease.signal.reason).toMatchObject({ reason: 'forgotten-by-server' });
    expect(heard.map(({ event }) => event)).toEqual(['lost']);
    expect(await lease.release()).toBe(false);
    expect(keeper.releases).toHaveLength(1);
  });

  it('resolves false with `expired` when the lease ran out on the way', async () => {
    const lease = make({ ttl: 1000 });
    const released = lease.release();
    await pass(1000);
    keeper.releases[0]?.resolve(false);
    expect(await released).toBe(false);
    expect(heard.map(({ event }) => event)).toEqual(['expired', 'lost']);
  });

  it('rejects when no answer came, and can be tried again', async () => {
    const lease = make({ ttl: 1000 });
    const error = noAnswer();
    const first = lease.release();
    keeper.releases[0]?.reject(error);
    expect(await outcome(first)).toEqual({ error });
    expect(lease.isHeld).toBe(false);
    const second = lease.release();
    keeper.releases[1]?.resolve(true);
    expect(await second).toBe(true);
    expect(await lease.release()).toBe(true);
    expect(keeper.releases).toHaveLength(2);
    expect(told('released')).toHaveLength(1);
  });

  it('that found no server renews nothing afterwards', async () => {
    const lease = make({ ttl: 1000 });
    const first = lease.release();
    keeper.releases[0]?.reject(noAnswer());
    await outcome(first);
    await pass(5000);
    expect(keeper.renewals).toEqual([]);
  });

  it('by `await using` happens at the end of the block', async () => {
    {
      await using lease = make({ ttl: 1000 });
      expect(lease.isHeld).toBe(true);
      keeper.release = () => Promise.resolve(true);
    }
    expect(heard.map(({ event }) => event)).toEqual(['released']);
  });

  it('by `await using` never rejects: a failure is told as `error`', async () => {
    const lease = make({ ttl: 1000 });
    const error = noAnswer();
    const disposed = lease[Symbol.asyncDispose]();
    keeper.releases[0]?.reject(error);
    await disposed;
    expect(told('error')).toMatchObject([{ payload: { name: 'my-lock', error } }]);
  });
});

describe('extend', () => {
  it('makes the lease end its ttl from now, and tells `extended`', async () => {
    const lease = make({ ttl: 9000 });
    await pass(1000);
    const extended = lease.extend();
    confirm(keeper.renewals[0]);
    await extended;
    expect(lease.remaining()).toBe(9000);
    expect(told('extended')).toMatchObject([{ payload: { expiresAt: lease.expiresAt } }]);
  });

  it.each([
    [500, 500],
    ['5m', 300_000],
  ])('takes another ttl (%p)', async (ttl, ttlMs) => {
    const lease = make({ ttl: 9000 });
    const extended = lease.extend(ttl);
    confirm(keeper.renewals[0]);
    await extended;
    expect(lease.remaining()).toBe(ttlMs);
  });

  it('is not taken back by a renewal later on', async () => {
    const lease = make({ ttl: 9000 });
    const endMs = performance.now() + 300_000;
    const extended = lease.extend('5m');
    confirm(keeper.renewals[0]);
    await extended;
    for (let minute = 0; minute < 4; minute++) {
      await passWithServer(60_000);
      expect(performance.now() + lease.remaining()).toBeGreaterThanOrEqual(endMs - 1);
    }
  });

  it('is true to the server when a renewal falls due at the same moment', async () => {
    const lease = make({ ttl: 900 });
    let serverEndMs = 0;
    const extend = keeper.procedures.extend.bind(keeper.procedures);
    keeper.procedures.extend = (renewals) => {
      const answer = extend(renewals);
      // The server takes requests in as they come; the last one counts.
      for (const [, ttlMs] of renewals as [string, number][]) serverEndMs = performance.now() + ttlMs;
      keeper.procedures
        .last('extend')
        .answer(
          (renewals as unknown[]).map((_, i) => status.held((renewals as [string, number][])[i]?.[1] ?? 0)),
        );
      return answer;
    };
    jest.advanceTimersToNextTimer();
    await lease.extend(10_000);
    await rest();
    expect(performance.now() + lease.remaining()).toBeLessThanOrEqual(serverEndMs);
  });

  it('reaches beyond the ttl with autoRenew: false too, and is not renewed then', async () => {
    const lease = make({ ttl: 1000, autoRenew: false });
    await pass(500);
    const extended = lease.extend('10s');
    confirm(keeper.renewals[0]);
    await extended;
    expect(lease.remaining()).toBe(10_000);
    await pass(9_900);
    expect(lease.isHeld).toBe(true);
    expect(keeper.renewals).toHaveLength(1);
    await pass(100);
    expect(lease.isHeld).toBe(false);
  });

  it('does not reach beyond maxHold', async () => {
    const lease = make({ ttl: 1000, maxHold: 5000 });
    await pass(200);
    const extended = lease.extend('1h');
    confirm(keeper.renewals[0]);
    await extended;
    expect(lease.remaining()).toBe(4800);
  });

  it('throws LockNotHeldError after a release, and sends nothing', async () => {
    const lease = make({ ttl: 1000 });
    const released = lease.release();
    expect(await outcome(lease.extend())).toEqual({ error: expect.any(LockNotHeldError) as Error });
    keeper.releases[0]?.resolve(true);
    await released;
    expect(await outcome(lease.extend())).toEqual({ error: expect.any(LockNotHeldError) as Error });
    expect(keeper.renewals).toEqual([]);
  });

  it('throws what the signal aborted with when the lease is lost, and sends nothing', async () => {
    const lease = make({ ttl: 1000, autoRenew: false });
    await pass(1000);
    await expect(lease.extend()).rejects.toBe(lease.signal.reason);
    expect(keeper.renewals).toEqual([]);
  });

  it('throws LockLostError when the server knows the lease no longer', async () => {
    const lease = make({ ttl: 1000 });
    const extended = lease.extend();
    keeper.renewals[0]?.answer([status.gone()]);
    expect(await outcome(extended)).toMatchObject({ error: { reason: 'forgotten-by-server' } });
    expect(lease.signal.aborted).toBe(true);
    expect(told('lost')).toHaveLength(1);
  });

  it('throws LockConnectionError when no answer came, and the lease stands as it did', async () => {
    const lease = make({ ttl: 9000, autoRenew: false });
    await pass(100);
    const error = noAnswer();
    const extended = lease.extend();
    keeper.renewals[0]?.fail(error);
    expect(await outcome(extended)).toEqual({ error });
    expect(lease.isHeld).toBe(true);
    expect(lease.remaining()).toBe(8900);
  });

  it.each([99, 0, NaN, Infinity, 'soon', null])('refuses a ttl of %p and sends nothing', async (ttl) => {
    const lease = make({ ttl: 1000 });
    expect(await outcome(lease.extend(ttl as never))).toEqual({
      error: expect.any(LockOptionsError) as Error,
    });
    expect(keeper.renewals).toEqual([]);
    expect(lease.isHeld).toBe(true);
  });
});

describe('a lease whose manager closes', () => {
  const reason = new LockConnectionError('the lock manager is closed');

  it('aborts its signal with the reason, and then tells `released`', () => {
    const lease = make({ ttl: 1000 });
    lease.close(reason);
    expect(lease.isHeld).toBe(false);
    expect(lease.signal.reason).toBe(reason);
    expect(heard).toMatchObject([{ event: 'released', wasAborted: true, wasHeld: false }]);
    expect(keeper.endings).toEqual([lease]);
  });

  it('is released: release() says so and sends nothing', async () => {
    const lease = make({ ttl: 1000 });
    lease.close(reason);
    expect(await lease.release()).toBe(true);
    expect(keeper.releases).toEqual([]);
  });

  it('renews no more', async () => {
    make({ ttl: 1000 }).close(reason);
    await pass(5000);
    expect(keeper.renewals).toEqual([]);
    expect(heard).toHaveLength(1);
  });
});
