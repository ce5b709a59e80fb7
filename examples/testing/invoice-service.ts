import type { LockManager } from 'thingsdb-lock';

/** Where invoices are kept. Takes a fencing token and refuses one that is older than the newest it has seen. */
export interface InvoiceStore {
  lastNumber(): Promise<number>;
  save(number: number, customer: string, fencingToken: number): Promise<void>;
}

/** Numbers invoices without gaps, in however many processes it runs. */
export class InvoiceService {
  readonly #locks: LockManager;
  readonly #store: InvoiceStore;

  constructor(locks: LockManager, store: InvoiceStore) {
    this.#locks = locks;
    this.#store = store;
  }

  /** @throws LockLostError when the lock was lost on the way: the invoice may not have been saved */
  async bill(customer: string): Promise<number> {
    return this.#locks.get('invoice-number', { ttl: '1s' }).runExclusive(async (lease) => {
      const number = (await this.#store.lastNumber()) + 1;
      lease.signal.throwIfAborted();
      await this.#store.save(number, customer, lease.fencingToken);
      return number;
    });
  }
}
