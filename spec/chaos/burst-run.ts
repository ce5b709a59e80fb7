import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { LockManager } from '../../lib/index.js';
import { Administrator } from './administrator.js';
import { BurstClients } from './burst-clients.js';
import type { ChaosServer } from './chaos-server.js';
import { clockMs } from './history.js';
import { NodeVitals, type Vitals } from './node-vitals.js';

export interface BurstOptions {
  /** So many are killed, all at once. */
  readonly clients: number;
  /** So many are left alone. */
  readonly left: number;
  readonly perProcess: number;
  /** How long the rate is measured each time. */
  readonly windowMs: number;
}

/** Grants a second are those of the clients that are left alone, unless it says otherwise; times are from the kill on. */
export interface BurstResult {
  readonly killed: number;
  readonly processes: number;
  readonly left: number;
  readonly perSecondAlone: number;
  readonly perSecondBeside: number;
  /** Of all, just before they are killed. */
  readonly perSecondOfAll: number;
  readonly seconds: readonly number[];
  /** From 5 s on. */
  readonly perSecondAfter: number;
  readonly share: number;
  /** When the first second has begun in which it was {@link SHARE_BACK} of what it was alone. */
  readonly backMs: number | undefined;
  readonly failuresAfter: number;
  /** When the last of the locks of the dead was somebody else's; `undefined` if that was not seen. */
  readonly lastHadMs: number | undefined;
  readonly nodes: readonly Vitals[];
  /** The collection with the locks, if nobody would remove it. */
  readonly collectionLeft: string | undefined;
}

export const SHARE_BACK = 0.9;
const BACK_WITHIN_MS = 5_000;
/** Those who are killed share a name by so many, each in another process: one holds, the others wait. */
const SHARERS = 4;
const LOAD_MS = 4_000;
/** A ttl, and for each of those who waited the time that it takes to find it dead. A slow cluster gets some more. */
const HAD_LIMIT_MS = 30_000;
/** Until they are as fast as they get: with four seconds before a window of six they were half as fast as afterwards. */
const WARM_UP_SHARE = 1.5;
const LEAST_WARM_UP_MS = 1_000;
const SETTLE_MS = 1_000;
const REMOVE_LIMIT_MS = 15_000;

/** Whether nobody but the dead has noticed: no node has died, and those who are left go on as if alone. */
export function isHarmless({ share, nodes, lastHadMs }: BurstResult): boolean {
  return share >= SHARE_BACK && lastHadMs !== undefined && nodes.every(({ isWell }) => isWell);
}

/** Some clients work alone; beside very many; and when those have been killed under load. */
export class BurstRun {
  readonly #server: ChaosServer;
  readonly #options: BurstOptions;
  readonly #collection = `burst_${randomBytes(6).toString('hex')}`;

  constructor(server: ChaosServer, options: BurstOptions) {
    this.#server = server;
    this.#options = options;
  }

  async run(): Promise<BurstResult> {
    const manager = new LockManager(this.#how);
    await manager.setup();
    const vitals = new NodeVitals(this.#server, `//${this.#collection}`);
    const stayers = await this.#start(this.#options.left, Math.ceil(this.#options.left / 2), 'left');
    let result: BurstResult;
    try {
      result = await this.#burst(manager, vitals, stayers);
    } finally {
      await stayers.end();
      await vitals.close();
      await manager.close();
    }
    return { ...result, collectionLeft: await this.#leftCollection(result) };
  }

  async #burst(manager: LockManager, vitals: NodeVitals, stayers: BurstClients): Promise<BurstResult> {
    const { left, clients: killed, windowMs } = this.#options;
    await sleep(LEAST_WARM_UP_MS + WARM_UP_SHARE * windowMs);
    const aloneMs = await this.#window(windowMs);
    const perSecondAlone = stayers.rate(aloneMs, clockMs());
    const names = Math.ceil(killed / SHARERS);
    const goers = await this.#start(killed, names, 'killed');
    const loadMs = await this.#window(LOAD_MS);
    const killMs = clockMs();
    const perSecondBeside = stayers.rate(loadMs, killMs);
    const perSecondOfAll = perSecondBeside + goers.rate(loadMs, killMs);
    await goers.kill();
    const had = this.#allHad(manager, names, killMs);
    await sleep(BACK_WITHIN_MS + windowMs);
    const perSecondAfter = stayers.rate(killMs + BACK_WITHIN_MS, killMs + BACK_WITHIN_MS + windowMs);
    const seconds = Array.from({ length: Math.floor((BACK_WITHIN_MS + windowMs) / 1_000) }, (_, i) =>
      stayers.rate(killMs + i * 1_000, killMs + (i + 1) * 1_000),
    );
    const back = seconds.findIndex((rate) => rate >= SHARE_BACK * perSecondAlone);
    return {
      ...{ killed, processes: goers.processes, left },
      ...{ perSecondAlone, perSecondBeside, perSecondOfAll, seconds, perSecondAfter },
      share: perSecondAfter / perSecondAlone,
      backMs: back < 0 ? undefined : back * 1_000,
      failuresAfter: stayers.failures(killMs, clockMs()),
      nodes: await vitals.since(killMs),
      lastHadMs: await had,
      collectionLeft: undefined,
    };
  }

  get #how() {
    const { urls, auth } = this.#server;
    return { url: urls, auth, collection: this.#collection };
  }

  async #start(count: number, names: number, part: string): Promise<BurstClients> {
    const { url: urls, auth, collection } = this.#how;
    const wanted = Array.from({ length: count }, (_, i) => `${part} ${i % names}`);
    return BurstClients.start({ urls, auth, collection, names: wanted }, this.#options.perProcess);
  }

  /** When it began, as soon as it is over. */
  async #window(ms: number): Promise<number> {
    await sleep(SETTLE_MS);
    const fromMs = clockMs();
    await sleep(ms);
    return fromMs;
  }

  /** When the last of the names was had by somebody who lives; whoever has no server asks again. */
  async #allHad(manager: LockManager, names: number, fromMs: number): Promise<number | undefined> {
    const endMs = fromMs + HAD_LIMIT_MS;
    const had = Array.from({ length: names }, async (_, i): Promise<number | undefined> => {
      while (clockMs() < endMs) {
        try {
          const lease = await manager.acquire(`killed ${i}`, { waitTimeout: Math.max(1, endMs - clockMs()) });
          const atMs = clockMs();
          await lease.release();
          return atMs - fromMs;
        } catch {
          await sleep(SETTLE_MS);
        }
      }
      return undefined;
    });
    const times = await Promise.all(had);
    return times.every((atMs) => atMs !== undefined) ? Math.max(0, ...times) : undefined;
  }

  /** Removes it; its name if there is nobody to do so. */
  async #leftCollection({ nodes }: BurstResult): Promise<string | undefined> {
    if (nodes.some(({ isWell, curedMs }) => !isWell && curedMs === undefined)) return this.#collection;
    const code = `if (has_collection('${this.#collection}')) { del_collection('${this.#collection}'); };`;
    await new Administrator(this.#server).ask('@thingsdb', REMOVE_LIMIT_MS, (query) => query(code));
    return undefined;
  }
}
