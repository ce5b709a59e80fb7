import assert from 'node:assert';
import type { TimeAction } from './actions.js';
import type { Bench } from './subject.js';
import type { Trial } from './trial.js';

/** A killed node is up again after this long at the soonest: less than that, and tokens could not tell. */
const RESTART_MS = 2;
const PEACE_MS = 200_000;
/** Longer than any ttl, and than an inbox may be idle. */
const LONG_MS = 130_000;
const MOST_STEPS = 100;

interface Remembered {
  readonly server: unknown;
  readonly model: unknown;
}

/** The part of a run that needs a server in the test's hand: its time, its task, its stored state. */
export class TimeTrial {
  readonly #trial: Trial;
  readonly #bench: Bench;
  #remembered: Remembered;

  constructor(trial: Trial, bench: Bench) {
    this.#trial = trial;
    this.#bench = bench;
    this.#remembered = this.#remember();
  }

  async take({ kind, ...rest }: TimeAction): Promise<void> {
    const ms = 'ms' in rest ? rest.ms : 0;
    const bench = this.#bench;
    switch (kind) {
      case 'pass':
        return this.#passTo(bench.nowMs + ms);
      case 'jump':
        return bench.jumpTo(bench.nowMs + ms);
      case 'pass to due':
        return this.#passTo(this.#nearDue(ms));
      case 'jump to due':
        return bench.jumpTo(this.#nearDue(ms));
      case 'remember':
        this.#remembered = this.#remember();
        return;
      case 'go back':
        bench.restore(this.#remembered.server);
        this.#trial.model.restore(this.#remembered.model);
        bench.jumpTo(bench.nowMs + RESTART_MS);
        return this.#trial.reconnect();
      case 'lose sweeper':
        return this.#trial.loseSweeper(() => bench.loseSweeper());
    }
  }

  async passUntilNothingIsLeft(): Promise<void> {
    for (let steps = 0; !this.#trial.observed.isEmpty && steps < MOST_STEPS; steps += 1) {
      if (this.#trial.mayLackSweeper) await this.#trial.take(SOME_REQUEST);
      await this.#passTo(this.#bench.nowMs + LONG_MS);
    }
  }

  /** Nothing is stored that can become due: the server makes no change. */
  async passInPeace(): Promise<void> {
    const { changes } = this.#bench;
    await this.#passTo(this.#bench.nowMs + PEACE_MS);
    assert.equal(this.#bench.changes, changes, 'a change at rest');
  }

  #remember(): Remembered {
    return { server: this.#bench.snapshot(), model: this.#trial.model.snapshot() };
  }

  /** `ms` from the earliest due time; the present if that has passed. */
  #nearDue(ms: number): number {
    const earliest = Math.min(...this.#trial.model.dueTimes());
    const near = Math.ceil(earliest / 1000) + ms;
    return Number.isFinite(near) ? Math.max(this.#bench.nowMs, near) : this.#bench.nowMs;
  }

  async #passTo(ms: number): Promise<void> {
    const bench = this.#bench;
    for (let look = bench.nextLookMs; look !== undefined && look <= ms; look = bench.nextLookMs) {
      const { changes } = bench;
      bench.moveTo(look);
      if (bench.changes > changes) await this.#swept();
      else this.#assertNothingIsDue();
    }
    bench.jumpTo(ms);
  }

  /** The server has looked and changed something. */
  async #swept(): Promise<void> {
    const trial = this.#trial;
    const { now } = this.#bench;
    const second = Math.floor(now / 1e6);
    const before = trial.observed.sweepSecond;
    assert.ok(before !== null && before <= second, `swept at ${second}, not at ${before}`);
    await trial.swept(now);
    const { sweepSecond, earliestDueSecond } = trial.observed;
    // Asleep until there is something to do: a sweep for nothing is followed by none.
    const next = earliestDueSecond === Infinity ? null : Math.max(earliestDueSecond, second + 1);
    assert.equal(sweepSecond, next, 'when it sweeps next');
  }

  #assertNothingIsDue(): void {
    if (this.#trial.mayLackSweeper) return;
    const late = this.#trial.model.dueTimes().filter((due) => due <= this.#bench.now);
    assert.deepStrictEqual(late, [], 'due, and not ended');
  }
}

/** Any operation that has something to file brings a lost sweeper back. */
const SOME_REQUEST = { kind: 'python acquire', name: 'some other', timeoutS: 1 } as const;
