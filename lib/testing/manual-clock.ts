import type { Clock } from '../embedded/engine/engine.js';

interface Alarm {
  readonly atMs: number;
  readonly callback: () => void;
}

/** Turns of the event loop in which what a callback has set off (answers, futures) comes to rest. */
const SETTLING_TURNS = 4;

// Taken now, while it is real: a test may put fake timers in place later.
const { setImmediate } = globalThis;

/**
 * Time that stands still until the test moves it. Give it to `startThingsDB({ clock })`: leases end and tasks run when
 * {@link ManualClock.advance} passes them, and never by themselves.
 *
 * @example
 * const clock = new ManualClock();
 * await using db = await startThingsDB({ clock });
 * await clock.advance(60_000);
 */
export class ManualClock implements Clock {
  #nowMs: number;
  #alarms: Alarm[] = [];
  #advancing: Promise<void> = Promise.resolve();

  /** @param startMs milliseconds since the epoch; the present by default */
  constructor(startMs: number = Date.now()) {
    this.#nowMs = startMs;
  }

  /** Milliseconds since the epoch. */
  now(): number {
    return this.#nowMs;
  }

  at(atMs: number, callback: () => void): () => void {
    const alarm: Alarm = { atMs, callback };
    this.#alarms.push(alarm);
    return () => {
      this.#alarms = this.#alarms.filter((other) => other !== alarm);
    };
  }

  /**
   * Moves time on by `ms` and runs what falls due on the way. It runs in the order of time, each at its own time, each
   * with its work settled before the next. Resolves when the server has come to rest; what it sent may still be on its
   * way. Calls that overlap are carried out one after the other.
   */
  advance(ms: number): Promise<void> {
    const next = this.#advancing.then(() => this.#advance(ms));
    // A callback that throws fails the call that ran it, not those that come after.
    this.#advancing = next.catch(() => undefined);
    return next;
  }

  async #advance(ms: number): Promise<void> {
    await settle();
    const untilMs = this.#nowMs + ms;
    for (let alarm = this.#takeDue(untilMs); alarm !== undefined; alarm = this.#takeDue(untilMs)) {
      this.#nowMs = Math.max(this.#nowMs, alarm.atMs);
      alarm.callback();
      await settle();
    }
    this.#nowMs = untilMs;
  }

  /** The earliest alarm that is due by then; of several at the same time the one that was set first. */
  #takeDue(untilMs: number): Alarm | undefined {
    let due: Alarm | undefined;
    for (const alarm of this.#alarms) {
      if (alarm.atMs <= untilMs && (due === undefined || alarm.atMs < due.atMs)) due = alarm;
    }
    if (due !== undefined) this.#alarms = this.#alarms.filter((other) => other !== due);
    return due;
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < SETTLING_TURNS; turn += 1) {
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}
