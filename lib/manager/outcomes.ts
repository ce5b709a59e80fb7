import {
  LockConnectionError,
  LockLostError,
  LockNotHeldError,
  LockProtocolError,
  LockTimeoutError,
} from '../errors.js';
import type { Outcome } from '../request/commands.js';
import type { Terms } from '../request/request.js';

/** For what, and by which lease. */
interface Asker {
  readonly terms: Pick<Terms, 'names' | 'ttlMs'>;
  readonly token?: number;
}

/** How several names are shown where there is room for one. */
export function labelOf(names: readonly string[]): string {
  return names.join(', ');
}

/** What a caller's promise rejects with. Made where the caller awaits it, so that its stack leads there. */
export function errorOf(outcome: Outcome, request: Asker): unknown {
  const label = labelOf(request.terms.names);
  switch (outcome.kind) {
    case 'failed':
      return outcome.error;
    case 'timed-out':
      return new LockTimeoutError(label, outcome.waitedMs, { cause: outcome.cause });
    case 'busy':
      return new LockTimeoutError(label, 0);
    case 'never-arrived':
      return new LockConnectionError(
        outcome.why === 'taken'
          ? 'granted and taken away before an answer was here'
          : `the ttl (${request.terms.ttlMs} ms) is over before an answer of the server is here`,
      );
    case 'lost':
      return new LockLostError(label, outcome.reason, request.token ?? 0);
    case 'refused':
      return new LockProtocolError(
        outcome.code === 0
          ? 'the server gave an answer that does not fit the question'
          : `the server refused a request of this library: code ${outcome.code}`,
      );
    default:
      return new LockNotHeldError(label);
  }
}
