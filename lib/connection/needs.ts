/** Who needs the connection, and how soon its loss has to be found out. */
export class Needs {
  readonly #onChange: () => void;
  /** How many need it in time for a lease of this ttl. */
  readonly #counts = new Map<number, number>();
  #shortestMs = Infinity;
  #calls = 0;

  /** @param onChange told when somebody begins to need it, when nobody does any more, and when the time changes */
  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** Whether anybody needs it. */
  get areAny(): boolean {
    return this.#calls > 0 || this.keepsAlive;
  }

  /**
   * Whether somebody waits to be told by it, or holds a lease. The process lives for them, and a server that is not
   * there yet is waited for.
   */
  get keepsAlive(): boolean {
    return this.#counts.size > 0;
  }

  /** The ttl of the shortest lease that is held; `Infinity` if none is. */
  get shortestMs(): number {
    return this.#shortestMs;
  }

  /** @param ttlMs the ttl of a lease; `Infinity` for somebody who waits or watches. Returns how to let go. */
  keepAlive(ttlMs: number): () => void {
    this.#count(ttlMs, 1);
    let isNeeded = true;
    return () => {
      if (isNeeded) this.#count(ttlMs, -1);
      isNeeded = false;
    };
  }

  callBegan(): void {
    if (++this.#calls === 1 && !this.keepsAlive) this.#onChange();
  }

  callEnded(): void {
    if (--this.#calls === 0 && !this.keepsAlive) this.#onChange();
  }

  #count(ttlMs: number, change: number): void {
    const count = (this.#counts.get(ttlMs) ?? 0) + change;
    if (count > 0) this.#counts.set(ttlMs, count);
    else this.#counts.delete(ttlMs);
    // Only the first and the last of its kind make a difference.
    if (count > 1 || (count === 1 && change < 0)) return;
    this.#shortestMs = Math.min(...this.#counts.keys());
    this.#onChange();
  }
}
