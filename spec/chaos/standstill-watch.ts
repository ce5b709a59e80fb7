import { setTimeout as sleep } from 'node:timers/promises';
import type { Auth } from '../../lib/index.js';
import { clockMs } from './history.js';
import { onNode } from './node-client.js';

const LOOK_EVERY_MS = 100;
/** Without a new change for so long, one is asked for. */
const QUIET_MS = 500;
const CONNECT_LIMIT_MS = 2_000;
const COMMITTED = 'node_info().load().local_committed_change_id;';

/**
 * How long a node makes no change although a client without the lock library asks for one. It asks only where nobody
 * else has had a change made: changes that are asked of several nodes at once collide.
 */
export class StandstillWatch {
  readonly #url: string;
  readonly #auth: Auth;
  readonly #over = new AbortController();
  readonly #watching: Promise<void>;
  /** Since when a change of ours has no answer, and no other was made. */
  #sinceMs: number | undefined;
  #longestMs = 0;

  constructor(url: string, auth: Auth) {
    this.#url = url;
    this.#auth = auth;
    this.#watching = this.#run();
  }

  /** Ends the watch, and tells the longest time. */
  async end(): Promise<number> {
    this.#moves();
    this.#over.abort();
    await this.#watching;
    return this.#longestMs;
  }

  async #run(): Promise<void> {
    while (!this.#over.signal.aborted) {
      await this.#watch().catch(() => undefined);
      await this.#rest();
    }
  }

  async #watch(): Promise<void> {
    const { signal } = this.#over;
    // Its change has no time limit: the end of the watch ends the connection.
    const limits = { requestTimeoutMs: 600_000, connectTimeoutMs: CONNECT_LIMIT_MS, signal };
    await onNode(this.#url, this.#auth, limits, async (client) => {
      let committed: unknown;
      let movedMs = clockMs();
      while (!signal.aborted) {
        const before = committed;
        committed = await client.query('@node', COMMITTED);
        if (committed !== before) {
          this.#moves();
          movedMs = clockMs();
        } else if (this.#sinceMs === undefined && clockMs() - movedMs > QUIET_MS) {
          this.#sinceMs = clockMs();
          client.query('@thingsdb', 'wse(); nil;').catch(() => undefined);
        }
        await this.#rest();
      }
    });
  }

  /** A change was made. */
  #moves(): void {
    if (this.#sinceMs !== undefined) this.#longestMs = Math.max(this.#longestMs, clockMs() - this.#sinceMs);
    this.#sinceMs = undefined;
  }

  async #rest(): Promise<void> {
    await sleep(LOOK_EVERY_MS, undefined, { signal: this.#over.signal }).catch(() => undefined);
  }
}
