import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel';
import { inspect } from 'node:util';
import type {
  AcquireTrace,
  HoldTrace,
  LostMessage,
  ReleaseTrace,
} from '../../../lib/diagnostics/messages.js';
import { DistributedLock } from '../../../lib/distributed-lock.js';
import { Emitter } from '../../../lib/emitter.js';
import { LockConnectionError, LockTimeoutError } from '../../../lib/errors.js';
import type { LockEvents } from '../../../lib/events.js';
import { adoptedLease } from '../../../lib/manager/adoption.js';
import type { LockOptions } from '../../../lib/options/lock-options.js';
import { resolveLockOptions, semaphoreResolver } from '../../../lib/options/resolved-lock-options.js';
import { Why } from '../../../lib/schema/constants.js';
import { FakeCore, ROOM, says, termsOf } from '../../support/fake-core.js';
import { pass, rest, resumeTime, stopTime } from '../../support/fake-time.js';
import { outcome } from '../../support/outcome.js';
import { Channels } from '../../support/channels.js';

let core: FakeCore;
let manager: Emitter<LockEvents>;
let channels: Channels;

beforeEach(() => {
  stopTime();
  core = new FakeCore();
  manager = new Emitter();
  channels = new Channels();
});

afterEach(async () => {
  core.end();
  await rest();
  channels.close();
  resumeTime();
});

const lockOf = (options: LockOptions = {}, names: readonly string[] = ['my-lock']): DistributedLock =>
  new DistributedLock(core, names, resolveLockOptions, [{ ttl: 3000 }, options], manager);

/** Acquires a lock that is free. */
async function held(lock: DistributedLock) {
  const acquiring = lock.acquire();
  await rest();
  core.last('acquire').answer(says.held(3000));
  return acquiring;
}

async function released(releasing: Promise<unknown>): Promise<void> {
  await rest();
  core.last('release').answer(says.ended());
  await releasing;
}

const AT_ONCE = ['acquire:start', 'acquire:end'];
const GRANTED = ['hold:start', 'hold:end', 'acquire:asyncStart', 'acquire:asyncEnd'];
const HOLD_ENDED = ['hold:asyncStart', 'hold:asyncEnd'];

