import type { Attributes, Counter, Histogram, Meter, UpDownCounter } from '@opentelemetry/api';
import type {
  AcquireTrace,
  HoldTrace,
  LockMessage,
  LostMessage,
  ReconnectMessage,
  RenewalMessage,
  WaitingMessage,
} from '../diagnostics/messages.js';
import { errorType } from './attributes.js';

/** What stands for a lock's name in metrics; `undefined`: nothing. */
export type NameInMetrics = (name: string) => string | undefined;

/** In seconds: a free lock takes a fraction of a millisecond, and a lease may last for hours. */
const SECONDS = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600,
];
const POSITIONS = [1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000];

/** How long locks are waited for and held, by how many, and how leases are lost. */
export class LockMetrics {
  readonly #nameOf: NameInMetrics;
  readonly #acquireDuration: Histogram;
  readonly #holdDuration: Histogram;
  readonly #position: Histogram;
  readonly #waiting: UpDownCounter;
  readonly #held: UpDownCounter;
  readonly #lost: Counter;
  readonly #renewals: Counter;
  readonly #reconnects: Counter;
  /** What is counted as waiting or held now, and with which attributes. */
  readonly #now = new Map<AcquireTrace | HoldTrace, Attributes>();

  constructor(meter: Meter, nameOf: NameInMetrics) {
    this.#nameOf = nameOf;
    const seconds = (name: string, description: string): Histogram =>
      meter.createHistogram(name, { description, unit: 's', advice: { explicitBucketBoundaries: SECONDS } });
    this.#acquireDuration = seconds(
      'thingsdb.lock.acquire.duration',
      'From the call to the lease, or to its failure.',
    );
    this.#holdDuration = seconds('thingsdb.lock.hold.duration', 'From the grant to the end of the lease.');
    this.#position = meter.createHistogram('thingsdb.lock.queue.position', {
      description: 'Requests ahead of one that comes into the queue, the holder included.',
      unit: '{request}',
      advice: { explicitBucketBoundaries: POSITIONS },
    });
    this.#waiting = meter.createUpDownCounter('thingsdb.lock.waiting', {
      description: 'Calls that have neither got a lease nor failed.',
      unit: '{request}',
    });
    this.#held = meter.createUpDownCounter('thingsdb.lock.held', {
      description: 'Leases that are held.',
      unit: '{lease}',
    });
    const counter = (name: string, unit: string, description: string): Counter =>
      meter.createCounter(name, { description, unit });
    this.#lost = counter('thingsdb.lock.lost', '{lease}', 'Leases that ended without a release.');
    this.#renewals = counter(
      'thingsdb.lock.renewals',
      '{renewal}',
      'Renewals that the server has confirmed.',
    );
    this.#reconnects = counter('thingsdb.lock.reconnects', '{attempt}', 'Tries to connect again.');
  }

  acquireStarted(acquire: AcquireTrace): void {
    this.#count(acquire, this.#waiting, this.#modeOf(acquire));
  }

  acquireEnded(acquire: AcquireTrace): void {
    const { how, waitedMs = 0, result, error } = acquire;
    const attributes = ended(this.#uncount(acquire, this.#waiting) ?? this.#modeOf(acquire), result, error);
    attributes['db.operation.name'] = how;
    this.#acquireDuration.record(waitedMs / 1000, attributes);
  }

  holdStarted(hold: HoldTrace): void {
    this.#count(hold, this.#held, this.#now.get(hold.acquire) ?? this.#modeOf(hold.acquire));
  }

  holdEnded(hold: HoldTrace): void {
    const { heldMs = 0, result, error, acquire } = hold;
    const attributes = ended(this.#uncount(hold, this.#held) ?? this.#modeOf(acquire), result, error);
    this.#holdDuration.record(heldMs / 1000, attributes);
  }

  waiting(message: WaitingMessage): void {
    this.#position.record(message.position, this.#of(message));
  }

  lost(message: LostMessage): void {
    this.#lost.add(1, { ...this.#of(message), 'thingsdb.lock.lost.reason': message.reason });
  }

  renewed(message: RenewalMessage): void {
    this.#renewals.add(1, this.#of(message));
  }

  reconnecting({ manager, reason }: ReconnectMessage): void {
    const { collection } = manager;
    this.#reconnects.add(1, { 'db.namespace': collection, 'error.type': errorType(reason) });
  }

  /** Nobody tells any more how what is counted now ends. */
  stop(): void {
    for (const of of [...this.#now.keys()]) this.#uncount(of, 'acquire' in of ? this.#held : this.#waiting);
  }

  #count(of: AcquireTrace | HoldTrace, counter: UpDownCounter, attributes: Attributes): void {
    this.#now.set(of, attributes);
    counter.add(1, attributes);
  }

  /** What has begun before this was listening was not counted. */
  #uncount(of: AcquireTrace | HoldTrace, counter: UpDownCounter): Attributes | undefined {
    const attributes = this.#now.get(of);
    if (this.#now.delete(of)) counter.add(-1, attributes);
    return attributes;
  }

  /** Few values each: every combination of them is a time series. */
  #of({ manager, name }: LockMessage): Attributes {
    const attributes: Attributes = { 'db.namespace': manager.collection };
    const shown = this.#nameOf(name);
    if (shown !== undefined) attributes['thingsdb.lock.name'] = shown;
    return attributes;
  }

  #modeOf(acquire: AcquireTrace): Attributes {
    const attributes = this.#of(acquire);
    attributes['thingsdb.lock.mode'] = acquire.mode;
    return attributes;
  }
}

function ended(attributes: Attributes, result: string | undefined, error: unknown): Attributes {
  const all = { ...attributes, 'thingsdb.lock.outcome': result ?? 'failed' };
  return result === undefined ? { ...all, 'error.type': errorType(error) } : all;
}
