import { LockConnectionError } from '../../../lib/errors.js';
import { acquire, termsOf as termsFor } from '../../../lib/manager/acquisition.js';
import type { HeldLease } from '../../../lib/manager/held-lease.js';
import type { Terms } from '../../../lib/request/request.js';
import type { LockOptions } from '../../../lib/options/lock-options.js';
import { resolveLockOptions } from '../../../lib/options/resolved-lock-options.js';
import type { FakeCore } from '../../support/fake-core.js';
import { ROOM, says, termsOf, withFakeCore } from '../../support/fake-core.js';
import { pass, rest } from '../../support/fake-time.js';
import { outcome } from '../../support/outcome.js';
import { OWN_TERMS } from '../../support/own-terms.js';

let core: FakeCore;
let heard: unknown[];

// Before the core ends.
afterEach(() => core.pools.close(new Error('the spec is over')));

withFakeCore((made) => {
  core = made;
  heard = [];
});

function acquiring(
  options: LockOptions = {},
  how: 'acquire' | 'try' = 'acquire',
  names: readonly string[] = ['my-lock'],
): Promise<HeldLease | null> {
  const resolved = resolveLockOptions({ ttl: '60s', linger: '10s', ...options });
  const lease = acquire(core, termsFor(core, names, how, resolved), resolved.signal, {
    tell: (event, payload) => void heard.push([event, 'position' in payload ? payload.position : undefined]),
  });
  lease.catch(() => undefined);
  return lease;
}

/** A lease that is held, of a manager that is in its room. */
async function held(options: LockOptions = {}): Promise<HeldLease> {
  const lease = acquiring(options);
  core.last('acquire').answer(says.held(60_000));
  core.desk.joined(ROOM);
  core.last('check').answer(says.held(60_000));
  core.calls.length = 0;
  return (await lease) as HeldLease;
}

async function lingering(options: LockOptions = {}): Promise<HeldLease> {
  const lease = await held(options);
  expect(await lease.release()).toBe(true);
  expect(core.calls).toEqual([]);
  return lease;
}

const asked = (): string[] => core.calls.map(({ operation }) => operation.kind);

describe('a lease that lingers', () => {
  it('is taken again without a call, as a lease of its own', async () => {
    const first = await lingering();
    const second = (await acquiring()) as HeldLease;
    expect(second).not.toBe(first);
    expect([first.isHeld, second.isHeld, second.fencingToken]).toEqual([false, true, first.fencingToken]);
    expect([await first.release(), second.isHeld]).toEqual([true, true]);
    await expect(first.extend()).rejects.toMatchObject({ code: 'LOCK_NOT_HELD' });
    expect(core.calls).toEqual([]);
  });

  it('is not taken by who asks for other terms: it is given up before these are asked for', async () => {
    await lingering();
    void acquiring({ ttl: '30s' });
    expect(asked()).toEqual(['release', 'acquire']);
    core.last('release').answer(says.ended());
    core.last('acquire').answer(says.held(30_000));
  });

  it('stays where both can hold it', async () => {
    await lingering({ mode: 'shared' });
    void acquiring({ mode: 'shared', ttl: '30s' });
    expect(asked()).toEqual(['acquire']);
  });

  it('keeps no process alive', async () => {
    const lease = await held();
    expect(core.alive.get(60_000)).toBe(1);
    await lease.release();
    expect(core.alive.size).toBe(0);
  });

  it('is released when its time is over, and when it is wanted, and is not taken from then on', async () => {
    await lingering();
    await pass(10_000);
    expect(asked()).toEqual(['release']);
    void acquiring();
    expect(asked()).toEqual(['release', 'acquire']);
  });

  it('is given up when the process ends, as the process has nothing left to do', async () => {
    await lingering();
    process.emit('beforeExit', 0);
    expect(asked()).toEqual(['release']);
    core.last('release').answer(says.ended());
    process.emit('beforeExit', 0);
    expect(asked()).toEqual(['release']);
  });

  it('does not linger where the manager is not in its room', async () => {
    const lease = acquiring();
    core.last('acquire').answer(says.held(60_000));
    void ((await lease) as HeldLease).release();
    expect(asked()).toEqual(['acquire', 'release']);
  });

  it('that is lost under its second caller is lost by that one alone', async () => {
    const first = await lingering();
    const second = (await acquiring()) as HeldLease;
    core.push('lost', second.request.number, 1);
    core.last('check').answer(says.gone('stolen'));
    expect([first.signal.aborted, second.signal.aborted]).toEqual([false, true]);
    await expect(first.extend()).rejects.toMatchObject({ code: 'LOCK_NOT_HELD' });
    await expect(second.extend()).rejects.toMatchObject({ code: 'LOCK_LOST' });
  });

  it('lets the event loop turn before it changes hands for longer than a millisecond', async () => {
    const first = await lingering();
    const second = (await acquiring()) as HeldLease;
    jest.advanceTimersByTime(1);
    void second.release();
    const third = acquiring();
    await Promise.resolve();
    await Promise.resolve();
    await Promise.resolve();
    expect(first.request.state).toBe('lingering');
    await rest();
    expect(await outcome(third)).toMatchObject({ value: { isHeld: true } });
    expect(core.calls).toEqual([]);
  });
});

