import { setMaxListeners } from 'node:events';
import { isTraced } from '../diagnostics/channels.js';
import type { ResolvedLockOptions } from '../options/resolved-lock-options.js';
import type { TellLock } from './event-relay.js';
import { HeldLease } from './held-lease.js';
import type { LocalWaiter } from './local-waiter.js';
import type { LockCore, OwnTerms } from './manager-core.js';
import { errorOf } from './outcomes.js';
import { tracedAcquire } from './traced-acquire.js';

/**
 * Gets one lock, or several together, once: a lease, `null` if `how` is `try` and it is not free, or a rejection after
 * which the request is withdrawn. Whoever has given up never holds the lock, whatever the server grants meanwhile.
 *
 * @throws LockTimeoutError, the signal's reason, LockConnectionError
 */
export function acquire(
  core: LockCore,
  names: readonly string[],
  how: 'acquire' | 'try',
  options: ResolvedLockOptions,
  tell: TellLock,
): Promise<HeldLease | null> {
  if (!isTraced()) return getLease(core, names, how, options, tell);
  const { want: units, limit, isSteal } = options;
  const terms = { names, how: isSteal ? 'steal' : how, units, limit } as const;
  return tracedAcquire(core, terms, tell, (told) => getLease(core, names, how, options, told));
}

async function getLease(
  core: LockCore,
  names: readonly string[],
  how: 'acquire' | 'try',
  options: ResolvedLockOptions,
  tell: TellLock,
): Promise<HeldLease | null> {
  const { signal } = options;
  signal?.throwIfAborted();
  const terms = termsOf(names, how, options);
  const found = terms.lingerMs > 0 ? core.acquire(terms, tell) : core.open(terms, tell);
  if (found === undefined) return null;
  const lease = found instanceof HeldLease ? found : await afterWaiting(found, signal);
  if (lease === null) return null;
  if (lease.wasTaken && signal?.aborted !== true) return lease;
  const outcome = await (signal === undefined
    ? lease.outcome
    : unlessAborted(lease.outcome, signal, (reason) => lease.giveUp(reason)));
  if (outcome.kind === 'busy' && how === 'try') return null;
  if (outcome.kind !== 'lease') throw errorOf(outcome, lease.request);
  if (signal?.aborted !== true) return lease;
  // It aborted while the grant was on its way here: whoever has given up never holds the lock.
  await lease[Symbol.asyncDispose]();
  throw signal.reason;
}

/** Waits for a lease of this process. */
async function afterWaiting(waiter: LocalWaiter, signal: AbortSignal | undefined): Promise<HeldLease | null> {
  const found = await (signal === undefined
    ? waiter.found
    : unlessAborted(waiter.found, signal, (reason) => waiter.giveUp(reason)));
  if (found instanceof HeldLease) return found;
  if (found.kind === 'busy' && waiter.terms.how === 'try') return null;
  throw errorOf(found, waiter);
}

export function termsOf(
  names: readonly string[],
  how: 'acquire' | 'try',
  options: ResolvedLockOptions,
): OwnTerms {
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
    lingerMs: options.lingerMs,
    waitTimeoutMs: options.waitTimeoutMs,
    confirmGrants: options.confirmGrants,
  };
}

async function unlessAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal,
  giveUp: (reason: unknown) => void,
): Promise<T> {
  const onAbort = (): void => giveUp(signal.reason);
  if (signal.aborted) onAbort();
  // One signal for many waiters (a service that shuts down) is no leak: each takes its listener away.
  setMaxListeners(0, signal);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
