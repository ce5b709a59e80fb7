import { setTimeout as sleep } from 'node:timers/promises';
import type { LockManager, LockWatch } from '../../lib/index.js';
import type { HistoryWriter } from './history.js';
import { codeOf } from './lease-work.js';
import type { Random } from './random.js';

const WATCHED_MS = [1_000, 15_000] as const;
const MOST_REST_MS = 2_000;
/** How often it watches all names, and notes what is told of one. */
const ALL_CHANCE = 0.3;

/** Watches one name after the other, by itself or among all, and notes what is told of it. */
export class NameWatcher {
  readonly #manager: LockManager;
  readonly #history: HistoryWriter;
  readonly #process: string;
  readonly #random: Random;
  #watches = 0;

  constructor(manager: LockManager, history: HistoryWriter, processName: string, random: Random) {
    this.#manager = manager;
    this.#history = history;
    this.#process = processName;
    this.#random = random;
  }

  /** Until it is told to stop. */
  async run(names: readonly string[], stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      const id = `${this.#process}/watch.${++this.#watches}`;
      const watch = await this.#open(this.#random.pick(names), id);
      await sleep(this.#random.between(...WATCHED_MS), undefined, { signal: stop }).catch(() => undefined);
      if (watch !== undefined) {
        watch.close();
        this.#history.record({ event: 'watch-closed', watch: id });
      }
      await sleep(this.#random.between(0, MOST_REST_MS), undefined, { signal: stop }).catch(() => undefined);
    }
  }

  async #open(name: string, id: string): Promise<LockWatch<string | undefined> | undefined> {
    const isOfAll = this.#random.chance(ALL_CHANCE);
    this.#history.record({ event: 'watch-asked', watch: id, name, isOfAll });
    const failed = (error: unknown): void =>
      this.#history.record({ event: 'watch-failed', watch: id, code: codeOf(error), message: String(error) });
    try {
      const watch = await (isOfAll ? this.#manager.watch() : this.#manager.watch(name));
      this.#history.record({ event: 'watching', watch: id, name });
      this.#listen(watch, name, id);
      watch.on('error', failed);
      return watch;
    } catch (error) {
      failed(error);
      return undefined;
    }
  }

  #listen(watch: LockWatch<string | undefined>, name: string, id: string): void {
    for (const what of ['acquired', 'released', 'expired', 'lost'] as const) {
      watch.on(what, (event) => {
        if (event.name !== name) return;
        const { owner, fencingToken: token, mode, count: want } = event;
        const reason = 'reason' in event ? event.reason : null;
        this.#history.record({ event: 'told', watch: id, what, owner, token, mode, want, reason });
      });
    }
    watch.on('resumed', () => this.#history.record({ event: 'watch-resumed', watch: id }));
  }
}
