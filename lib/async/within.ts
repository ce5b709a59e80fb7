import { afterReading } from './after-reading.js';

const MAX_DELAY_MS = 2 ** 31 - 1;

/**
 * Settles as `promise` does, or rejects with what `late` makes when that takes longer than `limitMs`. Meanwhile it
 * keeps the process alive. What `promise` comes to afterwards is nobody's any more.
 *
 * What had come in within the limit is read first, so that a blocked event loop makes no answer late.
 */
export async function within<T>(promise: Promise<T>, limitMs: number, late: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    const onTimer = (): void => afterReading(() => reject(late()));
    timer = setTimeout(onTimer, Math.min(Math.max(0, limitMs), MAX_DELAY_MS));
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits until `promise` has settled, one way or the other, but not for longer than `limitMs`. Tells whether it has. */
export async function settledWithin(promise: Promise<unknown>, limitMs: number): Promise<boolean> {
  const settled = promise.then(
    () => true,
    () => true,
  );
  try {
    return await within(settled, limitMs, () => new Error('late'));
  } catch {
    return false;
  }
}
