import { clockMs } from './history.js';

const TICK_MS = 20;
/** What a timer may be late on a busy machine before it counts. */
const STALL_MS = 40;

/**
 * Finds out when the event loop did not turn: the process was stopped, or had no processor.
 * Returns how to end the watch.
 */
export function watchForStalls(
  onStall: (fromMs: number, toMs: number) => void,
  onTick: () => void = () => undefined,
): () => void {
  let lastMs = clockMs();
  const tick = setInterval(() => {
    const nowMs = clockMs();
    if (nowMs - lastMs > TICK_MS + STALL_MS) onStall(lastMs, nowMs);
    lastMs = nowMs;
    onTick();
  }, TICK_MS);
  return () => clearInterval(tick);
}
