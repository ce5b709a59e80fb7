/** A node of a cluster that is away to store tells its clients later what is done at the others. */
const LIMIT_MS = (process.env['THINGSDB_URL'] ?? '').includes(',') ? 60_000 : 10_000;

/** Waits until `holds` answers true, asking every few milliseconds; fails after `limitMs` with what `describe` says. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  {
    limitMs = LIMIT_MS,
    describe = () => 'it did not come true',
  }: { limitMs?: number; describe?: () => string } = {},
): Promise<void> {
  const endMs = performance.now() + limitMs;
  while (!(await holds())) {
    if (performance.now() > endMs) throw new Error(`after ${limitMs} ms: ${describe()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** The next event of this name; rejects after `limitMs`. */
export function nextEvent<T>(
  emitter: { once(event: never, listener: (payload: T) => void): unknown },
  event: string,
  limitMs = LIMIT_MS,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${event} within ${limitMs} ms`)), limitMs);
    emitter.once(event as never, (payload) => {
      clearTimeout(timer);
      resolve(payload);
    });
  });
}

/** The rejection of a promise; fails if it resolves. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it resolved');
}
