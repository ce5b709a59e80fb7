import { setMaxListeners } from 'node:events';
import { isTraced } from '../diagnostics/channels.js';
import type { ResolvedLockOptions } from '../options/resolved-lock-options.js';
import type { LockTeller } from './event-relay.js';
import { HeldLease } from './held-lease.js';
import type { LocalWaiter } from './local-waiter.js';
import type { LockCore, OpenCore } from './manager-core.js';
import type { Terms } from '../request/request.js';
import { errorOf } from './outcomes.js';
import { tracedAcquire } from './traced-acquire.js';

/**
 * Gets one lock, or several together, once. Gives a lease, or `null` if a `try` finds it not free. After a rejection
 * the request is withdrawn. Whoever has given up never holds the lock, whatever the server grants meanwhile.
 *
 * @throws LockTimeoutError, the signal's reason, LockConnectionError
 */
export function acquire(
  core: LockCore,
  terms: Terms,
  signal: AbortSignal | undefined,
  teller: LockTeller,
): Promise<HeldLease | null> {
  if (!isTraced()) return getLease(core, terms, signal, teller);
  return tracedAcquire(core, terms, teller, (told) => getLease(core, terms, signal, told));
}

async function getLease(
  core: LockCore,
  terms: Terms,
  signal: AbortSignal | undefined,
  teller: LockTeller,
): Promise<HeldLease | null> {
  signal?.throwIfAborted();
  const opened = core.loaded;
  const found =
    opened === undefined
      ? await core.whenLoaded((late) => sent(late, terms, teller))
      : sent(opened, terms, teller);
  if (found === undefined) return null;
  const lease = found instanceof HeldLease ? found : await afterWaiting(found, signal);
  if (lease === null) return null;
  if (lease.wasTaken && signal?.aborted !== true) return lease;
  const outcome = await (signal === undefined
    ? lease.outcome
    : unlessAborted(lease.outcome, signal, (reason) => lease.giveUp(reason)));
  if (outcome.kind === 'busy' && terms.how === 'try') return null;
  if (outcome.kind !== 'lease') throw errorOf(outcome, lease.request);
  if (signal?.aborted !== true) return lease;
  // It aborted while the grant was on its way here: whoever has given up never holds the lock.
  await lease[Symbol.asyncDispose]();
  throw signal.reason;
}

function sent(core: OpenCore, terms: Terms, teller: LockTeller): HeldLease | LocalWaiter | undefined {
  return terms.lingerMs > 0 ? core.acquire(terms, teller) : core.open(terms, teller);
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

/** What is asked for with these options: the same for each request, so that whoever asks again may keep it. */
export function termsOf(
  { shared }: Pick<LockCore, 'shared'>,
  names: readonly string[],
  how: 'acquire' | 'try',
  options: ResolvedLockOptions,
): Terms {
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
    // Nor for a server, by a try.
    waitTimeoutMs: options.isSteal && how === 'try' ? undefined : options.waitTimeoutMs,
    confirmGrants: options.confirmGrants,
    clockSkewMs: shared.clockSkewMs,
    doubtMs: shared.doubtMs,
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
