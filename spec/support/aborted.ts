import { afterTurns } from '../../lib/async/after-reading.js';

/** What a busy event loop may add before a timer's callback runs. */
const EVENT_LOOP_MS = 50;

/** Resolves when the signal has aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
}

/**
 * Resolves with how many milliseconds passed from `sinceMs` (now) until the signal aborted; rejects if it was late.
 * Late is what comes after a timer of this process for `limitMs` and 50 ms more. A machine that holds the process up
 * makes both late, in their order.
 */
export async function abortedWithin(
  signal: AbortSignal,
  limitMs: number,
  sinceMs = performance.now(),
): Promise<number> {
  const abortedMs = aborted(signal).then(() => performance.now() - sinceMs);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      // A lease's alarm reads first what has come in. Where the process was held up, both timers ring at once.
      () =>
        afterTurns(() =>
          reject(new Error(`the signal had not aborted after ${limitMs} ms, and ${EVENT_LOOP_MS} more`)),
        ),
      sinceMs + limitMs + EVENT_LOOP_MS - performance.now(),
    );
  });
  try {
    return await Promise.race([abortedMs, late]);
  } finally {
    clearTimeout(timer);
  }
}
