import { setTimeout as sleep } from 'node:timers/promises';
import { quantile } from '../statistics.js';
import type { HeldLock, LockAdapter, LockSession } from '../systems/lock-system.js';
import { LONG, PassedQueue } from './passed-queue.js';
import { type WorkerClock, machineClock } from './clock.js';
import type {
  AskArgs,
  ContendArgs,
  Contention,
  Granted,
  HoldArgs,
  Memory,
  OpenArgs,
  Operations,
  Pace,
  PairsArgs,
  PassOnArgs,
  QueueArgs,
  TrafficSoFar,
} from './operations.js';

/** What is held or asked for at once when there is very much of it. */
const AT_ONCE = 64;

/** The operations, over any adapter: the only code that measures systems which have a client for Node. */
export class LockWorker implements Operations {
  readonly #adapterOf: (system: string) => LockAdapter;
  readonly #clock: WorkerClock;
  readonly #sessions = new Map<string, readonly LockSession[]>();
  /** By space, then by name. */
  readonly #held = new Map<string, Map<string, HeldLock>>();
  readonly #queues = new Map<string, PassedQueue>();
  #asked: Promise<Granted>[] = [];

  constructor(adapterOf: (system: string) => LockAdapter, clock: WorkerClock = machineClock) {
    this.#adapterOf = adapterOf;
    this.#clock = clock;
  }

  async open({ system, place, space, sessions }: OpenArgs): Promise<null> {
    const adapter = this.#adapterOf(system);
    const opened: LockSession[] = [];
    while (opened.length < sessions) opened.push(await adapter.open(place, space));
    this.#sessions.set(space, opened);
    return null;
  }

