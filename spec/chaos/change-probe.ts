import { setTimeout as sleep } from 'node:timers/promises';
import type { Auth } from '../../lib/index.js';
import { clockMs } from './history.js';
import { onNode } from './node-client.js';

const LOOK_EVERY_MS = 200;
/**
 * A node that has just made changes is asked for one of ours only so often. Changes that are asked of several nodes of
 * ThingsDB 1.9.3 at once collide. They can leave out a number, for which the cluster then waits 42 s.
 */
const ASK_EVERY_MS = 2_000;
const COMMITTED = 'node_info().load().local_committed_change_id;';
/** The connection stays open as long: nodes of ThingsDB 1.9.3 crash when one ends before its change is made. */
const REQUEST_LIMIT_MS = 600_000;
const CONNECT_AGAIN_MS = 1_000;
/** What a node may take for a change, storing included, before it counts. */
const STANDSTILL_MS = 500;

/** What it finds: for so long a change that was asked for was not made. */
export type OnStandstill = (fromMs: number, toMs: number) => void;

/** Looks whether a node makes changes, asks for one where it makes none, and tells when none is made for a while. */
export class ChangeProbe {
  readonly #url: string;
  readonly #auth: Auth;
  readonly #scope: string;
  readonly #onStandstill: OnStandstill;
  readonly #stop = new AbortController();
  readonly #asking: Promise<void>;
  #askedMs: number | undefined;
  #changedMs = -Infinity;

  constructor(url: string, auth: Auth, scope: string, onStandstill: OnStandstill) {
    this.#url = url;
    this.#auth = auth;
    this.#scope = scope;
    this.#onStandstill = onStandstill;
    this.#asking = this.#run();
  }

  /** When it last saw a change made. */
  get changedMs(): number {
    return this.#changedMs;
  }

  /** A standstill that goes on is told as far as it has come. */
  async close(): Promise<void> {
    this.#answered();
    this.#stop.abort();
    await this.#asking;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      // A node that is away has no clients to make changes for: they have gone to another.
      await this.#askAll().catch(() => undefined);
      await this.#rest(CONNECT_AGAIN_MS);
    }
  }

  async #askAll(): Promise<void> {
    try {
      const limits = { requestTimeoutMs: REQUEST_LIMIT_MS, signal: this.#stop.signal };
      await onNode(this.#url, this.#auth, limits, async (client) => {
        let committed: unknown;
        let dueMs = 0;
        while (!this.#stop.signal.aborted) {
          this.#askedMs = clockMs();
          const before = committed;
          committed = await client.query('@node', COMMITTED);
          if (committed === before || this.#askedMs >= dueMs) {
            await client.query(this.#scope, 'wse(); nil;');
            dueMs = clockMs() + ASK_EVERY_MS;
          }
          this.#answered();
          this.#changedMs = clockMs();
          await this.#rest(LOOK_EVERY_MS);
        }
      });
    } finally {
      // An error, or a connection that was lost, is an answer too.
      this.#answered();
    }
  }

  #answered(): void {
    const fromMs = this.#askedMs;
    this.#askedMs = undefined;
    const toMs = clockMs();
    if (fromMs !== undefined && toMs - fromMs > STANDSTILL_MS) this.#onStandstill(fromMs, toMs);
  }

  async #rest(ms: number): Promise<void> {
    const { signal } = this.#stop;
    await sleep(ms, undefined, { signal }).catch(() => undefined);
  }
}
