const callbacks = new Set<() => void>();

function runAll(): void {
  for (const callback of callbacks) callback();
}

/**
 * Calls back when the process is about to end because nothing is left to do. It waits for what is begun then. Not where
 * it ends by `process.exit()` or a signal. Returns how to be called no more.
 */
export function beforeExit(callback: () => void): () => void {
  if (callbacks.size === 0) process.on('beforeExit', runAll);
  callbacks.add(callback);
  return () => {
    callbacks.delete(callback);
    if (callbacks.size === 0) process.off('beforeExit', runAll);
  };
}