  pairs({ space, tasks, durationMs, lingerMs }: PairsArgs): Promise<Pace> {
    const options = lingerMs === undefined ? LONG : { ...LONG, lingerMs };
    return this.#pace(space, { tasks, durationMs }, async (session, task) => {
      const lock = await session.acquire(`name ${task}`, options);
      await lock.release();
    });
  }

  async bareChanges({ space, tasks, durationMs }: PairsArgs): Promise<Pace | null> {
    if (this.#session(space).bareChange === undefined) return null;
    return this.#pace(space, { tasks, durationMs }, async (session) => {
      await session.bareChange?.();
      await session.bareChange?.();
    });
  }

  async contend({ space, name, startMs, durationMs }: ContendArgs): Promise<Contention> {
    const session = this.#session(space);
    await sleep(Math.max(0, startMs - this.#clock.nowMs()));
    const before = { cpuUs: this.#clock.cpuUs(), traffic: session.traffic?.() };
    const turns: [number, number, number, number][] = [];
    const endMs = startMs + durationMs;
    let askedMs: number;
    while ((askedMs = this.#clock.nowMs()) < endMs) {
      const acquiring = session.acquire(name, LONG);
      let sentMs = Infinity;
      setImmediate(() => (sentMs = this.#clock.nowMs()));
      const lock = await acquiring;
      const grantedMs = this.#clock.nowMs();
      const releasedMs = this.#clock.nowMs();
      turns.push([askedMs, Math.min(sentMs, grantedMs), grantedMs, releasedMs]);
      await lock.release();
    }
    const after = session.traffic?.();
    return {
      turns,
      cpuUs: this.#clock.cpuUs() - before.cpuUs,
      requests: after === undefined ? null : after.requests - (before.traffic?.requests ?? 0),
      pushes: after === undefined ? null : after.pushes - (before.traffic?.pushes ?? 0),
    };
  }

  async hold({ space, names, ttlMs, renew }: HoldArgs): Promise<number[]> {
    const session = this.#session(space);
    const grantedMs: number[] = [];
    let next = 0;
    const take = async (): Promise<void> => {
      while (next < names.length) {
        const index = next++;
        const name = names[index] ?? '';
        this.#heldIn(space).set(name, await session.acquire(name, { ttlMs, renew }));
        grantedMs[index] = this.#clock.nowMs();
      }
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, names.length) }, take));
    return grantedMs;
  }

  async release({ space, name }: { readonly space: string; readonly name: string }): Promise<number> {
    const lock = this.#heldIn(space).get(name);
    if (lock === undefined) throw new Error(`${name} is not held here`);
    this.#heldIn(space).delete(name);
    const askedMs = this.#clock.nowMs();
    await lock.release();
    return askedMs;
  }

  ask({ space, names, ttlMs, renew, thenRelease }: AskArgs): Promise<null> {
    const sessions = this.#sessions.get(space) ?? [];
    const waits = names.map(async (name, index) => {
      const session = sessions[index % sessions.length] as LockSession;
      const lock = await session.acquire(name, { ttlMs, renew });
      const grantedMs = this.#clock.nowMs();
      if (!thenRelease) {
        this.#heldIn(space).set(name, lock);
        return { grantedMs, releasedMs: null };
      }
      await lock.release();
      return { grantedMs, releasedMs: this.#clock.nowMs() };
    });
    // Whoever fails is told by `granted`, not as a rejection that nobody handles.
    for (const wait of waits) wait.catch(() => undefined);
    this.#asked.push(...waits);
    return Promise.resolve(null);
  }

  async granted(): Promise<Granted[]> {
    return Promise.all(this.#asked.splice(0));
  }

  async queueUp({ space, name, waiters }: QueueArgs): Promise<null> {
    const queue = new PassedQueue(this.#session(space), name);
    this.#queues.set(key(space, name), queue);
    await queue.fill(waiters);
    return null;
  }

  async passOn({ space, name, times }: PassOnArgs): Promise<number[]> {
    const queue = this.#queues.get(key(space, name));
    if (queue === undefined) throw new Error(`nobody has queued up for ${name} here`);
    const timesUs: number[] = [];
    for (let time = 0; time < times; time++) {
      const startMs = this.#clock.nowMs();
      await queue.pass();
      timesUs.push((this.#clock.nowMs() - startMs) * 1_000);
    }
    return timesUs;
  }

  cpu(): Promise<number> {
    return Promise.resolve(this.#clock.cpuUs());
  }

  memory(): Promise<Memory> {
    for (let time = 0; time < 3; time++) globalThis.gc?.();
    const { heapUsed, external, rss } = process.memoryUsage();
    return Promise.resolve({ heapBytes: heapUsed + external, rssBytes: rss });
  }

  traffic({ space }: { readonly space: string }): Promise<TrafficSoFar | null> {
    return Promise.resolve(this.#traffic(space));
  }

  async close(): Promise<null> {
    for (const sessions of this.#sessions.values()) {
      await Promise.all(sessions.map((session) => session.close()));
    }
    return null;
  }

  async #pace(
    space: string,
    { tasks, durationMs }: { readonly tasks: number; readonly durationMs: number },
    once: (session: LockSession, task: number) => Promise<void>,
  ): Promise<Pace> {
    const session = this.#session(space);
    const timesMs: number[] = [];
    const before = { cpuUs: this.#clock.cpuUs(), requests: this.#traffic(space)?.requests };
    const startMs = this.#clock.nowMs();
    const run = async (_: unknown, task: number): Promise<void> => {
      for (let fromMs = startMs; fromMs < startMs + durationMs;) {
        await once(session, task);
        const toMs = this.#clock.nowMs();
        timesMs.push(toMs - fromMs);
        fromMs = toMs;
      }
    };
    await Promise.all(Array.from({ length: tasks }, run));
    const elapsedMs = this.#clock.nowMs() - startMs;
    const cpuUs = this.#clock.cpuUs() - before.cpuUs;
    const sorted = Float64Array.from(timesMs).sort();
    const requests = this.#traffic(space)?.requests;
    return {
      pairs: timesMs.length,
      elapsedMs,
      cpuUs,
      p50Us: quantile(sorted, 0.5) * 1_000,
      p99Us: quantile(sorted, 0.99) * 1_000,
      requests: requests === undefined ? null : requests - (before.requests ?? 0),
    };
  }

  #heldIn(space: string): Map<string, HeldLock> {
    const known = this.#held.get(space);
    if (known !== undefined) return known;
    const held = new Map<string, HeldLock>();
    this.#held.set(space, held);
    return held;
  }

  #session(space: string): LockSession {
    const session = this.#sessions.get(space)?.[0];
    if (session === undefined) throw new Error(`the space ${space} is not open here`);
    return session;
  }

  #traffic(space: string): TrafficSoFar | null {
    const all = (this.#sessions.get(space) ?? []).map((session) => session.traffic?.());
    let sum: TrafficSoFar = { requests: 0, pushes: 0 };
    for (const one of all) {
      if (one === undefined) return null;
      sum = { requests: sum.requests + one.requests, pushes: sum.pushes + one.pushes };
    }
    return sum;
  }
}

const key = (space: string, name: string): string => JSON.stringify([space, name]);
