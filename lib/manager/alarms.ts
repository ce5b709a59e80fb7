import type { Timer } from './clock.js';

/** Something that wants to be woken at a moment, and can move it at any time. */
export interface Sleeper {
  /** On the monotonic clock; `Infinity`: not at all. */
  wakeAtMs: number;
  /** Kept by {@link Alarms}: the place in the heap, -1 outside of it. */
  place: number;
  /** @param readMs everything that had come in by then has been read */
  wake(readMs: number): void;
}

/**
 * Many alarms on one timer: a binary heap, the earliest first. To set and to clear an alarm costs neither a timer nor
 * an allocation. The timer is set anew only for an earlier alarm, and may ring for nothing.
 */
export class Alarms {
  readonly #timer: Timer;
  readonly #heap: Sleeper[] = [];
  #setMs = Infinity;

  constructor(timer: Timer) {
    this.#timer = timer;
  }

  /** Moves an alarm, wherever it was. */
  set(sleeper: Sleeper, atMs: number): void {
    if (sleeper.place >= 0 && sleeper.wakeAtMs === atMs) return;
    if (atMs === Infinity) {
      this.#remove(sleeper);
      sleeper.wakeAtMs = atMs;
      return;
    }
    sleeper.wakeAtMs = atMs;
    if (sleeper.place < 0) sleeper.place = this.#heap.push(sleeper) - 1;
    this.#down(this.#up(sleeper.place));
    this.#arm();
  }

  clear(): void {
    for (const sleeper of this.#heap) sleeper.place = -1;
    this.#heap.length = 0;
    this.#setMs = Infinity;
    this.#timer.clear();
  }

  #arm(): void {
    const firstMs = this.#heap[0]?.wakeAtMs ?? Infinity;
    if (firstMs >= this.#setMs) return;
    this.#setMs = firstMs;
    this.#timer.set(firstMs, (readMs) => this.#ring(readMs));
  }

  /** Of what has become due since then nobody knows yet what may have come in. */
  #ring(readMs: number): void {
    this.#setMs = Infinity;
    // One that sets itself anew to now or earlier is woken the next time: the event loop turns in between.
    const due: Sleeper[] = [];
    for (let first = this.#heap[0]; first !== undefined && first.wakeAtMs <= readMs; first = this.#heap[0]) {
      this.#remove(first);
      due.push(first);
    }
    for (const sleeper of due) sleeper.wake(readMs);
    this.#arm();
  }

  #remove(sleeper: Sleeper): void {
    const { place } = sleeper;
    if (place < 0) return;
    sleeper.place = -1;
    const last = this.#heap.pop() as Sleeper;
    if (last === sleeper) return;
    this.#heap[place] = last;
    last.place = place;
    this.#down(this.#up(place));
  }

  #up(place: number): number {
    const heap = this.#heap;
    const sleeper = heap[place] as Sleeper;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = heap[parent] as Sleeper;
      if (above.wakeAtMs <= sleeper.wakeAtMs) break;
      heap[place] = above;
      above.place = place;
      place = parent;
    }
    heap[place] = sleeper;
    sleeper.place = place;
    return place;
  }

  #down(place: number): void {
    const heap = this.#heap;
    const sleeper = heap[place] as Sleeper;
    for (;;) {
      const left = 2 * place + 1;
      const right = left + 1;
      if (left >= heap.length) break;
      const isRight =
        right < heap.length && (heap[right] as Sleeper).wakeAtMs < (heap[left] as Sleeper).wakeAtMs;
      const below = heap[isRight ? right : left] as Sleeper;
      if (below.wakeAtMs >= sleeper.wakeAtMs) break;
      heap[place] = below;
      below.place = place;
      place = isRight ? right : left;
    }
    heap[place] = sleeper;
    sleeper.place = place;
  }
}
