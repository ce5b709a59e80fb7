const FIRST_MS = 50;
const MOST_MS = 2_000;

/** How long to wait before the nth try to connect again (milliseconds): none before the first, then longer, jittered. */
export function backOffMs(attempt: number): number {
  if (attempt <= 1) return 0;
  const ceilingMs = Math.min(MOST_MS, FIRST_MS * 2 ** (attempt - 2));
  // Managers that lost the same node at the same moment must not come back all at once.
  return ceilingMs / 2 + Math.random() * (ceilingMs / 2);
}
