import type { Stage } from '../../../bench/stage.js';
import type { LockAdapter, LockSystem } from '../../../bench/systems/lock-system.js';
import type { BenchWorker } from '../../../bench/worker/bench-worker.js';
import type { WorkerClock } from '../../../bench/worker/clock.js';
import { LockWorker } from '../../../bench/worker/lock-worker.js';

/** How long a kind of lock takes on a machine that is not busy. */
export interface Cost {
  readonly acquireMs: number;
  readonly releaseMs: number;
}

/** A machine on which time passes only by what locks cost, and on which everything may get slower with the time. */
export class FakeMachine implements WorkerClock {
  #nowMs = 0;
  readonly #slowdown: number;

  /** @param slowdown by how much slower everything is after a second, such as 0.01 */
  constructor(slowdown = 0) {
    this.#slowdown = slowdown;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  cpuUs(): number {
    return this.#nowMs * 1_000;
  }

  spend(ms: number): void {
    this.#nowMs += ms * (1 + this.#slowdown * (this.#nowMs / 1_000));
  }

  /** A stage whose workers run in this process, on this machine. */
  stage(system: LockSystem, adapter: LockAdapter): Stage {
    const worker = async (): Promise<BenchWorker> => {
      const inner = new LockWorker(() => adapter, this);
      await inner.open({ system: system.id, place: { urls: [] }, space: 'space', sessions: 1 });
      return {
        call: (op, ...args) => (inner[op] as (...args: unknown[]) => never)(...args),
        kill: () => Promise.resolve(),
        close: async () => void (await inner.close()),
      };
    };
    return {
      system,
      space: 'space',
      worker,
      openSpace: () => Promise.reject(new Error('this machine has one space')),
      served: async (work) => [await work(), { cpuUs: 0, changes: 0 }],
      serverRssBytes: () => undefined,
      sleep: (ms) => Promise.resolve(this.spend(ms)),
      nowMs: () => this.nowMs(),
      durationMs: 100,
      processes: 1,
      close: () => Promise.resolve(),
    };
  }

  /** A lock that costs so much. */
  adapter({ acquireMs, releaseMs }: Cost): LockAdapter {
    return {
      open: () =>
        Promise.resolve({
          acquire: () => {
            this.spend(acquireMs);
            return Promise.resolve({ release: () => Promise.resolve(this.spend(releaseMs)) });
          },
          close: () => Promise.resolve(),
        }),
    };
  }
}
