import { Emitter } from './emitter.js';
import type { LostReason } from './errors.js';
import type { LockInfo } from './lock-info.js';

/** What a watch tells: what happens to the leases of a name, whoever holds them. */
export interface LockWatchEvents {
  acquired: [event: WatchedEvent];
  /** Its holder has let go. */
  released: [event: WatchedEvent];
  /** It ran out. */
  expired: [event: WatchedEvent];
  /** It was taken away from its holder. */
  lost: [event: WatchedLossEvent];
  /** The connection was lost and is back: what happened meanwhile was not seen. `manager.query` tells what is now. */
  resumed: [];
  /** The watch could not be kept up, or a listener has thrown. */
  error: [error: unknown];
}

/** What happened to a lease of a watched name: whose it is, and its token. */
export interface WatchedEvent extends Pick<LockInfo, 'name' | 'mode' | 'permits' | 'owner'> {
  readonly fencingToken: number;
}

/** A lease of a watched name was taken away. */
export interface WatchedLossEvent extends WatchedEvent {
  readonly reason: LostReason;
}

/** Live events of one name, from `manager.watch(name)` until it is closed. Keeps the process alive until then. */
export class LockWatch extends Emitter<LockWatchEvents> {
  readonly name: string;
  readonly #close: (watch: LockWatch) => void;

  /** @internal */
  constructor(name: string, close: (watch: LockWatch) => void) {
    super();
    this.name = name;
    this.#close = close;
  }

  /** No more events. Repeating it does nothing. */
  close(): void {
    this.#close(this);
  }

  /** As {@link close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}
