import { afterReading } from '../async/after-reading.js';

/** A place in the queue, to be given back to it when the request is done. */
export interface Deadline<T> {
  readonly item: T;
  readonly dueMs: number;
}

const MAX_LIMIT_MS = 2 ** 31 - 1;

/**
 * Time limits for many requests that all have the same one, by a single timer. The oldest is always the next due. So
 * adding and deleting cost next to nothing, and no timer is made or cleared for each request.
 *
 * While it holds something it keeps the process alive (somebody waits for an answer); when empty it does not.
 */
export class DeadlineQueue<T> {
  readonly #limitMs: number;
  readonly #onDue: (item: T) => void;
  /** Oldest first: a Set keeps the order of insertion. */
  readonly #deadlines = new Set<Deadline<T>>();
  /** Not cleared when the queue runs empty: under load it would be made anew thousands of times a second. */
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param limitMs how long a request may take; more than a timer can run (24.8 days) is taken as that
   * @param onDue called once for each item whose limit has passed before it was deleted; must not throw
   */
  constructor(limitMs: number, onDue: (item: T) => void) {
    this.#limitMs = Math.min(limitMs, MAX_LIMIT_MS);
    this.#onDue = onDue;
  }

  add(item: T): Deadline<T> {
    const deadline = { item, dueMs: performance.now() + this.#limitMs };
    this.#deadlines.add(deadline);
    if (this.#timer === undefined) this.#arm(this.#limitMs);
    else if (this.#deadlines.size === 1) this.#timer.ref();
    return deadline;
  }

  delete(deadline: Deadline<T>): void {
    if (this.#deadlines.delete(deadline) && this.#deadlines.size === 0) this.#timer?.unref();
  }

  /** Takes everything out, oldest first, and leaves no timer. */
  drain(): T[] {
    const items = [...this.#deadlines].map((deadline) => deadline.item);
    this.#deadlines.clear();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    return items;
  }

  #arm(delayMs: number): void {
    this.#timer = setTimeout(() => {
      // A process that was stopped for a while comes here before it has read its sockets. Answers that are already
      // there count, so the sockets are read first.
      afterReading((readMs) => this.#expire(readMs));
    }, delayMs);
  }

  /** @param readMs everything that had come in by then has been read */
  #expire(readMs: number): void {
    const due: Deadline<T>[] = [];
    for (const deadline of this.#deadlines) {
      // Timers round to whole milliseconds, so the oldest may seem a fraction early.
      if (deadline.dueMs > readMs + 1) break;
      due.push(deadline);
    }
    for (const deadline of due) this.#deadlines.delete(deadline);
    // Before anyone is told: a request made in answer must find a timer that is armed for the oldest.
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const [next] = this.#deadlines;
    if (next !== undefined) this.#arm(Math.max(1, next.dueMs - performance.now()));
    for (const deadline of due) this.#onDue(deadline.item);
  }
}
