/** Of the last four calls so many have to be slow. One may have met a node that was storing, and every second be quick. */
const SLOW_TIMES = 2;
const LAST_CALLS = 4;

/** Whether calls are slow: two of the last four were. */
export class SlowCalls {
  /** Which of the last calls were, a bit each. */
  #bits = 0;

  add(isSlow: boolean): void {
    this.#bits = ((this.#bits << 1) | Number(isSlow)) & (2 ** LAST_CALLS - 1);
  }

  get areSlow(): boolean {
    let count = 0;
    for (let rest = this.#bits; rest > 0; rest >>= 1) count += rest & 1;
    return count >= SLOW_TIMES;
  }

  clear(): void {
    this.#bits = 0;
  }
}
