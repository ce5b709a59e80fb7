import { spawn, type ChildProcess } from 'node:child_process';
import { statusOf } from './ending-signals.js';
import { PASSED_ON, TYPED } from './signals.js';

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

/**
 * Runs a command with this process's standard streams, and passes signals on to it. At a terminal, Ctrl-C and Ctrl-\
 * reach the command by themselves: passing those on would interrupt it twice. What stops this process stops the command
 * too, as it must not go on while nobody renews its lock.
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
    // One that is stopped sees SIGTERM when it goes on.
    child.kill('SIGCONT');
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

function forwardSignals(child: ChildProcess): () => void {
  const forward = (signal: NodeJS.Signals): void => {
    if (TYPED.has(signal) && process.stdin.isTTY) return;
    child.kill(signal);
  };
  const pause = (): void => {
    child.kill('SIGTSTP');
    process.kill(process.pid, 'SIGSTOP');
  };
  const goOn = (): void => void child.kill('SIGCONT');
  for (const signal of PASSED_ON) process.on(signal, forward);
  process.on('SIGTSTP', pause);
  process.on('SIGCONT', goOn);
  return () => {
    for (const signal of PASSED_ON) process.off(signal, forward);
    process.off('SIGTSTP', pause);
    process.off('SIGCONT', goOn);
  };
}
