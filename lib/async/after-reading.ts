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
