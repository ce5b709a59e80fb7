import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { LockManager, LockTimeoutError } from 'thingsdb-lock';
import { type EmbeddedThingsDB, startThingsDB } from 'thingsdb-lock/testing';
import { InvoiceService } from '../invoice-service.js';
import { MemoryStore } from '../memory-store.js';

const auth = { username: 'admin', password: 'pass' };

void describe('the invoice service', () => {
  let db: EmbeddedThingsDB;
  let locks: LockManager;

  beforeEach(async () => {
    db = await startThingsDB();
    locks = new LockManager({ url: db.url, auth });
  });

  afterEach(async () => {
    await locks.close();
    await db.close();
  });

  void it('numbers invoices without gaps', async () => {
    const service = new InvoiceService(locks, new MemoryStore());
    const numbers = await Promise.all([service.bill('Ada'), service.bill('Grace'), service.bill('Edsger')]);
    assert.deepEqual(numbers.sort(), [1, 2, 3]);
  });

  void it('goes on where it was when the server has restarted with what it had stored', async () => {
    const service = new InvoiceService(locks, new MemoryStore());
    await service.bill('Ada');
    const disconnected = new Promise((resolve) => locks.once('disconnected', resolve));
    const stored = db.snapshot();
    db.faults.cutConnections();
    db.restore(stored);
    await disconnected;
    assert.equal(await service.bill('Grace'), 2);
  });

  void it('whoever may only wait so long is told that the lock is taken', async () => {
    await using _lease = await locks.get('invoice-number').acquire();
    await assert.rejects(locks.get('invoice-number').acquire({ waitTimeout: 50 }), LockTimeoutError);
  });
});
