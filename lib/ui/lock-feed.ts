import { LockClosedError, LockError } from '../errors.js';
import type { LockManager } from '../lock-manager.js';
import type { LockWatch } from '../lock-watch.js';
import { HAPPENINGS, happeningOf } from './happening.js';
import type { LockBoard } from './lock-board.js';
import type { GapView, StatusView } from './messages.js';
import type { ServerTime } from './server-time.js';

/** Where a feed has its news from. */
export type LockSource = Pick<LockManager, 'watch' | 'query' | 'on' | 'off'>;

export interface FeedListener {
  /** The board is another one, or has changed. */
  changed(): void;
  status(state: StatusView['state'], reason?: string): void;
  gap(gap: GapView): void;
}

/** Names in one question. */
const PAGE_SIZE = 1_000;
/** Renewals are not told: how often all is asked for, as long as somebody looks. */
const SWEEP_EVERY_MS = 3_000;
/** Asking for everything takes this part of the time at most. */
const SWEEP_SHARE = 0.05;
/** How soon, and how many at once, names are asked for of which not all is known. More of them: all is asked for. */
const UNSURE_AFTER_MS = 100;
const UNSURE_AT_ONCE = 8;
const MOST_UNSURE = 200;
/** What has failed is tried again so much later. */
const RETRY_AFTER_MS = 1_000;

/**
 * Keeps a board true, from `start` to `stop`. Takes in what one watch of everything tells, and asks for the rest. All
 * questions are one after the other, and bounded in their share of the time.
 */
export class LockFeed {
  readonly #source: LockSource;
  readonly #board: LockBoard;
  readonly #time: ServerTime;
  readonly #listener: FeedListener;
  readonly #mostNames: number;
  #isRunning = false;
  #isBusy = false;
  #timer: NodeJS.Timeout | undefined;
  #wakesAtMs = Infinity;
  #watch: LockWatch<undefined> | undefined;
  /** A watch that has failed is not made anew before. */
  #opensAtMs = 0;
  #sweepAtMs = 0;
  /** Counts the wishes for a sweep: one under way does not fulfil what was wished meanwhile. */
  #wishes = 0;
  /** The connection was lost: the watch tells nothing until it has resumed. */
  #isDeaf = false;
  /** Since when nothing was seen, by the server's clock. */
  #blindFromMs: number | undefined;
  #seenUntilMs = 0;

  constructor(
    source: LockSource,
    board: LockBoard,
    time: ServerTime,
    listener: FeedListener,
    mostNames: number,
  ) {
    this.#source = source;
    this.#board = board;
    this.#time = time;
    this.#listener = listener;
    this.#mostNames = mostNames;
  }

  start(): void {
    this.#isRunning = true;
    this.#source.on('disconnected', this.#disconnected);
    this.#wake(0);
  }

  stop(): void {
    this.#isRunning = false;
    this.#source.off('disconnected', this.#disconnected);
    clearTimeout(this.#timer);
    this.#watch?.close();
    this.#watch = undefined;
  }

  /** All is asked for again, soon. */
  sweepSoon(): void {
    this.#wishes++;
    this.#sweepAtMs = 0;
    this.#wake(0);
  }

  readonly #disconnected = ({ reason }: { reason: Error }): void => {
    this.#isDeaf = this.#watch !== undefined;
    this.#blindFromMs ??= this.#time.nowMs();
    this.#listener.status('away', reason.message);
  };

