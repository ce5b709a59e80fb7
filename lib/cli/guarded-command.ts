import { spawn, type ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { ExitStatus } from './exit-status.js';

export interface GuardedCommandOptions {
  readonly command: string;
  readonly commandArguments: readonly string[];
  /** Added to this process's environment; what is `undefined` is taken out of it. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** When it aborts, the command must stop. */
  readonly signal: AbortSignal;
  /** From SIGTERM, when `signal` aborts, to SIGKILL. */
  readonly killAfterMs: number;
}

/** Those that ask a process to end. */
export const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Runs a command with this process's standard streams, and passes SIGINT, SIGTERM and SIGHUP on to it. At a terminal,
 * Ctrl-C reaches the command by itself: passing that on would interrupt it twice.
 *
 * Resolves with its exit status once it has ended; rejects if it could not be started.
 */
export function runGuardedCommand(options: GuardedCommandOptions): Promise<number> {
  const child = spawn(options.command, options.commandArguments, {
    stdio: 'inherit',
    env: { ...process.env, ...options.env },
  });
  const stopForwarding = forwardSignals(child);
  let killTimer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    child.kill('SIGTERM');
    killTimer = setTimeout(() => child.kill('SIGKILL'), options.killAfterMs);
  };
  if (options.signal.aborted) stop();
  else options.signal.addEventListener('abort', stop, { once: true });

  return new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? statusOf(signal)));
  }).finally(() => {
    clearTimeout(killTimer);
    options.signal.removeEventListener('abort', stop);
    stopForwarding();
  });
}

/** The status by which shells tell that a signal ended a process. */
export function statusOf(signal: NodeJS.Signals | null): number {
  return ExitStatus.signalBase + (signal === null ? 0 : constants.signals[signal]);
}

function forwardSignals(child: ChildProcess): () => void {
  const forward = (signal: NodeJS.Signals): void => {
    if (signal === 'SIGINT' && process.stdin.isTTY) return;
    child.kill(signal);
  };
  for (const signal of SIGNALS) process.on(signal, forward);
  return () => {
    for (const signal of SIGNALS) process.off(signal, forward);
  };
}
