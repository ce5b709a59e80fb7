/** What `thingsdb-lock` exits with when it is not the status of the command that it ran. As in sysexits(3) where that fits. */
export const ExitStatus = {
  ok: 0,
  /** The arguments cannot be used. */
  usage: 64,
  /** ThingsDB could not be reached, did not answer, or refused: nothing was run. */
  unavailable: 69,
  /** The lock was not had in time: nothing was run. */
  notAcquired: 75,
  /** The lock was lost while the command ran: the command was told to stop. */
  lost: 76,
  /** The command was found but could not be run, as shells have it. */
  notExecutable: 126,
  /** There is no such command, as shells have it. */
  notFound: 127,
  /** Ended by a signal: this plus the signal's number, as shells have it. */
  signalBase: 128,
} as const;