describe('where somebody is subscribed', () => {
  beforeEach(() => channels.openAll());

  it('a lock that is acquired and released is published from start to end, in order', async () => {
    const lease = await held(lockOf());
    expect(channels.told).toEqual([...AT_ONCE, ...GRANTED]);
    await released(lease.release());
    expect(channels.told.slice(6)).toEqual([
      ...['release:start', 'release:end', ...HOLD_ENDED],
      ...['release:asyncStart', 'release:asyncEnd'],
    ]);
  });

  it('the messages about one thing are one object, and lead to each other', async () => {
    await released((await held(lockOf())).release());
    const acquire = channels.last<AcquireTrace>('acquire:asyncEnd');
    const hold = channels.last<HoldTrace>('hold:asyncEnd');
    const release = channels.last<ReleaseTrace>('release:asyncEnd');
    expect(channels.last('acquire:start')).toBe(acquire);
    expect(channels.last('hold:start')).toBe(hold);
    expect(hold.acquire).toBe(acquire);
    expect(release.hold).toBe(hold);
    expect(acquire.manager).toBe(core.info);
    expect(acquire).toMatchObject({
      ...{ name: 'my-lock', names: ['my-lock'], how: 'acquire', mode: 'exclusive', count: 1 },
      ...{ position: undefined, fencingToken: 7, waitedMs: 0, result: 'acquired', error: undefined },
    });
    expect(hold).toMatchObject({ fencingToken: 7, renewals: 0, heldMs: 0, result: 'released' });
    expect(release).toMatchObject({ result: true, error: undefined });
  });

  it('one that waits: its place, how long it waited, how long it was held, how often renewed', async () => {
    const acquiring = lockOf().acquire();
    await rest();
    const call = core.last('acquire');
    call.answer(says.waiting(5000, 3));
    expect(channels.last('waiting')).toEqual({
      ...{ manager: core.info, name: 'my-lock', names: ['my-lock'], position: 3 },
    });
    await pass(250);
    core.grant(call.seat, 800);
    core.last('acknowledge').answer(says.held(3000));
    const lease = await acquiring;
    expect(channels.last('acquire:asyncEnd')).toMatchObject({ position: 3, waitedMs: 250 });
    await pass(1000);
    core.last('extend').answer(says.held(3000));
    expect(channels.last('renewal')).toMatchObject({ fencingToken: 7, expiresAt: expect.any(Date) as Date });
    await released(lease.release());
    expect(channels.last('hold:asyncEnd')).toMatchObject({ heldMs: 1000, renewals: 1 });
  });

  it('one that is lost: the error, and why', async () => {
    const lease = await held(lockOf());
    core.push('lost', core.last('acquire').seat.request.number, Why.stolen);
    core.last('check').answer(says.gone('stolen'));
    expect(lease.signal.aborted).toBe(true);
    expect(channels.told.slice(6)).toEqual(['hold:error', ...HOLD_ENDED, 'lost']);
    expect(channels.last('hold:error')).toMatchObject({
      result: undefined,
      error: { code: 'LOCK_LOST', reason: 'stolen', fencingToken: 7 },
    });
    expect(channels.last<LostMessage>('lost')).toMatchObject({ name: 'my-lock', reason: 'stolen' });
    expect(await lease.release()).toBe(false);
    expect(channels.last('release:asyncEnd')).toMatchObject({ result: false });
    expect(channels.told.filter((name) => name === 'hold:asyncEnd')).toHaveLength(1);
  });

  it('a release without an answer ends the lease for whoever looks, once', async () => {
    const lease = await held(lockOf());
    const releasing = lease.release();
    const error = new LockConnectionError('no answer');
    core.last('release').fail(error);
    expect(await outcome(releasing)).toMatchObject({ error: { code: 'LOCK_CONNECTION' } });
    expect(channels.told.slice(6)).toEqual([
      ...['release:start', 'release:end', 'release:error', 'release:asyncStart', 'release:asyncEnd'],
      ...['hold:error', ...HOLD_ENDED],
    ]);
    await pass(100);
    // Behind the caller it is tried again, and that is told as an event.
    const heard: unknown[] = [];
    manager.on('released', (event) => heard.push(event));
    core.last('release').answer(says.ended());
    expect(heard).toHaveLength(1);
    expect(channels.told.filter((name) => name === 'hold:asyncEnd')).toHaveLength(1);
  });

  it('tryAcquire that finds the lock taken has a result, and no error', async () => {
    const trying = lockOf().tryAcquire();
    await rest();
    core.last('try').answer(says.busy());
    expect(await trying).toBeNull();
    expect(channels.told).toEqual([...AT_ONCE, 'acquire:asyncStart', 'acquire:asyncEnd']);
    expect(channels.last('acquire:asyncEnd')).toMatchObject({ how: 'try', result: 'busy', error: undefined });
  });

  it('an acquire that fails is published with what it rejects with', async () => {
    const acquiring = lockOf({ waitTimeout: 100 }).acquire();
    await rest();
    core.last('acquire').answer(says.waiting(5000));
    await pass(100);
    core.last('release').answer(says.ended('waiting'));
    const result = await outcome(acquiring);
    expect(result).toMatchObject({ error: expect.any(LockTimeoutError) as LockTimeoutError });
    expect(channels.told.slice(2)).toEqual([
      ...['waiting', 'acquire:error', 'acquire:asyncStart', 'acquire:asyncEnd'],
    ]);
    expect(channels.last<AcquireTrace>('acquire:error').error).toBe((result as { error: unknown }).error);
  });

  it('runExclusive shows what acquire and release show', async () => {
    const running = lockOf().runExclusive(() => channels.told.push('fn'));
    await rest();
    core.last('acquire').answer(says.held(3000));
    await rest();
    expect(channels.told.slice(2, 7)).toEqual([...GRANTED, 'fn']);
    await released(running);
    expect(channels.told).toEqual(expect.arrayContaining(['release:asyncEnd', 'hold:asyncEnd']));
  });

  it('several names are one call and one lease', async () => {
    await released((await held(lockOf({}, ['b', 'a']))).release());
    expect(channels.last('hold:asyncEnd')).toMatchObject({ name: 'b', names: ['b', 'a'] });
    expect(channels.told.filter((name) => name === 'hold:start')).toHaveLength(1);
  });

  it('a semaphore tells how many permits, a shared lock and a thief what they are', async () => {
    const semaphore = new DistributedLock(core, ['pool'], semaphoreResolver(5), [], manager);
    void semaphore.acquire({ count: 3 });
    expect(channels.last('acquire:start')).toMatchObject({ mode: 'semaphore', count: 3 });
    void lockOf({ mode: 'shared' }).acquire();
    expect(channels.last('acquire:start')).toMatchObject({ mode: 'shared', count: 1 });
    void lockOf({ steal: true }).acquire();
    expect(channels.last('acquire:start')).toMatchObject({ mode: 'exclusive', how: 'steal' });
    await rest();
    for (const call of core.calls) call.answer(says.held(3000));
  });

  it('a lease that lingers is another lease for each who takes it', async () => {
    const lock = lockOf({ linger: '1h' });
    const first = await held(lock);
    core.desk.joined(ROOM);
    core.last('check').answer(says.held(3000));
    await first.release();
    const second = await lock.acquire();
    expect(second.fencingToken).toBe(first.fencingToken);
    expect(core.of('acquire')).toHaveLength(1);
    const holds = channels.all<HoldTrace>('hold:start');
    expect(holds.map(({ result }) => result)).toEqual(['released', undefined]);
    expect(channels.all('acquire:asyncEnd')).toHaveLength(2);
    await second.release();
    expect(channels.all<HoldTrace>('hold:asyncEnd').map(({ result }) => result)).toEqual([
      'released',
      'released',
    ]);
  });

  it('a task that waits for a lease of its own process is seen to wait', async () => {
    const lock = lockOf({ linger: '1h' });
    const first = await held(lock);
    core.desk.joined(ROOM);
    core.last('check').answer(says.held(3000));
    const second = lock.acquire();
    expect(channels.last('waiting')).toMatchObject({ position: 1 });
    await first.release();
    await second;
    expect(channels.last('acquire:asyncEnd')).toMatchObject({ position: 1, result: 'acquired' });
  });

  it('a lease that is handed on ends here, and begins where it is adopted', async () => {
    const lease = await held(lockOf());
    const serializing = lease.serialize();
    core.last('transfer').answer(says.held(3000));
    const text = await serializing;
    expect(channels.last('hold:asyncEnd')).toMatchObject({ result: 'handed-on', error: undefined });
    const adopting = adoptedLease(core, text, { defaults: {}, options: undefined }, manager);
    await rest();
    core.last('adopt').answer(says.held(3000));
    await adopting;
    expect(channels.last('acquire:asyncEnd')).toMatchObject({ how: 'adopt', result: 'acquired' });
    expect(channels.last('hold:start')).toMatchObject({ fencingToken: 7, result: undefined });
  });

  it('nothing that is published is a right: no id, no lease', async () => {
    const lease = await held(lockOf());
    const serializing = lease.serialize();
    core.last('transfer').answer(says.held(3000));
    const text = await serializing;
    const { id } = termsOf(core.last('acquire'));
    const shown = inspect(channels.messages, { depth: Infinity, showHidden: true });
    expect(shown).toContain('my-lock');
    expect(text).toContain((JSON.parse(text) as { id: string }).id);
    expect(shown).not.toContain(id);
    expect(shown).not.toContain((JSON.parse(text) as { id: string }).id);
    expect(shown).not.toMatch(/HeldLease|Request|Seat/);
  });
});

