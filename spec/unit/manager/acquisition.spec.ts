import { resolveLockOptions } from '../../../lib/options/resolved-lock-options.js';
import { LockConnectionError } from '../../../lib/errors.js';
import { acquire, termsOf as termsFor } from '../../../lib/manager/acquisition.js';
import type { HeldLease } from '../../../lib/manager/held-lease.js';
import type { LockOptions } from '../../../lib/options/lock-options.js';
import { SHARED_LIMIT } from '../../../lib/schema/constants.js';
import type { FakeCore } from '../../support/fake-core.js';
import { says, termsOf, withFakeCore } from '../../support/fake-core.js';
import { pass, rest } from '../../support/fake-time.js';
import { outcome } from '../../support/outcome.js';

let core: FakeCore;
let heard: string[];

withFakeCore((made) => {
  core = made;
  heard = [];
});

function acquiring(options: LockOptions = {}, how: 'acquire' | 'try' = 'acquire'): Promise<HeldLease | null> {
  const resolved = resolveLockOptions({ ttl: 3000, ...options });
  const terms = termsFor(core, ['my-lock'], how, resolved);
  const lease = acquire(core, terms, resolved.signal, { tell: (event) => void heard.push(event) });
  lease.catch(() => undefined);
  return lease;
}

describe('what is asked for', () => {
  it.each<[string, LockOptions, object]>([
    ['an exclusive lock', {}, { units: 1, limit: 1, ttlMs: 3000 }],
    ['a shared one', { mode: 'shared' }, { units: 1, limit: SHARED_LIMIT }],
    ['no ttl longer than maxHold', { maxHold: 1500 }, { ttlMs: 1500 }],
  ])('%s', (_what, options, terms) => {
    void acquiring(options);
    expect(termsOf(core.last('acquire'))).toMatchObject(terms);
    expect(core.calls).toHaveLength(1);
  });

  it.each([
    ['acquire', 1_000],
    ['try', 10],
  ] as const)('a thief steals, by %s too, and never waits for others', async (how, waitTimeout) => {
    const lease = acquiring({ steal: true, waitTimeout }, how);
    await pass(100);
    expect(core.calls).toHaveLength(1);
    core.last('steal').answer(says.held(3000));
    expect(await outcome(lease)).toMatchObject({ value: { isHeld: true } });
  });

  it('a thief waits for the server for as long as it says', async () => {
    const lease = acquiring({ steal: true, waitTimeout: 100 });
    core.trouble = new LockConnectionError('the server is silent');
    await pass(101);
    expect(await outcome(lease)).toMatchObject({ error: { code: 'LOCK_TIMEOUT', waitedMs: 100 } });
  });
});

describe('what comes of it', () => {
  it('a lease', async () => {
    const lease = acquiring();
    core.last('acquire').answer(says.held(3000));
    expect(await outcome(lease)).toMatchObject({ value: { isHeld: true, fencingToken: 7 } });
    expect(heard).toEqual(['acquired']);
  });

  it('null, for who does not wait; nothing is withdrawn as nothing was left', async () => {
    const lease = acquiring({}, 'try');
    core.last('try').answer(says.busy());
    expect(await outcome(lease)).toEqual({ value: null });
    expect(core.calls).toHaveLength(1);
    expect(heard).toEqual([]);
  });

  it('a time-out that says how long it was, once the request is withdrawn', async () => {
    const lease = acquiring({ waitTimeout: 300 });
    core.last('acquire').answer(says.waiting(60_000));
    await pass(300);
    expect(await outcome(lease)).toBe('pending');
    core.last('release').answer(says.ended('waiting'));
    expect(await outcome(lease)).toMatchObject({
      error: { code: 'LOCK_TIMEOUT', waitedMs: 300, lockName: 'my-lock' },
    });
  });

  it('a time-out at once, with the trouble as its cause, when the server is silent', async () => {
    const lease = acquiring({ waitTimeout: 300 });
    core.last('acquire').answer(says.waiting(60_000));
    core.trouble = new LockConnectionError('the server is silent');
    await pass(301);
    expect(await outcome(lease)).toMatchObject({ error: { code: 'LOCK_TIMEOUT', cause: core.trouble } });
  });

  it('a time-out at the latest half a second later when nothing can be withdrawn', async () => {
    const lease = acquiring({ waitTimeout: 300 });
    core.last('acquire').answer(says.waiting(60_000));
    await pass(799);
    expect(await outcome(lease)).toBe('pending');
    await pass(1);
    expect(await outcome(lease)).toMatchObject({ error: { code: 'LOCK_TIMEOUT' } });
  });

  it('a refusal of the schema', async () => {
    const lease = acquiring();
    core.last('acquire').answer({ state: 'refused', code: -100 });
    expect(await outcome(lease)).toMatchObject({ error: { code: 'LOCK_PROTOCOL' } });
  });

  it('has the caller in its stack', async () => {
    const terms = termsFor(core, ['my-lock'], 'acquire', resolveLockOptions({ waitTimeout: 300 }));
    async function theCaller(): Promise<unknown> {
      return await acquire(core, terms, undefined, { tell: () => undefined });
    }
    const lease = theCaller();
    lease.catch(() => undefined);
    core.last('acquire').answer(says.waiting(60_000));
    await pass(300);
    core.last('release').answer(says.ended('waiting'));
    const { error } = (await outcome(lease)) as { error: Error };
    expect(error.stack).toContain('theCaller');
  });
});

describe('the signal', () => {
  it('that has aborted already rejects with its reason, and nothing is sent', async () => {
    const reason = new Error('enough');
    expect(await outcome(acquiring({ signal: AbortSignal.abort(reason) }))).toEqual({ error: reason });
    expect(core.calls).toEqual([]);
  });

  it.each<[string, unknown]>([
    ['its reason', new Error('enough')],
    ['undefined, if that is its reason', undefined],
  ])('that aborts while it waits withdraws the request and rejects with %s', async (_what, reason) => {
    const controller = new AbortController();
    const lease = acquiring({ signal: controller.signal });
    core.last('acquire').answer(says.waiting(60_000));
    controller.abort(reason);
    core.last('release').answer(says.ended('waiting'));
    expect(await outcome(lease)).toEqual({ error: controller.signal.reason as unknown });
  });

  it('that aborts as the grant arrives gives the lock back', async () => {
    const controller = new AbortController();
    const lease = acquiring({ signal: controller.signal });
    core.last('acquire').answer(says.held(3000));
    const reason = new Error('enough');
    controller.abort(reason);
    await rest();
    core.last('release').answer(says.ended());
    expect(await outcome(lease)).toEqual({ error: reason });
  });

  it('has no effect once the lock is held, and no listener stays on it', async () => {
    const controller = new AbortController();
    const remove = jest.spyOn(controller.signal, 'removeEventListener');
    const lease = acquiring({ signal: controller.signal });
    core.last('acquire').answer(says.held(3000));
    const { isHeld } = (await lease) as HeldLease;
    expect(isHeld).toBe(true);
    expect(remove).toHaveBeenCalledTimes(1);
    controller.abort();
    expect((await lease)?.isHeld).toBe(true);
    expect(core.calls).toHaveLength(1);
  });
});

it('a manager that is closed rejects before anything is sent', async () => {
  core.isClosed = true;
  expect(await outcome(acquiring())).toMatchObject({ error: { code: 'LOCK_CLOSED' } });
  expect(core.calls).toEqual([]);
});
