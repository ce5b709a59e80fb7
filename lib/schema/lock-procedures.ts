import { ServerError } from '../client/server-error.js';
import type { CallOptions } from '../connection/calls.js';
import { LockProtocolError } from '../errors.js';
import type { ServerClock } from '../internal/server-clock.js';
import { TicketState } from './constants.js';
import { queueEntry, type QueueEntry } from './queue-entry.js';
import { listOf, numbers, ticketStatus, unexpected, type TicketStatus } from './ticket-status.js';

/** Calls one procedure by name; rejects with a `LockError`, or a `ServerError` for a refusal by the procedure. */
export type RunProcedure = (procedure: string, args: unknown[], how?: CallOptions) => Promise<unknown>;

/** Until when an answer is waited for, and whether a server is waited for that is not there yet. */
export type Patience = Pick<CallOptions, 'untilMs' | 'isPatient' | 'givenUp'>;

/** One request for a lock, as the server takes it in. */
export interface TicketRequest {
  /** All or none of them are granted. */
  readonly names: readonly string[];
  /** Unguessable; the right to release. A repeat with the same id finds what the first made. */
  readonly id: string;
  /** Names the request within its inbox, in what is pushed: not a secret. */
  readonly number: number;
  readonly ttlMs: number;
  /** How many of the `limit` units that each name has: 1 of 1 is an exclusive lock, 1 of very many a shared one. */
  readonly want: number;
  readonly limit: number;
}

/** Those who hold or wait for a page of names. */
export interface QueuePage {
  readonly entries: readonly QueueEntry[];
  /** The name to go on after; `undefined` on the last page. */
  readonly next: string | undefined;
}

/** A status and when it was asked for and told, on the monotonic clock (milliseconds). */
export interface Told<T> {
  readonly value: T;
  readonly sentMs: number;
  readonly receivedMs: number;
}

/** The procedures of the schema, typed: nothing else calls them. Each answer also sets the server's clock. */
export class LockProcedures {
  readonly #run: RunProcedure;
  readonly #clock: ServerClock;
  readonly #inbox: string;
  readonly #owner: string;

  constructor(run: RunProcedure, clock: ServerClock, identity: { inbox: string; owner: string }) {
    this.#run = (procedure, args, how) => run(procedure, args, how).catch(refused);
    this.#clock = clock;
    this.#inbox = identity.inbox;
    this.#owner = identity.owner;
  }

  /** Takes its place in the queue, or the lock if it is free; or steals it, before all who wait. */
  acquire(request: TicketRequest, isSteal = false, patience: Patience = {}): Promise<Told<TicketStatus>> {
    return this.#request('lock_acquire', request, patience, isSteal);
  }

  /** As {@link acquire}, but `busy` instead of a place in the queue. */
  try(request: TicketRequest): Promise<Told<TicketStatus>> {
    return this.#request('lock_try', request, {});
  }

  /**
   * What has become of these requests; hands over what has expired meanwhile.
   * @param isSure at the price of a change: the answer of a mere read may lag behind in a cluster
   */
  async check(ids: readonly string[], isSure = false): Promise<Told<TicketStatus[]>> {
    return this.#statuses('lock_check', [ids, isSure], ids.length);
  }

  /** Renews what is still held, for so long from now: `held` with the new end, or `gone`. */
  async extend(leases: readonly (readonly [id: string, ttlMs: number])[]): Promise<Told<TicketStatus[]>> {
    return this.#statuses('lock_extend', [leases], leases.length);
  }

  /** Releases or withdraws; tells for each whether it held the lock until now. */
  release(ids: readonly string[]): Promise<boolean[]> {
    return this.#end('lock_release', ids);
  }

  /** As {@link release}; and a request with one of these ids that arrives within a minute is not taken in. */
  withdraw(ids: readonly string[]): Promise<boolean[]> {
    return this.#end('lock_withdraw', ids);
  }

  /** Releases, but leaves the locks taken for so long from now; tells for each whether it held the lock until now. */
  keep(leases: readonly (readonly [id: string, ms: number])[]): Promise<boolean[]> {
    return this.#end('lock_keep', leases);
  }

