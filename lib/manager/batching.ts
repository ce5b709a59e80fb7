import { MAX_OPERATIONS } from '../schema/constants.js';

/** So many calls in flight keep a cluster's acknowledgements flowing: with 8 there were stalls, with 64 more work to do. */
const ENOUGH_CALLS = 16;
/** Where a call with several operations takes no longer than this, nothing can be won by sending each by itself. */
const SLOW_MS = 10;
/** Of the last five so many have to be slow: one may have met a node that was storing, and every second one may be quick. */
const SLOW_TIMES = 3;
const LAST_CALLS = 5;
/** How many answers a trial takes: the first ones still tell of how it was before. */
const ENOUGH_TOGETHER = 4;
const ENOUGH_APART = 64;
/** To go apart costs more of the processors, so it has to be clearly quicker. */
const CLEARLY = 0.7;
const LEAST_PAUSE_MS = 2_000;
const MOST_PAUSE_MS = 30_000;

/** How much of the time in which a call was out an operation has taken, the newest ones counting most. */
class Pace {
  readonly #memory: number;
  #ms = 0;
  #operations = 0;
  #lastMs = -Infinity;
  count = 0;

  /** @param memory of how many calls */
  constructor(memory: number) {
    this.#memory = memory;
  }

  add(operations: number, sentMs: number, receivedMs: number): void {
    this.count++;
    const kept = 1 - 1 / Math.min(this.count, this.#memory);
    // Calls that were out at the same time share it.
    this.#ms = this.#ms * kept + receivedMs - Math.max(sentMs, this.#lastMs);
    this.#operations = this.#operations * kept + operations;
    this.#lastMs = receivedMs;
  }

  get meanMs(): number {
    return this.#ms / this.#operations;
  }

  restart(): void {
    this.count = 0;
    this.#lastMs = -Infinity;
  }
}

/**
 * Whether operations that are asked for at once travel together in one call, or apart in many small ones.
 *
 * On a cluster a change may take tens of milliseconds when it is made alone, and far less beside others: there many small
 * calls in flight do more than one large one at a time. No time limit can tell that from a machine that is merely busy. So
 * where calls are slow both ways are tried on the operations that there are, and the one in which more of them are done in
 * the same time is kept until the next trial.
 */
export class Batching {
  readonly #together = new Pace(ENOUGH_TOGETHER);
  readonly #apart = new Pace(ENOUGH_APART / 2);
  #isTogether = true;
  #isTrial = false;
  /** Which of the last calls were slow, a bit each. */
  #slow = 0;
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
    const pace = wasTogether ? this.#together : this.#apart;
    pace.add(operations, sentMs, nowMs);
    if (this.#isTrial) {
      if (pace.count >= (wasTogether ? ENOUGH_TOGETHER : ENOUGH_APART)) this.#judge(nowMs);
      return;
    }
    this.#slow = ((this.#slow << 1) | (nowMs - sentMs > SLOW_MS ? 1 : 0)) & (2 ** LAST_CALLS - 1);
    if (nowMs < this.#trialAtMs || (wasTogether && ones(this.#slow) < SLOW_TIMES)) return;
    this.#isTrial = true;
    this.#turn();
  }

  #judge(nowMs: number): void {
    const isApartBetter = this.#apart.meanMs < this.#together.meanMs * CLEARLY;
    const isWon = isApartBetter !== this.#isTogether;
    this.#isTrial = false;
    this.#pauseMs = isWon ? LEAST_PAUSE_MS : Math.min(MOST_PAUSE_MS, 2 * this.#pauseMs);
    this.#trialAtMs = nowMs + this.#pauseMs;
    if (!isWon) this.#turn();
  }

  #turn(): void {
    this.#slow = 0;
    this.#isTogether = !this.#isTogether;
    (this.#isTogether ? this.#together : this.#apart).restart();
  }
}

function ones(bits: number): number {
  let count = 0;
  for (let rest = bits; rest > 0; rest >>= 1) count += rest & 1;
  return count;
}
