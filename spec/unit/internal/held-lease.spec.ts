import {
  LockConnectionError,
  LockLostError,
  LockNotHeldError,
  LockOptionsError,
  type LostReason,
} from '../../../lib/errors.js';
import type { LockEvents } from '../../../lib/events.js';
import { Deferred } from '../../../lib/async/deferred.js';
import type { TellLock } from '../../../lib/internal/event-relay.js';
import { HeldLease, type LeaseKeeper } from '../../../lib/internal/held-lease.js';
import { Renewer } from '../../../lib/internal/renewer.js';
import { parseLease } from '../../../lib/internal/serialized-lease.js';
import { Ticket } from '../../../lib/internal/ticket.js';
import { resolveLockOptions } from '../../../lib/internal/lock-options.js';
import { type LockOptions } from '../../../lib/options.js';
import { SHARED_LIMIT } from '../../../lib/schema/constants.js';
import type { TicketStatus } from '../../../lib/schema/ticket-status.js';
import { pass, rest, resumeTime, stopTime } from '../../support/fake-time.js';
import { FakeProcedures, outcome, status, type FakeCall } from '../../support/fake-procedures.js';

const TOKEN = 7;
const ROOM = 5;
const EVENT = { name: 'my-lock', names: ['my-lock'], fencingToken: TOKEN };
const noAnswer = () => new LockConnectionError('no answer');

/** What was told, and how the lease looked to the listener at that moment. */
interface Heard {
  readonly event: keyof LockEvents;
  readonly payload: object;
  readonly wasAborted: boolean;
  readonly wasHeld: boolean;
}

interface Kept {
  readonly ms: number;
  readonly answer: Deferred<boolean | undefined>;
}

interface HandOn {
  readonly ttlMs: number;
  readonly answer: Deferred<TicketStatus>;
}

class Keeper implements LeaseKeeper {
  readonly procedures = new FakeProcedures();
  readonly renewer = new Renewer(this.procedures.asProcedures);
  readonly releases: Deferred<boolean | undefined>[] = [];
  readonly keeps: Kept[] = [];
  readonly handOns: HandOn[] = [];
  readonly checks: Deferred<TicketStatus>[] = [];
  readonly begun: HeldLease[] = [];
  readonly endings: Ticket[] = [];
  readonly rooms: number[] = [];
  readonly loosened: Promise<unknown>[] = [];
  clockSkewMs = 0;

  release(): Promise<boolean | undefined> {
    const answer = new Deferred<boolean | undefined>();
    this.releases.push(answer);
    return answer.promise;
  }

  keep(_ticket: Ticket, ms: number): Promise<boolean | undefined> {
    const answer = new Deferred<boolean | undefined>();
    this.keeps.push({ ms, answer });
    return answer.promise;
  }

  handOn(_ticket: Ticket, ttlMs: number): Promise<TicketStatus> {
    const answer = new Deferred<TicketStatus>();
    this.handOns.push({ ttlMs, answer });
    return answer.promise;
  }

  check(): Promise<TicketStatus> {
    const answer = new Deferred<TicketStatus>();
    this.checks.push(answer);
    return answer.promise;
  }

  enterRoom(roomId: number): void {
    this.rooms.push(roomId);
  }

  began(lease: HeldLease): void {
    this.begun.push(lease);
  }

