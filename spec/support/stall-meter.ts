/** How often it is looked. */
export const EVERY_MS = 10;
/** A look that is no later than that by anything but this process's own work is on time. */
const ON_TIME_MS = 10;

// Taken now, while they are real: a test may put fake timers in place later.
const { setInterval, clearInterval, performance } = globalThis;

/** What the meter needs of the process. */
export interface OwnProcess {
  /** On the monotonic clock. */
  nowMs(): number;
  /** What the process has computed since it began. */
  usedMs(): number;
  /** Returns what ends it. */
  every(ms: number, act: () => void): () => void;
}

const ownProcess: OwnProcess = {
  nowMs: () => performance.now(),
  usedMs: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
  every: (ms, act) => {
    const timer = setInterval(act, ms);
    timer.unref();
    return () => clearInterval(timer);
  },
};

interface Stall {
  readonly fromMs: number;
  readonly toMs: number;
  /** For how long of this the process could not run. */
  readonly lostMs: number;
}

/**
 * Measures for how long this process could not run: others had the processor, or the whole machine stood still. A spec
 * that judges how soon something has come takes this off. What the process itself has computed meanwhile stays.
 */
export class StallMeter {
  readonly #process: OwnProcess;
  readonly #stalls: Stall[] = [];
  #stop: (() => void) | undefined;
  #lookedMs = 0;
  #usedMs = 0;

  constructor(measured = ownProcess) {
    this.#process = measured;
  }

  start(): void {
    this.stop();
    this.#stalls.length = 0;
    this.#lookedMs = this.#process.nowMs();
    this.#usedMs = this.#process.usedMs();
    this.#stop = this.#process.every(EVERY_MS, () => this.#look());
  }

  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  /** How much of this span, which has begun since {@link start} and is over, the process could have run. */
  ranMs(fromMs: number, toMs = this.#process.nowMs()): number {
    this.#look();
    let restMs = toMs - fromMs;
    for (const stall of this.#stalls) {
      const sharedMs = Math.min(toMs, stall.toMs) - Math.max(fromMs, stall.fromMs);
      restMs -= Math.min(stall.lostMs, Math.max(0, sharedMs));
    }
    return restMs;
  }

  #look(): void {
    const [fromMs, toMs] = [this.#lookedMs, this.#process.nowMs()];
    const ownMs = this.#process.usedMs() - this.#usedMs;
    const lostMs = toMs - fromMs - EVERY_MS - ownMs;
    this.#lookedMs = toMs;
    this.#usedMs += ownMs;
    if (lostMs > ON_TIME_MS) this.#stalls.push({ fromMs, toMs, lostMs });
  }
}
