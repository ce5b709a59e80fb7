import {
  context,
  type Attributes,
  type Context,
  type Span,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api';
import type { AcquireTrace, HoldTrace, ReleaseTrace } from '../diagnostics/messages.js';
import { acquireAttributes, errorType, holdAttributes, lostReason } from './attributes.js';
import { HandOvers } from './hand-overs.js';

interface Acquiring {
  readonly span: Span;
  /** Where it was called, with its span. */
  readonly context: Context;
}

interface Holding {
  readonly span: Span;
  /** Whoever waits for it may have it from now on. */
  isLetGo: boolean;
}

/** A lease, as far as its token tells it from others. */
export type Numbered = Pick<HoldTrace, 'name' | 'fencingToken'>;

/** The spans of waiting and of holding: a lease's is a child of that of the call that got it. */
export class LockSpans {
  tracer: Tracer;
  readonly #acquiring = new Map<AcquireTrace, Acquiring>();
  readonly #holding = new Map<HoldTrace, Holding>();
  /** The same, by name and token. */
  readonly #byToken = new Map<string, Span>();
  readonly #handOvers = new HandOvers();

  constructor(tracer: Tracer) {
    this.tracer = tracer;
  }

  acquireStarted(acquire: AcquireTrace): void {
    const from = context.active();
    // Not of the kind `CLIENT`: most of its time is that of other holders, and no latency of the server.
    const span = this.tracer.startSpan(
      'thingsdb.lock.acquire',
      { attributes: acquireAttributes(acquire) },
      from,
    );
    this.#acquiring.set(acquire, { span, context: trace.setSpan(from, span) });
    this.#handOvers.begin(acquire);
  }

  acquireEnded(acquire: AcquireTrace): void {
    const span = this.#acquiring.get(acquire)?.span;
    this.#acquiring.delete(acquire);
    this.#handOvers.end(acquire);
    const { position, fencingToken, result, error } = acquire;
    if (span === undefined) return;
    endSpan(span, error, {
      'thingsdb.lock.queue.position': position,
      'thingsdb.lock.fencing_token': fencingToken,
      'thingsdb.lock.outcome': result,
    });
  }

  holdStarted(hold: HoldTrace): void {
    const { acquire } = hold;
    const parent = this.#acquiring.get(acquire)?.context ?? context.active();
    const links = this.#handOvers.before(acquire).map((before) => ({ context: before }));
    const attributes = holdAttributes(hold);
    const span = this.tracer.startSpan('thingsdb.lock.hold', { attributes, links }, parent);
    this.#holding.set(hold, { span, isLetGo: false });
    this.#byToken.set(keyOf(hold), span);
  }

  /** The next grant may be here before the answer to the release is. */
  releaseStarted({ hold }: ReleaseTrace): void {
    const holding = this.#holding.get(hold);
    if (holding !== undefined) this.#letGo(hold, holding);
  }

  holdEnded(hold: HoldTrace): void {
    const holding = this.#holding.get(hold);
    if (holding === undefined) return;
    this.#letGo(hold, holding);
    this.#holding.delete(hold);
    this.#byToken.delete(keyOf(hold));
    const { span } = holding;
    const { result, error, renewals } = hold;
    endSpan(span, error, {
      'thingsdb.lock.renewals': renewals,
      'thingsdb.lock.outcome': result,
      'thingsdb.lock.lost.reason': lostReason(error),
    });
  }

  /** The span of a lease while it is held. */
  ofLease(lease: Numbered): Span | undefined {
    return this.#byToken.get(keyOf(lease));
  }

  #letGo(hold: HoldTrace, holding: Holding): void {
    if (!holding.isLetGo) this.#handOvers.ended(hold, holding.span.spanContext());
    holding.isLetGo = true;
  }

  /** Nobody tells any more how the calls and leases end that are under way. */
  stop(): void {
    for (const { span } of this.#acquiring.values()) span.end();
    for (const { span } of this.#holding.values()) span.end();
    for (const acquire of this.#acquiring.keys()) this.#handOvers.end(acquire);
    this.#acquiring.clear();
    this.#holding.clear();
    this.#byToken.clear();
  }
}

function keyOf({ fencingToken, name }: Numbered): string {
  return `${fencingToken} ${name}`;
}

/** What is not known is left out. */
function endSpan(span: Span, error: unknown, attributes: Attributes): void {
  for (const key in attributes) {
    const value = attributes[key];
    if (value !== undefined) span.setAttribute(key, value);
  }
  if (error !== undefined) {
    span.setAttribute('error.type', errorType(error));
    span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.message : '' });
  }
  span.end();
}
