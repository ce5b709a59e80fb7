import type { ServerResponse } from 'node:http';
import type { Messages } from './messages.js';

/** A page that is so much behind for so long is dropped. It connects again, and begins with what is then. */
const BEHIND_BYTES = 4 * 2 ** 20;
const BEHIND_FOR_MS = 5_000;
/** One that is so much behind is dropped at once. */
const MOST_BEHIND_BYTES = 64 * 2 ** 20;

/** What is told to pages: one text for all of them. */
export function eventText<E extends keyof Messages>(event: E, message: Messages[E]): string {
  // JSON has no line ends of its own.
  return `event: ${event}\ndata: ${JSON.stringify(message)}\n\n`;
}

/** What a stream needs of a response. */
export type StreamResponse = Pick<ServerResponse, 'write' | 'end' | 'destroy' | 'writableLength'>;

/** The server-sent events to one page. */
export class PageStream {
  readonly #response: StreamResponse;
  #behindSinceMs: number | undefined;

  constructor(response: StreamResponse) {
    this.#response = response;
  }

  /** Returns whether the page keeps up; if it does not, its connection is over. */
  send(text: string): boolean {
    this.#response.write(text);
    const bytes = this.#response.writableLength;
    if (bytes < BEHIND_BYTES) this.#behindSinceMs = undefined;
    else this.#behindSinceMs ??= performance.now();
    const behindMs = this.#behindSinceMs === undefined ? 0 : performance.now() - this.#behindSinceMs;
    if (bytes < MOST_BEHIND_BYTES && behindMs < BEHIND_FOR_MS) return true;
    this.#response.destroy();
    return false;
  }

  end(): void {
    this.#response.end();
  }
}
