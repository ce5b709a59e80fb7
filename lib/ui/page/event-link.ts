import { BEAT_MS, LINK_TOKEN_PARAMETER, type Messages } from '../messages.js';
import type { ViewState } from './view-state.js';

/** The server is silent for so long: the connection is made anew. */
const SILENT_AFTER_MS = 3 * BEAT_MS;
const RETRY_AFTER_MS = 1_000;

/** The address of something of this server, with the token of the link if it has one. */
export function addressOf(path: string): string {
  const token = new URLSearchParams(location.search).get(LINK_TOKEN_PARAMETER);
  return token === null
    ? path
    : `${path}?${new URLSearchParams({ [LINK_TOKEN_PARAMETER]: token }).toString()}`;
}

/** Fills the state with what the server tells, and connects again whenever the connection is lost. */
export class EventLink {
  readonly #state: ViewState;
  #source: EventSource | undefined;
  #silent: ReturnType<typeof setTimeout> | undefined;

  constructor(state: ViewState) {
    this.#state = state;
  }

  open(): void {
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
    this.#silent = setTimeout(() => this.open(), RETRY_AFTER_MS);
  }
}
