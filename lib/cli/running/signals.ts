import { constants } from 'node:os';

/**
 * What cannot be caught, tells of a fault of this process itself, is Node's own, or ends nobody. Those that stop a process
 * are treated apart.
 */
const NOT_PASSED_ON: ReadonlySet<string> = new Set([
  'SIGKILL',
  'SIGSTOP',
  'SIGABRT',
  'SIGBUS',
  'SIGFPE',
  'SIGILL',
  'SIGSEGV',
  'SIGSYS',
  'SIGTRAP',
  'SIGSTKFLT',
  'SIGCHLD',
  'SIGPIPE',
  'SIGPROF',
  'SIGCONT',
  'SIGTSTP',
  'SIGTTIN',
  'SIGTTOU',
  'SIGURG',
  'SIGWINCH',
]);

/** Every signal that would end this process and can be caught; of several names for one the first. */
export const PASSED_ON: readonly NodeJS.Signals[] = firstNames().filter((name) => !NOT_PASSED_ON.has(name));

/** These reach the whole foreground group when they are typed at a terminal, the command included. */
export const TYPED: ReadonlySet<NodeJS.Signals> = new Set<NodeJS.Signals>(['SIGINT', 'SIGQUIT']);

function firstNames(): NodeJS.Signals[] {
  const names = new Map<number, NodeJS.Signals>();
  for (const [name, number] of Object.entries(constants.signals)) {
    if (!names.has(number)) names.set(number, name as NodeJS.Signals);
  }
  return [...names.values()];
}
