import type { TracingChannel } from 'node:diagnostics_channel';

/** A trace while the library fills it in. */
export type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface Observed {
  result: unknown;
  error: unknown;
}

/** The result or the error is known. */
export function publishEnd<T extends Observed>(of: TracingChannel<unknown, T>, trace: T): void {
  if (trace.result === undefined) of.error.publish(trace);
  of.asyncStart.publish(trace);
  of.asyncEnd.publish(trace);
}

/**
 * Makes a call, and publishes its start and its end. It does what `TracingChannel.tracePromise` does, but for the result:
 * a lease is a right, so it is not shown.
 * @param resultOf what is shown of the call's result
 */
export async function observed<T extends Observed, R>(
  of: TracingChannel<unknown, T>,
  trace: T,
  call: () => Promise<R>,
  resultOf: (value: R) => Exclude<T['result'], undefined>,
): Promise<R> {
  const settled = of.start.runStores(trace, call);
  of.end.publish(trace);
  try {
    const value = await settled;
    trace.result = resultOf(value);
    return value;
  } catch (error) {
    trace.error = error;
    throw error;
  } finally {
    publishEnd(of, trace);
  }
}
