import type { BoundedClient } from '../client/bounded-client.js';
import { LockConnectionError, LockError, LockSetupError } from '../errors.js';
import type { Lease, LeaseKeeper } from '../lease.js';
import type { ResolvedManagerOptions } from '../options.js';
import { LockProcedures } from '../schema/lock-procedures.js';
import { setUp } from '../schema/setup.js';
import { Inbox } from './inbox.js';
import { randomId } from './random-id.js';
import { Renewer } from './renewer.js';
import { ServerClock } from './server-clock.js';
import { Session } from './session.js';
import type { Ticket } from './ticket.js';

export interface ServiceListener {
  connected(): void;
  disconnected(reason: LockError): void;
}

/** What the locks of one manager share: the connection, the setup, the inbox, the renewals, the leases held. */
export class LockService implements LeaseKeeper {
  readonly procedures: LockProcedures;
  readonly inbox: Inbox;
  readonly renewer: Renewer;
  readonly #session: Session;
  readonly #collection: string;
  readonly #inboxId = randomId();
  readonly #leases = new Set<Lease>();
  /** Withdrawals that nobody waits for. */
  readonly #loose = new Set<Promise<unknown>>();
  #setUp: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #wasUsed = false;

  constructor(options: ResolvedManagerOptions, owner: string, listener: ServiceListener) {
    this.#collection = options.collection;
    this.#session = new Session(options, {
      connected: () => listener.connected(),
      pushed: (type, body) => this.inbox.pushed(type, body),
      disconnected: (reason) => {
        this.inbox.disconnected(reason);
        listener.disconnected(reason);
      },
    });
    const clock = new ServerClock();
    const run = (procedure: string, args: unknown[]): Promise<unknown> => this.#run(procedure, args);
    this.procedures = new LockProcedures(run, clock, { inbox: this.#inboxId, owner });
    this.inbox = new Inbox(this.procedures, clock, (roomId) => this.#join(roomId));
    this.renewer = new Renewer(this.procedures);
  }

  /** Connected, authenticated and set up. */
  async ready(): Promise<BoundedClient> {
    const client = await this.#session.client();
    this.#setUp ??= setUp(client, this.#collection);
    try {
      await this.#setUp;
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

  /** Keeps the process alive while the connection is open, as long as somebody waits. Returns how to let go. */
  async hold(): Promise<() => void> {
    return (await this.#session.client()).hold();
  }

  began(lease: Lease): void {
    this.#leases.add(lease);
  }

  ended(lease: Lease): void {
    this.#leases.delete(lease);
  }

  async release(ticket: Ticket): Promise<boolean> {
    const [wasHeld] = await this.procedures.release([ticket.id]);
    return wasHeld === true;
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
    this.inbox.disconnected(reason);
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

  async #run(procedure: string, args: unknown[]): Promise<unknown> {
    this.#wasUsed = true;
    const client = await this.ready();
    try {
      return await client.run(`//${this.#collection}`, procedure, args);
    } catch (error) {
      // The procedures have vanished: with the collection, or by going back to an older state.
      if (error instanceof LockSetupError) this.#setUp = undefined;
      throw error;
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
