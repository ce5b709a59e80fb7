import type { Now } from '../request/inputs.js';

/** So long ago an exchange tells of the server's clock as well as one of now. */
const FRESH_MS = 10_000;
/** By less the two clocks of a machine drift apart meanwhile, and a lease ends so much earlier here (`EARLY_MS`). */
const SAME_MS = 5;

/**
 * Points in the server's time (microseconds since its epoch) on our clocks, from one exchange. An exchange is a call
 * and its answer, which bears the server's time of somewhere in between.
 */
export class ServerClock {
  #sentMs = NaN;
  #offsetMs = NaN;
  #serverUs = NaN;

  /**
   * Of the exchanges of the last ten seconds the one counts that tells most. A call that was long on its way says
   * little of when it was answered. Older ones do not count, because clocks drift. Nor do those of a clock that was set
   * since, or of a node with another clock.
   * @param offsetMs the wall clock minus the monotonic one, when the call was sent
   */
  sync(sentMs: number, receivedMs: number, offsetMs: number, serverUs: number): void {
    if (sentMs < this.#sentMs) return;
    const knownMs = this.#sentMs + (serverUs - this.#serverUs) / 1000;
    const isFresh = sentMs - this.#sentMs < FRESH_MS && this.#isOfThisTime(offsetMs);
    if (isFresh && sentMs < knownMs && knownMs <= receivedMs) return;
    this.#sentMs = sentMs;
    this.#offsetMs = offsetMs;
    this.#serverUs = serverUs;
  }

  /**
   * No later than the moment of the answer that bears this time, and as late as can be known. It is known by the call
   * itself, which may have been long on its way, or by another exchange. An exchange from before the machine has slept
   * does not count. The server's clock went on meanwhile, and the monotonic one stood still.
   * @param offsetMs the wall clock minus the monotonic one, when the answer was received
   */
  momentMs(serverUs: number, sentMs: number, receivedMs: number, offsetMs: number): number {
    const knownMs = this.#sentMs + (serverUs - this.#serverUs) / 1000;
    const isFresh = Math.abs(sentMs - this.#sentMs) < FRESH_MS && this.#isOfThisTime(offsetMs);
    return isFresh && knownMs <= receivedMs ? Math.max(sentMs, knownMs) : sentMs;
  }

  #isOfThisTime(offsetMs: number): boolean {
    return Math.abs(offsetMs - this.#offsetMs) < SAME_MS;
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
