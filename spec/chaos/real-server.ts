import { setTimeout as sleep } from 'node:timers/promises';
import type { Auth } from '../../lib/index.js';
import type { ChaosServer, Loss, OnNodeCrash } from './chaos-server.js';
import { LingeringRelay } from './lingering-relay.js';
import { ServerNode } from './server-node.js';

const LOOK_EVERY_MS = 1_000;
/**
 * For so long without any answer: it will not come back by itself. A cluster of ThingsDB 1.9.3 makes no change for 42 s
 * when a node was killed that had been given the number of a change. Each further missing number takes as long again.
 */
const LONGEST_SILENCE_MS = 150_000;
const FIRST_START_LIMIT_MS = 60_000;
const START_LIMIT_MS = 15_000;
const RECOVERY_LIMIT_MS = 400_000;
/**
 * A node goes away to store a second after it was first ready. Calls that come to it are passed on, each to any other
 * node, and their changes collide. ThingsDB 1.9.3 can lose the number of one, for which the cluster waits 42 s.
 */
const CALM_MS = 5_000;
const CALM_LIMIT_MS = 90_000;
const READY_EVERY_MS = 200;

/** How a real ThingsDB is reached, and started; without commands only the network can be disturbed. */
export interface RealServerOptions {
  readonly urls: readonly string[];
  readonly commands: readonly string[];
  readonly auth: Auth;
  /** Whether a node sees the end of a connection only when it has nothing more to say on it. */
  readonly isLingering: boolean;
}

/** A real ThingsDB of one node or several. The nodes have to know each other already. */
export class RealServer implements ChaosServer {
  readonly abilities;
  readonly isProbed = true;
  readonly urls: readonly string[];
  readonly auth: Auth;
  readonly #nodes: readonly ServerNode[];
  readonly #relays: readonly LingeringRelay[];
  /** Nodes that something is being done to. */
  readonly #touched = new Set<number>();
  /** By node: the last time that it is ended and started, and those before. */
  readonly #turns = new Map<number, Promise<void>>();
  readonly #onCrash: OnNodeCrash | undefined;
  readonly #stopLooking = new AbortController();
  #looking: Promise<unknown> = Promise.resolve();

  private constructor(
    { urls, commands, auth }: RealServerOptions,
    relays: readonly LingeringRelay[],
    onCrash: OnNodeCrash | undefined,
  ) {
    this.urls = relays.length > 0 ? relays.map(({ url }) => url) : urls;
    this.#relays = relays;
    this.auth = auth;
    this.#onCrash = onCrash;
    this.#nodes = commands.map((command, i) => new ServerNode(urls[i] ?? '', command, auth));
    this.abilities = { canRestart: commands.length > 0, nodes: urls.length };
  }