  ended(ticket: Ticket): void {
    this.endings.push(ticket);
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
let leases: HeldLease[];

beforeEach(() => {
  stopTime();
  keeper = new Keeper();
  heard = [];
  leases = [];
  tickets = [];
});

afterEach(async () => {
  for (const lease of leases) void lease.close(new Error('the spec is over'));
  await rest();
  resumeTime();
});

const told = (event: keyof LockEvents) => heard.filter((entry) => entry.event === event);

interface Making extends LockOptions {
  readonly ttl: number;
  /** As pushed: the server waits this long for a sign of life. */
  readonly claimMs?: number;
  readonly leaseMs?: number;
  readonly names?: readonly string[];
  readonly room?: number;
}

/** As they were made, the last one last. */
let tickets: Ticket[];

function make({ claimMs, leaseMs, names = ['my-lock'], room, ...options }: Making): HeldLease {
  const nowMs = performance.now();
  const tell: TellLock = (event, payload) => {
    heard.push({ event, payload, wasAborted: lease.signal.aborted, wasHeld: lease.isHeld });
  };
  const resolved = resolveLockOptions(options);
  const { want, limit } = resolved;
  const ttlMs = Math.min(resolved.ttlMs, resolved.maxHoldMs);
  const ticket = new Ticket(1, { names, ttlMs, want, limit });
  tickets.push(ticket);
  const grant = {
    fencingToken: TOKEN,
    grantedMs: nowMs,
    deadlineMs: nowMs + (claimMs ?? leaseMs ?? ticket.ttlMs),
    isProvisional: claimMs !== undefined,
    room,
  };
  const lease: HeldLease = new HeldLease(ticket, grant, resolved, keeper, tell);
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
    expect(heard).toEqual([
      { event: 'expired', payload: EVENT, ...state },
      { event: 'lost', payload: { ...EVENT, reason: 'expired' }, ...state },
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
    void lease.close(new Error('closed'));
    expect(lease.isHeld).toBe(false);
    expect(keeper.endings).toEqual(tickets);
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
      { payload: { ...EVENT, expiresAt: lease.expiresAt }, wasHeld: true },
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

  it.each<[string, (lease: HeldLease) => void]>([
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

  it('with a ttl that is shorter than the time to claim it ends by its ttl: the claim may have shortened it', async () => {
    const lease = make({ ttl: 300, claimMs: 800 });
    expect(lease.remaining()).toBe(300);
    await pass(300);
    expect(lease.isHeld).toBe(false);
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
    expect(keeper.endings).toEqual(tickets);
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

  it.each<[string, (lease: HeldLease) => Promise<void>]>([
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
    await rest();
    keeper.checks[0]?.resolve(status.gone());
    expect(await released).toBe(false);
    expect(lease.signal.reason).toMatchObject({ reason: 'forgotten-by-server' });
    expect(heard.map(({ event }) => event)).toEqual(['lost']);
    expect(await lease.release()).toBe(false);
    expect(keeper.releases).toHaveLength(1);
  });

  it.each<[LostReason, TicketStatus]>([
    ['stolen', status.gone('stolen')],
    ['force-released', status.gone('force-released')],
  ])('asks why the server knows it no longer, and tells it: %s', async (reason, known) => {
    const lease = make({ ttl: 1000 });
    const released = lease.release();
    keeper.releases[0]?.resolve(false);
    await rest();
    keeper.checks[0]?.resolve(known);
    expect(await released).toBe(false);
    expect(lease.signal.reason).toMatchObject({ reason });
    expect(told('lost')).toMatchObject([{ payload: { ...EVENT, reason }, wasAborted: true }]);
  });

  it('is false all the same when nobody answers why', async () => {
    const lease = make({ ttl: 1000 });
    const released = lease.release();
    keeper.releases[0]?.resolve(false);
    await rest();
    keeper.checks[0]?.reject(noAnswer());
    expect(await released).toBe(false);
    expect(lease.signal.reason).toMatchObject({ reason: 'forgotten-by-server' });
  });

  it('of which `lost` is pushed while it is under way tells `lost` once', async () => {
    const lease = make({ ttl: 1000 });
    const released = lease.release();
    lease.lose('stolen');
    expect(heard).toEqual([]);
    keeper.releases[0]?.resolve(false);
    await rest();
    keeper.checks[0]?.resolve(status.gone('stolen'));
    expect(await released).toBe(false);
    expect(told('lost')).toHaveLength(1);
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
  it('to a shorter end holds here from when it is sent: the server may do it without an answer', async () => {
    const lease = make({ ttl: 60_000, autoRenew: false });
    const extended = lease.extend(1000);
    expect(lease.remaining()).toBe(1000);
    keeper.renewals.at(-1)?.fail(noAnswer());
    await expect(extended).rejects.toMatchObject({ code: 'LOCK_CONNECTION' });
    expect(lease.remaining()).toBe(1000);
  });

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
    void lease.close(reason);
    expect(lease.isHeld).toBe(false);
    expect(lease.signal.reason).toBe(reason);
    expect(heard).toMatchObject([{ event: 'released', wasAborted: true, wasHeld: false }]);
    expect(keeper.endings).toEqual(tickets);
  });

  it('is released: release() says so and sends nothing', async () => {
    const lease = make({ ttl: 1000 });
    void lease.close(reason);
    expect(await lease.release()).toBe(true);
    expect(keeper.releases).toEqual([]);
  });

  it('renews no more', async () => {
    void make({ ttl: 1000 }).close(reason);
    await pass(5000);
    expect(keeper.renewals).toEqual([]);
    expect(heard).toHaveLength(1);
  });
});

describe('a lease', () => {
  it('tells its manager when it has begun, and where it was granted', () => {
    const lease = make({ ttl: 1000, room: ROOM });
    expect(keeper.begun).toEqual([lease]);
    expect(keeper.rooms).toEqual([ROOM]);
  });

  it('whose grant was pushed is in its room already', () => {
    make({ ttl: 1000, claimMs: 800 });
    expect(keeper.rooms).toEqual([]);
  });

  it('has its manager enter the room that an answer to a renewal names: it may be another by now', async () => {
    const lease = make({ ttl: 900, room: ROOM });
    await pass(300);
    keeper.renewals[0]?.answer([status.held(900, TOKEN, ROOM + 1)]);
    await rest();
    expect(keeper.rooms).toEqual([ROOM, ROOM + 1]);
    expect(lease.isHeld).toBe(true);
  });

  it('of several names has the first for its name, and one token for each', () => {
    const lease = make({ ttl: 1000, names: ['b', 'a'] });
    expect(lease.name).toBe('b');
    expect(lease.names).toEqual(['b', 'a']);
    expect([...lease.fencingTokens]).toEqual([
      ['b', TOKEN],
      ['a', TOKEN],
    ]);
  });

  it('of several names tells all of them in its events and its errors', async () => {
    const lease = make({ ttl: 1000, names: ['b', 'a'] });
    lease.lose('stolen');
    expect(told('lost')).toMatchObject([{ payload: { name: 'b', names: ['b', 'a'] } }]);
    expect(lease.signal.reason).toMatchObject({ lockName: 'b, a' });
    await expect(lease.extend()).rejects.toThrow('b, a');
  });
});

describe('a lease that is taken away', () => {
  it.each<LostReason>(['stolen', 'force-released'])(
    'aborts its signal at once, with the reason, before `lost` is told: %s',
    (reason) => {
      const lease = make({ ttl: 60_000 });
      const aborted = jest.fn();
      lease.signal.addEventListener('abort', aborted);
      lease.lose(reason);
      expect(aborted).toHaveBeenCalledTimes(1);
      expect(lease.signal.reason).toBeInstanceOf(LockLostError);
      expect(lease.signal.reason).toMatchObject({ reason, lockName: 'my-lock', fencingToken: TOKEN });
      expect(heard).toEqual([
        { event: 'lost', payload: { ...EVENT, reason }, wasAborted: true, wasHeld: false },
      ]);
    },
  );

  it('has a signal that has aborted, for who asks for it only afterwards', () => {
    const ticket = new Ticket(1, { names: ['my-lock'], ttlMs: 1000, want: 1, limit: 1 });
    const nowMs = performance.now();
    const grant = {
      fencingToken: TOKEN,
      grantedMs: nowMs,
      deadlineMs: nowMs + 1000,
      isProvisional: false,
      room: undefined,
    };
    const lease = new HeldLease(ticket, grant, resolveLockOptions(), keeper, () => undefined);
    lease.lose('stolen');
    expect(lease.signal.aborted).toBe(true);
    expect(lease.signal.reason).toMatchObject({ reason: 'stolen' });
  });

  it('renews no more, and gives nothing back: it is not its own any longer', async () => {
    const lease = make({ ttl: 900 });
    lease.lose('stolen');
    await pass(5000);
    expect(keeper.renewals).toEqual([]);
    expect(await lease.release()).toBe(false);
    expect(keeper.releases).toEqual([]);
  });

  it.each<[TicketStatus, LostReason]>([
    [status.gone('stolen'), 'stolen'],
    [status.gone('force-released'), 'force-released'],
    [status.gone(), 'forgotten-by-server'],
  ])('and was not told of it learns it from the next renewal: %o', async (answer, reason) => {
    const lease = make({ ttl: 900 });
    await pass(300);
    keeper.renewals[0]?.answer([answer]);
    await rest();
    expect(lease.signal.reason).toMatchObject({ reason });
  });
});

describe('`asked`', () => {
  it('tells `releaseRequested` with who asks, and nothing else happens', async () => {
    const lease = make({ ttl: 60_000 });
    lease.asked('the other one');
    expect(heard).toEqual([
      {
        event: 'releaseRequested',
        payload: { ...EVENT, by: 'the other one' },
        wasAborted: false,
        wasHeld: true,
      },
    ]);
    await rest();
    expect(lease.isHeld).toBe(true);
    expect(keeper.releases).toEqual([]);
  });

  it.each<[string, (lease: HeldLease) => void]>([
    ['is being released', (lease) => void lease.release()],
    ['was lost', (lease) => lease.lose('stolen')],
  ])('of a lease that %s tells nothing', (_how, end) => {
    const lease = make({ ttl: 60_000 });
    end(lease);
    lease.asked('the other one');
    expect(told('releaseRequested')).toEqual([]);
    keeper.releases[0]?.resolve(true);
  });

  it('of a lease that ran out, unnoticed so far, tells that it has', () => {
    const lease = make({ ttl: 1000 });
    const clock = jest.spyOn(performance, 'now').mockReturnValue(performance.now() + 1000);
    lease.asked('the other one');
    clock.mockRestore();
    expect(heard.map(({ event }) => event)).toEqual(['expired', 'lost']);
  });
});

describe('a new connection', () => {
  it('has the lease renewed, which tells whether the server still knows it', async () => {
    const lease = make({ ttl: 9000 });
    lease.confirm();
    await rest();
    keeper.renewals[0]?.answer([status.gone('stolen')]);
    await rest();
    expect(lease.signal.reason).toMatchObject({ reason: 'stolen' });
    expect(keeper.checks).toEqual([]);
  });

  it('has one asked about that is not renewed', async () => {
    const lease = make({ ttl: 9000, autoRenew: false });
    lease.confirm();
    await rest();
    expect(keeper.renewals).toEqual([]);
    keeper.checks[0]?.resolve(status.held(9000, TOKEN, ROOM + 1));
    await rest();
    expect(lease.isHeld).toBe(true);
    expect(keeper.rooms).toEqual([ROOM + 1]);
    lease.confirm();
    keeper.checks[1]?.resolve(status.gone());
    await rest();
    expect(lease.signal.reason).toMatchObject({ reason: 'forgotten-by-server' });
  });

  it('costs no lease that nobody could be asked about', async () => {
    const lease = make({ ttl: 9000, autoRenew: false });
    lease.confirm();
    keeper.checks[0]?.reject(noAnswer());
    await rest();
    expect(lease.isHeld).toBe(true);
    expect(heard).toEqual([]);
  });

  it.each<[string, (lease: HeldLease) => void]>([
    ['released', (lease) => void lease.release()],
    ['lost', (lease) => lease.lose('stolen')],
  ])('asks nothing about one that is %s', async (_how, end) => {
    const lease = make({ ttl: 9000 });
    end(lease);
    lease.confirm();
    await rest();
    expect([keeper.renewals, keeper.checks]).toEqual([[], []]);
    keeper.releases[0]?.resolve(true);
  });
});

describe('serialize', () => {
  /** The server renews it, and leaves it to whoever adopts it: it is in nobody's room. */
  function answerHandOn(): void {
    const { ttlMs, answer } = keeper.handOns.at(-1) as HandOn;
    answer.resolve(status.held(ttlMs, TOKEN, 0));
  }

  async function handedOn(lease: HeldLease): Promise<string> {
    const text = lease.serialize();
    answerHandOn();
    return text;
  }

  it('has the server renew before it hands on: a whole ttl is left for the way', async () => {
    const lease = make({ ttl: 9000 });
    await pass(2000);
    const text = lease.serialize();
    expect(keeper.handOns.map(({ ttlMs }) => ttlMs)).toEqual([9000]);
    expect(await outcome(text)).toBe('pending');
    expect(lease.isHeld).toBe(true);
    answerHandOn();
    expect(parseLease(await text)).toEqual({
      v: 1,
      id: tickets[0]?.id,
      names: ['my-lock'],
      token: TOKEN,
      ttlMs: 9000,
      want: 1,
      limit: 1,
    });
  });

  it('leaves no more for the way than maxHold does', async () => {
    const lease = make({ ttl: 9000, maxHold: 10_000, autoRenew: false });
    await pass(4000.5);
    void handedOn(lease);
    expect(keeper.handOns.map(({ ttlMs }) => ttlMs)).toEqual([6000]);
  });

  it('carries the names, and how many of how many', async () => {
    const lease = make({ ttl: 9000, names: ['b', 'a'], mode: 'shared' });
    expect(parseLease(await handedOn(lease))).toMatchObject({
      names: ['b', 'a'],
      want: 1,
      limit: SHARED_LIMIT,
    });
  });

  it('ends the lease here: not held, told as `handedOn`, its signal not aborted', async () => {
    const lease = make({ ttl: 9000 });
    await handedOn(lease);
    expect(lease.isHeld).toBe(false);
    expect(lease.isReleased).toBe(true);
    expect(lease.remaining()).toBe(0);
    expect(lease.signal.aborted).toBe(false);
    expect(heard).toEqual([{ event: 'handedOn', payload: EVENT, wasAborted: false, wasHeld: false }]);
    expect(keeper.endings).toEqual(tickets);
    expect(keeper.rooms).toEqual([]);
  });

  it('is the last that is sent: neither a renewal nor a release comes after it', async () => {
    const lease = make({ ttl: 900 });
    await handedOn(lease);
    await pass(5000);
    expect(await lease.release()).toBe(false);
    await lease[Symbol.asyncDispose]();
    await lease.close(new Error('closed'));
    lease.lose('stolen');
    lease.asked('the other one');
    lease.confirm();
    await rest();
    expect([keeper.renewals, keeper.releases, keeper.keeps, keeper.checks]).toEqual([[], [], [], []]);
    expect(lease.signal.aborted).toBe(false);
    expect(heard.map(({ event }) => event)).toEqual(['handedOn']);
  });

  it('sends no release for what lasts by minHold either', async () => {
    const lease = make({ ttl: 9000, minHold: 5000 });
    await handedOn(lease);
    expect(await lease.release()).toBe(false);
    expect([keeper.releases, keeper.keeps]).toEqual([[], []]);
  });

  it('drops a renewal that is due in this very turn of the event loop', async () => {
    const lease = make({ ttl: 900 });
    const text = lease.serialize();
    jest.advanceTimersByTime(300);
    answerHandOn();
    await text;
    await rest();
    expect(keeper.renewals).toEqual([]);
  });

  it('that had no answer leaves the lease as it was', async () => {
    const lease = make({ ttl: 900 });
    const error = noAnswer();
    const text = lease.serialize();
    keeper.handOns[0]?.answer.reject(error);
    expect(await outcome(text)).toEqual({ error });
    expect(lease.isHeld).toBe(true);
    expect(lease.remaining()).toBe(900);
    expect(told('handedOn')).toEqual([]);
    await passWithServer(3000);
    expect(lease.isHeld).toBe(true);
    const released = lease.release();
    keeper.releases[0]?.resolve(true);
    expect(await released).toBe(true);
  });

  it('renews as ever while it has no answer', async () => {
    const lease = make({ ttl: 900 });
    const text = lease.serialize();
    await passWithServer(3000);
    expect(lease.isHeld).toBe(true);
    answerHandOn();
    await text;
    expect(lease.isHeld).toBe(false);
  });

  it.each<[TicketStatus, LostReason]>([
    [status.gone('stolen'), 'stolen'],
    [status.gone(), 'forgotten-by-server'],
  ])('of what the server knows no longer rejects with the loss: %o', async (answer, reason) => {
    const lease = make({ ttl: 900 });
    const text = lease.serialize();
    keeper.handOns[0]?.answer.resolve(answer);
    expect(await outcome(text)).toMatchObject({ error: { code: 'LOCK_LOST', reason } });
    expect(lease.signal.aborted).toBe(true);
  });

  it('hands on nothing that was stolen in the moment in which it was answered', async () => {
    const lease = make({ ttl: 900 });
    const text = lease.serialize();
    answerHandOn();
    // The messages of one chunk are read one after the other; what waits for the first goes on behind them.
    lease.lose('stolen');
    expect(await outcome(text)).toMatchObject({ error: { code: 'LOCK_LOST', reason: 'stolen' } });
    expect(told('handedOn')).toEqual([]);
    expect(lease.isReleased).toBe(false);
  });

  it('takes back what may still come through when the lease runs out meanwhile', async () => {
    const lease = make({ ttl: 900, autoRenew: false });
    const text = lease.serialize();
    await pass(900);
    expect(lease.isHeld).toBe(false);
    expect(keeper.releases).toHaveLength(1);
    answerHandOn();
    expect(await outcome(text)).toMatchObject({ error: { code: 'LOCK_LOST', reason: 'expired' } });
    expect(told('handedOn')).toEqual([]);
  });

  it.each<[string, () => void]>([
    ['has no answer yet', () => undefined],
    ['had no answer', () => keeper.handOns[0]?.answer.reject(noAnswer())],
  ])(
    'that %s has the manager release by name as it closes: it may be in no inbox any more',
    async (_how, end) => {
      const lease = make({ ttl: 9000 });
      void outcome(lease.serialize());
      end();
      await rest();
      const closed = lease.close(new Error('closed'));
      expect(keeper.releases).toHaveLength(1);
      expect(await outcome(closed)).toBe('pending');
      keeper.releases[0]?.resolve(true);
      expect(await outcome(closed)).toEqual({ value: undefined });
      expect(await lease.release()).toBe(true);
      answerHandOn();
    },
  );

  it('gives the text to one of several that ask at once', async () => {
    const lease = make({ ttl: 900 });
    const texts = [lease.serialize(), lease.serialize()];
    for (const { answer } of keeper.handOns) answer.resolve(status.held(900, TOKEN, 0));
    const settled = await Promise.all(texts.map(outcome));
    expect(settled.filter((each) => each !== 'pending' && 'value' in each)).toHaveLength(1);
    expect(settled[1]).toMatchObject({ error: { code: 'LOCK_NOT_HELD' } });
    expect(told('handedOn')).toHaveLength(1);
  });

  it.each<[string, string, (lease: HeldLease) => void]>([
    ['was lost', 'LOCK_LOST', (lease) => lease.lose('stolen')],
    ['is being released', 'LOCK_NOT_HELD', (lease) => void lease.release()],
  ])('of a lease that %s rejects with %s and sends nothing', async (_how, code, end) => {
    const lease = make({ ttl: 900 });
    end(lease);
    expect(await outcome(lease.serialize())).toMatchObject({ error: { code } });
    expect(keeper.handOns).toEqual([]);
    keeper.releases[0]?.resolve(true);
  });

  it('of a lease that was handed on rejects with LockNotHeldError, as does extend', async () => {
    const lease = make({ ttl: 900 });
    await handedOn(lease);
    await expect(lease.serialize()).rejects.toBeInstanceOf(LockNotHeldError);
    await expect(lease.extend()).rejects.toBeInstanceOf(LockNotHeldError);
    expect(keeper.handOns).toHaveLength(1);
    expect(keeper.renewals).toEqual([]);
  });

  it('does not hand on what is released meanwhile', async () => {
    const lease = make({ ttl: 900 });
    const text = lease.serialize();
    const released = lease.release();
    answerHandOn();
    keeper.releases[0]?.resolve(true);
    expect(await outcome(text)).toMatchObject({ error: { code: 'LOCK_NOT_HELD' } });
    expect(await released).toBe(true);
    expect(told('handedOn')).toEqual([]);
  });
});

describe('minHold', () => {
  it('makes a release before its end leave the lock taken for the rest: to its holder it is released', async () => {
    const lease = make({ ttl: 9000, minHold: 5000 });
    await pass(1200);
    const released = lease.release();
    expect(keeper.keeps.map(({ ms }) => ms)).toEqual([3800]);
    expect(keeper.releases).toEqual([]);
    expect(lease.isHeld).toBe(false);
    keeper.keeps[0]?.answer.resolve(true);
    expect(await released).toBe(true);
    expect(heard.map(({ event }) => event)).toEqual(['released']);
    expect(keeper.endings).toEqual(tickets);
    await pass(9000);
    expect(keeper.renewals).toEqual([]);
  });

  it.each([
    [100.75, 4900],
    [4999.5, 1],
  ])('asks for whole milliseconds, never too few: %p ms after the grant for %p', async (passedMs, ms) => {
    const lease = make({ ttl: 9000, minHold: 5000 });
    const clock = jest.spyOn(performance, 'now').mockReturnValue(performance.now() + passedMs);
    const released = lease.release();
    clock.mockRestore();
    expect(keeper.keeps.map((kept) => kept.ms)).toEqual([ms]);
    keeper.keeps[0]?.answer.resolve(true);
    await released;
  });

  it('is counted from the answer: the grant was before it, so that the lock stays at least so long', async () => {
    await pass(100);
    const grantedMs = performance.now();
    const { want, limit, ...options } = resolveLockOptions({ ttl: 9000, minHold: 5000 });
    const ticket = new Ticket(1, { names: ['my-lock'], ttlMs: 9000, want, limit });
    const grant = {
      fencingToken: TOKEN,
      grantedMs: grantedMs - 400,
      deadlineMs: grantedMs + 8600,
      isProvisional: false,
      room: undefined,
    };
    const lease = new HeldLease(ticket, grant, { want, limit, ...options }, keeper, () => undefined);
    const released = lease.release();
    expect(keeper.keeps.map(({ ms }) => ms)).toEqual([5000]);
    keeper.keeps[0]?.answer.resolve(true);
    await released;
  });

  it('that is over makes a release like any other', async () => {
    const lease = make({ ttl: 9000, minHold: 500 });
    await pass(500);
    const released = lease.release();
    expect(keeper.keeps).toEqual([]);
    keeper.releases[0]?.resolve(true);
    expect(await released).toBe(true);
  });

  it('can be tried again when no answer came, for what is left of it then', async () => {
    const lease = make({ ttl: 9000, minHold: 5000 });
    const first = lease.release();
    const error = noAnswer();
    keeper.keeps[0]?.answer.reject(error);
    expect(await outcome(first)).toEqual({ error });
    await pass(1000);
    const second = lease.release();
    expect(keeper.keeps.map(({ ms }) => ms)).toEqual([5000, 4000]);
    keeper.keeps[1]?.answer.resolve(true);
    expect(await second).toBe(true);
  });

  it('hides no loss: a release that finds the lease gone resolves false', async () => {
    const lease = make({ ttl: 9000, minHold: 5000 });
    const released = lease.release();
    keeper.keeps[0]?.answer.resolve(false);
    await rest();
    keeper.checks[0]?.resolve(status.gone('force-released'));
    expect(await released).toBe(false);
    expect(lease.signal.reason).toMatchObject({ reason: 'force-released' });
  });

  it('holds when the manager closes, too, which waits until the server knows', async () => {
    const lease = make({ ttl: 9000, minHold: 5000 });
    await pass(1000);
    const closed = lease.close(new Error('closed'));
    expect(keeper.keeps.map(({ ms }) => ms)).toEqual([4000]);
    expect(lease.isHeld).toBe(false);
    expect(await outcome(closed)).toBe('pending');
    keeper.keeps[0]?.answer.resolve(true);
    expect(await outcome(closed)).toEqual({ value: undefined });
  });

  it('of nothing keeps nothing when the manager closes', async () => {
    const lease = make({ ttl: 9000, minHold: 500 });
    await pass(500);
    expect(await outcome(lease.close(new Error('closed')))).toEqual({ value: undefined });
    expect(keeper.keeps).toEqual([]);
  });

  it('does not renew beyond the release', async () => {
    const lease = make({ ttl: 900, minHold: 5000 });
    const released = lease.release();
    keeper.keeps[0]?.answer.resolve(true);
    await released;
    await pass(6000);
    expect(keeper.renewals).toEqual([]);
  });
});

describe('a lease that is held several times', () => {
  it('is given back by the last of them, whoever that is', async () => {
    const lease = make({ ttl: 9000 });
    lease.join();
    lease.join();
    expect(await lease.leave()).toBe(true);
    expect(await lease.release()).toBe(true);
    expect(lease.isHeld).toBe(true);
    expect(keeper.releases).toEqual([]);
    expect(heard).toEqual([]);
    const last = lease.leave();
    expect(keeper.releases).toHaveLength(1);
    keeper.releases[0]?.resolve(true);
    expect(await last).toBe(true);
    expect(heard.map(({ event }) => event)).toEqual(['released']);
  });

  it('is not given back by a release that is repeated: each counts once', async () => {
    const lease = make({ ttl: 9000 });
    lease.join();
    await lease.release();
    await lease.release();
    await lease[Symbol.asyncDispose]();
    expect(keeper.releases).toEqual([]);
    expect(lease.isHeld).toBe(true);
  });

  it('says false to each of them once it is lost', async () => {
    const lease = make({ ttl: 9000 });
    lease.join();
    lease.lose('stolen');
    expect(await lease.leave()).toBe(false);
    expect(await lease.release()).toBe(false);
    expect(keeper.releases).toEqual([]);
  });

  it('says true to each of them when the manager has released it by closing', async () => {
    const lease = make({ ttl: 9000 });
    lease.join();
    await lease.close(new Error('closed'));
    expect(await lease.leave()).toBe(true);
    expect(await lease.release()).toBe(true);
    expect(keeper.releases).toEqual([]);
  });

  it('is handed on as a whole: nobody here has it any more', async () => {
    const lease = make({ ttl: 9000 });
    lease.join();
    const text = lease.serialize();
    keeper.handOns[0]?.answer.resolve(status.held(9000, TOKEN, 0));
    await text;
    expect(await lease.leave()).toBe(false);
    expect(await lease.release()).toBe(false);
    expect(keeper.releases).toEqual([]);
  });
});
