import type { EventEmitter } from 'eventemitter3';
import type { LockEvents } from '../events.js';

/** How the inside tells what has happened to a lock. Never throws. */
export type TellLock = <E extends keyof LockEvents>(event: E, payload: LockEvents[E][0]) => void;

/** An emitter of lock events, whatever else it emits. */
export type LockEmitter = EventEmitter<LockEvents>;

/**
 * Tells each emitter in turn. A listener that throws breaks nothing: what it threw is told as `error`, and if an
 * `error` listener throws, as a warning of the process.
 */
export function relayTo(...emitters: readonly LockEmitter[]): TellLock {
  const tell: TellLock = (event, payload) => {
    for (const emitter of emitters) {
      try {
        (emitter.emit as (event: string, payload: unknown) => boolean)(event, payload);
      } catch (error) {
        if (event === 'error') process.emitWarning(error instanceof Error ? error : String(error));
        else tell('error', { name: (payload as { name?: string }).name, error });
      }
    }
  };
  return tell;
}
