import { Emitter } from '../../../lib/emitter.js';
import { LockConnectionError, LockOptionsError, LockProtocolError } from '../../../lib/errors.js';
import type { LockEvents } from '../../../lib/events.js';
import { adoptedLease } from '../../../lib/manager/adoption.js';
import type { HeldLease } from '../../../lib/manager/held-lease.js';
import { randomId } from '../../../lib/manager/random-id.js';
import { serializedLease } from '../../../lib/manager/serialized-lease.js';
import { Why } from '../../../lib/schema/constants.js';
import type { AdoptOptions, LockDefaults } from '../../../lib/options/lock-options.js';
import { Request } from '../../../lib/request/request.js';
import { TERMS } from '../../request/script.js';
import type { FakeCore } from '../../support/fake-core.js';
import { ROOM, says, withFakeCore } from '../../support/fake-core.js';
import { pass, rest } from '../../support/fake-time.js';
import { outcome } from '../../support/outcome.js';

const TOKEN = 42;

let core: FakeCore;
let manager: Emitter<LockEvents>;
let heard: { event: keyof LockEvents; payload: object }[];
/** The request of the process that has handed the lease on. */
let origin: Request;
let text: string;

withFakeCore((made) => {
  core = made;
  manager = new Emitter();
  heard = [];
  for (const event of ['acquired', 'extended', 'released', 'lost', 'releaseRequested'] as const)
    manager.on(event, (payload: object) => heard.push({ event, payload }));
  origin = new Request(7, { ...TERMS, names: ['b', 'a'], ttlMs: 9000, units: 2, limit: 5 }, randomId, 0);
  origin.token = TOKEN;
  text = serializedLease(origin);
});

function adopt(options?: AdoptOptions, defaults: LockDefaults = {}): Promise<HeldLease> {
  const lease = adoptedLease(core, text, { defaults, options }, manager);
  lease.catch(() => undefined);
  return lease;
}

/** The server moves the lease, of which so much is left. */
async function adopted(leftMs: number, options?: AdoptOptions, defaults?: LockDefaults): Promise<HeldLease> {
  const lease = adopt(options, defaults);
  await rest();
  core.last('adopt').answer(says.held(leftMs, TOKEN));
  return lease;
}

const renewals = () =>
  core.of('extend').map(({ operation }) => operation.kind === 'extend' && [operation.id, operation.ttlMs]);
const adoption = () => core.last('adopt').operation as { id: string; newId: string };
const newId = () => adoption().newId;

describe('an adopted lease', () => {
  it('is asked for by the id it had, under an id that only this process knows', async () => {
    await adopted(8000);
    expect(core.of('adopt')).toHaveLength(1);
    expect(adoption().id).toBe(origin.id);
    expect(newId()).not.toBe(origin.id);
    expect(text).not.toContain(newId());
  });

  it('has the names, the token and the permits that it had', async () => {
    const lease = await adopted(8000);
    expect(lease.isHeld).toBe(true);
    expect([lease.name, lease.names]).toEqual(['b', ['b', 'a']]);
    expect([...lease.fencingTokens]).toEqual([
      ['b', TOKEN],
      ['a', TOKEN],
    ]);
    expect(lease).toMatchObject({ units: 2, limit: 5 });
  });

  it('is told as `acquired` on the manager, and what becomes of it too', async () => {
    await adopted(8000);
    const event = { name: 'b', names: ['b', 'a'], fencingToken: TOKEN };
    expect(heard).toEqual([{ event: 'acquired', payload: { ...event, waitedMs: 0 } }]);
    const { number } = core.last('adopt').seat.request;
    core.push('asked', number, 'the other one');
    core.push('lost', number, Why.stolen);
    core.last('check').answer(says.gone('stolen'));
    expect(heard.slice(1)).toEqual([
      { event: 'releaseRequested', payload: { ...event, by: 'the other one' } },
      { event: 'lost', payload: { ...event, reason: 'stolen' } },
    ]);
  });

  it('is renewed at once, as nobody knows how much of it is left, and then as ever', async () => {
    const lease = await adopted(200);
    expect(lease.remaining()).toBe(200);
    expect(renewals()).toEqual([[newId(), 9000]]);
    core.last('extend').answer(says.held(9000, TOKEN));
    await rest();
    expect(lease.remaining()).toBe(9000);
    await pass(3000);
    expect(renewals()).toHaveLength(2);
  });

  it('ends by what was left of it when no renewal is answered', async () => {
    const lease = await adopted(200);
    await pass(200);
    expect(lease.signal.reason).toMatchObject({ reason: 'expired' });
  });

  it('is told of in this manager’s room, and asked about after a reconnect', async () => {
    await adopted(8000);
    expect(core.rooms).toEqual([ROOM]);
    core.last('extend').answer(says.held(9000, TOKEN));
    core.desk.disconnected();
    core.desk.connected();
    expect(renewals()).toHaveLength(2);
  });

  it('is released with its new id', async () => {
    const lease = await adopted(8000);
    const released = lease.release();
    await rest();
    expect(core.last('release').operation).toMatchObject({ id: newId() });
    core.last('release').answer(says.ended('held', TOKEN));
    expect(await released).toBe(true);
    expect(core.desk.seats).toEqual([]);
  });

  it('can be handed on again', async () => {
    const lease = await adopted(8000);
    const next = lease.serialize();
    await rest();
    core.last('transfer').answer(says.held(9000, TOKEN));
    expect(JSON.parse(await next)).toMatchObject({ id: newId(), names: ['b', 'a'], token: TOKEN });
  });
});