describe('tasks of one process', () => {
  it('wait for its own lease without a call, and go in their order', async () => {
    const lease = await held();
    heard.length = 0;
    const [first, second] = [acquiring(), acquiring()];
    expect(await outcome(first)).toBe('pending');
    expect(heard).toEqual([
      ['waiting', 1],
      ['waiting', 2],
    ]);
    void lease.release();
    const next = (await first) as HeldLease;
    expect(await outcome(second)).toBe('pending');
    void next.release();
    expect(await outcome(second)).toMatchObject({ value: { isHeld: true } });
    expect(core.calls).toEqual([]);
  });

  it('ask the server once, however many there are', () => {
    const all = [acquiring(), acquiring(), acquiring()];
    expect(all).toHaveLength(3);
    expect(asked()).toEqual(['acquire']);
  });

  it('go to the server, the first of them alone, as soon as somebody else wants the lease', async () => {
    const lease = await held();
    const waits = [acquiring(), acquiring()];
    core.push('wanted', lease.request.number);
    expect(asked()).toEqual(['acquire']);
    void lease.release();
    expect(asked()).toEqual(['acquire', 'release']);
    core.last('acquire').answer(says.held(60_000, 9));
    expect(await outcome(waits[0] as Promise<unknown>)).toMatchObject({ value: { fencingToken: 9 } });
    expect(await outcome(waits[1] as Promise<unknown>)).toBe('pending');
  });

  it('are told that they wait once, and how long they have waited in all', async () => {
    const lease = await held();
    heard.length = 0;
    const waiting = acquiring();
    await pass(500);
    core.push('wanted', lease.request.number);
    const call = core.last('acquire');
    call.answer(says.waiting(1_000));
    await pass(250);
    core.grant(call.seat, 800, 9);
    const next = (await waiting) as HeldLease;
    expect(heard).toEqual([
      ['waiting', 1],
      ['acquired', undefined],
    ]);
    expect(next.request.startedMs).toBe(performance.now() - 750);
  });

  it('give up by their waitTimeout, by default that of those ahead, or by their signal', async () => {
    await held();
    const end = new AbortController();
    const [short, usual, aborting] = [
      acquiring({ waitTimeout: 300 }),
      acquiring(),
      acquiring({ signal: end.signal }),
    ];
    await pass(300);
    expect(await outcome(short)).toMatchObject({ error: { code: 'LOCK_TIMEOUT' } });
    end.abort(new Error('enough'));
    expect(await outcome(aborting)).toMatchObject({ error: { message: 'enough' } });
    for (let renewals = 0; renewals < 5; renewals++) {
      await pass(20_000);
      core.last('extend').answer(says.held(60_000));
    }
    await pass(19_600);
    expect(await outcome(usual)).toBe('pending');
    await pass(101);
    expect(await outcome(usual)).toMatchObject({ error: { code: 'LOCK_TIMEOUT' } });
    expect(core.of('acquire')).toEqual([]);
  });

  it('that do not want to wait are turned away without a call', async () => {
    await held();
    expect(await outcome(acquiring({}, 'try'))).toEqual({ value: null });
    expect(core.calls).toEqual([]);
  });

  it('have what a thief among them takes from the server', async () => {
    const lease = await held();
    void acquiring({ steal: true });
    expect(asked()).toEqual(['steal']);
    core.last('steal').answer(says.held(60_000, 9));
    core.push('lost', lease.request.number, 1);
    core.last('check').answer(says.gone('stolen'));
    expect(lease.signal.aborted).toBe(true);
  });

  it('ask one after the other when a lease was lost', async () => {
    const lease = await held();
    const waiting = acquiring();
    core.push('lost', lease.request.number, 1);
    core.last('check').answer(says.gone('stolen'));
    expect(termsOf(core.last('acquire'))).toMatchObject({ lingers: true });
    core.last('acquire').answer(says.held(60_000, 9));
    expect(await outcome(waiting)).toMatchObject({ value: { fencingToken: 9 } });
  });

  it('that wait are told when the manager closes', async () => {
    await held();
    const waiting = acquiring();
    const reason = new LockConnectionError('closed');
    core.pools.close(reason);
    expect(await outcome(waiting)).toEqual({ error: reason });
  });
});

it('permits: as many leases are asked for as there can be, and no more', async () => {
  const terms = { units: 2, limit: 5 };
  const all = [1, 2, 3].map(() => core.acquire({ ...resolvedTerms(), ...terms }, { tell: () => undefined }));
  expect(asked()).toEqual(['acquire', 'acquire']);
  expect(all).toHaveLength(3);
  await rest();
});

function resolvedTerms(): Terms {
  return { ...OWN_TERMS, names: ['permits'], lingerMs: 1_000 };
}
