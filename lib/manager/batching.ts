import { MAX_OPERATIONS } from '../schema/constants.js';
import { SlowCalls } from './slow-calls.js';

/** So many calls in flight keep a cluster's acknowledgements flowing. With 8 there were stalls, with 64 more work. */
const ENOUGH_CALLS = 16;
/** Where a call with several operations takes no longer than this, nothing can be won by sending each by itself. */
const SLOW_MS = 10;
/** What each operation may add to that: a thousand renewals in one call keep a node busy for longer. */
const SLOW_EACH_MS = 0.05;
/** The answers that a trial takes. A few tell nothing of calls that are slow now and quick then. */
const ENOUGH_TOGETHER = 32;
const ENOUGH_APART = 8 * ENOUGH_CALLS;
/** The first answers of a trial tell of how it was before. */
const OLD_TOGETHER = 1;
const OLD_APART = ENOUGH_CALLS;
/**
 * So much time with calls on their way counts. One stall in it must not look like the rule, and what was long ago must
 * not count.
 */
const MEMORY_MS = 500;
/**
 * A trial is lost where its calls have taken so much longer than those of the other way would have. A stall is some 42
 * ms. Of large calls two stalls say enough; among many small ones two may be chance.
 */
const LATE_TOGETHER_MS = 60;
const LATE_APART_MS = 120;
/** To go apart costs more of the processors, so it has to be clearly quicker. */
const CLEARLY = 0.7;
/** A trial that lasts longer than this has too little to do: it says nothing. */
const LONGEST_TRIAL_MS = 5_000;
const LEAST_PAUSE_MS = 1_000;
const MOST_PAUSE_MS = 30_000;

/** Whether a call of so many operations has taken longer than one should. */
export function isSlow(operations: number, ms: number): boolean {
  return ms > SLOW_MS + SLOW_EACH_MS * operations;
}

/** How much of the time in which a call was out an operation has taken, the newest ones counting most. */
class Pace {
  #ms = 0;
  #operations = 0;
  #lastMs = -Infinity;
  #count = 0;

  add(operations: number, sentMs: number, receivedMs: number): void {
    // Calls that were out at the same time share it.
    const ms = receivedMs - Math.max(sentMs, this.#lastMs);
    const kept = Math.exp(-ms / MEMORY_MS);
    this.#ms = this.#ms * kept + ms;
    this.#operations = this.#operations * kept + operations;
    this.#lastMs = receivedMs;
    this.#count++;
  }

  get meanMs(): number {
    return this.#ms / this.#operations;
  }

  /** Whether so many calls since the start have a mean within the limit. `undefined` while that is open. */
  isWithin(limitMs: number, calls: number, mostLateMs: number): boolean | undefined {
    const lateMs = this.#ms - limitMs * this.#operations;
    if (this.#count < calls) return lateMs > mostLateMs ? false : undefined;
    return lateMs <= 0;
  }

  restart(): void {
    this.#ms = 0;
    this.#operations = 0;
    this.#lastMs = -Infinity;
    this.#count = 0;
  }
}

/**
 * Whether operations that are asked for at once travel together in one call, or apart in many small ones.
 *
 * On a cluster a change may take tens of milliseconds when it is made alone, and far less beside others. There many
 * small calls in flight do more than one large one at a time. No time limit can tell that from a machine that is merely
 * busy. So where calls are slow both ways are tried on the operations that there are. The one in which more of them are
 * done in the same time is kept until the next trial. A trial that goes badly ends at once.
 */
export class Batching {
  readonly #together = new Pace();
  readonly #apart = new Pace();
  #isTogether = true;
  #isTrial = false;
  #trialEndMs = Infinity;
  /** Answers of the trial that do not count. */
  #old = 0;
  readonly #last = new SlowCalls();
  #pauseMs = LEAST_PAUSE_MS;
  #trialAtMs = -Infinity;

  get isTogether(): boolean {
    return this.#isTogether;
  }

  /** How many operations may travel in one call, of so many that are asked for or have no answer yet. */
  most(operations: number): number {
    return this.#isTogether ? MAX_OPERATIONS : Math.ceil(operations / ENOUGH_CALLS);
  }

  /** A call was answered, of operations that could have travelled either way. */
  answered(wasTogether: boolean, operations: number, sentMs: number, nowMs: number): void {
    // One that was sent before the last turn is old news.
    if (wasTogether !== this.#isTogether) return;
    if (this.#isTrial && nowMs > this.#trialEndMs) {
      this.#endTrial();
      this.#pause(nowMs, false);
      return;
    }
    if (this.#old > 0) {
      this.#old--;
      return;
    }
    (wasTogether ? this.#together : this.#apart).add(operations, sentMs, nowMs);
    if (this.#isTrial) {
      this.#judge(nowMs);
      return;
    }
    this.#last.add(isSlow(operations, nowMs - sentMs));
    if (nowMs < this.#trialAtMs || (wasTogether && !this.#last.areSlow)) return;
    this.#isTrial = true;
    this.#trialEndMs = nowMs + LONGEST_TRIAL_MS;
    this.#turn();
    this.#old = wasTogether ? OLD_APART : OLD_TOGETHER;
    (wasTogether ? this.#apart : this.#together).restart();
  }

  /** The node does not keep up, is another one, or is nudged with success. What was learned counts no more. */
  restart(): void {
    this.#together.restart();
    this.#apart.restart();
    this.#endTrial();
  }

  /** All travel together, until two calls are slow. */
  #endTrial(): void {
    this.#isTrial = false;
    this.#isTogether = true;
    this.#old = 0;
    this.#last.clear();
  }

  #judge(nowMs: number): void {
    const isWon = this.#isTogether
      ? this.#together.isWithin(this.#apart.meanMs / CLEARLY, ENOUGH_TOGETHER, LATE_TOGETHER_MS)
      : this.#apart.isWithin(this.#together.meanMs * CLEARLY, ENOUGH_APART, LATE_APART_MS);
    if (isWon === undefined) return;
    this.#isTrial = false;
    this.#pause(nowMs, isWon);
    if (!isWon) this.#turn();
  }

  /** Until the next trial: ever longer, while none is won. */
  #pause(nowMs: number, isWon: boolean): void {
    this.#pauseMs = isWon ? LEAST_PAUSE_MS : Math.min(MOST_PAUSE_MS, 2 * this.#pauseMs);
    this.#trialAtMs = nowMs + this.#pauseMs;
  }

  #turn(): void {
    this.#last.clear();
    this.#isTogether = !this.#isTogether;
  }
}
