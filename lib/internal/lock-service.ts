import type { BoundedClient } from '../client/bounded-client.js';
import { LockConnectionError, LockError, LockSetupError } from '../errors.js';
import type { Lease, LeaseKeeper } from '../lease.js';
import type { ResolvedManagerOptions } from '../options.js';
import { LockProcedures } from '../schema/lock-procedures.js';
import { setUp } from '../schema/setup.js';
import { Deferred } from './deferred.js';
import { Inbox } from './inbox.js';
import { randomId } from './random-id.js';
import { Renewer } from './renewer.js';
import { ServerClock } from './server-clock.js';
import { Session, type SessionListener } from './session.js';
import type { Ticket } from './ticket.js';

export type ServiceListener = Pick<SessionListener, 'connected' | 'disconnected' | 'reconnecting'>;

const WITHDRAW_AGAIN_MS = 100;
const WITHDRAW_LIMIT_MS = 60_000;

/** What the locks of one manager share: the connection, the setup, the inbox, the renewals, the leases held. */
export class LockService implements LeaseKeeper {
  readonly procedures: LockProcedures;
  readonly inbox: Inbox;
  readonly renewer: Renewer;
  readonly clockSkewMs: number;
  readonly #session: Session;
  readonly #collection: string;
  readonly #inboxId = randomId();
  readonly #leases = new Set<Lease>();
  /** Withdrawals that nobody waits for. */
  readonly #loose = new Set<Promise<unknown>>();
  #setUp: Promise<void> | undefined;
  #isSetUp = false;
  #closing: Promise<void> | undefined;
  #wasUsed = false;
  /** Under way, or to be sent again. */
  #requests = 0;
  /** Requests that had no answer: sent again, or given up. */
  #repeats = 0;
  readonly #requestTimeoutMs: number;
  readonly #listener: ServiceListener;

