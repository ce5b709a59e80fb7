import type { EventEmitter } from 'eventemitter3';
import type { LockEvents } from '../events.js';

/** How the inside tells what has happened to a lock. Never throws. */
export type TellLock = <E extends keyof LockEvents>(event: E, payload: LockEvents[E][0]) => void;

/** An emitter of lock events, whatever else it emits. */
export type LockEmitter = EventEmitter<LockEvents>;

type AnyEmitter = EventEmitter<Record<string, unknown[]>>;

/** Tells every listener, whatever the others do: `emit` would stop at the first that throws. */
export function tellEach(
  emitter: AnyEmitter,
  event: string,
  payload: readonly unknown[],
  onThrown: (error: unknown) => void = warn,
): void {
  for (const listener of emitter.listeners(event)) {
    // Takes away those that wanted to hear it once, before they hear it, as `emit` does.
    emitter.removeListener(event, listener, undefined, true);
    try {
      listener.apply(emitter, [...payload]);
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
  const tell: TellLock = (event, payload) => {
    for (const emitter of emitters) {
      tellEach(emitter as unknown as AnyEmitter, event, [payload], (error) => {
        if (event === 'error') warn(error);
        else tell('error', { name: (payload as { name?: string }).name, error });
      });
    }
  };
  return tell;
}
