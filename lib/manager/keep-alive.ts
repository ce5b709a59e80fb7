import { detached } from '../async/detached.js';

/** What nobody needs any more is kept for so long. So locks that come and go do not start and stop it. */
const LINGER_MS = 20;
const FOR_EVER_MS = 2 ** 31 - 1;

interface Watch {
  count: number;
  readonly stop: () => void;
}

/**
 * Keeps the process alive, and the connection watched, while somebody waits or holds. It does so even while there is no
 * connection, whose socket would do it.
 */
export class KeepAlive {
  readonly #start: (ttlMs: number) => () => void;
  readonly #watches = new Map<number, Watch>();
  #handle: NodeJS.Timeout | undefined;
  #sweeping: NodeJS.Timeout | undefined;

  /** @param start watches the connection closely enough for leases of this ttl; returns how to stop that */
  constructor(start: (ttlMs: number) => () => void) {
    this.#start = start;
  }

  /** One who needs it needs it for another ttl, or has come or gone (`undefined`). `Infinity`: for somebody who waits. */
  move(fromMs: number | undefined, toMs: number | undefined): void {
    if (toMs !== undefined) this.#watch(toMs).count++;
    if (fromMs === undefined) return;
    const watch = this.#watch(fromMs);
    if (--watch.count === 0) this.#sweeping ??= detached(() => setTimeout(() => this.#sweep(), LINGER_MS));
  }

  stop(): void {
    for (const { stop } of this.#watches.values()) stop();
    this.#watches.clear();
    this.#rest();
  }

  #watch(ttlMs: number): Watch {
    let watch = this.#watches.get(ttlMs);
    if (watch === undefined) {
      this.#handle ??= detached(() => setInterval(() => undefined, FOR_EVER_MS));
      watch = { count: 0, stop: this.#start(ttlMs) };
      this.#watches.set(ttlMs, watch);
    }
    return watch;
  }

  #sweep(): void {
    this.#sweeping = undefined;
    for (const [ttlMs, { count, stop }] of this.#watches) {
      if (count > 0) continue;
      stop();
      this.#watches.delete(ttlMs);
    }
    if (this.#watches.size === 0) this.#rest();
  }

  #rest(): void {
    clearInterval(this.#handle);
    clearTimeout(this.#sweeping);
    this.#handle = undefined;
    this.#sweeping = undefined;
  }
}
