import type { Span } from './reading.js';

/** The longest part of a span that none of the others touches. */
export function longestWithout({ fromMs, toMs }: Span, others: readonly Span[]): number {
  let longestMs = 0;
  let quietSinceMs = fromMs;
  for (const other of [...others].sort((a, b) => a.fromMs - b.fromMs)) {
    longestMs = Math.max(longestMs, Math.min(other.fromMs, toMs) - quietSinceMs);
    quietSinceMs = Math.max(quietSinceMs, other.toMs);
  }
  return Math.max(longestMs, toMs - quietSinceMs);
}
