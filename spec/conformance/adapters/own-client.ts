/** This package's own client as a program for the conformance suite; an example for other languages. */
import { createInterface } from 'node:readline';
import {
  type DistributedLock,
  type Lease,
  LockLostError,
  LockManager,
  type LockOptions,
  LockTimeoutError,
} from '../../../lib/index.js';
import { FEATURES, type OrderMessage, type Said, type Terms } from '../messages.js';

const leases = new Map<string, Lease>();
const waiting = new Map<string, AbortController>();
let opened: LockManager | undefined;

function manager(): LockManager {
  if (opened === undefined) throw new Error('open comes first');
  return opened;
}

function say(said: Said): void {
  process.stdout.write(`${JSON.stringify(said)}\n`);
}

function lockOf({ names, mode, of }: Terms): DistributedLock {
  return mode === 'semaphore' ? manager().semaphore(String(names[0]), { permits: of }) : manager().get(names);
}

function optionsOf({ ttl, wait, renew, mode, permits }: Terms): LockOptions {
  const kind = mode === 'semaphore' ? { count: permits } : { mode };
  return { ttl, autoRenew: renew, waitTimeout: wait ?? Infinity, ...kind };
}

function keep(key: string, lease: Lease): { token: number } {
  leases.set(key, lease);
  lease.signal.addEventListener('abort', () => {
    const reason: unknown = lease.signal.reason;
    if (reason instanceof LockLostError) say({ event: 'lost', key, why: reason.reason });
  });
  return { token: lease.fencingToken };
}

function leaseOf(key: string): Lease {
  const lease = leases.get(key);
  if (lease === undefined) throw new Error(`there is no lease ${key}`);
  return lease;
}

async function acquire(key: string, wanted: Terms): Promise<{ token: number }> {
  const controller = new AbortController();
  waiting.set(key, controller);
  try {
    const lease = await lockOf(wanted).acquire({ ...optionsOf(wanted), signal: controller.signal });
    return keep(key, lease);
  } finally {
    waiting.delete(key);
  }
}

async function obey(order: OrderMessage): Promise<unknown> {
  switch (order.do) {
    case 'open': {
      const auth = { username: order.user, password: order.password };
      opened = new LockManager({ url: order.url, auth, collection: order.collection });
      // Told by what is answered; nobody listens to it here.
      opened.on('error', () => undefined);
      await opened.setup();
      return { features: FEATURES };
    }
    case 'acquire':
      return acquire(order.key, order);
    case 'try': {
      const { waitTimeout: _, ...options } = optionsOf(order);
      const lease = await lockOf(order).tryAcquire(options);
      return lease === null ? null : keep(order.key, lease);
    }
    case 'cancel':
      waiting.get(order.key)?.abort(new Cancelled());
      return null;
    case 'release':
      return leaseOf(order.key).release();
    case 'extend':
      await leaseOf(order.key).extend(order.ttl);
      return null;
    case 'is-held':
      return leaseOf(order.key).isHeld;
    case 'serialize':
      return leaseOf(order.key).serialize();
    case 'adopt':
      return keep(order.key, await manager().adopt(order.text));
    case 'close':
      await manager().close();
      return null;
  }
}

class Cancelled extends Error {}

function codeOf(error: unknown): string {
  if (error instanceof LockTimeoutError) return 'timeout';
  if (error instanceof Cancelled) return 'cancelled';
  return error instanceof LockLostError ? 'lost' : 'failed';
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const order = JSON.parse(line) as OrderMessage;
  obey(order).then(
    (result) => say({ call: order.call, result }),
    (error: unknown) => say({ call: order.call, error: codeOf(error), message: String(error) }),
  );
});
