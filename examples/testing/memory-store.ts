import { setImmediate } from 'node:timers/promises';
import type { InvoiceStore } from './invoice-service.js';

/** Invoices in memory, as slow to read as a database: whoever relies on luck reads the same number twice. */
export class MemoryStore implements InvoiceStore {
  readonly saved: { number: number; customer: string }[] = [];
  #newestToken = 0;

  async lastNumber(): Promise<number> {
    const last = this.saved.length;
    await setImmediate();
    return last;
  }

  async save(number: number, customer: string, fencingToken: number): Promise<void> {
    await setImmediate();
    if (fencingToken < this.#newestToken) throw new Error('somebody else holds the lock by now');
    this.#newestToken = fencingToken;
    this.saved.push({ number, customer });
  }
}
