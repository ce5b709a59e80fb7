import { LockConnectionError, type LockError } from '../../lib/errors.js';
import type { HeldLease, LeaseKeeper } from '../../lib/internal/held-lease.js';
import { Inbox } from '../../lib/internal/inbox.js';
import type { LockService } from '../../lib/internal/lock-service.js';
import { Renewer } from '../../lib/internal/renewer.js';
import { ServerClock } from '../../lib/internal/server-clock.js';
import type { Ticket } from '../../lib/internal/ticket.js';
import type { TicketStatus } from '../../lib/schema/ticket-status.js';
import { FakeProcedures, serverUs } from './fake-procedures.js';

/** What the locks of one manager share, on procedures that the spec answers. The inbox and the renewals are real. */
export class FakeLockService implements LeaseKeeper {
  readonly procedures = new FakeProcedures();
  readonly inbox: Inbox;
  readonly renewer = new Renewer(this.procedures.asProcedures);
  readonly clockSkewMs = 0;
  readonly loosened: Promise<unknown>[] = [];
  /** The rooms that leases have asked to be in. */
  readonly rooms = new Set<number>();
  /** How many keep the process alive. */
  holds = 0;
  isClosed = false;
  /** Why no answer is to be had. */
  trouble: LockError | undefined;
  readonly #held = new Map<Ticket, HeldLease>();

  constructor() {
    const clock = new ServerClock();
    clock.sync(performance.now(), serverUs());
    this.inbox = new Inbox(
      this.procedures.asProcedures,
      clock,
      () => Promise.resolve(true),
      () => undefined,
    );
  }

  get asService(): LockService {
    return this as unknown as LockService;
  }

  /** The leases that have begun and not ended. */
  get held(): HeldLease[] {
    return [...this.#held.values()];
  }

  assertOpen(): void {
    if (this.isClosed) throw new LockConnectionError('the lock manager is closed');
  }

  hold(): () => void {
    this.holds++;
    return () => void this.holds--;
  }

  async withdraw(ticket: Ticket): Promise<void> {
    await this.release(ticket);
  }

  async check(ticket: Ticket): Promise<TicketStatus> {
    const told = (await this.procedures.check([ticket.id], true)) as { value: TicketStatus[] };
    return told.value[0] as TicketStatus;
  }

  async handOn(ticket: Ticket, ttlMs: number): Promise<TicketStatus> {
    const told = (await this.procedures.handOn([[ticket.id, ttlMs]])) as { value: TicketStatus[] };
    return told.value[0] as TicketStatus;
  }

  enterRoom(roomId: number): void {
    this.rooms.add(roomId);
  }

  began(lease: HeldLease, ticket: Ticket): void {
    this.#held.set(ticket, lease);
    this.inbox.holds(ticket, lease);
  }

  ended(ticket: Ticket): void {
    this.#held.delete(ticket);
    this.inbox.holdsNoMore(ticket);
  }

  async release(ticket: Ticket): Promise<boolean> {
    const [wasHeld] = (await this.procedures.release([ticket.id])) as boolean[];
    return wasHeld === true;
  }

  async keep(ticket: Ticket, ms: number): Promise<boolean> {
    const [wasHeld] = (await this.procedures.keep([[ticket.id, ms]])) as boolean[];
    return wasHeld === true;
  }

  loose(task: Promise<unknown>): void {
    this.loosened.push(task.catch(() => undefined));
  }
}
