import { Deferred } from '../async/deferred.js';
import type { LockError } from '../errors.js';
import { LockConnectionError, LockProtocolError } from '../errors.js';

/** One try to reach a node. */
export interface Attempt<T> {
  /** The place of the node in the list. */
  readonly index: number;
  /** Resolves when the node can be used; rejects with a `LockError`. */
  readonly ready: Promise<T>;
  /** Ends the try, or closes what has come of it. */
  cancel(): void;
}

export interface RaceOptions<T> {
  /** How many different nodes there are. */
  readonly nodes: number;
  /** Begins the nth try, from 0; its node is the nth in the order, which begins anew after the last. */
  readonly begin: (n: number) => Attempt<T>;
  /** Whether a node that hangs while it is connected to may be tried anew, beside the first try. */
  readonly mayRepeat: boolean;
}

/** How long a try may be silent before the next begins beside it, as in RFC 8305 for addresses. */
const BESIDE_MS = 500;
/** How often nodes are tried anew when each of them has been tried and one hangs. */
const MOST_REPEATS = 3;

/**
 * Tries nodes until one is ready, and cancels the other tries then. A try that fails is followed by the next at once.
 * One that hangs is joined by the next after half a second. What cannot be mended by another node ends the race. An
 * address where something else than ThingsDB answers is passed by, unless all are like that.
 */
export class Race<T> {
  readonly #outcome = new Deferred<T>();
  readonly #options: RaceOptions<T>;
  readonly #running = new Set<Attempt<T>>();
  #begun = 0;
  #timer: NodeJS.Timeout | undefined;
  /** What the tries have come to: the last that may be better another time, or else the first. */
  #failure: LockError | undefined;
  #isOver = false;
  #hung: readonly Attempt<T>[] = [];

  constructor(options: RaceOptions<T>) {
    this.#options = options;
    this.#next();
  }

  /** Rejects with a `LockError` when every node has failed. If one of these may be better another time, it is that. */
  get winner(): Promise<T> {
    return this.#outcome.promise;
  }

  /** The tries that had neither failed nor succeeded when another one won. */
  get hung(): readonly Attempt<T>[] {
    return this.#hung;
  }

  /** Ends every try; `winner` rejects with the reason unless there is one already. */
  cancel(reason: LockError): void {
    this.#end();
    this.#outcome.reject(reason);
  }

  #next(): void {
    const attempt = this.#options.begin(this.#begun++);
    this.#running.add(attempt);
    attempt.ready.then(
      (winner) => this.#won(attempt, winner),
      (error: LockError) => this.#failed(attempt, error),
    );
    this.#arm();
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const { nodes, mayRepeat } = this.#options;
    const repeats = this.#begun - nodes;
    if (repeats >= 0 && (!mayRepeat || repeats >= MOST_REPEATS)) return;
    this.#timer = setTimeout(() => this.#next(), BESIDE_MS * 2 ** Math.max(0, repeats));
  }

  #won(attempt: Attempt<T>, winner: T): void {
    if (this.#isOver) return;
    this.#running.delete(attempt);
    this.#hung = [...this.#running];
    this.#end();
    this.#outcome.resolve(winner);
  }

  #failed(attempt: Attempt<T>, error: LockError): void {
    if (this.#isOver) return;
    this.#running.delete(attempt);
    const isPassing = error instanceof LockConnectionError;
    if (isPassing || this.#failure === undefined) this.#failure = error;
    const isForGood = !isPassing && !(error instanceof LockProtocolError);
    if (!isForGood && this.#begun < this.#options.nodes) {
      this.#next();
    } else if (isForGood || this.#running.size === 0) {
      this.#end();
      this.#outcome.reject(isForGood ? error : this.#failure);
    }
  }

  #end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    for (const attempt of this.#running) attempt.cancel();
    this.#running.clear();
  }
}
