/**
 * Calls back once what had come in by now has been read. It does so even after the event loop was blocked, when timers
 * ring before sockets are read. Until then a missing answer is no proof that there is none.
 *
 * @param callback is told this moment, on the monotonic clock
 */
export function afterReading(callback: (readMs: number) => void): void {
  const readMs = performance.now();
  setImmediate(() => callback(readMs));
}

/**
 * So many turns of the event loop pass before a connection is given up. A server in this very process, as in a test that
 * moves the time, needs them for its answer.
 */
const TURNS = 8;

/** As {@link afterReading}, once a server in this process could have answered too. */
export function afterTurns(callback: () => void, turns = TURNS): void {
  setImmediate(() => {
    if (turns > 1) afterTurns(callback, turns - 1);
    else callback();
  });
}
