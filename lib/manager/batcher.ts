import { makesChange, type Answer, type BatchAnswer, type Operation } from '../schema/operations.js';
import { MAX_OPERATIONS } from '../schema/constants.js';

/** The answer to one operation, and what is told with it. */
export interface Answered extends Omit<BatchAnswer, 'answers'> {
  readonly answer: Answer;
}

/** Decides operations in one change; see `LockProcedures.batch`. */
export type Batch = (operations: readonly Operation[]) => Promise<BatchAnswer>;

interface Asked {
  readonly operation: Operation;
  readonly resolve: (answered: Answered) => void;
  readonly reject: (error: unknown) => void;
}

/** A call that took no longer shows that changes are quick here, so that more may travel in one. */
const QUICK_MS = 4;
/** One that took longer shows that they are slow, so that many small ones in flight do more. */
const SLOW_MS = 10;

/**
 * What is asked in one turn of the event loop travels in one call at its end, and is decided in one change.
 *
 * On a cluster a change may take tens of milliseconds when it is made alone, and far less beside others: there a few big
 * calls do less than many small ones. So fewer operations travel together while calls take long, down to one each, which is
 * not batching; and more again once they are quick.
 */
export class Batcher {
  readonly #batch: Batch;
  #asked: Asked[] = [];
  /** How many operations may travel together. */
  #most = MAX_OPERATIONS;
  #isFlushing = false;
  #isUrgent = false;

  constructor(batch: Batch) {
    this.#batch = batch;
  }

  /**
   * Asks with whatever else is asked in this turn.
   * @param isUrgent what is asked so far is sent before any promise that is settled from now on goes on: the caller's code
   *   may block the event loop, and an acknowledgement must be out by then
   */
  ask(operation: Operation, isUrgent = false): Promise<Answered> {
    const answered = new Promise<Answered>((resolve, reject) => {
      this.#asked.push({ operation, resolve, reject });
    });
    if (isUrgent && !this.#isUrgent) {
      this.#isUrgent = true;
      queueMicrotask(() => this.flush());
    } else if (!this.#isFlushing) {
      this.#isFlushing = true;
      // After all promises that are settled in this turn have gone on: what they ask travels too.
      process.nextTick(() => this.flush());
    }
    return answered;
  }

  /** Sends what is asked so far. */
  flush(): void {
    this.#isFlushing = false;
    this.#isUrgent = false;
    const asked = this.#asked;
    if (asked.length === 0) return;
    this.#asked = [];
    for (let start = 0; start < asked.length; start += this.#most) {
      void this.#send(asked.slice(start, start + this.#most));
    }
  }

  async #send(asked: readonly Asked[]): Promise<void> {
    const operations = asked.map(({ operation }) => operation);
    try {
      const { answers, ...told } = await this.#batch(operations);
      if (operations.some(makesChange)) this.#learn(told.receivedMs - told.sentMs);
      asked.forEach(({ resolve }, i) => resolve({ ...told, answer: answers[i] as Answer }));
    } catch (error) {
      for (const { reject } of asked) reject(error);
    }
  }

  #learn(tookMs: number): void {
    if (tookMs > SLOW_MS) this.#most = Math.max(1, this.#most >> 1);
    else if (tookMs < QUICK_MS) this.#most = Math.min(MAX_OPERATIONS, this.#most << 1);
  }
}
