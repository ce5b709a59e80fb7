import { ServerError } from '../client/server-error.js';
import { LockProtocolError } from '../errors.js';
import type { ServerClock } from '../internal/server-clock.js';
import { TicketState } from './constants.js';
import { listOf, numbers, ticketStatus, unexpected, type TicketStatus } from './ticket-status.js';

/** Calls one procedure by name; rejects with a `LockError`, or a `ServerError` for a refusal by the procedure. */
export type RunProcedure = (procedure: string, args: unknown[]) => Promise<unknown>;

/** One request for a lock, as the server takes it in. */
export interface TicketRequest {
  /** The lock's name. */
  readonly name: string;
  /** Unguessable; the right to release. A repeat with the same id finds what the first made. */
  readonly id: string;
  /** Names the request within its inbox, in what is pushed: not a secret. */
  readonly number: number;
  readonly ttlMs: number;
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
    this.#run = (procedure, args) => run(procedure, args).catch(refused);
    this.#clock = clock;
    this.#inbox = identity.inbox;
    this.#owner = identity.owner;
  }

  /** Takes its place in the queue, or the lock if it is free. */
  acquire(request: TicketRequest): Promise<Told<TicketStatus>> {
    return this.#request('lock_acquire', request);
  }

  /** As {@link acquire}, but `busy` instead of a place in the queue. */
  try(request: TicketRequest): Promise<Told<TicketStatus>> {
    return this.#request('lock_try', request);
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

  async isLocked(name: string): Promise<boolean> {
    const reply = await this.#run('lock_locked', [name]);
    if (typeof reply !== 'boolean') throw unexpected(reply);
    return reply;
  }

  /** Ends every request of this manager, and its inbox. */
  async close(): Promise<void> {
    await this.#run('lock_close', [this.#inbox]);
  }

  async #end(procedure: string, ids: readonly string[]): Promise<boolean[]> {
    const states = numbers(await this.#run(procedure, [ids]));
    return listOf(states, ids.length).map((state) => state === TicketState.held);
  }

  async #request(procedure: string, request: TicketRequest): Promise<Told<TicketStatus>> {
    const { name, id, number, ttlMs } = request;
    const sentMs = performance.now();
    const reply = await this.#run(procedure, [name, id, number, this.#inbox, ttlMs, this.#owner]);
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
