import { ownError } from './own-error.js';
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
  readonly terms: Pick<Terms, 'names' | 'ttlMs' | 'waitTimeoutMs' | 'perTurnMs'>;
  readonly token?: number;
}

type TimedOut = Extract<Outcome, { kind: 'timed-out' }>;

/** How several names are shown where there is room for one. */
export function labelOf(names: readonly string[]): string {
  return names.join(', ');
}

/** What a caller's promise rejects with. Made where the caller awaits it, so that its stack leads there. */
export function errorOf(outcome: Outcome, request: Asker): unknown {
  const label = labelOf(request.terms.names);
  switch (outcome.kind) {
    case 'failed':
      return ownError(outcome.error);
    case 'timed-out':
      return timeoutError(outcome, request);
    case 'busy':
      return busyError(request.terms.names);
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

/** For who does not wait, of a lock that is not free. */
export function busyError(names: readonly string[]): LockTimeoutError {
  return new LockTimeoutError(labelOf(names), 0, {
    advice: 'it is not free, and waitTimeout: 0 does not wait',
  });
}

function timeoutError({ waitedMs, ahead, cause, inWay }: TimedOut, { terms }: Asker): LockTimeoutError {
  const label = labelOf(terms.names);
  // Where the server is out of reach, what it said before is old news.
  if (cause !== undefined) return new LockTimeoutError(label, waitedMs, { cause });
  const advice = terms.waitTimeoutMs === undefined ? defaultWait(ahead ?? 0, terms.perTurnMs) : undefined;
  const { owner: holder, since } = inWay?.holder ?? {};
  const heldSince = since === undefined ? undefined : new Date(since / 1000);
  return new LockTimeoutError(label, waitedMs, {
    position: inWay?.ahead ?? ahead,
    holder,
    heldSince,
    advice,
  });
}

/** The default counts a ttl for each request ahead. A holder that renews its lease may hold it for longer. */
function defaultWait(ahead: number, ttlMs: number): string {
  return (
    `no waitTimeout was given, so it waited ${ahead} x ttl (${ttlMs} ms), but a holder that renews its lease may hold ` +
    'it for longer: set waitTimeout, Infinity to wait as long as it takes'
  );
}
