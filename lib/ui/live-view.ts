import { LockBoard } from './lock-board.js';
import { LockFeed, type LockSource } from './lock-feed.js';
import { BEAT_MS, type LockView, type StatusView } from './messages.js';
import { eventText, type PageStream } from './page-stream.js';
import { RecentEvents } from './recent-events.js';
import { ServerTime } from './server-time.js';

export interface LiveViewOptions {
  readonly allowsChanges: boolean;
  /** Where the locks are, for people. */
  readonly place: string;
  /** Whether this view holds the name itself. */
  readonly isOurs: (name: string) => boolean;
  /** How long it goes on to watch when no page is open. A page that is loaded again finds what it has shown. */
  readonly lingerMs?: number;
}

/** Names that are shown at most. */
const MOST_NAMES = 20_000;
/** Locks in one message. */
const CHUNK = 1_000;
/** News is told at most so often. */
const TELL_EVERY_MS = 100;
const LINGER_MS = 30_000;

/** One watch of the locks, whatever the number of pages that show it. Nobody looks: it watches nothing. */
export class LiveView {
  readonly #source: LockSource;
  readonly #options: LiveViewOptions;
  readonly #pages = new Set<PageStream>();
  #showing: Showing | undefined;
  #leaving: NodeJS.Timeout | undefined;

  constructor(source: LockSource, options: LiveViewOptions) {
    this.#source = source;
    this.#options = options;
  }

  get pages(): number {
    return this.#pages.size;
  }

  /** Whether it watches the locks. */
  get isWatching(): boolean {
    return this.#showing !== undefined;
  }

  /** From now on the page is told. */
  join(page: PageStream): void {
    clearTimeout(this.#leaving);
    this.#showing ??= new Showing(this.#source, this.#options, (text) => this.#tell(text));
    // What is not told yet is in the snapshot. The others hear of it now, and the new one does not hear it twice.
    this.#showing.flush();
    for (const text of this.#showing.snapshot()) page.send(text);
    this.#pages.add(page);
  }

  leave(page: PageStream): void {
    if (!this.#pages.delete(page) || this.#pages.size > 0) return;
    this.#leaving = setTimeout(() => this.#stop(), this.#options.lingerMs ?? LINGER_MS);
    this.#leaving.unref();
  }

  /** A name has become ours, or is no longer. */
  touch(name: string): void {
    this.#showing?.touch(name);
  }

  close(): void {
    clearTimeout(this.#leaving);
    for (const page of this.#pages) page.end();
    this.#pages.clear();
    this.#stop();
  }

  #stop(): void {
    this.#showing?.stop();
    this.#showing = undefined;
  }

  #tell(text: string): void {
    for (const page of [...this.#pages]) {
      if (!page.send(text)) this.leave(page);
    }
  }
}

/** The locks as they are watched, from the first page that looks to the last. */
class Showing {
  readonly #options: LiveViewOptions;
  readonly #tell: (text: string) => void;
  readonly #time = new ServerTime();
  readonly #recent = new RecentEvents();
  readonly #board: LockBoard;
  readonly #feed: LockFeed;
  readonly #beat: NodeJS.Timeout;
  #telling: NodeJS.Timeout | undefined;
  #status: Pick<StatusView, 'state' | 'reason'> = { state: 'connecting' };
  #seenFromMs: number | null = null;
  #toldStatus = '';

  constructor(source: LockSource, options: LiveViewOptions, tell: (text: string) => void) {
    this.#options = options;
    this.#tell = tell;
    this.#board = new LockBoard({ mostNames: MOST_NAMES, tell: (event) => this.#recent.add(event) });
    const listener = {
      changed: () => this.#tellLater(),
      status: (state: StatusView['state'], reason?: string) => {
        this.#status = reason === undefined ? { state } : { state, reason };
        if (state === 'live') this.#seenFromMs ??= this.#time.nowMs();
        this.#tellLater();
      },
      gap: (gap: { fromMs: number; toMs: number }) => this.#recent.addGap(gap),
    };
    this.#feed = new LockFeed(source, this.#board, this.#time, listener, MOST_NAMES);
    this.#beat = setInterval(() => tell(eventText('beat', { nowMs: this.#time.nowMs() })), BEAT_MS);
    this.#feed.start();
  }

  stop(): void {
    clearInterval(this.#beat);
    clearTimeout(this.#telling);
    this.#feed.stop();
  }

  touch(name: string): void {
    this.#board.touch(name);
    this.#tellLater();
  }

  /** All that is known, in messages of a bounded size. */
  snapshot(): string[] {
    const all = this.#board.views(this.#options.isOurs);
    const { allowsChanges, place } = this.#options;
    const nowMs = this.#time.nowMs();
    const first = eventText('snapshot', {
      ...{ nowMs, status: this.#statusView(), locks: all.slice(0, CHUNK), allowsChanges, place },
      ...this.#recent.all(),
    });
    const others = chunks(all.slice(CHUNK)).map((locks) =>
      eventText('delta', { nowMs, locks, gone: [], events: [], untold: 0, gaps: [] }),
    );
    return [first, ...others];
  }

  /** Tells the pages now what they do not know yet. */
  flush(): void {
    clearTimeout(this.#telling);
    this.#telling = undefined;
    const status = this.#statusView();
    const statusText = JSON.stringify(status);
    const isNewStatus = statusText !== this.#toldStatus;
    if (!this.#board.hasChanges && !this.#recent.hasNews && !isNewStatus) return;
    this.#toldStatus = statusText;
    const { locks, gone } = this.#board.takeChanges(this.#options.isOurs);
    const message = { nowMs: this.#time.nowMs(), locks, gone, ...this.#recent.takeNews() };
    this.#tell(eventText('delta', isNewStatus ? { ...message, status } : message));
  }

  #tellLater(): void {
    this.#telling ??= setTimeout(() => this.flush(), TELL_EVERY_MS);
  }

  #statusView(): StatusView {
    return { ...this.#status, seenFromMs: this.#seenFromMs, omitsNames: this.#board.omitsNames };
  }
}

function chunks(locks: readonly LockView[]): LockView[][] {
  const count = Math.ceil(locks.length / CHUNK);
  return Array.from({ length: count }, (_, i) => locks.slice(i * CHUNK, (i + 1) * CHUNK));
}
