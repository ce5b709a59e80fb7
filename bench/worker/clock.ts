/** What a worker measures with; specs give one that they move. */
export interface WorkerClock {
  /** Milliseconds of the monotonic clock that the processes of a machine share. */
  nowMs(): number;
  /** CPU time of this process, in microseconds. */
  cpuUs(): number;
}

export const machineClock: WorkerClock = {
  nowMs: () => Number(process.hrtime.bigint()) / 1e6,
  cpuUs: () => {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
};
