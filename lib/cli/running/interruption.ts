import { statusOf } from './ending-signals.js';
import { whenOrphaned } from './orphaned.js';
import { PASSED_ON } from './signals.js';

/** Somebody ended the waiting. */
export class Interrupted extends Error {
  constructor(readonly signal: NodeJS.Signals) {
    super(`ended by ${signal}`);
  }
}

/**
 * What signals do to `run` itself. The first one ends the waiting, or the holding, in good order. A second one ends the
 * process at once. While the command runs they are the command's; one that came then counts as the first. The end of the
 * npx that started this is a SIGTERM, unless a signal has come already.
 */
export class Interruption {
  readonly #first = new AbortController();
  readonly #onSignal = (signal: NodeJS.Signals): void => this.#told(signal);
  readonly #stopLooking: () => void;
  #count = 0;
  isCommandRunning = false;

  constructor() {
    for (const signal of PASSED_ON) process.on(signal, this.#onSignal);
    this.#stopLooking = whenOrphaned(process.env, () => {
      if (this.#count === 0) process.kill(process.pid, 'SIGTERM');
    });
  }

  /** Aborts with {@link Interrupted} at the first signal that is not the command's. */
  get signal(): AbortSignal {
    return this.#first.signal;
  }

  /** Settles as the promise does, or rejects with {@link Interrupted}. */
  async orInterrupted<T>(promise: Promise<T>): Promise<T> {
    let stop: () => void = () => undefined;
    const interrupted = new Promise<never>((_, reject) => {
      stop = () => reject(this.signal.reason as Interrupted);
      this.signal.addEventListener('abort', stop, { once: true });
    });
    try {
      this.signal.throwIfAborted();
      return await Promise.race([promise, interrupted]);
    } finally {
      this.signal.removeEventListener('abort', stop);
    }
  }

  stopListening(): void {
    this.#stopLooking();
    for (const signal of PASSED_ON) process.off(signal, this.#onSignal);
  }

  #told(signal: NodeJS.Signals): void {
    this.#count++;
    if (this.isCommandRunning) return;
    if (this.#count > 1) process.exit(statusOf(signal));
    this.#first.abort(new Interrupted(signal));
  }
}
