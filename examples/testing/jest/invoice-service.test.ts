import { LockLostError, LockManager } from 'thingsdb-lock';
import { type EmbeddedThingsDB, startThingsDB } from 'thingsdb-lock/testing';
import { InvoiceService } from '../invoice-service.js';
import { MemoryStore } from '../memory-store.js';

const auth = { username: 'admin', password: 'pass' };

describe('the invoice service', () => {
  let db: EmbeddedThingsDB;
  let managers: LockManager[];
  let store: MemoryStore;

  beforeEach(async () => {
    db = await startThingsDB();
    managers = [];
    store = new MemoryStore();
  });

  afterEach(async () => {
    db.faults.thaw();
    await Promise.all(managers.map((manager) => manager.close()));
    await db.close();
  });

  /** The service as it runs in one process: with a connection of its own. */
  function startService(): InvoiceService {
    const manager = new LockManager({ url: db.url, auth });
    managers.push(manager);
    return new InvoiceService(manager, store);
  }

  it('gives every invoice a number of its own, whichever process makes it', async () => {
    const services = [startService(), startService(), startService()];
    const numbers = await Promise.all(
      services.flatMap((service) => [service.bill('Ada'), service.bill('Grace')]),
    );
    expect(numbers.sort((one, other) => one - other)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('saves nothing when the server stops answering while it works', async () => {
    const service = startService();
    await service.bill('Ada');
    // The lock is held from here on, and cannot be renewed.
    store.lastNumber = async () => {
      db.faults.freeze();
      await new Promise((resolve) => setTimeout(resolve, 1200));
      return 1;
    };
    await expect(service.bill('Grace')).rejects.toThrow(LockLostError);
    expect(store.saved).toEqual([{ number: 1, customer: 'Ada' }]);
  });
});
