import { publishEvent } from '../diagnostics/channels.js';
import type { ManagerInfo } from '../diagnostics/messages.js';
import { tellListeners, type Emitter } from '../emitter.js';
import type { LockEvents } from '../events.js';

/** How the inside tells what has happened to a lock. Never throws. */
export interface TellLock {
  <E extends keyof LockEvents>(event: E, payload: LockEvents[E][0]): void;
  /** Whether anybody listens: what nobody hears need not be put together. */
  readonly isHeard?: (event: keyof LockEvents) => boolean;
  /** Makes the release of the lease, seen by who is told: where somebody has subscribed to see it. */
  readonly release?: (call: () => Promise<boolean>) => Promise<boolean>;
}

/** An emitter of lock events, whatever else it emits. */
export type LockEmitter = Emitter<LockEvents>;

/**
 * Tells the listeners. One that throws, or rejects, breaks nothing: its error is given to `toError`, which makes the payload
 * of the event `error`. The error of a listener of `error` becomes a warning of the process.
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

/** Publishes the event, and tells each emitter in turn. What a listener throws, or rejects with, is told as `error` to all of them. */
export function relayTo(manager: ManagerInfo, ...emitters: readonly LockEmitter[]): TellLock {
  const tell = <E extends keyof LockEvents>(event: E, payload: LockEvents[E][0]): void => {
    publishEvent(manager, event, payload);
    for (const emitter of emitters) {
      tellListeners(emitter, event, [payload] as unknown as LockEvents[typeof event], (error) => {
        if (event === 'error') warn(error);
        else tell('error', { name: (payload as { name?: string }).name, error });
      });
    }
  };
  const isHeard = (event: keyof LockEvents): boolean =>
    emitters.some((emitter) => emitter.listenerCount(event) > 0);
  return Object.assign(tell, { isHeard });
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error));
}
