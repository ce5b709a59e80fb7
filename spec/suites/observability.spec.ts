import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AcquireTrace, HoldTrace, ReconnectMessage } from '../../lib/index.js';
import { LockInstrumentation } from '../../lib/opentelemetry/index.js';
import { onEachBackEnd } from '../support/back-end.js';
import { Channels } from '../support/channels.js';
import { Program } from '../support/program.js';
import { untilQueued } from '../support/queue-length.js';
import { Telemetry } from '../support/telemetry.js';
import { nextEvent, rejection, until } from '../support/until.js';

const HOLD = 'thingsdb.lock.hold';
const ACQUIRE = 'thingsdb.lock.acquire';

onEachBackEnd('the channels', (backEnd) => {
  let channels: Channels;

  beforeEach(() => {
    channels = new Channels();
    channels.openAll();
  });
  afterEach(() => channels.close());

  test('a lock that somebody waits for: both calls, both leases, both releases', async () => {
    const [one, other] = [backEnd.manager({ owner: 'one' }), backEnd.manager({ owner: 'other' })];
    const lease = await one.acquire('shown');
    const running = other.runExclusive('shown', () => sleep(1), { waitTimeout: '20s' });
    await untilQueued(backEnd, 'shown', 2);
    await lease.release();
    await running;
    const holds = channels.all<HoldTrace>('hold:asyncEnd');
    expect(holds.map(({ manager, result }) => [manager.owner, result])).toEqual([
      ['one', 'released'],
      ['other', 'released'],
    ]);
    expect(holds.map(({ acquire }) => acquire.position)).toEqual([undefined, 1]);
    expect(channels.last('waiting')).toMatchObject({ manager: holds[1]?.manager, position: 1 });
    expect(channels.all('release:asyncEnd')).toHaveLength(2);
    expect(channels.all<AcquireTrace>('acquire:start').map(({ result }) => result)).toEqual([
      'acquired',
      'acquired',
    ]);
  });

  test('many calls that travel together are calls of their own, those that find the lock taken too', async () => {
    const manager = backEnd.manager();
    const taken = await manager.acquire('taken');
    const all = await Promise.all([
      ...[1, 2, 3].map((n) => manager.acquire(`together ${n}`)),
      manager.acquire(['several', 'names']),
      manager.get('taken').tryAcquire(),
    ]);
    expect(channels.all('acquire:asyncEnd')).toHaveLength(6);
    expect(channels.all<HoldTrace>('hold:start').map(({ names }) => names.length)).toEqual([1, 1, 1, 1, 2]);
    await Promise.all([taken, ...all].map(async (lease) => lease?.release()));
    expect(channels.all('hold:asyncEnd')).toHaveLength(5);
    expect(
      channels.all<AcquireTrace>('acquire:asyncEnd').filter(({ result }) => result === 'busy'),
    ).toHaveLength(1);
  });

  test('a lease that runs out, one that is stolen, and one that is closed away end, each in its way', async () => {
    const [holder, thief] = [backEnd.manager(), backEnd.manager()];
    const short = await holder.acquire('short', { ttl: 200, autoRenew: false });
    const robbed = await holder.acquire('robbed');
    const closed = await holder.acquire('closed');
    const stolen = await thief.acquire('robbed', { steal: true });
    await until(() => short.signal.aborted && robbed.signal.aborted);
    await holder.close();
    expect(closed.signal.aborted).toBe(true);
    const ends = channels
      .all<HoldTrace>('hold:asyncEnd')
      .map(({ name, result, error }) => [name, result ?? (error as { reason: string }).reason]);
    expect(ends.sort()).toEqual([
      ['closed', 'released'],
      ['robbed', 'stolen'],
      ['short', 'expired'],
    ]);
    expect(channels.all('lost')).toHaveLength(2);
    await stolen.release();
  });

  test('a lease on its way to another manager ends in one and begins in the other', async () => {
    const [first, second] = [backEnd.manager(), backEnd.manager()];
    const lease = await first.acquire('parcel');
    const adopted = await second.adopt(await lease.serialize());
    expect(
      channels.all<HoldTrace>('hold:start').map(({ result, fencingToken }) => [result, fencingToken]),
    ).toEqual([
      ['handed-on', lease.fencingToken],
      [undefined, lease.fencingToken],
    ]);
    expect(channels.last('acquire:asyncEnd')).toMatchObject({ how: 'adopt', result: 'acquired' });
    await adopted.release();
  });

  test('a connection that is lost, and the renewal by which the lease goes on', async () => {
    const proxy = await backEnd.proxy();
    const manager = backEnd.manager({ url: proxy.url });
    const lease = await manager.acquire('cut', { ttl: '30s' });
    const connected = nextEvent(manager, 'connected');
    proxy.cut();
    await connected;
    await until(() => channels.told.includes('renewal'));
    expect(channels.last<ReconnectMessage>('reconnect')).toMatchObject({
      reason: { code: 'LOCK_CONNECTION' },
    });
    expect(await lease.release()).toBe(true);
    expect(channels.last('hold:asyncEnd')).toMatchObject({ renewals: 1, result: 'released' });
  });
});

