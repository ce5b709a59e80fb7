/** The clients are served for so long before the sockets of all are looked at again. */
const TURN_MS = 50;

/** After so long, half of the time that a client has used is forgotten. */
const HALF_LIFE_MS = 5000;

// Taken now, while they are real: a test may put fake timers in place later.
const { performance, setImmediate } = globalThis;

/** What one client asks for, in its order, and how much time it has used. */
export class Line {
  readonly actions: (() => void)[] = [];
  #usedMs = 0;
  #atMs = 0;

  /** @param onWaiting told `true` when the client has to wait: nothing more is to be read from it then */
  constructor(readonly onWaiting: (isWaiting: boolean) => void) {}

  use(usedMs: number, nowMs: number): void {
    this.#usedMs = this.#recentMs(nowMs) + usedMs;
    this.#atMs = nowMs;
  }

  /** The time that it has used lately, in whole turns. */
  turns(nowMs: number): number {
    return Math.floor(this.#recentMs(nowMs) / TURN_MS);
  }

  #recentMs(nowMs: number): number {
    return this.#usedMs * 2 ** ((this.#atMs - nowMs) / HALF_LIFE_MS);
  }
}

/**
 * Says whose turn it is. When a turn is over, the sockets of all clients are looked at. Who has used the least time is
 * served first. However many clients ask for much, whoever asks for little waits for one request of theirs.
 */
export class Turns {
  readonly #whenRunning: (action: () => void) => void;
  /** Those who have to wait, in the order in which they came. */
  readonly #waiting = new Set<Line>();
  #usedMs = 0;
  #isOver = false;

  /** @param whenRunning runs the action now, or later: when the server runs */
  constructor(whenRunning: (action: () => void) => void) {
    this.#whenRunning = whenRunning;
  }

  /** Carries the action out: at once in this turn, or in a later one. Those of one line in order, always. */
  add(line: Line, action: () => void): void {
    line.actions.push(action);
    if (this.#isOver || this.#waiting.has(line)) this.#wait(line);
    else this.#serve(line);
  }

  #wait(line: Line): void {
    if (this.#waiting.has(line)) return;
    this.#waiting.add(line);
    line.onWaiting(true);
  }

  #serve(line: Line): void {
    for (let action = line.actions.shift(); action !== undefined; action = line.actions.shift()) {
      const startMs = performance.now();
      action();
      const endMs = performance.now();
      line.use(endMs - startMs, endMs);
      this.#usedMs += endMs - startMs;
      if (this.#usedMs < TURN_MS) continue;
      this.#end();
      if (line.actions.length > 0) this.#wait(line);
      return;
    }
  }

  /** The first immediate comes before the sockets are looked at, the second one after it. */
  #end(): void {
    this.#usedMs = 0;
    this.#isOver = true;
    setImmediate(() => {
      setImmediate(() => {
        this.#whenRunning(() => {
          this.#isOver = false;
          this.#serveWaiting();
        });
      });
    });
  }

  #serveWaiting(): void {
    for (let line = this.#first(); line !== undefined && !this.#isOver; line = this.#first()) {
      this.#waiting.delete(line);
      this.#serve(line);
      if (!this.#waiting.has(line)) line.onWaiting(false);
    }
  }

  #first(): Line | undefined {
    const nowMs = performance.now();
    let first: Line | undefined;
    let least = Infinity;
    for (const line of this.#waiting) {
      const turns = line.turns(nowMs);
      if (turns >= least) continue;
      first = line;
      least = turns;
    }
    return first;
  }
}
