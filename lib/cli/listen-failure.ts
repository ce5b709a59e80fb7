import { ExitStatus } from './exit-status.js';
import type { Output } from './output.js';

/** Tells why a command cannot listen, and what to do if the port is taken. Returns the exit status. */
export function listenFailure(error: unknown, output: Output, cure: string): number {
  const { message: reason, code = 'INTERNAL' } = error as NodeJS.ErrnoException;
  const isTaken = code === 'EADDRINUSE';
  const message = isTaken ? `${reason}: something listens there already. ${cure}` : reason;
  output.problem({ type: 'error', code, message, status: ExitStatus.unavailable }, message);
  return ExitStatus.unavailable;
}
