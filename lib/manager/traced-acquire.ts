import { channels } from '../diagnostics/channels.js';
import type { AcquireTrace, HoldTrace, ReleaseTrace } from '../diagnostics/messages.js';
import { observed, publishEnd, type Mutable } from '../diagnostics/observed.js';
import { LockLostError } from '../errors.js';
import type { LockEvents } from '../events.js';
import { modeOf } from '../lock-info.js';
import type { LockTeller } from './event-relay.js';
import type { LockCore } from './manager-core.js';
import type { Terms } from '../request/request.js';
import { labelOf } from './outcomes.js';

type Traced = Pick<Terms, 'names' | 'how' | 'units' | 'limit'>;
type Told = {
  [E in keyof LockEvents]: { readonly event: E; readonly payload: LockEvents[E][0] };
}[keyof LockEvents];

/**
 * Acquires a lock where somebody is subscribed to see it. Publishes the call, and its lease until that ends.
 * @param call acquires it, and tells what becomes of the lease
 */
export function tracedAcquire<R extends object | null>(
  core: LockCore,
  terms: Traced,
  teller: LockTeller,
  call: (teller: LockTeller) => Promise<R>,
): Promise<R> {
  const trace = newAcquireTrace(core, terms);
  const startedMs = performance.now();
  const lease = new TracedLease(trace, teller);
  return observed(
    channels.acquire,
    trace,
    async () => {
      try {
        return await call(lease);
      } finally {
        trace.waitedMs = performance.now() - startedMs;
      }
    },
    (acquired) => (acquired === null ? 'busy' : 'acquired'),
  );
}

function newAcquireTrace(core: LockCore, { names, how, units, limit }: Traced): Mutable<AcquireTrace> {
  const mode = modeOf(limit);
  return {
    manager: core.info,
    name: names[0] as string,
    names,
    how,
    mode,
    count: mode === 'semaphore' ? units : 1,
    position: undefined,
    fencingToken: undefined,
    waitedMs: undefined,
    result: undefined,
    error: undefined,
  };
}

/** What becomes of one acquired lease, as its events and its release tell. */
class TracedLease implements LockTeller {
  readonly #acquire: Mutable<AcquireTrace>;
  readonly #teller: LockTeller;
  #hold: Mutable<HoldTrace> | undefined;
  #heldFromMs = 0;

  /** @param teller is told after the channels */
  constructor(acquire: Mutable<AcquireTrace>, teller: LockTeller) {
    this.#acquire = acquire;
    this.#teller = teller;
  }

  tell<E extends keyof LockEvents>(event: E, payload: LockEvents[E][0]): void {
    this.#told({ event, payload } as Told);
    this.#teller.tell(event, payload);
  }

  #told(told: Told): void {
    switch (told.event) {
      case 'waiting':
        this.#acquire.position = told.payload.position;
        return;
      case 'acquired':
        this.#start(told.payload.fencingToken);
        return;
      case 'extended':
        if (this.#hold !== undefined) this.#hold.renewals++;
        return;
      case 'released':
        this.#end({ result: 'released' });
        return;
      case 'handedOn':
        this.#end({ result: 'handed-on' });
        return;
      case 'lost': {
        const { names, reason, fencingToken } = told.payload;
        this.#end({ error: new LockLostError(labelOf(names), reason, fencingToken) });
        return;
      }
      default:
    }
  }

  #start(fencingToken: number): void {
    const acquire = this.#acquire;
    const { manager, name, names } = acquire;
    acquire.fencingToken = fencingToken;
    this.#heldFromMs = performance.now();
    this.#hold = {
      ...{ manager, name, names, acquire, fencingToken, renewals: 0 },
      ...{ heldMs: undefined, result: undefined, error: undefined },
    };
    channels.hold.start.publish(this.#hold);
    channels.hold.end.publish(this.#hold);
  }

  /** Once: a release without an answer may be followed by a loss, or by a release behind it. */
  #end(end: Pick<HoldTrace, 'result'> | Pick<HoldTrace, 'error'>): void {
    const hold = this.#hold;
    if (hold === undefined || hold.heldMs !== undefined) return;
    hold.heldMs = performance.now() - this.#heldFromMs;
    publishEnd(channels.hold, Object.assign(hold, end));
  }

  async release(call: () => Promise<boolean>): Promise<boolean> {
    const hold = this.#hold;
    if (hold === undefined) return call();
    const { manager, name, names } = hold;
    const trace: Mutable<ReleaseTrace> = { manager, name, names, hold, result: undefined, error: undefined };
    try {
      return await observed(channels.release, trace, call, (wasHeld) => wasHeld);
    } catch (error) {
      // Whether the lock is free is not known; nobody works under the lease any more.
      this.#end({ error });
      throw error;
    }
  }
}
