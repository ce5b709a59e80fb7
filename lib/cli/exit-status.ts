/** What `thingsdb-lock` exits with when it is not the status of the command that it ran. As in sysexits(3) where that fits. */
export const ExitStatus = {
  ok: 0,
  /** The answer is no: nobody holds it, nothing was released, or something is wrong. */
  no: 1,
  /** The arguments cannot be used. */
  usage: 64,
  /** ThingsDB could not be reached, did not answer, or refused. */
  unavailable: 69,
  /** A mistake of this program. */
  internal: 70,
  /** The lock was not had in time: nothing was run. */
  notAcquired: 75,
  /** The lock was lost while it was needed. */
  lost: 76,
  /** The command was found but could not be run, as shells have it. */
  notExecutable: 126,
  /** There is no such command, as shells have it. */
  notFound: 127,
  /** Ended by a signal: this plus the signal's number, as shells have it. */
  signalBase: 128,
} as const;

/** Highest status that a process can exit with. */
export const MAX_STATUS = 255;

/** What a status means to whoever ran a command. */
export interface StatusMeaning {
  /** A number, or `128+N` for signal N. */
  readonly status: string;
  readonly meaning: string;
}

const means = (status: number, meaning: string): StatusMeaning => ({ status: String(status), meaning });

export const usageStatus = means(ExitStatus.usage, 'the arguments cannot be used');

/** What each command that talks to a server may exit with. */
export const serverStatuses: readonly StatusMeaning[] = [
  usageStatus,
  means(ExitStatus.unavailable, 'ThingsDB could not be reached, did not answer, or refused'),
  means(ExitStatus.internal, 'a mistake of this program: please report it'),
];

/** What each command may exit with. */
export const okStatus = (meaning: string): StatusMeaning => means(ExitStatus.ok, meaning);
export const noStatus = (meaning: string): StatusMeaning => means(ExitStatus.no, meaning);

/** What `run` exits with when it is not the command's own status. */
export const runStatuses: readonly StatusMeaning[] = [
  okStatus('without a command: held until it was ended, and given back'),
  ...serverStatuses,
  means(
    ExitStatus.notAcquired,
    'the lock was not had in time; nothing was run. Another with --conflict-exit-code',
  ),
  means(ExitStatus.lost, 'the lock was lost while it was held'),
  means(ExitStatus.notExecutable, 'the command cannot be run'),
  means(ExitStatus.notFound, 'there is no such command'),
  {
    status: `${ExitStatus.signalBase}+N`,
    meaning: 'signal N ended the command, or the waiting for the lock',
  },
];
