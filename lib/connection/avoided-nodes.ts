/** So long a node that hung is tried last, whatever the others answer. */
const HUNG_MS = 30_000;

/** The nodes that are tried last when a connection is looked for: they were silent, or could not serve. */
export class AvoidedNodes {
  /** The first of them is tried first. */
  readonly #order = new Set<number>();
  /** When a node hung last. */
  readonly #hungMs = new Map<number, number>();

  get order(): ReadonlySet<number> {
    return this.#order;
  }

  /** From now on it comes behind those that were there before it. */
  add(index: number): void {
    this.#order.delete(index);
    this.#order.add(index);
  }

  addHung(index: number): void {
    this.#hungMs.set(index, performance.now());
    this.add(index);
  }

  /**
   * A node answered a call: the others may be tried in their usual order again. Those that hung lately may not. Nodes
   * that are away answer part of the calls, and pass the other part on to one that hangs. Whoever leaves such a node
   * would wait for the one that hangs again.
   *
   * @param answering the node that answered
   */
  forget(answering: number | undefined): void {
    if (this.#order.size === 0) return;
    const hungSinceMs = performance.now() - HUNG_MS;
    for (const index of this.#order) {
      const isHanging = index !== answering && (this.#hungMs.get(index) ?? -Infinity) > hungSinceMs;
      if (isHanging) continue;
      this.#order.delete(index);
      this.#hungMs.delete(index);
    }
  }
}
