import { constants } from 'node:os';
import { ExitStatus } from '../exit-status.js';
import { whenOrphaned } from './orphaned.js';

/** By which somebody asks a process to end. */
const ENDING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const satisfies NodeJS.Signals[];

/** The first signal that asks this process to end; it does not end by itself then. The end of npx is one too. */
export interface EndedBySignal {
  readonly signal: Promise<NodeJS.Signals>;
  /** Lets signals end the process again. */
  ignore(): void;
}

export function endedBySignal(): EndedBySignal {
  let ignore = (): void => undefined;
  const signal = new Promise<NodeJS.Signals>((resolve) => {
    const told = (name: NodeJS.Signals): void => {
      ignore();
      resolve(name);
    };
    const stopLooking = whenOrphaned(process.env, () => told('SIGHUP'));
    ignore = () => {
      stopLooking();
      for (const name of ENDING_SIGNALS) process.off(name, told);
    };
    for (const name of ENDING_SIGNALS) process.on(name, told);
  });
  return { signal, ignore };
}

/** The status by which shells tell that a signal ended a process. */
export function statusOf(signal: NodeJS.Signals | null): number {
  return ExitStatus.signalBase + (signal === null ? 0 : constants.signals[signal]);
}
