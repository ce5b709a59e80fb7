import type { LockProcedures, Told } from '../schema/lock-procedures.js';
import type { TicketStatus } from '../schema/ticket-status.js';
import { Deferred } from '../async/deferred.js';

interface Renewal {
  readonly id: string;
  readonly ttlMs: number;
  readonly answer: Deferred<Told<TicketStatus>>;
}

/** Renewals that fall due together go out in one request: it is one change of the server, however many leases. */
export class Renewer {
  readonly #procedures: LockProcedures;
  #batch: Renewal[] = [];
  #flushing: NodeJS.Immediate | undefined;

  constructor(procedures: LockProcedures) {
    this.#procedures = procedures;
  }

  /** Renews with the others of this turn of the event loop. */
  renew(id: string, ttlMs: number): Promise<Told<TicketStatus>> {
    const answer = new Deferred<Told<TicketStatus>>();
    this.#batch.push({ id, ttlMs, answer });
    this.#flushing ??= setImmediate(() => this.#flush());
    return answer.promise;
  }

  /** Renews at once, after what was to be renewed before it: all is on its way when this returns. */
  renewNow(id: string, ttlMs: number): Promise<Told<TicketStatus>> {
    const answer = this.renew(id, ttlMs);
    this.#flush();
    return answer;
  }

  /** What has not been sent yet for this ticket is not sent any more; its promise stays open. */
  forget(id: string): void {
    this.#batch = this.#batch.filter((renewal) => renewal.id !== id);
  }

  #flush(): void {
    const batch = this.#batch;
    this.#batch = [];
    clearImmediate(this.#flushing);
    this.#flushing = undefined;
    if (batch.length > 0) void this.#send(batch);
  }

  async #send(batch: readonly Renewal[]): Promise<void> {
    try {
      const told = await this.#procedures.extend(batch.map(({ id, ttlMs }) => [id, ttlMs] as const));
      batch.forEach(({ answer }, i) => {
        const value = told.value[i];
        if (value !== undefined) answer.resolve({ ...told, value });
      });
    } catch (error) {
      for (const { answer } of batch) answer.reject(error);
    }
  }
}
