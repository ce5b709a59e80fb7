import { resolveAdoptOptions } from '../options/resolved-lock-options.js';
import type { AdoptOptions, LockDefaults } from '../options/lock-options.js';
import { relayTo, type LockEmitter } from './event-relay.js';
import type { HeldLease } from './held-lease.js';
import { termsOf } from './acquisition.js';
import type { LockCore, OwnTerms } from './manager-core.js';
import { errorOf } from './outcomes.js';
import { parseLease } from './serialized-lease.js';

/** See `LockManager.adopt`. */
export async function adoptedLease(
  core: LockCore,
  text: string,
  { defaults, options }: { defaults: LockDefaults; options: AdoptOptions | undefined },
  manager: LockEmitter,
): Promise<HeldLease> {
  const { id, names, token, ttlMs, want, limit } = parseLease(text);
  const resolved = resolveAdoptOptions(defaults, ttlMs, options);
  const terms: OwnTerms = {
    ...termsOf(names, 'acquire', { ...resolved, want, limit }),
    how: 'adopt',
    waitTimeoutMs: undefined,
    // What is adopted is granted by an answer, never by a push.
    confirmGrants: false,
    adopted: { id, token },
  };
  const lease = core.open(terms, relayTo(manager));
  const outcome = await lease.outcome;
  if (outcome.kind !== 'lease') throw errorOf(outcome, lease.request);
  return lease;
}
