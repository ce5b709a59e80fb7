import { setTimeout as sleep } from 'node:timers/promises';
import type { ChaosServer } from './chaos-server.js';
import { onNode } from './node-client.js';

type Query = (code: string) => Promise<unknown>;

const REQUEST_LIMIT_MS = 10_000;
const TRY_AGAIN_MS = 500;

/** Asks the server itself, past the library: on whichever node answers, and again until one does. */
export class Administrator {
  readonly #server: Pick<ChaosServer, 'urls' | 'auth'>;

  constructor(server: Pick<ChaosServer, 'urls' | 'auth'>) {
    this.#server = server;
  }

  /** @throws what the last node said when none has answered within the limit */
  async ask<T>(scope: string, limitMs: number, action: (query: Query) => Promise<T>): Promise<T> {
    const endMs = performance.now() + limitMs;
    for (let tries = 0; ; tries++) {
      const { urls, auth } = this.#server;
      try {
        const limits = { requestTimeoutMs: REQUEST_LIMIT_MS };
        return await onNode(urls[tries % urls.length] ?? '', auth, limits, (client) =>
          action((code) => client.query(scope, code)),
        );
      } catch (error) {
        if (performance.now() > endMs) throw error;
        await sleep(TRY_AGAIN_MS);
      }
    }
  }
}
