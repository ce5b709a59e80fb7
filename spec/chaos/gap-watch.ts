import { setTimeout as sleep } from 'node:timers/promises';
import type { Auth } from '../../lib/index.js';
import { clockMs } from './history.js';
import { onNode } from './node-client.js';

const LOOK_EVERY_MS = 1_000;
const LIMITS = { requestTimeoutMs: 3_000, connectTimeoutMs: 3_000 };
/**
 * Counters of a node of ThingsDB 1.9.3. They are more than 0 once it has left out a change that the others may have
 * made.
 */
const LEFT_OUT = ['changes_with_gap', 'changes_skipped', 'changes_killed', 'changes_failed'] as const;

/** @param sinceMs when the node was last seen without a gap */
export type OnGap = (node: number, why: string, sinceMs: number) => void;

/**
 * Finds out when a node goes on without a change that it never got: from then on the nodes may store different things.
 * ThingsDB 1.9.3 does that 42 s after another node was ended in the middle of changes.
 */
export class GapWatch {
  readonly #auth: Auth;
  readonly #onGap: OnGap;
  readonly #stop = new AbortController();
  readonly #looking: Promise<unknown>;

  constructor(urls: readonly string[], auth: Auth, onGap: OnGap) {
    this.#auth = auth;
    this.#onGap = onGap;
    this.#looking = Promise.all(urls.map((url, node) => this.#lookAt(url, node)));
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#looking;
  }

  async #lookAt(url: string, node: number): Promise<void> {
    const { signal } = this.#stop;
    let cleanMs = clockMs();
    while (!signal.aborted) {
      const askedMs = clockMs();
      // A node that is away, or catches up, is asked again.
      const why = await this.#leftOut(url).catch(() => undefined);
      if (why === 'nothing') cleanMs = askedMs;
      else if (why !== undefined) return this.#onGap(node, why, cleanMs);
      await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #leftOut(url: string): Promise<string> {
    const code = `c = counters().load(); [${LEFT_OUT.map((name) => `c.${name}`).join(', ')}];`;
    const counts = (await onNode(url, this.#auth, { ...LIMITS, signal: this.#stop.signal }, (client) =>
      client.query('@node', code),
    )) as number[];
    const told = LEFT_OUT.flatMap((name, i) => ((counts[i] ?? 0) > 0 ? [`${name} ${counts[i]}`] : []));
    return told.length === 0 ? 'nothing' : told.join(', ');
  }
}
