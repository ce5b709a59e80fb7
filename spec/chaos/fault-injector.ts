import { setTimeout as sleep } from 'node:timers/promises';
import type { ChaosServer } from './chaos-server.js';
import type { OrderedFault } from './fault-kinds.js';
import { GLOBAL_FAULTS } from './fault-kinds.js';
import type { FaultLog } from './fault-log.js';
import type { PlannedFault } from './schedule.js';
import type { TakerProcess } from './taker-process.js';

/** What the injector needs of whoever runs the takers. */
export interface TakerPool {
  readonly takers: readonly TakerProcess[];
  /** Starts another in its place. */
  replace(taker: TakerProcess): void;
}

/** The shortest and the longest that a fault lasts, in milliseconds; of a clock, how far it is stepped. */
const EXTENT_MS: Readonly<Record<OrderedFault, readonly [number, number]>> = {
  'kill-holder': [0, 0],
  'kill-waiter': [0, 0],
  'stop-holder': [50, 1_500],
  'stop-waiter': [200, 2_500],
  'stop-any': [300, 1_500],
  'freeze-server': [200, 2_500],
  'freeze-network': [200, 1_500],
  restart: [0, 1_000],
  'restart-with-loss': [0, 1_000],
  cut: [0, 0],
  'half-open': [500, 4_000],
  silence: [2_000, 8_000],
  delay: [1_000, 4_000],
  'step-clock': [60_000, 86_400_000],
  'restart-node': [0, 3_000],
  'kill-node': [0, 3_000],
  'hang-node': [500, 6_000],
  'isolate-node': [200, 4_000],
};

const MOST_DELAY_MS = 300;
/** A fault of the service that has waited so long for those before it is left out. */
const MOST_LATE_MS = 5_000;

/** Carries out what is planned, on whoever qualifies when its time has come. */
export class FaultInjector {
  readonly #server: ChaosServer;
  readonly #pool: TakerPool;
  readonly #log: FaultLog;
  /** One fault of the whole service after the other: two at once would only be a longer one. */
  #serviceFaults: Promise<void> = Promise.resolve();

  constructor(server: ChaosServer, pool: TakerPool, log: FaultLog) {
    this.#server = server;
    this.#pool = pool;
    this.#log = log;
  }

