import { LockConnectionError, LockLostError } from '../errors.js';
import { resolveAdoptOptions } from './lock-options.js';
import { type AdoptOptions, type LockDefaults } from '../options.js';
import { relayTo, type LockEmitter } from './event-relay.js';
import { HeldLease } from './held-lease.js';
import type { LockService } from './lock-service.js';
import { parseLease } from './serialized-lease.js';
import { grantOf, labelOf } from './ticket.js';

/** See `LockManager.adopt`. */
export async function adoptedLease(
  service: LockService,
  text: string,
  { defaults, options }: { defaults: LockDefaults; options: AdoptOptions | undefined },
  manager: LockEmitter,
): Promise<HeldLease> {
  const { id, names, token, ttlMs, want, limit } = parseLease(text);
  const resolved = resolveAdoptOptions(defaults, ttlMs, options);
  // As where it is acquired: the server's lease must not outlive a shorter maxHold.
  const renewedMs = Math.ceil(Math.min(resolved.ttlMs, resolved.maxHoldMs));
  const ticket = service.inbox.open({ names, ttlMs: renewedMs, want, limit });
  try {
    const { value: status, ...told } = await service.procedures.adopt(id, ticket);
    if (status.state !== 'held') {
      const why = status.state === 'gone' ? status.why : undefined;
      throw new LockLostError(labelOf(names), why ?? 'expired', token);
    }
    // Its rest is what the other process has left of it: renewed at once.
    const grant = grantOf({ ...told, value: status }, true);
    const tell = relayTo(manager);
    const lease = new HeldLease(ticket, grant, { ...resolved, want, limit }, service, tell);
    const { name, fencingToken } = lease;
    tell('acquired', { name, names, fencingToken, waitedMs: 0 });
    return lease;
  } catch (error) {
    // It may have moved here all the same: nobody would go on with it.
    if (error instanceof LockConnectionError) service.loose(service.withdraw(ticket));
    throw error;
  } finally {
    service.inbox.close(ticket);
  }
}
