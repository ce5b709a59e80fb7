import type { LostReason } from '../errors.js';
import type { InWay, Operation, RequestTerms } from '../schema/operations.js';

/** What is asked of the server. To steal is a procedure of its own, because it is a right of its own. */
export type Asked = Operation | { readonly kind: 'steal'; readonly terms: RequestTerms };

/** One call. Its answer, or its failure, comes back with it as an input. */
export interface Send {
  readonly kind: 'send';
  readonly operation: Asked;
  /** The request's id when it was sent: an answer about an earlier id is old news. */
  readonly id: string;
  /** Counts the calls of a request. The answer to an earlier call is older news than that to a later one. */
  readonly turn: number;
  /** The wall clock minus the monotonic one when it was sent. */
  readonly offsetMs: number;
  /** Who waits for its answer; 0: nobody. */
  readonly caller: number;
  /** Has to be on its way before the caller's code can block the event loop. */
  readonly isUrgent: boolean;
}

/** What becomes of a promise that a caller was given. */
export type Outcome =
  /** `acquire` has the lease. */
  | { readonly kind: 'lease' }
  /** `tryAcquire` found the lock taken. */
  | { readonly kind: 'busy' }
  /** The time to wait is over. `cause`: the server could not be asked. */
  | {
      readonly kind: 'timed-out';
      readonly waitedMs: number;
      readonly ahead: number | undefined;
      /** As the server told it with the withdrawal. */
      readonly inWay?: InWay | undefined;
      readonly cause: unknown;
    }
  | { readonly kind: 'failed'; readonly error: unknown }
  /**
   * The server took the lease before it could be used, for another reason than time. Or the lease was over time and
   * again.
   */
  | { readonly kind: 'never-arrived'; readonly why: 'expired' | 'taken' }
  /** What was to be adopted is over. */
  | { readonly kind: 'lost'; readonly reason: LostReason }
  | { readonly kind: 'refused'; readonly code: number }
  | { readonly kind: 'released'; readonly wasHeld: boolean }
  | { readonly kind: 'extended' }
  | { readonly kind: 'transferred' }
  /** `extend` or `serialize` of a lease that is over. */
  | { readonly kind: 'ended' };

/** What is told to listeners; what the events carry besides is in the request. */
export type Told =
  | { readonly event: 'waiting' | 'acquired' | 'extended' | 'released' | 'expired' | 'transferred' }
  | { readonly event: 'lost'; readonly reason: LostReason }
  | { readonly event: 'asked'; readonly by: string }
  /** The server refused, or answered what cannot be, in a call that has no caller. */
  | { readonly event: 'refused'; readonly code: number }
  | { readonly event: 'error'; readonly error: unknown };

/** What a step wants to be done, in this order. When to be woken is no command: see `wakeAtMs` and `askAtMs`. */
export type Command =
  | Send
  | ({ readonly kind: 'tell' } & Told)
  | { readonly kind: 'settle'; readonly caller: number; readonly outcome: Outcome }
  /** The lease's signal: the reason of a loss, or whatever the manager closes with. */
  | { readonly kind: 'abort'; readonly lost: LostReason }
  | { readonly kind: 'abort'; readonly lost?: undefined; readonly reason: unknown };

/** Who called `acquire`, `tryAcquire` or `adopt`. Those of `release`, `extend` and `serialize` have numbers of their own. */
export const ACQUIRER = -1;
/** Nobody waits for the answer. */
export const NOBODY = 0;