  /** @param onCrash without it a node that has crashed is left as it is */
  static async start(options: RealServerOptions, onCrash?: OnNodeCrash): Promise<RealServer> {
    const relayed = options.isLingering ? options.urls : [];
    const relays = await Promise.all(relayed.map((url) => LingeringRelay.to(url)));
    const server = new RealServer(options, relays, onCrash);
    try {
      // All at once: without a quorum none of them is ready.
      await Promise.all(server.#nodes.map((node) => node.start(FIRST_START_LIMIT_MS)));
      await server.recovered();
      if (server.#nodes.length > 1) await server.#calm();
    } catch (error) {
      await server.close();
      throw error;
    }
    if (onCrash !== undefined)
      server.#looking = Promise.all(server.#nodes.map((_, i) => server.#lookAfter(i)));
    return server;
  }

  freeze(node: number): void {
    this.#touched.add(node);
    this.#nodes[node]?.signal('SIGSTOP');
  }

  thaw(node: number): void {
    this.#nodes[node]?.signal('SIGCONT');
    this.#touched.delete(node);
  }

  async restart(downMs: number): Promise<void> {
    await Promise.all(this.#nodes.map((_, i) => this.restartNode(i, downMs)));
  }

  async restartNode(index: number, downMs: number): Promise<void> {
    await this.#comeBack(index, downMs, (node) => this.#stop(node, index));
  }

  planLoss(): Loss {
    // Since when it has not written down what it knows is the node's secret.
    return {
      lostSinceMs: 0,
      detail: 'all since its last store',
      inflict: (downMs) => this.killNode(0, downMs),
    };
  }

  async killNode(node: number, downMs: number): Promise<void> {
    await this.#comeBack(node, downMs, (killed) => killed.kill());
  }

  async recovered(): Promise<void> {
    const endMs = performance.now() + RECOVERY_LIMIT_MS;
    while (!(await this.#areReady())) {
      if (this.#stopLooking.signal.aborted)
        throw new Error('the server was closed before all nodes were ready');
      if (performance.now() > endMs)
        throw new Error(`the nodes were not all ready within ${RECOVERY_LIMIT_MS} ms`);
      await sleep(READY_EVERY_MS);
    }
  }

  async #areReady(): Promise<boolean> {
    return (await Promise.all(this.#nodes.map((node) => node.isReady()))).every(Boolean);
  }

  /** Resolves when no node has been away for a while, and after a limit in any case: some are away all the time. */
  async #calm(): Promise<void> {
    const endMs = performance.now() + CALM_LIMIT_MS;
    let sinceMs = performance.now();
    while (performance.now() < Math.min(endMs, sinceMs + CALM_MS)) {
      await sleep(READY_EVERY_MS);
      if (!(await this.#areReady())) sinceMs = performance.now();
    }
  }

  async close(): Promise<void> {
    this.#stopLooking.abort();
    await this.#looking;
    // One that is being started anew would be left running.
    await Promise.all(this.#turns.values());
    await Promise.all(this.#relays.map((relay) => relay.close()));
    await Promise.all(this.#nodes.map((node) => node.stop()));
  }

  /** One after the other for each node: who is to start it has to have seen it end. */
  #comeBack(index: number, downMs: number, end: (node: ServerNode) => Promise<unknown>): Promise<void> {
    const before = this.#turns.get(index) ?? Promise.resolve();
    const mine = before.then(() => this.#endAndStart(index, downMs, end));
    // Its caller hears of what went wrong.
    const settled = mine.catch(() => undefined);
    this.#turns.set(index, settled);
    this.#touched.add(index);
    void settled.then(() => {
      if (this.#turns.get(index) === settled) this.#touched.delete(index);
    });
    return mine;
  }

  /** One that has to be killed nevertheless had crashed, and forgets. */
  async #stop(node: ServerNode, index: number): Promise<void> {
    if (!(await node.stop())) this.#onCrash?.(index, 'it did not stop', Promise.resolve());
  }

  async #endAndStart(index: number, downMs: number, end: (node: ServerNode) => Promise<unknown>) {
    const node = this.#nodes[index];
    if (node === undefined) throw new Error(`there is no command to start node ${index} with`);
    await end(node);
    await sleep(downMs);
    // One that does not answer then may wait for another that has crashed: whoever looks after them sees to it.
    await node.start(START_LIMIT_MS);
  }

  /** Starts a node anew that does not answer although nothing is being done to it. */
  async #lookAfter(index: number): Promise<void> {
    const { signal } = this.#stopLooking;
    const node = this.#nodes[index];
    let answeredMs = performance.now();
    while (node !== undefined && !signal.aborted) {
      await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      const isAlive = this.#touched.has(index) || (node.isRunning && (await node.isAlive()));
      if (isAlive || this.#touched.has(index)) {
        answeredMs = performance.now();
        continue;
      }
      if (node.isRunning && performance.now() - answeredMs < LONGEST_SILENCE_MS) continue;
      answeredMs = performance.now();
      const restarting = this.killNode(index, 0);
      this.#onCrash?.(index, node.isRunning ? 'it did not answer' : 'it had ended', restarting);
      await restarting.catch(() => undefined);
    }
  }
}