describe('the options of an adoption', () => {
  it('are the ttl that the lease had, and the defaults of the manager', async () => {
    await adopted(8000, undefined, { ttl: '1h', waitTimeout: 5 });
    expect(renewals()).toEqual([[newId(), 9000]]);
  });

  it('may be another ttl', async () => {
    await adopted(8000, { ttl: '20s' });
    expect(renewals()).toEqual([[newId(), 20_000]]);
  });

  it.each([true, false])(
    'may be a maxHold, which counts from the adoption (autoRenew: %p)',
    async (autoRenew) => {
      const lease = await adopted(8000, { maxHold: 5000, autoRenew });
      expect(renewals()).toEqual([[newId(), 5000]]);
      core.last('extend').answer(says.held(5000, TOKEN));
      await pass(4900);
      expect(lease.isHeld).toBe(true);
      await pass(100);
      expect(lease.signal.reason).toMatchObject({ reason: 'expired' });
      expect(renewals()).toHaveLength(1);
    },
  );

  it('may be a minHold, which counts from the adoption', async () => {
    const lease = await adopted(8000, { minHold: 4000 });
    await pass(1000);
    const released = lease.release();
    await rest();
    expect(core.last('keep').operation).toMatchObject({ id: newId(), ms: 3000 });
    core.last('keep').answer(says.ended('held', TOKEN));
    expect(await released).toBe(true);
  });

  it.each<[string, object]>([
    ['ttl', { ttl: 5 }],
    ['steal', { steal: true }],
    ['waitTimeout', { waitTimeout: 5 }],
  ])('are refused before anything is sent: %s', async (option, options) => {
    const settled = await outcome(adopt(options));
    expect(settled).toMatchObject({ error: expect.any(LockOptionsError) as Error });
    expect((settled as { error: Error }).error.message).toContain(option);
    expect(core.calls).toEqual([]);
  });
});

describe('a lease that cannot be adopted', () => {
  it('because its ttl is shorter than any lease’s is a LockOptionsError, and nothing is sent', async () => {
    text = JSON.stringify({ ...JSON.parse(text), ttlMs: 50 });
    const settled = await outcome(adopt());
    expect(settled).toMatchObject({ error: expect.any(LockOptionsError) as Error });
    expect(core.calls).toEqual([]);
  });

  it.each<[string, 'stolen' | 'force-released' | undefined, string]>([
    ['is over, or adopted by another', undefined, 'expired'],
    ['was stolen', 'stolen', 'stolen'],
    ['was force-released', 'force-released', 'force-released'],
  ])('because it %s is a LockLostError that says so', async (_how, why, reason) => {
    const lease = adopt();
    await rest();
    core.last('adopt').answer(says.gone(why));
    expect(await outcome(lease)).toMatchObject({
      error: { code: 'LOCK_LOST', reason, lockName: 'b, a', fencingToken: TOKEN },
    });
    expect(heard).toEqual([]);
    expect(core.desk.seats).toEqual([]);
    expect(core.calls).toHaveLength(1);
  });

  it('because the text is none is a LockOptionsError, and nothing is sent', async () => {
    text = '{}';
    expect(await outcome(adopt())).toMatchObject({ error: { code: 'LOCK_OPTIONS' } });
    expect(core.calls).toEqual([]);
  });

  it('for want of an answer rejects, and is withdrawn: it may have moved here', async () => {
    const error = new LockConnectionError('no answer');
    const lease = adopt();
    await rest();
    core.last('adopt').fail(error);
    await rest();
    expect(await outcome(lease)).toEqual({ error });
    expect(core.last('withdraw').operation).toMatchObject({ id: newId() });
    core.last('withdraw').answer(says.ended('held', TOKEN));
  });

  it('because the server refuses rejects, and there is nothing to withdraw', async () => {
    const error = new LockProtocolError('no');
    const lease = adopt();
    await rest();
    core.last('adopt').fail(error);
    await rest();
    expect(await outcome(lease)).toEqual({ error });
    expect(core.calls).toHaveLength(1);
  });
});