describe('a store that is bound to the start of a call', () => {
  it('is what the call runs in', async () => {
    const store = new AsyncLocalStorage<AcquireTrace>();
    const { start } = tracingChannel<AcquireTrace, AcquireTrace>('thingsdb-lock:acquire');
    start.bindStore(store);
    const open = jest.spyOn(core, 'open').mockImplementation(() => {
      throw new Error(`in ${store.getStore()?.name}`);
    });
    expect(await outcome(lockOf().acquire())).toMatchObject({ error: { message: 'in my-lock' } });
    open.mockRestore();
    start.unbindStore(store);
  });
});

describe('where nobody is subscribed', () => {
  it('nothing is put together: the lock tells what it tells, without anything in between', async () => {
    const open = jest.spyOn(core, 'open');
    const lock = lockOf();
    await held(lock);
    channels.openAll();
    await held(lock);
    const [untraced, traced] = open.mock.calls.map(([, tell]) => tell);
    expect(untraced).toHaveProperty('isHeard');
    expect(untraced).not.toHaveProperty('release');
    expect(traced).toHaveProperty('release');
  });

  it('what is acquired then shows no lease later, but a loss and a renewal', async () => {
    const lease = await held(lockOf());
    channels.openAll();
    await pass(1000);
    core.last('extend').answer(says.held(3000));
    expect(channels.told).toEqual(['renewal']);
    await released(lease.release());
    expect(channels.told).toEqual(['renewal']);
  });

  it.each([
    'tracing:thingsdb-lock:acquire:start',
    'tracing:thingsdb-lock:acquire:end',
    'tracing:thingsdb-lock:acquire:asyncStart',
    'tracing:thingsdb-lock:acquire:asyncEnd',
    'tracing:thingsdb-lock:hold:asyncEnd',
    'tracing:thingsdb-lock:release:end',
  ])('but to %s, that is published', async (name) => {
    const heard = jest.fn();
    subscribe(name, heard);
    await released((await held(lockOf())).release());
    unsubscribe(name, heard);
    expect(heard).toHaveBeenCalledTimes(1);
  });
});
