import { Emitter } from './emitter.js';
import type { LostReason } from './errors.js';
import { WATCH_EVENTS } from './known-events.js';
import type { LockInfo } from './lock-info.js';

/** What a watch tells: what happens to the requests for its name, or for any name, whoever makes them. */
export interface LockWatchEvents {
  /** A request came into the queue. Or it is in it again, because its process has not taken the granted lease. */
  waiting: [event: WatchedRequestEvent];
  /** A request has left the queue without a lease: it was given up, or its process did not answer. */
  withdrawn: [event: WatchedRequestEvent];
  acquired: [event: WatchedGrantEvent];
  /** Its holder has let go. */
  released: [event: WatchedEvent];
  /** It ran out. */
  expired: [event: WatchedEvent];
  /** It was taken away from its holder. */
  lost: [event: WatchedLossEvent];
  /** It was handed over: it goes on, with the same token, and belongs to this owner from now on. */
  adopted: [event: WatchedEvent];
  /** The connection was lost and is back: what happened meanwhile was not seen. `manager.query` tells what is now. */
  resumed: [];
  /** The watch could not be kept up, or a listener has thrown. */
  error: [error: unknown];
}

/** What happened to a request for a watched name. */
export interface WatchedRequestEvent extends Omit<LockInfo, 'since'> {
  /** When, by the server's clock. */
  readonly at: Date;
  /**
   * How long what has ended by it lasted (milliseconds). That is the wait before `acquired` and `withdrawn`, and the
   * lease before `released`, `expired`, `lost` and `adopted`. 0 for `waiting`.
   */
  readonly lastedMs: number;
  /** How many are in the queue of the name after it. Holders are not counted; those who are set aside as their process is silent are. */
  readonly queueLength: number;
}

/** What happened to a lease of a watched name: whose it is, and its token. */
export interface WatchedEvent extends WatchedRequestEvent {
  readonly fencingToken: number;
  /** Its process may keep it between uses (`linger`). */
  readonly lingers: boolean;
}

/** A lease of a watched name was granted. */
export interface WatchedGrantEvent extends WatchedEvent {
  /** How long it lasts unless it is renewed (milliseconds). Renewals are not told. */
  readonly ttl: number;
}

/** A lease of a watched name was taken away. */
export interface WatchedLossEvent extends WatchedEvent {
  readonly reason: LostReason;
}

/**
 * Live events of one name, from `manager.watch(name)` until it is closed; or of all names, from `manager.watch()`. Keeps
 * the process alive until then. Each event is told as it comes: nothing is kept here.
 */
export class LockWatch<Name extends string | undefined = string> extends Emitter<LockWatchEvents> {
  /** `undefined` for all names. */
  readonly name: Name;
  readonly #close: (watch: LockWatch<string | undefined>) => void;

  /** @internal */
  constructor(name: Name, close: (watch: LockWatch<string | undefined>) => void) {
    super(WATCH_EVENTS);
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
