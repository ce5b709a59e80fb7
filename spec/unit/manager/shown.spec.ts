import { inspect } from 'node:util';
import { LockManager } from '../../../lib/lock-manager.js';
import { ReentrantLease } from '../../../lib/manager/reentrant-lease.js';
import { FakeCore, says } from '../../support/fake-core.js';
import { OWN_TERMS } from '../../support/own-terms.js';

const OPTIONS = {
  url: 'thingsdb://127.0.0.1:1',
  auth: { username: 'me', password: 'secret' },
  owner: 'host',
};

describe('what console.log shows', () => {
  it('of a lease: its name, its state and its token, and nothing that gives a right', () => {
    const core = new FakeCore();
    const lease = core.open({ ...OWN_TERMS, names: ['orders'] }, { tell: () => undefined });
    core.last('acquire').answer(says.held(60_000, 42));
    expect(inspect(lease)).toBe("Lease { name: 'orders', state: 'held', fencingToken: 42 }");
    expect(inspect({ lease }, { breakLength: Infinity })).toBe(
      "{ lease: Lease { name: 'orders', state: 'held', fencingToken: 42 } }",
    );
    expect(inspect(lease, { depth: 20, showHidden: true })).not.toContain(lease.request.id);
    expect(inspect([[[lease]]], { depth: 2 })).toContain('[Lease]');
    core.end();
  });

  it('of a lease of several names, and of one that was released', () => {
    const core = new FakeCore();
    const lease = core.open({ ...OWN_TERMS, names: ['a', 'b'] }, { tell: () => undefined });
    core.last('acquire').answer(says.held(60_000, 42));
    void lease.release();
    core.last('release').answer(says.ended('held', 42));
    expect(inspect(lease)).toBe("Lease { names: [ 'a', 'b' ], state: 'released', fencingToken: 42 }");
    core.end();
  });

  it('of one more hold: its own end, and otherwise the lease', () => {
    const core = new FakeCore();
    const lease = core.open({ ...OWN_TERMS, names: ['orders'] }, { tell: () => undefined });
    core.last('acquire').answer(says.held(60_000, 42));
    const again = new ReentrantLease(lease);
    expect(inspect(again)).toBe(inspect(lease));
    void again.release();
    expect(inspect(again)).toContain("state: 'released'");
    expect(inspect(lease)).toContain("state: 'held'");
    core.end();
  });

  it('of a manager and its locks: where they are, and no credentials', async () => {
    const manager = new LockManager({ ...OPTIONS, collection: 'stuff' });
    expect(inspect(manager)).toBe(
      "LockManager { collection: 'stuff', prefix: '', owner: 'host', state: 'open' }",
    );
    expect(inspect(manager.get('orders'), { breakLength: Infinity })).toBe(
      "DistributedLock { name: 'orders', collection: 'stuff', prefix: '', owner: 'host' }",
    );
    await manager.close();
    expect(inspect(manager)).toContain("state: 'closed'");
  });
});
