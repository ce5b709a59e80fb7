import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LockManager } from '../../lib/index.js';
import { lockedDownState, type StateLeft } from '../support/state-left.js';
import { Administrator } from './administrator.js';
import { ChangeProbe } from './change-probe.js';
import type { ChaosServer, OnNodeCrash } from './chaos-server.js';
import { FaultInjector, type TakerPool } from './fault-injector.js';
import { FaultLog } from './fault-log.js';
import { GapWatch } from './gap-watch.js';
import { HARNESS, HistoryWriter } from './history.js';
import type { PaceName } from './pace.js';
import { INBOX_KEPT_MS, isAtRest, isEmpty } from './remains.js';
import { Resource } from './resource.js';
import type { Uses } from './round-plan.js';
import { planFaults, type FaultOrder } from './schedule.js';
import { watchForStalls } from './stall-watch.js';
import { TakerProcess, type TakerListener } from './taker-process.js';
import type { FromTaker, Parcel } from './taker-messages.js';

export interface ChaosOptions {
  readonly seed: number;
  readonly durationMs: number;
  readonly processes: number;
  readonly hands: number;
  readonly names: number;
  readonly pace: PaceName;
  readonly uses: Uses;
  readonly faults: FaultOrder;
  /** Whether to wait at the end until what is remembered for a while has gone as well. */
  readonly untilEmpty: boolean;
  /** Where the histories go. */
  readonly directory: string;
  readonly signal: AbortSignal;
}

/** Long enough for every survivor to get every lock once, and for requests that the faults have left behind. */
const DRAIN_LIMIT_MS = 90_000;
const CLOSE_LIMIT_MS = 15_000;
/** The sweeper runs once a second: what the dead held is gone after their ttl and two more. */
const SETTLE_LIMIT_MS = 15_000;
/** Longer than anything is remembered: then it is the checker that says so. */
const EMPTY_LIMIT_MS = INBOX_KEPT_MS + SETTLE_LIMIT_MS;
const LOOK_EVERY_MS = 200;

/** One run: starts the takers, injects the faults, lets everything come to rest. What happened is in the histories. */
export class ChaosRun implements TakerPool, TakerListener {
  readonly #server: ChaosServer;
  readonly #options: ChaosOptions;
  readonly #history: HistoryWriter;
  readonly #faults: FaultLog;
  readonly #resource: Resource;
  readonly #collection: string;
  readonly #administrator: Administrator;
  /** By place: a process that was killed is replaced by another in the same place. */
  readonly #places: { taker: TakerProcess; generation: number }[] = [];
  #probes: readonly ChangeProbe[] = [];
  #gaps: GapWatch | undefined;
  /** Aborted once the nodes may differ: nothing can be judged from then on. */
  readonly #differing = new AbortController();
  readonly #starting = new Set<Promise<void>>();
  #isOver = false;
  #parcels = 0;

  constructor(server: ChaosServer, options: ChaosOptions, history: HistoryWriter) {
    this.#server = server;
    this.#options = options;
    this.#history = history;
    this.#faults = new FaultLog(history);
    this.#resource = new Resource(history);
    this.#administrator = new Administrator(server);
    this.#collection = `chaos_${randomBytes(6).toString('hex')}`;
  }

  get takers(): readonly TakerProcess[] {
    return this.#places.map(({ taker }) => taker);
  }

  /** A node crashed by itself, and is being started again. */
  readonly nodeCrashed: OnNodeCrash = (node, why, restarting) => {
    // A single node forgets, as when it is killed.
    const lostSinceMs = this.#server.abilities.nodes === 1 ? 0 : undefined;
    void this.#faults
      .around('node-crashed', { detail: `node ${node}: ${why}`, lostSinceMs }, () => restarting)
      .catch(() => undefined);
  };

