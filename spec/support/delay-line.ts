/** Passes bytes on after a delay, and in order: when the delay gets shorter nothing overtakes what is under way. */
export class DelayLine {
  readonly #pass: (bytes: Uint8Array) => void;
  readonly #underWay: { readonly dueMs: number; readonly bytes: Uint8Array }[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(pass: (bytes: Uint8Array) => void) {
    this.#pass = pass;
  }

  push(bytes: Uint8Array, delayMs: number): void {
    if (delayMs === 0 && this.#underWay.length === 0) {
      this.#pass(bytes);
      return;
    }
    this.#underWay.push({ dueMs: performance.now() + delayMs, bytes });
    this.#schedule();
  }

  /** What is under way is lost. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#underWay.length = 0;
  }

  #schedule(): void {
    const [next] = this.#underWay;
    if (next === undefined || this.#timer !== undefined) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#underWay.shift();
        this.#pass(next.bytes);
        this.#schedule();
      },
      Math.max(0, next.dueMs - performance.now()),
    );
  }
}