onEachBackEnd('OpenTelemetry', (backEnd) => {
  let telemetry: Telemetry;
  let instrumentation: LockInstrumentation;

  beforeEach(() => {
    telemetry = new Telemetry();
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    const { tracerProvider, meterProvider } = telemetry;
    instrumentation = new LockInstrumentation({ tracerProvider, meterProvider });
  });
  afterEach(async () => {
    instrumentation.disable();
    context.disable();
    await telemetry.shutdown();
  });

  test('of tasks that hand a lock on, each lease is linked to the one before it, and stands in the trace of its caller', async () => {
    const manager = backEnd.manager();
    const tracer = telemetry.tracerProvider.getTracer('spec');
    const first = await manager.acquire('chain');
    const tasks = [1, 2, 3].map((n) =>
      tracer.startActiveSpan(`task ${n}`, async (span) => {
        await manager.runExclusive('chain', () => sleep(1), { waitTimeout: '20s' });
        span.end();
        return span.spanContext().traceId;
      }),
    );
    await untilQueued(backEnd, 'chain', 4);
    await first.release();
    const traces = await Promise.all(tasks);
    const holds = telemetry.spans(HOLD);
    expect(holds.slice(1).map(({ links }) => links.map((link) => link.context.spanId))).toEqual(
      holds.slice(0, 3).map((span) => [span.spanContext().spanId]),
    );
    expect(holds.slice(1).map((span) => span.spanContext().traceId)).toEqual(traces);
    expect(
      telemetry.spans(ACQUIRE).map(({ attributes }) => attributes['thingsdb.lock.queue.position']),
    ).toEqual([undefined, ...[1, 2, 3]]);
  });

  test('what is done in the context of a lease belongs to its span', async () => {
    const tracer = telemetry.tracerProvider.getTracer('spec');
    await backEnd.manager().runExclusive('inside', (lease) =>
      context.with(instrumentation.contextOf(lease), async () => {
        await sleep(1);
        tracer.startSpan('work').end();
      }),
    );
    expect(telemetry.spans('work')[0]?.parentSpanContext?.spanId).toBe(
      telemetry.spans(HOLD)[0]?.spanContext().spanId,
    );
    expect(trace.getActiveSpan()).toBeUndefined();
  });

  test('the metrics count what has happened, and what is now', async () => {
    const [manager, other] = [backEnd.manager(), backEnd.manager()];
    const lease = await manager.acquire('counted');
    const waiting = other.acquire('counted', { waitTimeout: '20s' });
    await untilQueued(backEnd, 'counted', 2);
    expect(await telemetry.total('thingsdb.lock.held')).toBe(1);
    expect(await telemetry.total('thingsdb.lock.waiting')).toBe(1);
    await lease.extend();
    await manager.forceRelease('counted');
    await until(() => lease.signal.aborted);
    await (await waiting).release();
    expect(await rejection(lease.extend())).toMatchObject({ code: 'LOCK_LOST' });
    expect(await telemetry.points('thingsdb.lock.lost')).toMatchObject([
      { attributes: { 'thingsdb.lock.lost.reason': 'force-released' }, value: 1 },
    ]);
    expect(await telemetry.total('thingsdb.lock.renewals')).toBe(1);
    expect(await telemetry.total('thingsdb.lock.queue.position')).toBe(1);
    expect(await telemetry.total('thingsdb.lock.acquire.duration')).toBe(2);
    expect(await telemetry.total('thingsdb.lock.hold.duration')).toBe(2);
    expect(await telemetry.total('thingsdb.lock.held')).toBe(0);
    expect(await telemetry.total('thingsdb.lock.waiting')).toBe(0);
  });

  test('the example: a page that Prometheus reads, with all that the guide asks of it', async () => {
    await using program = new Program('examples/observability/main.ts', ['0'], {
      THINGSDB_URL: backEnd.urls[0],
      THINGSDB_COLLECTION: backEnd.collection,
    });
    const [url] = await program.printed(/^http:\S+$/m);
    let page = '';
    await until(async () => {
      page = await (await fetch(url)).text();
      return /position_count\S* [1-9]/.test(page) && /hold_duration_seconds_count\S* [1-9]/.test(page);
    });
    expect(samplesOf(page).filter((line) => !SAMPLE.test(line))).toEqual([]);
    const value = (pattern: RegExp): number => Number(pattern.exec(page)?.[1]);
    expect(value(/^thingsdb_lock_held\{.*name="order".*\} (\d)$/m)).toBeGreaterThanOrEqual(0);
    const count = value(/^thingsdb_lock_hold_duration_seconds_count\{.*outcome="released".*\} (\d+)$/m);
    expect(count).toBeGreaterThan(0);
    expect(value(/^thingsdb_lock_hold_duration_seconds_bucket\{.*le="\+Inf".*\} (\d+)$/m)).toBe(count);
    expect(value(/^thingsdb_lock_hold_duration_seconds_bucket\{.*le="0.01".*\} (\d+)$/m)).toBe(0);
    program.interrupt();
    expect({ end: await program.ended, errors: program.errors }).toEqual({ end: 0, errors: '' });
    expect(program.lines.at(-1)).toBe('done');
  });
});

/** A line of Prometheus' text format that has a value. */
const SAMPLE = /^[a-z_]+(\{([a-z_]+="([^"\\\n]|\\.)*",?)*\})? [\d.e+-]+$/;

function samplesOf(page: string): string[] {
  return page.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}
