import type { Now } from '../request/inputs.js';

/**
 * Points in the server's time (microseconds since its epoch) on our clocks, from one exchange: a call sent at one moment,
 * answered at a later one, bearing the server's time of somewhere in between.
 */
export class ServerClock {
  #sentMs = NaN;
  #offsetMs = NaN;
  #serverUs = NaN;

  /**
   * The newest exchange counts: the clocks drift, and another node may answer the next time.
   * @param offsetMs the wall clock minus the monotonic one, when the call was sent
   */
  sync(sentMs: number, offsetMs: number, serverUs: number): void {
    if (sentMs < this.#sentMs) return;
    this.#sentMs = sentMs;
    this.#offsetMs = offsetMs;
    this.#serverUs = serverUs;
  }

  /**
   * The server's clock shows `serverUs` at this moment or later: for what must end before it does there. `undefined`
   * before the first exchange.
   */
  earliest(serverUs: number): Now | undefined {
    if (Number.isNaN(this.#sentMs)) return undefined;
    const ms = this.#sentMs + (serverUs - this.#serverUs) / 1000;
    return { ms, wallMs: ms + this.#offsetMs };
  }
}
