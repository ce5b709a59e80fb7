import { LockConnectionError } from '../../lib/errors.js';
import { Inbox } from '../../lib/internal/inbox.js';
import type { LockService } from '../../lib/internal/lock-service.js';
import { Renewer } from '../../lib/internal/renewer.js';
import { ServerClock } from '../../lib/internal/server-clock.js';
import type { Ticket } from '../../lib/internal/ticket.js';
import type { Lease, LeaseKeeper } from '../../lib/lease.js';
import { FakeProcedures, serverUs } from './fake-procedures.js';

/** What the locks of one manager share, on procedures that the spec answers. The inbox and the renewals are real. */
export class FakeLockService implements LeaseKeeper {
  readonly procedures = new FakeProcedures();
  readonly inbox: Inbox;
  readonly renewer = new Renewer(this.procedures.asProcedures);
  readonly clockSkewMs = 0;
  readonly held = new Set<Lease>();
  readonly loosened: Promise<unknown>[] = [];
  /** How many keep the process alive. */
  holds = 0;
  isClosed = false;

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

  isKnown(): Promise<boolean> {
    return Promise.resolve(true);
  }

  began(lease: Lease): void {
    this.held.add(lease);
  }

  ended(lease: Lease): void {
    this.held.delete(lease);
  }

  async release(ticket: Ticket): Promise<boolean> {
    const [wasHeld] = (await this.procedures.release([ticket.id])) as boolean[];
    return wasHeld === true;
  }

  loose(task: Promise<unknown>): void {
    this.loosened.push(task.catch(() => undefined));
  }
}
