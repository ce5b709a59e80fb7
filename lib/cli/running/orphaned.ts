/** How soon it is noticed. */
const LOOK_MS = 500;

/**
 * Calls `act` once the process that started this one has gone, if that is npx. A signal that ends npx reaches the shell
 * between them at most. The command would go on, with its lock or its port, and nobody could tell why.
 *
 * Nobody tells a process that its parent has gone: it has to look. Returns what ends the looking.
 */
export function whenOrphaned(env: NodeJS.ProcessEnv, act: () => void): () => void {
  if (env['npm_command'] !== 'exec') return () => undefined;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    act();
  }, LOOK_MS);
  timer.unref();
  return () => clearInterval(timer);
}