  /** Renews, and leaves the leases to whoever adopts them: this manager's close does not end them any more. */
  async handOn(leases: readonly (readonly [id: string, ttlMs: number])[]): Promise<Told<TicketStatus[]>> {
    return this.#statuses('lock_hand_on', [leases], leases.length);
  }

  /** Moves a held lease to this manager, under the request's id: the old id is worth nothing from then on. */
  async adopt(id: string, request: Pick<TicketRequest, 'id' | 'number'>): Promise<Told<TicketStatus>> {
    const sentMs = performance.now();
    const args = [id, request.id, request.number, this.#inbox, this.#owner];
    const value = ticketStatus(await this.#run('lock_adopt', args, { needsJoin: true }));
    return this.#told(sentMs, value, value.at);
  }

  /** Who holds and who waits: of one name, or of `count` names after `after`. */
  async query(name: string | null, after = '', count = 1): Promise<QueuePage> {
    const reply = await this.#run('lock_query', [name, after, count]);
    const [at, next, entries] = listOf(reply, 3);
    if (!Array.isArray(entries) || typeof at !== 'number') throw unexpected(reply);
    if (next !== null && typeof next !== 'string') throw unexpected(reply);
    return { entries: entries.map((entry) => queueEntry(entry, at)), next: next ?? undefined };
  }

  /** Ends every lease on a name, whoever holds it. Resolves with how many. */
  forceRelease(name: string): Promise<number> {
    return this.#count('lock_force_release', [name]);
  }

  /** Asks those who hold a name to release it. Resolves with how many were asked. */
  requestRelease(name: string): Promise<number> {
    return this.#count('lock_ask', [name, this.#owner]);
  }

  /** Makes or keeps the rooms in which is told what happens to these names. Resolves with their ids. */
  async watch(names: readonly string[]): Promise<number[]> {
    const rooms = numbers(await this.#run('lock_watch', [names], { needsJoin: true }));
    listOf(rooms, names.length);
    return rooms;
  }

  async isLocked(name: string): Promise<boolean> {
    const reply = await this.#run('lock_locked', [name]);
    if (typeof reply !== 'boolean') throw unexpected(reply);
    return reply;
  }

  /** Ends every request of this manager, and its inbox. */
  async close(): Promise<void> {
    await this.#run('lock_close', [this.#inbox]);
  }

  async #count(procedure: string, args: unknown[]): Promise<number> {
    const [count = NaN] = numbers([await this.#run(procedure, args)]);
    return count;
  }

  async #end(procedure: string, tickets: readonly unknown[]): Promise<boolean[]> {
    const states = numbers(await this.#run(procedure, [tickets]));
    return listOf(states, tickets.length).map((state) => state === TicketState.held);
  }

  async #request(
    procedure: string,
    request: TicketRequest,
    patience: Patience,
    ...how: readonly unknown[]
  ): Promise<Told<TicketStatus>> {
    const { names, id, number, ttlMs, want, limit } = request;
    const sentMs = performance.now();
    const args = [names, id, number, this.#inbox, ttlMs, this.#owner, want, limit, ...how];
    const reply = await this.#run(procedure, args, { ...patience, needsJoin: true });
    const value = ticketStatus(reply);
    return this.#told(sentMs, value, value.at);
  }

  async #statuses(procedure: string, args: unknown[], length: number): Promise<Told<TicketStatus[]>> {
    const sentMs = performance.now();
    const reply = await this.#run(procedure, args);
    const value = listOf(reply, length).map(ticketStatus);
    return this.#told(sentMs, value, value[0]?.at);
  }

  #told<T>(sentMs: number, value: T, at: number | undefined): Told<T> {
    const receivedMs = performance.now();
    if (at !== undefined) this.#clock.sync(sentMs, at);
    return { value, sentMs, receivedMs };
  }
}

/** A procedure refuses only what this version never sends. */
function refused(error: unknown): never {
  if (!(error instanceof ServerError)) throw error;
  throw new LockProtocolError(`the server refused a request of this library: ${error.message}`, {
    cause: error,
  });
}