  /** Resolves when it is over; `false` at once when nobody qualified. */
  async inject(planned: PlannedFault): Promise<boolean> {
    if (!GLOBAL_FAULTS.has(planned.kind)) return this.#onTaker(planned);
    const dueMs = performance.now();
    const mine = this.#serviceFaults.then(async () => {
      if (performance.now() - dueMs > MOST_LATE_MS) return false;
      await this.#onService(planned);
      // A node that has crashed under it is to be found out first.
      await this.#server.recovered();
      return true;
    });
    // One that fails fails the run; those that wait for it need not say so again.
    this.#serviceFaults = mine.then(
      () => undefined,
      () => undefined,
    );
    return mine;
  }

  async #onService(planned: PlannedFault): Promise<void> {
    const { kind, choice, extent, isHeads } = planned;
    const lastsMs = lengthOf(planned);
    const node = Math.floor(choice * this.#server.abilities.nodes);
    const server = this.#server;
    switch (kind) {
      case 'freeze-server':
        return this.#log.around(kind, {}, () => this.#freezeNode(0, lastsMs));
      case 'hang-node':
        return this.#log.around(kind, { detail: `node ${node}` }, () => this.#freezeNode(node, lastsMs));
      case 'freeze-network':
        return this.#log.around(kind, {}, () => this.#freezeProxies(lastsMs, () => true));
      case 'restart':
        return this.#log.around(kind, {}, () => server.restart(lastsMs));
      case 'restart-with-loss': {
        const loss = server.planLoss(extent, isHeads);
        return this.#log.around(kind, { lostSinceMs: loss.lostSinceMs, detail: loss.detail }, () =>
          loss.inflict(lastsMs),
        );
      }
      case 'restart-node':
        return this.#log.around(kind, { detail: `node ${node}` }, () => server.restartNode(node, lastsMs));
      case 'kill-node':
        return this.#log.around(kind, { detail: `node ${node}` }, () => server.killNode(node, lastsMs));
      case 'isolate-node':
        return this.#log.around(kind, { detail: `node ${node}` }, () =>
          this.#freezeProxies(lastsMs, (index) => index === node),
        );
      default:
        throw new Error(`${kind} is not done to the service`);
    }
  }

  async #freezeNode(node: number, lastsMs: number): Promise<void> {
    this.#server.freeze(node);
    await sleep(lastsMs);
    this.#server.thaw(node);
  }

  async #freezeProxies(lastsMs: number, isHit: (node: number) => boolean): Promise<void> {
    const hit = this.#pool.takers.flatMap(({ proxies }) => proxies.filter((_, node) => isHit(node)));
    for (const proxy of hit) proxy.freeze();
    await sleep(lastsMs);
    for (const proxy of hit) proxy.thaw();
  }

  async #onTaker(planned: PlannedFault): Promise<boolean> {
    const { kind, isHeads } = planned;
    const isOnProcess = kind.startsWith('kill-') || kind.startsWith('stop-') || kind === 'step-clock';
    const part = isOnProcess ? 'process' : 'connections';
    const taker = this.#choose(planned, part);
    if (taker === undefined) return false;
    const lastsMs = lengthOf(planned);
    const target = taker.name;
    taker.touched.add(part);
    try {
      switch (kind) {
        case 'kill-holder':
        case 'kill-waiter':
          await this.#log.around(kind, { target }, () => this.#kill(taker));
          break;
        case 'stop-holder':
        case 'stop-waiter':
        case 'stop-any': {
          // A holder for longer than its lease can last without it.
          const ttlMs = kind === 'stop-holder' ? (taker.ttlMsWhile('holding') ?? 0) : 0;
          await this.#log.around(kind, { target }, () => stop(taker, ttlMs + lastsMs));
          break;
        }
        case 'step-clock': {
          const byMs = isHeads ? lastsMs : -lastsMs;
          await this.#log.around(kind, { target, detail: `by ${byMs} ms` }, () => stepClock(taker, byMs));
          break;
        }
        default:
          await this.#onConnections(planned, taker, lastsMs);
      }
    } finally {
      taker.touched.delete(part);
    }
    return true;
  }

  #choose({ kind, choice }: PlannedFault, part: 'process' | 'connections'): TakerProcess | undefined {
    const needed = kind.endsWith('-holder') ? 'holding' : kind.endsWith('-waiter') ? 'waiting' : undefined;
    const free = this.#pool.takers.filter(
      (taker) =>
        taker.isRunning &&
        !taker.touched.has(part) &&
        (needed === undefined || taker.ttlMsWhile(needed) !== undefined),
    );
    return free[Math.floor(choice * free.length)];
  }

  async #kill(taker: TakerProcess): Promise<void> {
    taker.isExpectedToEnd = true;
    taker.signal('SIGKILL');
    await taker.exited;
    this.#pool.replace(taker);
  }

  async #onConnections({ kind, extent, isHeads }: PlannedFault, taker: TakerProcess, lastsMs: number) {
    const { name: target, proxies } = taker;
    switch (kind) {
      case 'cut':
        return this.#log.around(kind, { target }, async () => {
          for (const proxy of proxies) proxy.cut();
          // That it is gone is seen a moment later.
          await sleep(10);
        });
      case 'half-open': {
        const side = isHeads ? 'client' : 'server';
        return this.#log.around(kind, { target, detail: `what the ${side} sends is lost` }, async () => {
          for (const proxy of proxies) proxy.dropFrom(side);
          await sleep(lastsMs);
          for (const proxy of proxies) proxy.restore();
        });
      }
      case 'silence':
        return this.#log.around(kind, { target }, async () => {
          for (const proxy of proxies) proxy.silence();
          await sleep(lastsMs);
          for (const proxy of proxies) proxy.endSilence();
        });
      case 'delay': {
        const byMs = Math.ceil(extent * MOST_DELAY_MS);
        return this.#log.around(kind, { target, detail: `by ${byMs} ms` }, async () => {
          for (const proxy of proxies) proxy.delay(byMs);
          await sleep(lastsMs);
          for (const proxy of proxies) proxy.delay(0);
          // What is under way arrives late yet.
          await sleep(byMs);
        });
      }
      default:
        throw new Error(`${kind} is not done to connections`);
    }
  }
}

function lengthOf({ kind, extent }: PlannedFault): number {
  const [least, most] = EXTENT_MS[kind];
  return Math.round(least + extent * (most - least));
}

async function stop(taker: TakerProcess, lastsMs: number): Promise<void> {
  taker.signal('SIGSTOP');
  await sleep(lastsMs);
  taker.signal('SIGCONT');
}

function stepClock(taker: TakerProcess, byMs: number): Promise<void> {
  taker.send({ do: 'step-clock', byMs });
  return Promise.resolve();
}
