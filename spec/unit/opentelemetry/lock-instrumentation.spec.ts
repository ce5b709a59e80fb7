import { context, diag, DiagLogLevel, ROOT_CONTEXT, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { channel, tracingChannel } from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import type { AcquireTrace, HoldTrace, ManagerInfo } from '../../../lib/diagnostics/messages.js';
import type { Mutable } from '../../../lib/diagnostics/observed.js';
import { LockLostError, LockTimeoutError } from '../../../lib/errors.js';
import { prometheusText } from '../../../examples/observability/prometheus-text.js';
import { LockInstrumentation, type LockInstrumentationOptions } from '../../../lib/opentelemetry/index.js';
import { Telemetry } from '../../support/telemetry.js';

const MANAGER: ManagerInfo = { collection: 'lock', prefix: '', owner: 'me' };
const ACQUIRE = 'thingsdb.lock.acquire';
const HOLD = 'thingsdb.lock.hold';

const acquireChannel = tracingChannel('thingsdb-lock:acquire');
const releaseChannel = tracingChannel('thingsdb-lock:release');
const holdChannel = tracingChannel('thingsdb-lock:hold');

let telemetry: Telemetry;
let instrumentation: LockInstrumentation;
let tokens = 100;

beforeEach(() => (telemetry = new Telemetry()));

afterEach(async () => {
  instrumentation.disable();
  await telemetry.shutdown();
});

function instrument(options: LockInstrumentationOptions = {}): void {
  const { tracerProvider, meterProvider } = telemetry;
  instrumentation = new LockInstrumentation({ tracerProvider, meterProvider, ...options });
}

function acquiring(names: readonly string[] = ['a'], manager = MANAGER): Mutable<AcquireTrace> {
  const acquire: Mutable<AcquireTrace> = {
    ...{ manager, name: names[0] ?? '', names, how: 'acquire', mode: 'exclusive', count: 1 },
    ...{ position: undefined, fencingToken: undefined, waitedMs: undefined },
    ...{ result: undefined, error: undefined },
  };
  acquireChannel.start.publish(acquire);
  return acquire;
}

function granted(acquire: Mutable<AcquireTrace>, waitedMs = 250): Mutable<HoldTrace> {
  const { manager, name, names } = acquire;
  acquire.fencingToken = ++tokens;
  const hold: Mutable<HoldTrace> = {
    ...{ manager, name, names, acquire, fencingToken: tokens, renewals: 2 },
    ...{ heldMs: undefined, result: undefined, error: undefined },
  };
  holdChannel.start.publish(hold);
  acquireChannel.asyncEnd.publish(Object.assign(acquire, { waitedMs, result: 'acquired' }));
  return hold;
}

function ended(hold: Mutable<HoldTrace>, how: object = { result: 'released' }): void {
  holdChannel.asyncEnd.publish(Object.assign(hold, { heldMs: 1500 }, how));
}

describe('spans', () => {
  beforeEach(() => instrument());

  it('one for the call and one for the lease, which is its child', () => {
    const acquire = Object.assign(acquiring(['b', 'a']), { position: 2 });
    ended(granted(acquire));
    const [call] = telemetry.spans(ACQUIRE);
    const [hold] = telemetry.spans(HOLD);
    expect(hold?.parentSpanContext?.spanId).toBe(call?.spanContext().spanId);
    expect(hold?.spanContext().traceId).toBe(call?.spanContext().traceId);
    expect(call?.attributes).toEqual({
      'db.system.name': 'thingsdb',
      'db.namespace': 'lock',
      'db.operation.name': 'acquire',
      'thingsdb.lock.name': 'b',
      'thingsdb.lock.names': ['b', 'a'],
      'thingsdb.lock.owner': 'me',
      'thingsdb.lock.mode': 'exclusive',
      'thingsdb.lock.count': 1,
      'thingsdb.lock.queue.position': 2,
      'thingsdb.lock.fencing_token': tokens,
      'thingsdb.lock.outcome': 'acquired',
    });
    expect(hold?.attributes).toMatchObject({
      'thingsdb.lock.fencing_token': tokens,
      'thingsdb.lock.renewals': 2,
      'thingsdb.lock.outcome': 'released',
    });
  });

  it('the call is a child of the span that it was made in', async () => {
    const contexts = new AsyncLocalStorageContextManager().enable();
    context.setGlobalContextManager(contexts);
    const outer = telemetry.tracerProvider.getTracer('spec').startSpan('outer');
    const acquire = context.with(trace.setSpan(ROOT_CONTEXT, outer), () => acquiring());
    await Promise.resolve();
    ended(granted(acquire));
    expect(telemetry.spans(ACQUIRE)[0]?.parentSpanContext?.spanId).toBe(outer.spanContext().spanId);
    expect(telemetry.spans(HOLD)[0]?.spanContext().traceId).toBe(outer.spanContext().traceId);
    context.disable();
  });

  it('a call that fails, and a lease that is lost, say so', () => {
    const failing = acquiring();
    const error = new LockTimeoutError('a', 100);
    acquireChannel.asyncEnd.publish(Object.assign(failing, { waitedMs: 100, error }));
    expect(telemetry.spans(ACQUIRE)[0]).toMatchObject({
      status: { code: SpanStatusCode.ERROR, message: error.message },
      attributes: { 'error.type': 'LOCK_TIMEOUT' },
    });
    ended(granted(acquiring()), { error: new LockLostError('a', 'stolen', 7) });
    expect(telemetry.spans(HOLD)[0]).toMatchObject({
      status: { code: SpanStatusCode.ERROR },
      attributes: { 'error.type': 'LOCK_LOST', 'thingsdb.lock.lost.reason': 'stolen' },
    });
  });

  it.each([
    [new DOMException('no more', 'AbortError'), 'AbortError'],
    [new RangeError('x'), 'RangeError'],
    ['a text', '_OTHER'],
    [null, '_OTHER'],
  ])('what a signal aborted with is an error of its own name: %p', (error, type) => {
    acquireChannel.asyncEnd.publish(Object.assign(acquiring(), { error }));
    expect(telemetry.spans(ACQUIRE)[0]?.attributes).toMatchObject({ 'error.type': type });
  });

  it('a lease has a link to the one that was released for it', () => {
    const first = granted(acquiring());
    const second = acquiring();
    ended(first);
    ended(granted(second));
    const [before, after] = telemetry.spans(HOLD);
    expect(before?.links).toEqual([]);
    expect(after?.links.map((link) => link.context.spanId)).toEqual([before?.spanContext().spanId]);
  });

  it('also where the next grant is here before the answer to the release', () => {
    const first = granted(acquiring());
    const second = acquiring();
    releaseChannel.start.publish({ ...first, hold: first, result: undefined });
    const next = granted(second);
    ended(first);
    ended(next);
    const [before, after] = telemetry.spans(HOLD);
    expect(after?.links.map((link) => link.context.spanId)).toEqual([before?.spanContext().spanId]);
  });

  it('and none to leases that had ended before, of other names, or of other managers', () => {
    ended(granted(acquiring()));
    const waiting = acquiring();
    ended(granted(acquiring(['b'])));
    ended(granted(acquiring(['a'], { ...MANAGER })));
    ended(granted(waiting));
    expect(telemetry.spans(HOLD).at(-1)?.links).toEqual([]);
  });

  it('of several names a link for each lease that it waited for, the last of each name', () => {
    const holds = ['a', 'a', 'b'].map((name) => granted(acquiring([name])));
    const waiting = acquiring(['a', 'b']);
    for (const hold of holds) ended(hold);
    ended(granted(waiting));
    const spans = telemetry.spans(HOLD);
    expect(spans.at(-1)?.links.map((link) => link.context.spanId)).toEqual(
      [spans[1], spans[2]].map((span) => span?.spanContext().spanId),
    );
  });

  it('the context of a lease has its span, until it has ended', () => {
    const hold = granted(acquiring());
    const inside = instrumentation.contextOf(hold, ROOT_CONTEXT);
    const active = trace.getSpan(inside)?.spanContext().spanId;
    ended(hold);
    expect(active).toBe(telemetry.spans(HOLD)[0]?.spanContext().spanId);
    expect(instrumentation.contextOf(hold, ROOT_CONTEXT)).toBe(ROOT_CONTEXT);
  });
});

const LABELS = { 'db.namespace': 'lock', 'thingsdb.lock.mode': 'exclusive' };

describe('metrics', () => {
  it('wait and hold times are in seconds, with limits that fit', async () => {
    instrument();
    ended(granted(acquiring()));
    const [waited] = await telemetry.points('thingsdb.lock.acquire.duration');
    expect(waited).toMatchObject({
      attributes: { ...LABELS, 'db.operation.name': 'acquire', 'thingsdb.lock.outcome': 'acquired' },
      value: { count: 1, sum: 0.25 },
    });
    const [held] = await telemetry.points('thingsdb.lock.hold.duration');
    expect(held?.value).toMatchObject({ count: 1, sum: 1.5 });
    const { boundaries } = (held?.value as { buckets: { boundaries: number[] } }).buckets;
    expect([boundaries[0], boundaries.at(-1)]).toEqual([0.0005, 3600]);
    expect((await telemetry.descriptor('thingsdb.lock.hold.duration'))?.unit).toBe('s');
  });

  it('what waits and what is held is counted up and down', async () => {
    instrument();
    const now = async () => [
      await telemetry.total('thingsdb.lock.waiting'),
      await telemetry.total('thingsdb.lock.held'),
    ];
    const first = acquiring();
    const second = acquiring();
    expect(await now()).toEqual([2, 0]);
    const hold = granted(first);
    expect(await now()).toEqual([1, 1]);
    ended(hold);
    acquireChannel.asyncEnd.publish(
      Object.assign(second, { waitedMs: 1, error: new LockTimeoutError('a', 1) }),
    );
    expect(await now()).toEqual([0, 0]);
  });

  it('what the plain channels tell: places in the queue, losses by reason, renewals, tries to connect', async () => {
    instrument();
    const about = { manager: MANAGER, name: 'a', names: ['a'], fencingToken: 7 };
    channel('thingsdb-lock:waiting').publish({ ...about, position: 4 });
    for (const reason of ['stolen', 'expired', 'expired'])
      channel('thingsdb-lock:lost').publish({ ...about, reason });
    channel('thingsdb-lock:renewal').publish({ ...about, expiresAt: new Date() });
    const reason = new LockLostError('a', 'expired', 1);
    channel('thingsdb-lock:reconnect').publish({ manager: MANAGER, attempt: 1, delayMs: 0, reason });
    expect(await telemetry.points('thingsdb.lock.queue.position')).toMatchObject([{ value: { sum: 4 } }]);
    const lost = await telemetry.points('thingsdb.lock.lost');
    expect(lost.map(({ attributes, value }) => [attributes['thingsdb.lock.lost.reason'], value])).toEqual([
      ['stolen', 1],
      ['expired', 2],
    ]);
    expect(await telemetry.total('thingsdb.lock.renewals')).toBe(1);
    expect(await telemetry.points('thingsdb.lock.reconnects')).toEqual([
      { attributes: { 'db.namespace': 'lock', 'error.type': 'LOCK_LOST' }, value: 1 },
    ]);
  });

  it('are those that the guide shows, and asks for', async () => {
    instrument({ nameInMetrics: (name) => name });
    ended(granted(acquiring()));
    const failing = Object.assign(acquiring(), { waitedMs: 1, error: new LockTimeoutError('a', 1) });
    acquireChannel.asyncEnd.publish(failing);
    const reason = new LockLostError('a', 'expired', 1);
    const about = { manager: MANAGER, name: 'a', names: ['a'], fencingToken: 7, position: 1, reason };
    for (const name of ['waiting', 'renewal', 'reconnect']) channel(`thingsdb-lock:${name}`).publish(about);
    channel('thingsdb-lock:lost').publish({ ...about, reason: 'expired' });
    const guide = readFileSync('docs/guides/observability.md', 'utf8');
    const collected = await telemetry.collected();
    const metrics = collected.scopeMetrics.flatMap((scope) => scope.metrics);
    const documented = [...guide.matchAll(/^\| `(thingsdb\.lock\.[a-z.]+)` \| (?:hist|up|count)/gm)];
    expect(documented.map(([, name]) => name).sort()).toEqual(
      metrics.map(({ descriptor }) => descriptor.name).sort(),
    );
    const text = prometheusText(collected);
    const asked = [...guide.matchAll(/\b(thingsdb_lock_\w+|error_type)\b/g)].map(([, name]) => name ?? '');
    expect(asked.length).toBeGreaterThan(8);
    expect(asked.filter((name) => !text.includes(name))).toEqual([]);
    expect(text).toContain('thingsdb_lock_outcome="failed"');
  });

  it('have no names, unless the options say what stands for them', async () => {
    instrument();
    ended(granted(acquiring(['order:1'])));
    instrumentation.disable();
    expect((await telemetry.points('thingsdb.lock.hold.duration'))[0]?.attributes).not.toHaveProperty(
      'thingsdb.lock.name',
    );
    instrument({ nameInMetrics: (name) => name.split(':')[0] });
    for (const name of ['order:1', 'order:2']) ended(granted(acquiring([name])));
    const points = await telemetry.points('thingsdb.lock.hold.duration');
    expect(
      points.map(({ attributes, value }) => [
        attributes['thingsdb.lock.name'],
        (value as { count: number }).count,
      ]),
    ).toEqual([
      [undefined, 1],
      ['order', 2],
    ]);
  });
});

describe('the instrumentation', () => {
  it('stops when it is disabled: spans end, nothing counts any more; and goes on when it is enabled', async () => {
    instrument();
    const hold = granted(acquiring());
    const waiting = acquiring();
    instrumentation.disable();
    expect([telemetry.spans(HOLD).length, telemetry.spans(ACQUIRE).length]).toEqual([1, 2]);
    expect(await telemetry.total('thingsdb.lock.held')).toBe(0);
    expect(await telemetry.total('thingsdb.lock.waiting')).toBe(0);
    ended(hold);
    acquiring();
    instrumentation.enable();
    instrumentation.enable();
    ended(granted(waiting));
    ended(granted(acquiring()));
    expect([telemetry.spans(HOLD).length, telemetry.spans(ACQUIRE).length]).toEqual([3, 3]);
    expect(await telemetry.total('thingsdb.lock.held')).toBe(0);
  });

  it('lets nothing that fails in it reach the process', () => {
    const logged: unknown[] = [];
    const log = (...all: unknown[]): void => void logged.push(all);
    diag.setLogger(
      { error: log, warn: log, info: log, debug: log, verbose: log },
      { logLevel: DiagLogLevel.ERROR, suppressOverrideMessage: true },
    );
    instrument({
      nameInMetrics: () => {
        throw new Error('from the options');
      },
    });
    acquiring();
    diag.disable();
    expect(logged).toEqual([[expect.stringContaining('thingsdb-lock'), new Error('from the options')]]);
  });

  it('takes other providers later, as registerInstrumentations gives them', async () => {
    instrument();
    const other = new Telemetry();
    const waiting = acquiring();
    instrumentation.setTracerProvider(other.tracerProvider);
    instrumentation.setMeterProvider(other.meterProvider);
    ended(granted(waiting));
    expect(other.spans(HOLD)).toHaveLength(1);
    expect(await other.total('thingsdb.lock.held')).toBe(0);
    expect(await telemetry.total('thingsdb.lock.waiting')).toBe(0);
    expect(await other.total('thingsdb.lock.acquire.duration')).toBe(1);
    instrumentation.setConfig();
    expect(instrumentation.getConfig()).toEqual({ enabled: true });
    await other.shutdown();
  });

  it('tells the version of the package', () => {
    instrument();
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(instrumentation.instrumentationVersion).toBe(version);
  });
});
