import { LockDeadlockError } from '../errors.js';
import type { ResolvedLockOptions } from '../options/resolved-lock-options.js';
import type { HeldLease, OwnLease } from './held-lease.js';
import { labelOf } from './outcomes.js';
import { ReentrantLease } from './reentrant-lease.js';
import { leasesAround } from './sections.js';

/**
 * One more hold of a lease that the caller is inside of. The request must ask for that, and for no more than it has.
 */
export function heldAgain(
  of: object,
  names: readonly string[],
  options: ResolvedLockOptions,
): OwnLease | undefined {
  if (!options.isReentrant || options.isSteal) return undefined;
  const lease = leasesAround(of).find((around) => covers(around, names, options));
  return lease && new ReentrantLease(lease);
}

/**
 * Refuses a request that would wait for its own caller.
 * @throws LockDeadlockError
 */
export function refuseDeadlock(of: object, names: readonly string[], options: ResolvedLockOptions): void {
  if (options.isSteal) return;
  const around = leasesAround(of);
  if (around.length === 0) return;
  for (const name of names) {
    const leases = around.filter((lease) => lease.names.includes(name));
    const wanted = leases.reduce((sum, { units }) => sum + units, options.want);
    const limit = Math.min(options.limit, ...leases.map((lease) => lease.limit));
    if (leases.length > 0 && wanted > limit) throw new LockDeadlockError(labelOf(names));
  }
}

/** Whether who has this lease has what is asked for. */
function covers(lease: HeldLease, names: readonly string[], { want, limit }: ResolvedLockOptions): boolean {
  const isStrongEnough = lease.limit === 1 || (lease.limit === limit && lease.units >= want);
  return isStrongEnough && names.every((name) => lease.names.includes(name));
}
