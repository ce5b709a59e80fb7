import type { EventView, GapView } from './messages.js';

/** A page that opens sees what has happened before, so much of it. */
const MOST_EVENTS = 2_000;
const MOST_GAPS = 50;
/** More events between two messages to the pages are counted, and not told one by one. */
const MOST_TOLD = 500;

/** What has happened lately: for pages that open, and for those that are open what is new to them. */
export class RecentEvents {
  #events: EventView[] = [];
  #gaps: GapView[] = [];
  #newEvents: EventView[] = [];
  #newGaps: GapView[] = [];
  #untold = 0;

  get hasNews(): boolean {
    return this.#newEvents.length + this.#newGaps.length + this.#untold > 0;
  }

  /** Everything that is kept, in order. */
  all(): { events: readonly EventView[]; gaps: readonly GapView[] } {
    return { events: this.#events.slice(-MOST_EVENTS), gaps: this.#gaps };
  }

  add(event: EventView): void {
    this.#events.push(event);
    // Cut now and then: to shift each time would move all of them.
    if (this.#events.length >= 2 * MOST_EVENTS) this.#events = this.#events.slice(-MOST_EVENTS);
    if (this.#newEvents.length < MOST_TOLD) this.#newEvents.push(event);
    else this.#untold++;
  }

  addGap(gap: GapView): void {
    this.#gaps = [...this.#gaps, gap].slice(-MOST_GAPS);
    this.#newGaps.push(gap);
  }

  /** What was added since this was last called. */
  takeNews(): { events: EventView[]; gaps: GapView[]; untold: number } {
    const news = { events: this.#newEvents, gaps: this.#newGaps, untold: this.#untold };
    this.#newEvents = [];
    this.#newGaps = [];
    this.#untold = 0;
    return news;
  }
}
