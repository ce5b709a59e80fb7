import { setTimeout as delay } from 'node:timers/promises';
import { LockConnectionError } from '../../errors.js';
import { elapsed } from '../elapsed.js';
import type { Output } from '../output.js';
import { everyPage, type AskPage } from './every-page.js';
import { eventRecord, eventText, type Happening, type HappeningInfo } from './watch-event.js';

/** Who holds and who waits, by what tells them apart from one look to the next. */
type Seen = ReadonlyMap<string, HappeningInfo>;

/** Tells what is different from one look at all locks to the next. */
export class PolledWatch {
  readonly #ask: AskPage;
  readonly #output: Output;
  #held: Seen = new Map();
  #waiting: Seen = new Map();

  constructor(ask: AskPage, output: Output) {
    this.#ask = ask;
    this.#output = output;
  }

  /** Until `ended` settles. A server that is away is asked again at the next time. */
  async until(ended: Promise<unknown>, intervalMs: number): Promise<void> {
    const stop = new AbortController();
    void ended.then(() => stop.abort());
    this.#output.warning(
      `all locks are asked for every ${elapsed(intervalMs)}; what is shorter may not be seen`,
    );
    await this.#look();
    while (!stop.signal.aborted) {
      await delay(intervalMs, undefined, { signal: stop.signal }).catch((error: Error) => {
        if (error.name !== 'AbortError') throw error;
      });
      if (!stop.signal.aborted) await this.#lookAgain();
    }
  }

  async #lookAgain(): Promise<void> {
    try {
      await this.#look();
    } catch (error) {
      if (!(error instanceof LockConnectionError)) throw error;
      this.#output.warning(`not seen this time: ${error.message}`);
    }
  }

  async #look(): Promise<void> {
    const held = new Map<string, HappeningInfo>();
    const waiting = new Map<string, HappeningInfo>();
    for await (const page of everyPage(this.#ask)) {
      for (const info of page.held) held.set(`${info.fencingToken} ${info.name}`, info);
      for (const info of page.pending)
        waiting.set(`${info.since.getTime()} ${info.owner} ${info.name}`, info);
    }
    this.#tell('ended', this.#held, held);
    this.#tell('waiting-no-more', this.#waiting, waiting);
    this.#tell('acquired', held, this.#held);
    this.#tell('waiting', waiting, this.#waiting);
    this.#held = held;
    this.#waiting = waiting;
  }

  /** Of those that are not among the others. */
  #tell(event: Happening, those: Seen, others: Seen): void {
    for (const [key, info] of those) {
      if (others.has(key)) continue;
      this.#output.result(eventRecord(event, info), eventText(event, info, this.#output.palette));
    }
  }
}
