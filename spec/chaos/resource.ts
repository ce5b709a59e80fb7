import type { HistoryWriter, ResourceKind } from './history.js';

/**
 * What the locks protect, twice for each name. One takes every write. The other refuses a fencing token lower than the
 * highest it has seen.
 */
export class Resource {
  readonly #history: HistoryWriter;
  readonly #newest = new Map<string, number>();

  constructor(history: HistoryWriter) {
    this.#history = history;
  }

  /** Whether the write was accepted. */
  write(resource: ResourceKind, by: string, name: string, token: number): boolean {
    const isStale = token < (this.#newest.get(name) ?? 0);
    const isAccepted = resource === 'unguarded' || !isStale;
    if (resource === 'guarded' && !isStale) this.#newest.set(name, token);
    this.#history.record({ event: 'wrote', resource, by, name, token, isAccepted });
    return isAccepted;
  }
}
