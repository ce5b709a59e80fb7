/** A run has some 2,000; one that has so many goes round in a circle. */
const MOST_STEPS = 50_000;

/** Something that happens at a moment of the world's time. */
interface Happening {
  readonly atMs: number;
  /** Of several at one moment the first that was planned. */
  readonly order: number;
  readonly what: () => void;
  isOff: boolean;
}

/** Virtual time: what is planned happens in its order, and time passes only from one thing to the next. */
export class World {
  ms = 0;
  /** How much has happened: the step that a failing run can be replayed to. */
  steps = 0;
  /** Called after each thing that has happened. */
  onStep: (() => void) | undefined;
  readonly #heap: Happening[] = [];
  #planned = 0;

  /** @returns how to call it off */
  at(atMs: number, what: () => void): () => void {
    const happening = { atMs: Math.max(atMs, this.ms), order: this.#planned++, what, isOff: false };
    this.#push(happening);
    return () => (happening.isOff = true);
  }

  after(delayMs: number, what: () => void): () => void {
    return this.at(this.ms + delayMs, what);
  }

  /** Lets everything happen that is planned up to then. */
  runUntil(ms: number): void {
    for (let first = this.#heap[0]; first !== undefined && first.atMs <= ms; first = this.#heap[0]) {
      this.#pop();
      if (first.isOff) continue;
      this.ms = first.atMs;
      if (++this.steps > MOST_STEPS) throw new Error(`${MOST_STEPS} steps, and no end at ${this.ms} ms`);
      first.what();
      this.onStep?.();
    }
    this.ms = Math.max(this.ms, ms);
  }

  #push(happening: Happening): void {
    const heap = this.#heap;
    let place = heap.push(happening) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!isBefore(happening, heap[parent] as Happening)) break;
      heap[place] = heap[parent] as Happening;
      place = parent;
    }
    heap[place] = happening;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Happening;
    if (heap.length === 0) return;
    let place = 0;
    for (;;) {
      let below = 2 * place + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isBefore(heap[below + 1] as Happening, heap[below] as Happening))
        below++;
      if (!isBefore(heap[below] as Happening, last)) break;
      heap[place] = heap[below] as Happening;
      place = below;
    }
    heap[place] = last;
  }
}

function isBefore(one: Happening, other: Happening): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}
