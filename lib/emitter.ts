import { AsyncResource } from 'node:async_hooks';
import { outside } from './manager/sections.js';

/** What is called with an event's payload. What an async one rejects with is told as `error`, as what one throws is. */
export type Listener<Payload extends readonly unknown[]> = (...payload: Payload) => unknown;

interface Entry {
  readonly listener: Listener<never>;
  readonly isOnce: boolean;
  /** The asynchronous context that the listener was added in. */
  readonly context: AsyncResource;
}

/** Calls every listener, whatever the others do; `onFailed` takes what one throws or rejects with. */
type Tell = <Events extends { [E in keyof Events]: unknown[] }, E extends keyof Events>(
  emitter: Emitter<Events>,
  event: E,
  payload: Events[E],
  onFailed: (error: unknown) => void,
) => void;

/** Not a method: nobody outside of this library tells anything. */
let tell: Tell;

/**
 * Tells listeners of events, by the names that Node's own emitter uses. Each listener runs in the asynchronous context
 * (`AsyncLocalStorage`) that it was added in, not in that of whatever has set off the event. It is inside of no
 * `runExclusive`. Listeners that are added or
 * removed by one are not those of the event under way.
 */
export class Emitter<Events extends { [E in keyof Events]: unknown[] }> {
  readonly #entries = new Map<keyof Events, readonly Entry[]>();

  /** Calls the listener for each such event, until it is removed. */
  on<E extends keyof Events>(event: E, listener: Listener<Events[E]>): this {
    return this.#add(event, listener, false);
  }

  /** As {@link on}, for the next one only. */
  once<E extends keyof Events>(event: E, listener: Listener<Events[E]>): this {
    return this.#add(event, listener, true);
  }

  /** Removes the listener, which was added last if it was added several times. */
  off<E extends keyof Events>(event: E, listener: Listener<Events[E]>): this {
    const entries = this.#of(event);
    const last = entries.findLastIndex((entry) => entry.listener === listener);
    if (last >= 0) this.#set(event, entries.toSpliced(last, 1));
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
    if (event === undefined) this.#entries.clear();
    else this.#entries.delete(event);
    return this;
  }

  listenerCount(event: keyof Events): number {
    return this.#of(event).length;
  }

  static {
    tell = (emitter, event, payload, onFailed) => emitter.#tell(event, payload, onFailed);
  }

  #tell<E extends keyof Events>(event: E, payload: Events[E], onFailed: (error: unknown) => void): void {
    for (const entry of this.#of(event)) {
      if (entry.isOnce) this.#drop(event, entry);
      try {
        const result: unknown = entry.context.runInAsyncScope(
          entry.listener as Listener<Events[E]>,
          this,
          ...payload,
        );
        if (isThenable(result)) result.then(undefined, onFailed);
      } catch (error) {
        onFailed(error);
      }
    }
  }

  #of(event: keyof Events): readonly Entry[] {
    return this.#entries.get(event) ?? [];
  }

  #set(event: keyof Events, entries: readonly Entry[]): void {
    if (entries.length === 0) this.#entries.delete(event);
    else this.#entries.set(event, entries);
  }

  #add<E extends keyof Events>(event: E, listener: Listener<Events[E]>, isOnce: boolean): this {
    if (typeof listener !== 'function')
      throw new TypeError(`a listener is a function, not ${typeof listener}`);
    // What it acquires is not part of the `runExclusive` in which it was added.
    const context = outside(
      () => new AsyncResource('thingsdb-lock listener', { requireManualDestroy: true }),
    );
    this.#set(event, [...this.#of(event), { listener, isOnce, context }]);
    return this;
  }

  #drop(event: keyof Events, entry: Entry): void {
    this.#set(
      event,
      this.#of(event).filter((other) => other !== entry),
    );
  }
}

/** See {@link Tell}. */
export const tellListeners: Tell = (emitter, event, payload, onFailed) =>
  tell(emitter, event, payload, onFailed);

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
}
