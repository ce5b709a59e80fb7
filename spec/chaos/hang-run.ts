import { setTimeout as sleep } from 'node:timers/promises';
import { LockManager } from '../../lib/index.js';
import { Administrator } from './administrator.js';
import type { ChaosServer } from './chaos-server.js';
import { StandstillWatch } from './standstill-watch.js';

export interface HangOptions {
  /** So long each node hangs. */
  readonly lastsMs: number;
}

/** What users saw while one node hung. */
export interface HangResult {
  readonly url: string;
  /** Managers that had used the cluster before, and those made while the node hung. */
  readonly oldManagers: number;
  readonly newManagers: number;
  /** The first acquire of a manager, or the longest of several. */
  readonly longestOldMs: number;
  readonly longestNewMs: number;
  readonly acquires: number;
  /** Why calls were rejected. */
  readonly rejected: readonly string[];
  /** Why leases of {@link HELD_TTL_MS} were lost. */
  readonly lost: readonly string[];
  /** So long the node that is preferred of the others made no change, also for a client without this library. */
  readonly stoodMs: number;
}

const ACQUIRE_LIMIT_MS = 2_000;
/** Renewed by their managers. */
export const HELD_TTL_MS = 6_000;
const BUSY_MANAGERS = 4;
const IDLE_MANAGERS = 4;
const NEW_MANAGER_EVERY_MS = 250;
const REST_MS = 5;
/** Until the busy ones are at it. */
const WARM_UP_MS = 1_000;
/** A cluster of ThingsDB 1.9.3 may make no change for 42 s after a node hung, and as long again. */
const CHANGES_LIMIT_MS = 100_000;
/**
 * The next run removes what is left of the last node's turn. While a node hangs, and after that, changes take their
 * time.
 */
const COLLECTION = 'chaos_hang';

/** Whether nobody noticed more than a wait. */
export function isServed({ longestOldMs, longestNewMs, rejected, lost }: HangResult): boolean {
  const isInTime = longestOldMs < ACQUIRE_LIMIT_MS && longestNewMs < ACQUIRE_LIMIT_MS;
  return isInTime && rejected.length === 0 && lost.length === 0;
}

/** Each node in turn is stopped (SIGSTOP) while others use the cluster, which is started anew for the next. */
export class HangRun {
  readonly #start: () => Promise<ChaosServer>;
  readonly #options: HangOptions;

  /** @param start starts all nodes; they are ended each time */
  constructor(start: () => Promise<ChaosServer>, options: HangOptions) {
    this.#start = start;
    this.#options = options;
  }

  /** @param onResult told of each node when its turn is over */
  async run(nodes: number, onResult: (result: HangResult) => void): Promise<void> {
    for (let node = 0; node < nodes; node++) {
      const server = await this.#start();
      try {
        await removeCollection(server);
        onResult(await this.#hang(server, node));
      } finally {
        server.thaw(node);
        await server.close();
      }
    }
  }

  async #hang(server: ChaosServer, node: number): Promise<HangResult> {
    const { urls, auth } = server;
    const users = new Users(() => new LockManager({ url: urls, auth, collection: COLLECTION }));
    await users.begin();
    const watch = new StandstillWatch(urls[node === 0 ? 1 : 0] ?? '', auth);
    server.freeze(node);
    await users.useFor(this.#options.lastsMs);
    const stoodMs = Math.round(await watch.end());
    return { url: urls[node] ?? '', ...(await users.end()), stoodMs };
  }
}

async function removeCollection(server: ChaosServer): Promise<void> {
  const code = `if (has_collection('${COLLECTION}')) { del_collection('${COLLECTION}'); };`;
  await new Administrator(server).ask('@thingsdb', CHANGES_LIMIT_MS, (query) => query(code));
}

/** Those who use the cluster while a node hangs: busy, idle until then, and new. */
class Users {
  readonly #make: () => LockManager;
  readonly #old: LockManager[] = [];
  readonly #new: LockManager[] = [];
  readonly #doing: Promise<void>[] = [];
  readonly #rejected: string[] = [];
  readonly #lost: string[] = [];
  readonly #over = new AbortController();
  #acquires = 0;
  #longestOldMs = 0;
  #longestNewMs = 0;
  #isMeasuring = false;

  constructor(make: () => LockManager) {
    this.#make = make;
  }

  /** Resolves when each of the old ones has used the cluster. */
  async begin(): Promise<void> {
    for (let i = 0; i < BUSY_MANAGERS + IDLE_MANAGERS; i++) {
      const manager = this.#make();
      this.#old.push(manager);
      await manager.acquire(`used ${i}`).then((lease) => lease.release());
    }
    for (const [i, manager] of this.#old.slice(0, BUSY_MANAGERS).entries()) {
      await manager.acquire(`held ${i}`, { ttl: HELD_TTL_MS });
      manager.on('lost', ({ reason }) => this.#lost.push(reason));
      this.#doing.push(this.#work(manager, `busy ${i}`));
    }
    await sleep(WARM_UP_MS);
  }

  /** From now on the node hangs. */
  async useFor(ms: number): Promise<void> {
    this.#isMeasuring = true;
    const endMs = performance.now() + ms;
    for (const [i, manager] of this.#old.slice(BUSY_MANAGERS).entries())
      this.#doing.push(this.#lockOnce(manager, `idle ${i}`, false));
    while (performance.now() < endMs) {
      const manager = this.#make();
      this.#new.push(manager);
      this.#doing.push(this.#lockOnce(manager, `new ${this.#new.length}`, true));
      await sleep(NEW_MANAGER_EVERY_MS);
    }
  }

  async end(): Promise<Omit<HangResult, 'url' | 'stoodMs'>> {
    this.#over.abort();
    await Promise.all(this.#doing);
    await Promise.all([...this.#old, ...this.#new].map((manager) => manager.close()));
    return {
      oldManagers: this.#old.length,
      newManagers: this.#new.length,
      longestOldMs: Math.round(this.#longestOldMs),
      longestNewMs: Math.round(this.#longestNewMs),
      acquires: this.#acquires,
      rejected: this.#rejected,
      lost: this.#lost,
    };
  }

  async #work(manager: LockManager, name: string): Promise<void> {
    while (!this.#over.signal.aborted) {
      await this.#lockOnce(manager, name, false);
      await sleep(REST_MS);
    }
  }

  async #lockOnce(manager: LockManager, name: string, isNew: boolean): Promise<void> {
    const startMs = performance.now();
    try {
      const lease = await manager.acquire(name);
      this.#acquired(performance.now() - startMs, isNew);
      await lease.release();
    } catch (error) {
      this.#rejected.push(String(error));
    }
  }

  #acquired(tookMs: number, isNew: boolean): void {
    if (!this.#isMeasuring) return;
    this.#acquires++;
    if (isNew) this.#longestNewMs = Math.max(this.#longestNewMs, tookMs);
    else this.#longestOldMs = Math.max(this.#longestOldMs, tookMs);
  }
}
