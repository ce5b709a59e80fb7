import {
  context,
  diag,
  metrics,
  trace,
  type Context,
  type MeterProvider,
  type TracerProvider,
} from '@opentelemetry/api';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { AcquireTrace, HoldTrace, LockChannels, LockTracingChannels } from '../diagnostics/messages.js';
import type { Lease } from '../lease.js';
import { LockMetrics, type NameInMetrics } from './lock-metrics.js';
import { LockSpans } from './lock-spans.js';

const NAME = 'thingsdb-lock';
const VERSION = '0.1.0';

/** How locks are shown to OpenTelemetry. */
export interface LockInstrumentationOptions {
  /** Where spans go. Default: the global provider. */
  readonly tracerProvider?: TracerProvider | undefined;
  /** Where metrics go. Default: the global provider, which has to be registered before. */
  readonly meterProvider?: MeterProvider | undefined;
  /**
   * What stands for a lock's name in metrics, where each value makes time series of its own. `(name) => name` where
   * there are few, `(name) => name.split(':')[0]` for a part of it. Default: nothing. Spans have the whole name.
   */
  readonly nameInMetrics?: NameInMetrics | undefined;
}

type Handler = readonly [channel: string, handler: (message: unknown) => void];

/** The part of a tracing channel on which calls and leases begin, or end. */
type Part = 'start' | 'asyncEnd';

/**
 * Shows how locks are waited for, held, lost and renewed, as spans and metrics of OpenTelemetry. All managers of the
 * process tell it so, by the channels of `node:diagnostics_channel`. What they do does not depend on it. It begins when
 * it is made. It has the shape that `registerInstrumentations` and `NodeSDK` expect, too.
 *
 * What was acquired before it began is not shown.
 *
 * @example
 * const instrumentation = new LockInstrumentation({ nameInMetrics: (name) => name.split(':')[0] });
 * // When the service ends:
 * instrumentation.disable();
 */
export class LockInstrumentation {
  readonly instrumentationName = NAME;
  readonly instrumentationVersion = VERSION;
  readonly #nameOf: NameInMetrics;
  readonly #spans: LockSpans;
  #metrics: LockMetrics;
  readonly #handlers: readonly Handler[];
  #isEnabled = false;

  constructor(options: LockInstrumentationOptions = {}) {
    const { tracerProvider, meterProvider, nameInMetrics } = options;
    this.#nameOf = nameInMetrics ?? (() => undefined);
    this.#spans = new LockSpans((tracerProvider ?? trace.getTracerProvider()).getTracer(NAME, VERSION));
    this.#metrics = this.#metricsOf(meterProvider ?? metrics.getMeterProvider());
    this.#handlers = this.#allHandlers();
    this.enable();
  }

  /** Subscribes; without effect if it has. */
  enable(): void {
    if (this.#isEnabled) return;
    this.#isEnabled = true;
    for (const [channel, handler] of this.#handlers) subscribe(channel, handler);
  }

  /** Unsubscribes. Spans that are under way end, and nothing counts as held or waiting any more. */
  disable(): void {
    if (!this.#isEnabled) return;
    this.#isEnabled = false;
    for (const [channel, handler] of this.#handlers) unsubscribe(channel, handler);
    this.#spans.stop();
    this.#metrics.stop();
  }

  /**
   * A context in which the lease's span is active, so that spans that begin in it are its children. Of a lease that is
   * not shown, or has ended: the context that was given.
   *
   * @example
   * await lock.runExclusive((lease) => context.with(instrumentation.contextOf(lease), work));
   */
  contextOf(lease: Pick<Lease, 'name' | 'fencingToken'>, from: Context = context.active()): Context {
    const span = this.#spans.ofLease(lease);
    return span === undefined ? from : trace.setSpan(from, span);
  }

  /** Where spans go from now on. */
  setTracerProvider(provider: TracerProvider): void {
    this.#spans.tracer = provider.getTracer(NAME, VERSION);
  }

  /** Where metrics go from now on; what is held or waiting now is not counted there. */
  setMeterProvider(provider: MeterProvider): void {
    this.#metrics.stop();
    this.#metrics = this.#metricsOf(provider);
  }

  /** For `registerInstrumentations`: there is nothing to be set later. */
  setConfig(): void {
    // Its options are those of the constructor.
  }

  /** For `registerInstrumentations`, which enables what is not. */
  getConfig(): { enabled: boolean } {
    return { enabled: this.#isEnabled };
  }

  #metricsOf(provider: MeterProvider): LockMetrics {
    return new LockMetrics(provider.getMeter(NAME, VERSION), this.#nameOf);
  }

  #allHandlers(): Handler[] {
    return [
      traced('thingsdb-lock:acquire', 'start', (acquire) => this.#acquireStarted(acquire)),
      traced('thingsdb-lock:acquire', 'asyncEnd', (acquire) => this.#acquireEnded(acquire)),
      traced('thingsdb-lock:hold', 'start', (hold) => this.#holdStarted(hold)),
      traced('thingsdb-lock:release', 'start', (release) => this.#spans.releaseStarted(release)),
      traced('thingsdb-lock:hold', 'asyncEnd', (hold) => this.#holdEnded(hold)),
      plain('thingsdb-lock:waiting', (message) => this.#metrics.waiting(message)),
      plain('thingsdb-lock:lost', (message) => this.#metrics.lost(message)),
      plain('thingsdb-lock:renewal', (message) => this.#metrics.renewed(message)),
      plain('thingsdb-lock:reconnect', (message) => this.#metrics.reconnecting(message)),
    ];
  }

  #acquireStarted(acquire: AcquireTrace): void {
    this.#spans.acquireStarted(acquire);
    this.#metrics.acquireStarted(acquire);
  }

  #acquireEnded(acquire: AcquireTrace): void {
    this.#spans.acquireEnded(acquire);
    this.#metrics.acquireEnded(acquire);
  }

  #holdStarted(hold: HoldTrace): void {
    this.#spans.holdStarted(hold);
    this.#metrics.holdStarted(hold);
  }

  #holdEnded(hold: HoldTrace): void {
    this.#spans.holdEnded(hold);
    this.#metrics.holdEnded(hold);
  }
}

function traced<N extends keyof LockTracingChannels>(
  name: N,
  part: Part,
  handler: (message: LockTracingChannels[N]) => void,
): Handler {
  return [`tracing:${name}:${part}`, guarded(handler)];
}

function plain<N extends keyof LockChannels>(name: N, handler: (message: LockChannels[N]) => void): Handler {
  return [name, guarded(handler)];
}

/** What goes wrong in here, or in a function of the options, must not end the process. */
function guarded<M>(handler: (message: M) => void): (message: unknown) => void {
  return (message) => {
    try {
      handler(message as M);
    } catch (error) {
      diag.error(`${NAME}: what a lock does could not be shown`, error);
    }
  };
}
