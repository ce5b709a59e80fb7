import { setTimeout as sleep } from 'node:timers/promises';
import { clientFor } from '../../lib/client/open-client.js';
import type { ChaosServer } from './chaos-server.js';

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
      const { urls } = this.#server;
      try {
        return await this.#on(urls[tries % urls.length] ?? '', scope, action);
      } catch (error) {
        if (performance.now() > endMs) throw error;
        await sleep(TRY_AGAIN_MS);
      }
    }
  }

  async #on<T>(url: string, scope: string, action: (query: Query) => Promise<T>): Promise<T> {
    const { auth } = this.#server;
    const client = clientFor(url, { requestTimeoutMs: REQUEST_LIMIT_MS });
    try {
      await client.connect();
      await ('token' in auth ? client.authToken(auth.token) : client.auth(auth.username, auth.password));
      return await action((code) => client.query(scope, code));
    } finally {
      await client.disconnect();
    }
  }
}
