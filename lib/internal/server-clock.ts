/**
 * Points in the server's time (microseconds since its epoch) on our monotonic clock (`performance.now()`), from one
 * exchange: a request sent at one moment, answered at a later one, bearing the server's time of somewhere in between.
 */
export class ServerClock {
  #sentMs = NaN;
  #serverUs = NaN;

  /** The newest exchange counts: the clocks drift, and another node may answer the next time. */
  sync(sentMs: number, serverUs: number): void {
    if (sentMs < this.#sentMs) return;
    this.#sentMs = sentMs;
    this.#serverUs = serverUs;
  }

  /** The server's clock shows `serverUs` at this moment or later: for what must end before it does there. */
  earliest(serverUs: number): number {
    return this.#sentMs + (serverUs - this.#serverUs) / 1000;
  }
}
