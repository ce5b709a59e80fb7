import {
  LockConnectionError,
  LockError,
  LockLostError,
  LockOptionsError,
  LockTimeoutError,
} from '../errors.js';
import { ExitStatus } from './exit-status.js';
import type { Output } from './output.js';
import { UsageError } from './usage-error.js';

/** Tells why a command could not do what it was asked to. Returns the exit status. */
export function failure(error: unknown, output: Output, help: string): number {
  const status = statusOfError(error);
  const message = messageOf(error, status);
  const code = error instanceof LockError ? error.code : status === ExitStatus.usage ? 'USAGE' : 'INTERNAL';
  const hint = status === ExitStatus.usage ? `\nTry ${help}` : '';
  output.problem({ type: 'error', code, message, status }, `${message}${hint}`);
  return status;
}

function statusOfError(error: unknown): number {
  if (error instanceof UsageError || error instanceof LockOptionsError) return ExitStatus.usage;
  if (error instanceof LockTimeoutError && isHeldByOthers(error)) return ExitStatus.notAcquired;
  if (error instanceof LockLostError) return ExitStatus.lost;
  return error instanceof LockError ? ExitStatus.unavailable : ExitStatus.internal;
}

/** Whether the server has said so: a wait that is over may also have been one for a server. */
function isHeldByOthers(error: LockTimeoutError): boolean {
  return !(error.cause instanceof LockConnectionError);
}

/**
 * Of a mistake of this program whoever reports it needs to know where. What is wrong with an option is told without the
 * library's name for the place: the options of a command are in one place.
 */
function messageOf(error: unknown, status: number): string {
  if (!(error instanceof Error)) return String(error);
  if (status === ExitStatus.internal) return error.stack ?? error.message;
  return error.message.replace(/^invalid (?:LockManager|lock|semaphore) options: /, '');
}