  #wake(delayMs: number): void {
    const soonestMs = this.#watch === undefined ? this.#opensAtMs : 0;
    const nowMs = performance.now();
    const atMs = Math.max(nowMs + delayMs, soonestMs);
    if (!this.#isRunning || this.#isBusy || atMs >= this.#wakesAtMs) return;
    clearTimeout(this.#timer);
    this.#wakesAtMs = atMs;
    this.#timer = setTimeout(() => void this.#round(), atMs - nowMs);
  }

  #sleep(): void {
    clearTimeout(this.#timer);
    this.#wakesAtMs = Infinity;
  }

  async #round(): Promise<void> {
    this.#wakesAtMs = Infinity;
    this.#isBusy = true;
    let failed = false;
    try {
      await this.#work();
    } catch (error) {
      failed = true;
      this.#fail(error);
    }
    this.#isBusy = false;
    const untilSweepMs = Math.max(0, this.#sweepAtMs - performance.now());
    const soonMs = this.#board.unsure.size > 0 ? UNSURE_AFTER_MS : untilSweepMs;
    this.#wake(failed ? RETRY_AFTER_MS : Math.min(soonMs, untilSweepMs));
  }

  /** Only what the server, or the way to it, has done wrong is no mistake of this program. */
  #fail(error: unknown): void {
    if (!this.#isRunning || error instanceof LockClosedError) return;
    if (!(error instanceof LockError)) throw error;
    this.#listener.status('away', error.message);
  }

  async #work(): Promise<void> {
    this.#watch ??= await this.#opened();
    const isSweepDue = performance.now() >= this.#sweepAtMs || this.#board.unsure.size > MOST_UNSURE;
    await (isSweepDue ? this.#sweep() : this.#askUnsure());
    if (this.#isRunning) this.#listener.changed();
  }

  async #opened(): Promise<LockWatch<undefined> | undefined> {
    const watch = await this.#source.watch();
    if (!this.#isRunning) {
      watch.close();
      return undefined;
    }
    for (const kind of HAPPENINGS) {
      watch.on(kind, (event) => {
        const happening = happeningOf(kind, event);
        this.#time.heard(happening.atMs);
        this.#board.apply(happening);
        this.#listener.changed();
        if (this.#board.unsure.size > 0) this.#wake(UNSURE_AFTER_MS);
      });
    }
    watch.on('resumed', () => this.#hearsAgain());
    watch.on('error', (error) => {
      // It is made anew: a watch that has failed may tell nothing any more.
      watch.close();
      this.#watch = undefined;
      this.#opensAtMs = performance.now() + RETRY_AFTER_MS;
      this.#sleep();
      this.#listener.status('away', error instanceof Error ? error.message : String(error));
      this.#hearsAgain();
    });
    return watch;
  }

  /** What is now has to be asked for: not everything was told. */
  #hearsAgain(): void {
    this.#isDeaf = false;
    this.#blindFromMs ??= this.#seenUntilMs;
    this.sweepSoon();
  }

  async #sweep(): Promise<void> {
    const beganMs = performance.now();
    const wishes = this.#wishes;
    const askedAt = this.#board.changes;
    const seen = new Set<string>();
    let after: string | undefined = '';
    while (after !== undefined && seen.size < this.#mostNames && this.#isRunning) {
      const pageAskedAt = this.#board.changes;
      const snapshot = await this.#source.query({ after, limit: PAGE_SIZE });
      const when = { askedAt: pageAskedAt, nowMs: this.#time.nowMs() };
      for (const name of this.#board.answeredPage({ ...when, snapshot })) seen.add(name);
      after = snapshot.next;
    }
    if (!this.#isRunning || wishes !== this.#wishes) return;
    this.#board.answeredAll(seen, after === undefined, { askedAt, nowMs: this.#time.nowMs() });
    const tookMs = performance.now() - beganMs;
    this.#sweepAtMs = performance.now() + Math.max(SWEEP_EVERY_MS, tookMs / SWEEP_SHARE);
    this.#isUpToDate();
  }

  #isUpToDate(): void {
    if (this.#watch === undefined || this.#isDeaf) return;
    this.#seenUntilMs = this.#time.nowMs();
    if (this.#blindFromMs !== undefined) {
      this.#listener.gap({ fromMs: this.#blindFromMs, toMs: this.#seenUntilMs });
      this.#blindFromMs = undefined;
    }
    this.#listener.status('live');
  }

  async #askUnsure(): Promise<void> {
    const names = [...this.#board.unsure.keys()].slice(0, UNSURE_AT_ONCE);
    await Promise.all(
      names.map(async (name) => {
        const askedAt = this.#board.changes;
        const snapshot = await this.#source.query(name);
        this.#board.answered(name, { snapshot, askedAt, nowMs: this.#time.nowMs() });
      }),
    );
  }
}
