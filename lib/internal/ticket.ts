import type { TicketRequest, Told } from '../schema/lock-procedures.js';
import type { TakenAway, TicketStatus } from '../schema/ticket-status.js';
import { Deferred } from '../async/deferred.js';
import { randomId } from './random-id.js';

/** A lease as the server granted it, on the monotonic clock. */
export interface Grant {
  readonly fencingToken: number;
  /** It was made then or later, and ends no earlier than at `deadlineMs` unless it is renewed. */
  readonly grantedMs: number;
  readonly deadlineMs: number;
  /** The server takes this process for dead unless it answers before `deadlineMs`. */
  readonly isProvisional: boolean;
  /** The room in which this manager is told of its leases; `undefined` where the grant came from there. */
  readonly room: number | undefined;
}

type HeldStatus = Extract<TicketStatus, { state: 'held' }>;

/** What is asked for, whoever asks. */
export type Wish = Pick<TicketRequest, 'names' | 'ttlMs' | 'want' | 'limit'>;

/** How several names are shown where there is room for one. */
export function labelOf(names: readonly string[]): string {
  return names.join(', ');
}

/** One request for a lock, from before it is sent until it is granted or withdrawn. */
export class Ticket implements TicketRequest {
  #id = randomId();
  readonly names: readonly string[];
  readonly number: number;
  readonly ttlMs: number;
  readonly want: number;
  readonly limit: number;
  readonly #granted = new Deferred<Grant>();
  /** When to ask the server whether the holder's lease has ended, on the monotonic clock. */
  asksAtMs = Infinity;
  isSettled = false;
  /** The lease was taken away before it was made here. */
  takenAway: TakenAway | undefined;
  /** Its request was sent on a connection that has been lost: the server may get it late, or twice. */
  mayReturn = false;

  constructor(number: number, wish: Wish) {
    this.number = number;
    this.names = wish.names;
    this.ttlMs = wish.ttlMs;
    this.want = wish.want;
    this.limit = wish.limit;
  }

  get id(): string {
    return this.#id;
  }

  /** Its request is to be a new one: the server takes in no more with the old id. */
  startAnew(): void {
    this.#id = randomId();
    this.takenAway = undefined;
  }

  /** The names as people read them. */
  get label(): string {
    return labelOf(this.names);
  }

  /** What it waits in line for: the same for all that wait for just the same names. */
  get lineKey(): string {
    const [name = ''] = this.names;
    return this.names.length === 1 ? `name ${name}` : `names ${JSON.stringify(this.names)}`;
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
  const { at, due, token, room } = told.value;
  return {
    fencingToken: token,
    grantedMs: told.sentMs,
    deadlineMs: told.sentMs + (due - at) / 1000,
    isProvisional,
    room,
  };
}
