import type { Answer, OwnWaiter } from '../schema/operations.js';
import type { Send } from './commands.js';

/** One moment on both clocks, in milliseconds. */
export interface Now {
  /** `performance.now()`: cannot be set, but may stand still while the machine sleeps. */
  readonly ms: number;
  /** `Date.now()`: can be set, but goes on while the machine sleeps. */
  readonly wallMs: number;
}

/** When a call was sent and answered, on the monotonic clock; and the server's time in between, in microseconds. */
export interface Exchange {
  readonly at: number;
  readonly sentMs: number;
  readonly receivedMs: number;
  /** The call was sent more than once, so that its answer may be that to a repeat. */
  readonly wasRepeated: boolean;
}

/** Whatever can happen to a request: the only things that `step` takes. */
export type Input =
  /** The request is made. */
  | { readonly kind: 'start' }
  | {
      readonly kind: 'answered';
      readonly call: Send;
      readonly answer: Answer;
      readonly exchange: Exchange;
    }
  /** A call came to nothing. `unanswered`: whether it took effect is not known, and another try may help. */
  | {
      readonly kind: 'failed';
      readonly call: Send;
      readonly error: unknown;
      readonly how: 'unanswered' | 'refused';
    }
  /** Pushed: the request holds its names, until it is acknowledged only up to this end. */
  | {
      readonly kind: 'granted';
      readonly proof: string;
      readonly token: number;
      readonly leaseMs: number;
      readonly end: Now;
      /** Its times do not fit what is known of the server's clock. It was long on its way, or is made up. */
      readonly isDoubtful: boolean;
    }
  /** The answer to a release by this process gave the lease to it. That release was sent at `sentMs`, at the latest. */
  | {
      readonly kind: 'handed';
      readonly token: number;
      readonly leaseMs: number;
      readonly sentMs: number;
      /** The wall clock minus the monotonic one then. */
      readonly offsetMs: number;
    }
  /** Pushed: ask the server at this moment, if that is earlier than the one that is set. */
  | { readonly kind: 'ask-at'; readonly ms: number }
  /** Ask the server now. `isSure`: by a change, whose answer is final, and which is a sign of life. */
  | { readonly kind: 'ask'; readonly isSure: boolean }
  /** Pushed: the lease is said to have been taken away. It is asked about before it is believed. */
  | { readonly kind: 'lost' }
  /** Pushed: somebody would like to have the lock. */
  | { readonly kind: 'asked'; readonly by: string }
  /** Pushed: somebody waits for a lock that may linger. */
  | { readonly kind: 'wanted' }
  /** Another of this process's tasks takes the lingering lease: see `mayBeTaken`. */
  | { readonly kind: 'take' }
  /** The connection is lost; there will be another. */
  | { readonly kind: 'disconnected' }
  /** There is a connection again: what was pushed meanwhile is lost. */
  | { readonly kind: 'connected' }
  /** There will never be a connection again. */
  | { readonly kind: 'cut-off'; readonly reason: unknown }
  /** The caller of `acquire` wants it no more. `trouble`: why no answer is to be had from the server now. */
  | { readonly kind: 'give-up'; readonly reason: unknown; readonly trouble?: unknown }
  /**
   * `mayLinger`: what is pushed would be heard, so that the lease may stay with this process. `next`: the first of this
   * process that waits for the name.
   */
  | {
      readonly kind: 'release';
      readonly caller: number;
      readonly mayLinger?: boolean;
      readonly next?: OwnWaiter | undefined;
    }
  | { readonly kind: 'extend'; readonly caller: number; readonly ttlMs: number }
  | { readonly kind: 'transfer'; readonly caller: number }
  /** The manager closes. */
  | { readonly kind: 'close'; readonly reason: unknown }
  /** The request's alarm rings. Whatever the server had said by this moment has been read. */
  | { readonly kind: 'alarm'; readonly trouble?: unknown }
  /** Another lease of this process is renewed now: one that will be soon goes with it, in one call. */
  | { readonly kind: 'renew' }
  /** Somebody looks whether the lease is held; answers may lie unread. */
  | { readonly kind: 'look' };
