import { isTraced } from '../diagnostics/channels.js';
import { resolveAdoptOptions } from '../options/resolved-lock-options.js';
import type { AdoptOptions, LockDefaults } from '../options/lock-options.js';
import { EventRelay, type LockEmitter, type LockTeller } from './event-relay.js';
import type { HeldLease } from './held-lease.js';
import { termsOf } from './acquisition.js';
import type { LockCore } from './manager-core.js';
import type { Terms } from '../request/request.js';
import { errorOf } from './outcomes.js';
import { parseLease } from './serialized-lease.js';
import { tracedAcquire } from './traced-acquire.js';

/** See `LockManager.adopt`. */
export async function adoptedLease(
  core: LockCore,
  text: string,
  { defaults, options }: { defaults: LockDefaults; options: AdoptOptions | undefined },
  manager: LockEmitter,
): Promise<HeldLease> {
  const { id, names, token, ttlMs, want, limit } = parseLease(text);
  const resolved = resolveAdoptOptions(defaults, ttlMs, options);
  const terms: Terms = {
    ...termsOf(core, names, 'acquire', { ...resolved, want, limit }),
    how: 'adopt',
    waitTimeoutMs: undefined,
    // What is adopted is granted by an answer, never by a push.
    confirmGrants: false,
    adopted: { id, token },
  };
  const teller = new EventRelay(core.info, manager);
  if (!isTraced()) return adopt(core, terms, teller);
  return tracedAcquire(core, terms, teller, (told) => adopt(core, terms, told));
}

async function adopt(core: LockCore, terms: Terms, teller: LockTeller): Promise<HeldLease> {
  const lease = await core.whenLoaded((opened) => opened.open(terms, teller));
  const outcome = await lease.outcome;
  if (outcome.kind !== 'lease') throw errorOf(outcome, lease.request);
  return lease;
}
