import { hasSubscribers, publishEvent } from '../diagnostics/channels.js';
import type { ManagerInfo } from '../diagnostics/messages.js';
import { tellListeners, type Emitter } from '../emitter.js';
import type { LockEvents } from '../events.js';

/** How the inside tells what has happened to a lock. Never throws. */
export interface LockTeller {
  tell<E extends keyof LockEvents>(event: E, payload: LockEvents[E][0]): void;
  /** Whether anybody listens or is subscribed: what nobody hears need not be put together. */
  isHeard?(event: keyof LockEvents): boolean;
  /** Makes the release of the lease, seen by who is told: where somebody has subscribed to see it. */
  release?(call: () => Promise<boolean>): Promise<boolean>;
}

/** An emitter of lock events, whatever else it emits. */
export type LockEmitter = Emitter<LockEvents>;

/**
 * Tells the listeners. One that throws, or rejects, breaks nothing. Its error is given to `toError`, which makes the
 * payload of the event `error`. The error of a listener of `error` becomes a warning of the process.
 */
export function tellSafely<
  Events extends { [E in keyof Events]: unknown[] } & { error: unknown[] },
  E extends keyof Events,
>(
  emitter: Emitter<Events>,
  event: E,
  payload: Events[E],
  toError: (error: unknown) => NoInfer<Events['error']>,
): void {
  tellListeners(emitter, event, payload, (error) => {
    if (event === 'error') warn(error);
    else tellListeners(emitter, 'error', toError(error), warn);
  });
}

/**
 * Publishes an event, and tells the emitters in turn. What a listener throws, or rejects with, is told as `error` to all of
 * them. A class, as each lock has one: closures with properties take ten times its memory.
 */
export class EventRelay implements LockTeller {
  readonly #manager: ManagerInfo;
  readonly #first: LockEmitter;
  readonly #second: LockEmitter | undefined;

  constructor(manager: ManagerInfo, first: LockEmitter, second?: LockEmitter) {
    this.#manager = manager;
    this.#first = first;
    this.#second = second;
  }

  tell<E extends keyof LockEvents>(event: E, payload: LockEvents[E][0]): void {
    publishEvent(this.#manager, event, payload);
    this.#tell(this.#first, event, payload);
    if (this.#second !== undefined) this.#tell(this.#second, event, payload);
  }

  isHeard(event: keyof LockEvents): boolean {
    if (this.#first.listenerCount(event) > 0 || (this.#second?.listenerCount(event) ?? 0) > 0) return true;
    return hasSubscribers(event);
  }

  #tell<E extends keyof LockEvents>(emitter: LockEmitter, event: E, payload: LockEvents[E][0]): void {
    tellListeners(emitter, event, [payload] as unknown as LockEvents[E], (error) => {
      if (event === 'error') warn(error);
      else this.tell('error', { name: (payload as { name?: string }).name, error });
    });
  }
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error));
}
