import { BEAT_MS, LINK_TOKEN_PARAMETER, type Messages } from '../messages.js';
import type { ViewState } from './view-state.js';

/** The server is silent for so long: the connection is made anew. */
const SILENT_AFTER_MS = 3 * BEAT_MS;
const RETRY_AFTER_MS = 1_000;
/**
 * A page that nobody sees for so long is not connected. A browser has six connections to a server, for all its tabs.
 */
const HIDDEN_AFTER_MS = 3_000;

/** The address of something of this server, with the token of the link if it has one. */
export function addressOf(path: string): string {
  const token = new URLSearchParams(location.search).get(LINK_TOKEN_PARAMETER);
  return token === null
    ? path
    : `${path}?${new URLSearchParams({ [LINK_TOKEN_PARAMETER]: token }).toString()}`;
}

/**
 * Fills the state with what the server tells, as long as the page is seen. Connects again whenever the connection is lost,
 * and when the page is seen again.
 */
export class EventLink {
  readonly #state: ViewState;
  #source: EventSource | undefined;
  #silent: ReturnType<typeof setTimeout> | undefined;
  #leaving: ReturnType<typeof setTimeout> | undefined;
  #isPaused = false;

  constructor(state: ViewState) {
    this.#state = state;
  }

  open(): void {
    document.addEventListener('visibilitychange', () => this.#look());
    this.#connect();
    this.#look();
  }

  #look(): void {
    clearTimeout(this.#leaving);
    if (document.hidden) {
      this.#leaving = setTimeout(() => this.#pause(), HIDDEN_AFTER_MS);
    } else if (this.#isPaused) {
      this.#isPaused = false;
      this.#connect();
    }
  }

  #pause(): void {
    this.#isPaused = true;
    this.#source?.close();
    clearTimeout(this.#silent);
    this.#state.linked('connecting');
  }

  #connect(): void {
    const source = new EventSource(addressOf('/events'));
    this.#source = source;
    this.#heard();
    const on = <E extends keyof Messages>(event: E, take: (message: Messages[E]) => void): void =>
      source.addEventListener(event, ({ data }: MessageEvent<string>) => {
        this.#heard();
        this.#state.linked('open');
        take(JSON.parse(data) as Messages[E]);
      });
    on('snapshot', (message) => this.#state.begin(message));
    on('delta', (message) => this.#state.update(message));
    on('beat', ({ nowMs }) => this.#state.beat(nowMs));
    source.addEventListener('error', () => this.#openLater());
  }

  #heard(): void {
    clearTimeout(this.#silent);
    this.#silent = setTimeout(() => this.#openLater(), SILENT_AFTER_MS);
  }

  #openLater(): void {
    this.#source?.close();
    this.#state.linked('lost');
    clearTimeout(this.#silent);
    this.#silent = setTimeout(() => this.#connect(), RETRY_AFTER_MS);
  }
}
