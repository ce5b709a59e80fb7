import { EventEmitter } from 'eventemitter3';
import { LockConnectionError, LockOptionsError, LockProtocolError } from '../../../lib/errors.js';
import type { LockEvents } from '../../../lib/events.js';
import { adoptedLease } from '../../../lib/internal/adoption.js';
import type { HeldLease } from '../../../lib/internal/held-lease.js';
import { serializedLease } from '../../../lib/internal/serialized-lease.js';
import { Ticket } from '../../../lib/internal/ticket.js';
import type { AdoptOptions, LockDefaults } from '../../../lib/options.js';
import type { TicketRequest } from '../../../lib/schema/lock-procedures.js';
import { FakeLockService } from '../../support/fake-lock-service.js';
import { pass, rest, resumeTime, stopTime } from '../../support/fake-time.js';
import { outcome, status } from '../../support/fake-procedures.js';

const TOKEN = 42;
const ROOM = 5;

let service: FakeLockService;
let manager: EventEmitter<LockEvents>;
let heard: { event: keyof LockEvents; payload: object }[];
/** The request of the process that has handed the lease on. */
let origin: Ticket;
let text: string;

beforeEach(() => {
  stopTime();
  service = new FakeLockService();
  manager = new EventEmitter();
  heard = [];
  for (const event of ['acquired', 'extended', 'released', 'lost', 'releaseRequested'] as const)
    manager.on(event, (payload: object) => heard.push({ event, payload }));
  origin = new Ticket(7, { names: ['b', 'a'], ttlMs: 9000, want: 2, limit: 5 });
  text = serializedLease(origin, TOKEN);
});

afterEach(async () => {
  for (const lease of service.held) void lease.close(new Error('the spec is over'));
  await rest();
  resumeTime();
});

function adopt(options?: AdoptOptions, defaults: LockDefaults = {}): Promise<HeldLease> {
  const lease = adoptedLease(service.asService, text, { defaults, options }, manager);
  lease.catch(() => undefined);
  return lease;
}

/** The server moves the lease, of which so much is left. */
async function adopted(leftMs: number, options?: AdoptOptions, defaults?: LockDefaults): Promise<HeldLease> {
  const lease = adopt(options, defaults);
  await rest();
  service.procedures.last('adopt').answer(status.held(leftMs, TOKEN, ROOM));
  return lease;
}

const renewals = () =>
  service.procedures.of('extend').map((call) => (call.argument as [string, number][])[0]);
const newId = () => (service.procedures.last('adopt').args[1] as TicketRequest).id;

describe('an adopted lease', () => {
  it('is asked for by the id it had, under an id that only this process knows', async () => {
    await adopted(8000);
    expect(service.procedures.of('adopt')).toHaveLength(1);
    expect(service.procedures.last('adopt').argument).toBe(origin.id);
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
    expect(lease).toMatchObject({ want: 2, limit: 5 });
  });

  it('is told as `acquired` on the manager, and what becomes of it too', async () => {
    const lease = await adopted(8000);
    const event = { name: 'b', names: ['b', 'a'], fencingToken: TOKEN };
    expect(heard).toEqual([{ event: 'acquired', payload: { ...event, waitedMs: 0 } }]);
    lease.asked('the other one');
    lease.lose('stolen');
    expect(heard.slice(1)).toEqual([
      { event: 'releaseRequested', payload: { ...event, by: 'the other one' } },
      { event: 'lost', payload: { ...event, reason: 'stolen' } },
    ]);
  });

  it('is renewed at once, as nobody knows how much of it is left, and then as ever', async () => {
    const lease = await adopted(200);
    expect(lease.remaining()).toBe(200);
    expect(renewals()).toEqual([[newId(), 9000]]);
    service.procedures.last('extend').answer([status.held(9000, TOKEN, ROOM)]);
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
    const lease = await adopted(8000);
    expect([...service.rooms]).toEqual([ROOM]);
    expect(service.held).toEqual([lease]);
    expect(service.inbox.leases).toEqual([lease]);
  });

  it('is released with its new id', async () => {
    const lease = await adopted(8000);
    const released = lease.release();
    await rest();
    expect(service.procedures.last('release').argument).toEqual([newId()]);
    service.procedures.last('release').answer([true]);
    expect(await released).toBe(true);
    expect(service.held).toEqual([]);
  });

  it('can be handed on again', async () => {
    const lease = await adopted(8000);
    const next = lease.serialize();
    await rest();
    service.procedures.last('handOn').answer([status.held(9000, TOKEN, 0)]);
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
      service.procedures.last('extend').answer([status.held(5000, TOKEN, ROOM)]);
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
    expect(service.procedures.last('keep').argument).toEqual([[newId(), 3000]]);
    service.procedures.last('keep').answer([true]);
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
    expect(service.procedures.calls).toEqual([]);
  });
});

describe('a lease that cannot be adopted', () => {
  it.each<[string, 'stolen' | 'force-released' | undefined, string]>([
    ['is over, or adopted by another', undefined, 'expired'],
    ['was stolen', 'stolen', 'stolen'],
    ['was force-released', 'force-released', 'force-released'],
  ])('because it %s is a LockLostError that says so', async (_how, why, reason) => {
    const lease = adopt();
    await rest();
    service.procedures.last('adopt').answer(status.gone(why));
    expect(await outcome(lease)).toMatchObject({
      error: { code: 'LOCK_LOST', reason, lockName: 'b, a', fencingToken: TOKEN },
    });
    expect(heard).toEqual([]);
    expect(service.held).toEqual([]);
    expect(service.procedures.calls).toHaveLength(1);
  });

  it('because the text is none is a LockOptionsError, and nothing is sent', async () => {
    text = '{}';
    expect(await outcome(adopt())).toMatchObject({ error: { code: 'LOCK_OPTIONS' } });
    expect(service.procedures.calls).toEqual([]);
  });

  it('for want of an answer rejects, and is withdrawn: it may have moved here', async () => {
    const error = new LockConnectionError('no answer');
    const lease = adopt();
    await rest();
    service.procedures.last('adopt').fail(error);
    await rest();
    expect(await outcome(lease)).toEqual({ error });
    expect(service.procedures.last('release').argument).toEqual([newId()]);
    expect(service.loosened).toHaveLength(1);
  });

  it('because the server refuses rejects, and there is nothing to withdraw', async () => {
    const error = new LockProtocolError('no');
    const lease = adopt();
    await rest();
    service.procedures.last('adopt').fail(error);
    await rest();
    expect(await outcome(lease)).toEqual({ error });
    expect(service.procedures.of('release')).toEqual([]);
  });
});
