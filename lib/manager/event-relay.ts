import type { EventEmitter } from 'eventemitter3';
import type { LockEvents } from '../events.js';

/** How the inside tells what has happened to a lock. Never throws. */
export interface TellLock {
  <E extends keyof LockEvents>(event: E, payload: LockEvents[E][0]): void;
  /** Whether anybody listens: what nobody hears need not be put together. */
  readonly isHeard?: (event: keyof LockEvents) => boolean;
}

/** An emitter of lock events, whatever else it emits. */
export type LockEmitter = EventEmitter<LockEvents>;

/** How eventemitter3 keeps its listeners; its `listeners()` leaves out with what `this` and how often they are called. */
interface Listener {
  readonly fn: (...payload: unknown[]) => void;
  readonly context: unknown;
  readonly once: boolean;
}

/** Tells every listener, whatever the others do: `emit` would stop at the first that throws. */
export function tellEach(
  emitter: object,
  event: string,
  payload: readonly unknown[],
  onThrown: (error: unknown) => void = warn,
): void {
  const known = emitter as EventEmitter & {
    readonly _events: Readonly<Record<string, Listener | Listener[] | undefined>>;
  };
  const listeners = known._events[event];
  if (listeners === undefined) return;
  for (const { fn, context, once } of [listeners].flat()) {
    if (once) known.removeListener(event, fn, context, true);
    try {
      fn.apply(context, [...payload]);
    } catch (error) {
      onThrown(error);
    }
  }
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error));
}

/**
 * Tells each emitter in turn. A listener that throws breaks nothing: what it threw is told as `error`, and if an
 * `error` listener throws, as a warning of the process.
 */
export function relayTo(...emitters: readonly LockEmitter[]): TellLock {
  const tell = <E extends keyof LockEvents>(event: E, payload: LockEvents[E][0]): void => {
    for (const emitter of emitters) {
      tellEach(emitter, event, [payload], (error) => {
        if (event === 'error') warn(error);
        else tell('error', { name: (payload as { name?: string }).name, error });
      });
    }
  };
  const isHeard = (event: keyof LockEvents): boolean =>
    emitters.some((emitter) => emitter.listenerCount(event) > 0);
  return Object.assign(tell, { isHeard });
}
