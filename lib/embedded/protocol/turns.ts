/** How long one client is served before the others have their turn. */
const TURN_MS = 50;

// Taken now, while they are real: a test may put fake timers in place later.
const { performance, setImmediate } = globalThis;

/** What is told when a turn is over, and who says when the next one may begin. */
export interface TurnsOptions {
  /** `true`: the client has to wait, and nothing more is to be read from it. */
  readonly onWaiting: (isWaiting: boolean) => void;
  /** Runs the action now, or later. */
  readonly whenRunning: (action: () => void) => void;
}

/** What one client asks for, one after the other: when it has taken long, the other clients are served in between. */
export class Turns {
  readonly #options: TurnsOptions;
  readonly #actions: (() => void)[] = [];
  #usedMs = 0;
  #isOver = false;

  constructor(options: TurnsOptions) {
    this.#options = options;
  }

  /** Carries the action out: at once if the client has time left, in a later turn if not. In order, always. */
  add(action: () => void): void {
    this.#actions.push(action);
    if (!this.#isOver) this.#go();
  }

  #go(): void {
    for (let action = this.#actions.shift(); action !== undefined; action = this.#actions.shift()) {
      const startMs = performance.now();
      action();
      this.#usedMs += performance.now() - startMs;
      if (this.#usedMs < TURN_MS) continue;
      this.#end();
      return;
    }
  }

  #end(): void {
    this.#usedMs = 0;
    this.#isOver = true;
    this.#options.onWaiting(true);
    setImmediate(() => {
      this.#options.whenRunning(() => {
        this.#isOver = false;
        this.#go();
        // Unless the next turn is over as well.
        if (!this.#isOver) this.#options.onWaiting(false);
      });
    });
  }
}
