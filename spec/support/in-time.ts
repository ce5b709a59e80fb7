/** Well below the limit of a test, which fails without a word of what was waited for. A node of a cluster may be away for a while. */
const LIMIT_MS = (process.env['THINGSDB_URL'] ?? '').includes(',') ? 60_000 : 20_000;

/** Settles as the promise does; rejects with what `describe` says by then if that takes longer than `limitMs`. */
export async function inTime<T>(promise: Promise<T>, describe: () => string, limitMs = LIMIT_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`after ${limitMs} ms: ${describe()}`)), limitMs);
    // It keeps no process, and is nothing that a test leaves behind.
    timer.unref();
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}
