import type { DeltaMessage, EventView, GapView, LockView, SnapshotMessage, StatusView } from '../messages.js';

/** Of what has happened, so much is kept: a minute of 200 events a second. */
const MOST_EVENTS = 12_000;
const MOST_GAPS = 100;

/** The way to the server of this page. */
export type LinkState = 'connecting' | 'open' | 'lost';

/** Everything that the page shows, as the server has told it. Who shows it is told once a frame. */
export class ViewState {
  readonly locks = new Map<string, LockView>();
  events: EventView[] = [];
  /** The number of the first of them: so many are not kept any more. */
  firstEvent = 0;
  gaps: GapView[] = [];
  /** Events that were too many to be told one by one. */
  untold = 0;
  status: StatusView = { state: 'connecting', seenFromMs: null, omitsNames: false };
  link: LinkState = 'connecting';
  allowsChanges = false;
  place = '';
  /** Goes up with each change. */
  version = 0;
  #aheadMs = 0;
  readonly #listeners = new Set<() => void>();
  #isTelling = false;

  /** The clock of ThingsDB. */
  nowMs(): number {
    return performance.now() + this.#aheadMs;
  }

  begin(message: SnapshotMessage): void {
    const { nowMs, locks, events, gaps, status, allowsChanges, place } = message;
    this.locks.clear();
    for (const lock of locks) this.locks.set(lock.name, lock);
    // What is shown of others before is not taken for these.
    this.firstEvent += this.events.length;
    this.events = [...events];
    this.gaps = [...gaps];
    Object.assign(this, { status, allowsChanges, place, untold: 0 });
    this.#changed(nowMs);
  }

  update({ nowMs, locks, gone, events, untold, gaps, status }: DeltaMessage): void {
    for (const lock of locks) this.locks.set(lock.name, lock);
    for (const name of gone) this.locks.delete(name);
    this.events.push(...events);
    // Cut now and then: to shift each time would move all of them.
    if (this.events.length > 1.5 * MOST_EVENTS) {
      this.firstEvent += this.events.length - MOST_EVENTS;
      this.events = this.events.slice(-MOST_EVENTS);
    }
    if (gaps.length > 0) this.gaps = [...this.gaps, ...gaps].slice(-MOST_GAPS);
    this.untold += untold;
    if (status !== undefined) this.status = status;
    this.#changed(nowMs);
  }

  beat(nowMs: number): void {
    this.#aheadMs = nowMs - performance.now();
  }

  linked(link: LinkState): void {
    if (this.link === link) return;
    this.link = link;
    this.#changed();
  }

  /** Calls it after changes, once a frame at most. Returns how to stop that. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #changed(nowMs?: number): void {
    if (nowMs !== undefined) this.beat(nowMs);
    this.version++;
    if (this.#isTelling) return;
    this.#isTelling = true;
    requestAnimationFrame(() => {
      this.#isTelling = false;
      for (const listener of this.#listeners) listener();
    });
  }
}
