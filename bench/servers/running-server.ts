import type { ServerName, ServerPlace } from '../systems/lock-system.js';

/** A server that is measured. */
export interface RunningServer {
  readonly name: ServerName;
  /** Name and version, for the report. */
  readonly title: string;
  readonly place: ServerPlace;
  /** CPU time that its processes have used, in microseconds; undefined if they are not on this machine. */
  cpuUs(): number | undefined;
  /** Memory of its processes. */
  rssBytes(): number | undefined;
  /** Stops it, if it was started here. */
  stop(): Promise<void>;
}

/** Something that may be had, or the reason why not. */
export type Maybe<T> = T | { readonly unavailable: string };

export function isUnavailable<T extends object>(maybe: Maybe<T>): maybe is { readonly unavailable: string } {
  return 'unavailable' in maybe;
}
