import type { LockProcedures, Told } from '../schema/lock-procedures.js';
import type { TicketStatus } from '../schema/ticket-status.js';
import { Deferred } from './deferred.js';

interface Renewal {
  readonly id: string;
  readonly ttlMs: number;
  readonly answer: Deferred<Told<TicketStatus>>;
}

/** Renewals that fall due together go out in one request: it is one change of the server, however many leases. */
export class Renewer {
  readonly #procedures: LockProcedures;
  #batch: Renewal[] = [];

  constructor(procedures: LockProcedures) {
    this.#procedures = procedures;
  }

  /** Renews with the others of this turn of the event loop. */
  renew(id: string, ttlMs: number): Promise<Told<TicketStatus>> {
    const answer = new Deferred<Told<TicketStatus>>();
    if (this.#batch.push({ id, ttlMs, answer }) === 1) setImmediate(() => void this.#flush());
    return answer.promise;
  }

  /** Renews at once: it is on its way when this returns. */
  renewNow(id: string, ttlMs: number): Promise<Told<TicketStatus>> {
    const answer = new Deferred<Told<TicketStatus>>();
    void this.#send([{ id, ttlMs, answer }]);
    return answer.promise;
  }

  #flush(): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    return this.#send(batch);
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
