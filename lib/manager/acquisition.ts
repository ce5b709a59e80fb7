import { setMaxListeners } from 'node:events';
import type { ResolvedLockOptions } from '../options/resolved-lock-options.js';
import type { Outcome } from '../request/commands.js';
import type { TellLock } from './event-relay.js';
import type { HeldLease } from './held-lease.js';
import type { LockCore, OwnTerms } from './manager-core.js';
import { errorOf } from './outcomes.js';

/**
 * Gets one lock, or several together, once: a lease, `null` if `how` is `try` and it is not free, or a rejection after
 * which the request is withdrawn. Whoever has given up never holds the lock, whatever the server grants meanwhile.
 *
 * @throws LockTimeoutError, the signal's reason, LockConnectionError
 */
export async function acquire(
  core: LockCore,
  names: readonly string[],
  how: 'acquire' | 'try',
  options: ResolvedLockOptions,
  tell: TellLock,
): Promise<HeldLease | null> {
  const { signal } = options;
  signal?.throwIfAborted();
  const lease = core.open(termsOf(names, how, options), tell);
  const outcome = await (signal === undefined ? lease.outcome : unlessAborted(lease, signal));
  if (outcome.kind === 'busy' && how === 'try') return null;
  if (outcome.kind !== 'lease') throw errorOf(outcome, lease.request);
  if (signal?.aborted !== true) return lease;
  // It aborted while the grant was on its way here: whoever has given up never holds the lock.
  await lease[Symbol.asyncDispose]();
  throw signal.reason;
}

function termsOf(names: readonly string[], how: 'acquire' | 'try', options: ResolvedLockOptions): OwnTerms {
  return {
    names,
    units: options.want,
    limit: options.limit,
    // A thief never waits.
    how: options.isSteal ? 'steal' : how,
    // With a shorter maxHold the server's lease must not outlive it either.
    ttlMs: Math.ceil(Math.min(options.ttlMs, options.maxHoldMs)),
    perTurnMs: options.ttlMs,
    autoRenew: options.autoRenew,
    maxHoldMs: options.maxHoldMs,
    minHoldMs: options.minHoldMs,
    waitTimeoutMs: options.waitTimeoutMs,
    confirmGrants: options.confirmGrants,
  };
}

async function unlessAborted(lease: HeldLease, signal: AbortSignal): Promise<Outcome> {
  const onAbort = (): void => lease.giveUp(signal.reason);
  // One signal for many waiters (a service that shuts down) is no leak: each takes its listener away.
  setMaxListeners(0, signal);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await lease.outcome;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
