import type { Span } from '../support/worker-main.js';

/** What a span takes of a name: 1 for a permit or a reader, and for a writer more than there can be of others. */
const ALONE = 1_000_000;

function weight({ wish: { limit, options } }: Span): number {
  if (limit !== undefined) return options?.count ?? 1;
  return options?.mode === 'shared' ? 1 : ALONE;
}

function concerns({ wish }: Span, name: string): boolean {
  return [wish.name].flat().includes(name);
}

/** The most that was held of a name at one moment; a lock that was held by itself counts as one. */
export function mostAtOnce(spans: readonly Span[], name: string): number {
  const steps = spans
    .filter((span) => concerns(span, name))
    .flatMap((span) => [
      { atMs: span.fromMs, by: weight(span) },
      { atMs: span.toMs, by: -weight(span) },
    ])
    // What ends and what begins at the same moment is no overlap.
    .sort((a, b) => a.atMs - b.atMs || a.by - b.by);
  let now = 0;
  let most = 0;
  for (const { by } of steps) {
    now += by;
    most = Math.max(most, now === ALONE ? 1 : now);
  }
  return most;
}
