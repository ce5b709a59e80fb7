import type { TicketRequest, Told } from '../schema/lock-procedures.js';
import type { TicketStatus } from '../schema/ticket-status.js';
import { Deferred } from './deferred.js';
import { randomId } from './random-id.js';

/** A lease as the server granted it, on the monotonic clock. */
export interface Grant {
  readonly fencingToken: number;
  /** It was made then or later, and ends no earlier than at `deadlineMs` unless it is renewed. */
  readonly grantedMs: number;
  readonly deadlineMs: number;
  /** The server takes this process for dead unless it answers before `deadlineMs`. */
  readonly isProvisional: boolean;
}

type HeldStatus = Extract<TicketStatus, { state: 'held' }>;

/** One request for a lock, from before it is sent until it is granted or withdrawn. */
export class Ticket implements TicketRequest {
  readonly id = randomId();
  readonly name: string;
  readonly number: number;
  readonly ttlMs: number;
  readonly #granted = new Deferred<Grant>();
  /** When to ask the server whether the holder's lease has ended, on the monotonic clock. */
  asksAtMs = Infinity;
  isSettled = false;
  /** Its request was sent on a connection that has been lost: the server may get it late, or twice. */
  mayReturn = false;

  constructor(name: string, number: number, ttlMs: number) {
    this.name = name;
    this.number = number;
    this.ttlMs = ttlMs;
  }

  /** Rejects with what {@link fail} was given. */
  get granted(): Promise<Grant> {
    return this.#granted.promise;
  }

  grant(grant: Grant): void {
    this.isSettled = true;
    this.#granted.resolve(grant);
  }

  fail(error: unknown): void {
    this.isSettled = true;
    this.#granted.reject(error);
  }
}

/**
 * The grant in an answer to a request of ours. The lease is counted from before that request was sent, so it is over
 * here before it is over there.
 */
export function grantOf(told: Told<HeldStatus>, isProvisional: boolean): Grant {
  const { at, due, token } = told.value;
  return {
    fencingToken: token,
    grantedMs: told.sentMs,
    deadlineMs: told.sentMs + (due - at) / 1000,
    isProvisional,
  };
}
