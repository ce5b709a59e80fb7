import { AsyncResource } from 'node:async_hooks';
import { EventEmitter } from 'eventemitter3';
import { checkEvent, type KnownEvents } from './known-events.js';
import { outside } from './manager/sections.js';

/** What is called with an event's payload. What an async one rejects with is told as `error`, as what one throws is. */
export type Listener<Payload extends readonly unknown[]> = (...payload: Payload) => unknown;

type OnFailed = (error: unknown) => void;

/**
 * A listener as the emitter beneath knows it. It never throws, and runs in the asynchronous context that it was added
 * in.
 */
interface Guarded {
  (payload: readonly unknown[], onFailed: OnFailed): void;
  readonly listener: unknown;
}

/** Calls every listener, whatever the others do; `onFailed` takes what one throws or rejects with. */
type Tell = <Events extends { [E in keyof Events]: unknown[] }, E extends keyof Events>(
  emitter: Emitter<Events>,
  event: E,
  payload: Events[E],
  onFailed: OnFailed,
) => void;

/** Not a method: nobody outside of this library tells anything. */
let tell: Tell;

/**
 * Tells listeners of events, by the names that Node's own emitter uses. Each listener runs in the asynchronous context
 * (`AsyncLocalStorage`) that it was added in, not in that of the event's cause. It is inside of no `runExclusive`.
 * Listeners that are added or removed by one are not those of the event under way.
 */
export class Emitter<Events extends { [E in keyof Events]: unknown[] }> {
  /** Made for the first listener: most locks never have one. */
  #listeners: EventEmitter<string> | undefined;
  readonly #known: KnownEvents | undefined;

  /**
   * @param known those that there are: others are refused. `undefined`: none is refused
   * @internal
   */
  constructor(known?: KnownEvents) {
    this.#known = known;
  }

  /**
   * Calls the listener for each such event, until it is removed.
   * @throws LockOptionsError for an event that is never told
   */
  on<E extends keyof Events>(event: E, listener: Listener<Events[E]>): this {
    this.#madeFor(event).on(event as string, guarded(this, listener));
    return this;
  }

  /** As {@link on}, for the next one only. */
  once<E extends keyof Events>(event: E, listener: Listener<Events[E]>): this {
    this.#madeFor(event).once(event as string, guarded(this, listener));
    return this;
  }

  /** Removes the listener, which was added last if it was added several times. */
  off<E extends keyof Events>(event: E, listener: Listener<Events[E]>): this {
    const all = (this.#listeners?.listeners(event as string) ?? []) as Guarded[];
    const last = all.findLast((one) => one.listener === listener);
    if (last !== undefined) this.#listeners?.off(event as string, last);
    return this;
  }

  /** As {@link on}. */
  addListener<E extends keyof Events>(event: E, listener: Listener<Events[E]>): this {
    return this.on(event, listener);
  }

  /** As {@link off}. */
  removeListener<E extends keyof Events>(event: E, listener: Listener<Events[E]>): this {
    return this.off(event, listener);
  }

  /** Those of one event, or all. */
  removeAllListeners(event?: keyof Events): this {
    this.#listeners?.removeAllListeners(event as string | undefined);
    return this;
  }

  /** How many listeners the event has. */
  listenerCount(event: keyof Events): number {
    return this.#listeners?.listenerCount(event as string) ?? 0;
  }

  #madeFor(event: keyof Events): EventEmitter<string> {
    if (this.#known !== undefined) checkEvent(this.#known, event);
    return (this.#listeners ??= new EventEmitter());
  }

  static {
    tell = (emitter, event, payload, onFailed) =>
      void emitter.#listeners?.emit(event as string, payload, onFailed);
  }
}

/** See {@link Tell}. */
export const tellListeners: Tell = (emitter, event, payload, onFailed) =>
  tell(emitter, event, payload, onFailed);

function guarded(emitter: object, listener: unknown): Guarded {
  if (typeof listener !== 'function') throw new TypeError(`a listener is a function, not ${typeof listener}`);
  // What it acquires is not part of the `runExclusive` in which it was added.
  const context = outside(() => new AsyncResource('thingsdb-lock listener', { requireManualDestroy: true }));
  const run = (payload: readonly unknown[], onFailed: OnFailed): void => {
    try {
      const result: unknown = context.runInAsyncScope(
        listener as Listener<readonly unknown[]>,
        emitter,
        ...payload,
      );
      if (isThenable(result)) result.then(undefined, onFailed);
    } catch (error) {
      onFailed(error);
    }
  };
  return Object.assign(run, { listener });
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
}