  async run(): Promise<void> {
    const endWatch = watchForStalls((fromMs, toMs) =>
      this.#history.record({ event: 'stalled', fromMs, toMs }),
    );
    try {
      this.#history.record({ event: 'served-by', nodes: this.#server.urls.length });
      await this.#setUp();
      this.#probeChanges();
      this.#watchGaps();
      // One by one: while many start at once a machine is so slow that some would pass the first node by.
      for (let place = 0; place < this.#options.processes; place++) await this.#start(place, 1);
      await this.#injectAll();
      if (this.#differing.signal.aborted) return;
      await this.#server.recovered();
      this.#history.record({ event: 'faults-over' });
      await this.#comeToRest();
      if (this.#differing.signal.aborted) return;
      await this.#lookAtState();
      await this.#removeCollection();
    } finally {
      this.#isOver = true;
      await Promise.all([...this.#probes.map((probe) => probe.close()), this.#gaps?.close()]);
      await this.#endAll();
      endWatch();
    }
  }

  replace(taker: TakerProcess): void {
    const place = this.takers.indexOf(taker);
    const generation = (this.#places[place]?.generation ?? 0) + 1;
    const starting = Promise.all([taker.closeProxies(), this.#start(place, generation)]).then(() => {
      this.#starting.delete(starting);
    });
    this.#starting.add(starting);
  }

  write(taker: TakerProcess, message: Extract<FromTaker, { told: 'write' }>): boolean {
    return this.#resource.write(message.resource, taker.name, message.name, message.token);
  }

  /** To others if there are any, in turn, and whether they run or not. */
  handedOn(from: TakerProcess, parcel: Parcel): void {
    const others = this.takers.filter((taker) => taker !== from);
    const targets = others.length > 0 ? others : [from];
    for (let copy = 0; copy < parcel.copies; copy++)
      targets[this.#parcels++ % targets.length]?.send({ do: 'adopt', parcel });
  }

  exited({ name, isExpectedToEnd }: TakerProcess, end: number | string): void {
    const isExpected = isExpectedToEnd && (end === 0 || end === 'SIGKILL');
    this.#history.record({ event: 'exited', target: name, end, isExpected });
  }

  async #start(place: number, generation: number): Promise<void> {
    if (this.#isOver) return;
    const process = `p${place + 1}.${generation}`;
    const { seed, directory, hands, pace, uses, names } = this.#options;
    const { urls, auth } = this.#server;
    const task = {
      process,
      seed,
      historyPath: join(directory, `${process}.jsonl`),
      urls,
      auth,
      collection: this.#collection,
      names: Array.from({ length: names }, (_, i) => `lock ${i + 1}`),
      hands,
      pace,
      uses,
    };
    const taker = await TakerProcess.start(task, this);
    this.#places[place] = { taker, generation };
    await taker.ready;
  }

  async #setUp(): Promise<void> {
    const { urls, auth } = this.#server;
    const manager = new LockManager({ url: urls, auth, collection: this.#collection });
    await manager.setup();
    await manager.close();
  }

  #probeChanges(): void {
    const { urls, auth, isProbed } = this.#server;
    if (!isProbed) return;
    this.#probes = urls.map(
      (url, node) =>
        new ChangeProbe(url, auth, `//${this.#collection}`, (fromMs, toMs) =>
          this.#faults.note('standstill', { detail: `node ${node}` }, fromMs, toMs),
        ),
    );
  }

  #watchGaps(): void {
    const { urls, auth, abilities } = this.#server;
    if (abilities.nodes === 1) return;
    this.#gaps = new GapWatch(urls, auth, (node, why, sinceMs) => {
      this.#history.record({ event: 'nodes-differ', node, why, sinceMs });
      this.#differing.abort();
    });
  }

  async #injectAll(): Promise<void> {
    const { seed, durationMs, faults } = this.#options;
    const signal = AbortSignal.any([this.#options.signal, this.#differing.signal]);
    const injector = new FaultInjector(this.#server, this, this.#faults);
    const startMs = performance.now();
    const injecting: Promise<unknown>[] = [];
    // One that cannot be carried out, or that the server does not recover from, is the last.
    const failed = new AbortController();
    const stop = AbortSignal.any([signal, failed.signal]);
    const until = (atMs: number): Promise<unknown> =>
      sleep(Math.max(0, startMs + atMs - performance.now()), undefined, { signal: stop }).catch(
        () => undefined,
      );
    for (const planned of planFaults(seed, durationMs, this.#server.abilities, faults)) {
      await until(planned.atMs);
      if (stop.aborted) break;
      injecting.push(injector.inject(planned).catch((error: unknown) => failed.abort(error)));
    }
    await until(durationMs);
    // A cluster whose nodes differ may never recover: nobody waits for that.
    await untilAborted(this.#differing.signal, Promise.all(injecting));
    if (this.#differing.signal.aborted) return;
    await Promise.all(this.#starting);
    failed.signal.throwIfAborted();
  }

  async #comeToRest(): Promise<void> {
    for (const taker of this.takers) taker.send({ do: 'finish' });
    await this.#within(DRAIN_LIMIT_MS, Promise.all(this.takers.map(({ drained }) => drained)));
    for (const taker of this.takers) {
      taker.isExpectedToEnd = true;
      taker.send({ do: 'close' });
    }
    await this.#within(CLOSE_LIMIT_MS, Promise.all(this.takers.map(({ exited }) => exited)));
  }

  /** Resolves at the limit too, and once the nodes may differ. */
  async #within(limitMs: number, promise: Promise<unknown>): Promise<void> {
    await untilAborted(AbortSignal.any([AbortSignal.timeout(limitMs), this.#differing.signal]), promise);
  }

  /** What is left once the leases and requests of the dead have been ended. */
  async #lookAtState(): Promise<void> {
    const { untilEmpty } = this.#options;
    const isSettled = untilEmpty ? isEmpty : isAtRest;
    const endMs = performance.now() + (untilEmpty ? EMPTY_LIMIT_MS : SETTLE_LIMIT_MS);
    const look = (): Promise<StateLeft> =>
      this.#administrator.ask(`//${this.#collection}`, SETTLE_LIMIT_MS, (query) =>
        lockedDownState({ query }),
      );
    try {
      let left = await look();
      while (!isSettled(left) && performance.now() < endMs) {
        await sleep(LOOK_EVERY_MS);
        left = await look();
      }
      this.#history.record({ event: 'state-left', left });
    } catch (error) {
      this.#history.record({ event: 'state-unread', message: String(error) });
    }
  }

  async #removeCollection(): Promise<void> {
    const code = `if (has_collection('${this.#collection}')) { del_collection('${this.#collection}'); };`;
    await this.#administrator.ask('@thingsdb', SETTLE_LIMIT_MS, (query) => query(code));
  }

  async #endAll(): Promise<void> {
    await Promise.all(this.#starting);
    for (const taker of this.takers) taker.signal('SIGKILL');
    await Promise.all(this.takers.map((taker) => Promise.all([taker.exited, taker.closeProxies()])));
  }
}

/** The history of the harness itself. */
export function harnessHistory(directory: string): HistoryWriter {
  return new HistoryWriter(join(directory, `${HARNESS}.jsonl`), HARNESS);
}

async function untilAborted(signal: AbortSignal, promise: Promise<unknown>): Promise<void> {
  if (signal.aborted) return;
  const over = new AbortController();
  const aborted = once(signal, 'abort', { signal: over.signal }).catch(() => undefined);
  await Promise.race([promise, aborted]).finally(() => over.abort());
}