  constructor(options: ResolvedManagerOptions, owner: string, listener: ServiceListener) {
    this.#collection = options.collection;
    this.#requestTimeoutMs = options.requestTimeout;
    this.#listener = listener;
    this.clockSkewMs = options.clockSkew;
    this.#session = new Session(options, {
      connected: () => this.#connected(),
      pushed: (type, body) => this.inbox.pushed(type, body),
      disconnected: (reason) => {
        this.inbox.disconnected();
        listener.disconnected(reason);
      },
      reconnecting: (event) => listener.reconnecting(event),
      failed: (reason) => this.inbox.fail(reason),
      isNeeded: () => this.#requests > 0 || this.#leases.size > 0 || this.inbox.hasWaiting,
    });
    const clock = new ServerClock();
    const run = (procedure: string, args: unknown[]): Promise<unknown> => this.#run(procedure, args);
    this.procedures = new LockProcedures(run, clock, { inbox: this.#inboxId, owner });
    this.inbox = new Inbox(
      this.procedures,
      clock,
      (roomId) => this.#join(roomId),
      (ticket) => this.loose(this.procedures.withdraw([ticket.id])),
    );
    this.renewer = new Renewer(this.procedures);
  }

  /** Connected, authenticated and set up. */
  async ready(): Promise<BoundedClient> {
    const client = await this.#session.client();
    this.#setUp ??= setUp(client, this.#collection);
    try {
      await this.#setUp;
      this.#isSetUp = true;
    } catch (error) {
      this.#setUp = undefined;
      throw error;
    }
    return client;
  }

  /** Throws if the manager is closed: said before anything is sent. */
  assertOpen(): void {
    if (this.#closing !== undefined) throw closedError();
  }

  /** Keeps the process alive, and an eye on the connection, while somebody waits. Returns how to let go. */
  hold(): () => void {
    return this.#session.hold();
  }

  began(lease: Lease): void {
    this.#leases.add(lease);
  }

  ended(lease: Lease): void {
    this.#leases.delete(lease);
  }

  async release(ticket: Ticket): Promise<boolean | undefined> {
    const repeats = this.#repeats;
    // Of a request that was sent on a connection that was lost a copy may still arrive: it must find itself withdrawn.
    const [wasHeld] = await (ticket.mayReturn
      ? this.procedures.withdraw([ticket.id])
      : this.procedures.release([ticket.id]));
    return wasHeld === true || (repeats === this.#repeats ? false : undefined);
  }

  /** Sees to it that the request is not granted, until that is answered; after a minute the server may have forgotten. */
  async withdraw(ticket: Ticket): Promise<void> {
    const endMs = performance.now() + WITHDRAW_LIMIT_MS;
    this.inbox.leaves(ticket);
    try {
      for (;;) {
        try {
          await this.release(ticket);
          return;
        } catch (error) {
          const isHopeless = this.#closing !== undefined || performance.now() > endMs;
          if (isHopeless || !(error instanceof LockConnectionError)) throw error;
          await new Promise((resolve) => setTimeout(resolve, WITHDRAW_AGAIN_MS).unref());
        }
      }
    } finally {
      this.inbox.left(ticket);
    }
  }

  async isKnown(ticket: Ticket): Promise<boolean> {
    const [status] = (await this.procedures.check([ticket.id], true)).value;
    return status?.state === 'held';
  }

  /** Runs something that nobody waits for; {@link close} does, within its bound. */
  loose(task: Promise<unknown>): void {
    const tracked = task.catch(() => undefined).finally(() => this.#loose.delete(tracked));
    this.#loose.add(tracked);
  }

  /** Releases what is held, withdraws what waits, disconnects. Settles within two request time-outs. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const reason = closedError();
    this.inbox.fail(reason);
    // A manager that has sent nothing has nothing to take back, and need not connect for it.
    const ended = this.#wasUsed ? this.procedures.close() : Promise.resolve();
    for (const lease of [...this.#leases]) lease.close(reason);
    try {
      await ended;
      await Promise.all(this.#loose);
    } catch (error) {
      // Unreachable: the server ends it all by itself, by the leases' ttl.
      if (!(error instanceof LockError)) throw error;
    } finally {
      await this.#session.close(reason);
    }
  }

  /** What was pushed, and perhaps what was stored, is lost: everything that is waited for or held is asked about. */
  #connected(): void {
    // First of all: a request that nobody stands behind would have its process taken for dead when it is granted.
    const leaving = this.inbox.leaving;
    if (leaving.length > 0) this.loose(this.procedures.withdraw(leaving.map(({ id }) => id)));
    this.inbox.reconnected();
    for (const lease of this.#leases) lease.confirm();
    this.#listener.connected();
  }

  /**
   * Sent again when the connection is lost under it, or the node cannot serve, within the request time-out: every
   * procedure may be repeated.
   */
  async #run(procedure: string, args: unknown[]): Promise<unknown> {
    this.#wasUsed = true;
    this.#requests++;
    const endMs = performance.now() + this.#requestTimeoutMs;
    let failures = 0;
    try {
      for (;;) {
        // Without an await when all is ready: a claim has to be sent before the caller's code goes on.
        let client = this.#isSetUp ? this.#session.current : undefined;
        try {
          client ??= await this.#readyBy(endMs);
          const answer = await client.run(`//${this.#collection}`, procedure, args);
          this.#session.proved();
          return answer;
        } catch (error) {
          client ??= this.#session.current;
          const mayHelp = this.#mayHelp(error, ++failures);
          if (client === undefined || !mayHelp || performance.now() >= endMs) throw error;
          if (mayHelp === 'setting up') continue;
          if (!this.#session.canReopen) throw error;
          this.#session.giveUp(client, error as LockError);
        }
      }
    } finally {
      this.#requests--;
    }
  }

  /** What may help against this error, at the nth time that the same request has failed. */
  #mayHelp(error: unknown, times: number): 'another node' | 'setting up' | undefined {
    if (error instanceof LockConnectionError) {
      this.#repeats++;
      return 'another node';
    }
    if (!(error instanceof LockSetupError) || !this.#isSetUp) return undefined;
    // It was there. A node that is coming back may not know it yet; if no node does, the server has lost it.
    if (times < this.#session.nodes) return 'another node';
    this.#setUp = undefined;
    this.#isSetUp = false;
    return times === this.#session.nodes ? 'setting up' : undefined;
  }

  /** As {@link ready}, but not for longer than a request may take. */
  async #readyBy(endMs: number): Promise<BoundedClient> {
    const late = new Deferred<never>();
    const timer = setTimeout(
      () => late.reject(new LockConnectionError(`no connection within ${this.#requestTimeoutMs} ms`)),
      endMs - performance.now(),
    );
    try {
      return await Promise.race([this.ready(), late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #join(roomId: number): Promise<boolean> {
    const client = await this.#session.client();
    const [joined] = await client.join(`//${this.#collection}`, roomId);
    return joined === roomId;
  }
}

function closedError(): LockConnectionError {
  return new LockConnectionError('the lock manager is closed');
}
