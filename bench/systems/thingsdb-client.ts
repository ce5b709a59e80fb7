import { clientFor } from '../../lib/client/open-client.js';
import type { ThingsDBClient } from '../../lib/client/thingsdb-client.js';
import { Unavailable } from '../unavailable.js';
import type { ServerPlace, Traffic } from './lock-system.js';

/** ThingsDB's number of an event in a room. */
export const ROOM_EVENT = 8;

export const REQUEST_TIMEOUT_MS = 60_000;

/** Counts what a client sends and is told, without changing it. */
export class TrafficCounter {
  #requests = 0;
  #pushes = 0;

  /** The same object: its methods are replaced on it, so that what else it offers stays. */
  watch<T extends ThingsDBClient>(client: T): T {
    for (const method of ['query', 'run', 'join', 'leave', 'ping'] as const) {
      const original = client[method].bind(client) as (...args: unknown[]) => Promise<unknown>;
      Object.defineProperty(client, method, {
        value: (...args: unknown[]) => {
          this.#requests++;
          return original(...args);
        },
      });
    }
    client.addEventListener((type) => {
      if (type === ROOM_EVENT) this.#pushes++;
    });
    return client;
  }

  get traffic(): Traffic {
    return { requests: this.#requests, pushes: this.#pushes };
  }
}

/** How clients reach ThingsDB. */
export type Transport = 'thingsdb' | 'ws';

/** The addresses of all nodes by one transport. @throws Unavailable if none is known */
export function urlsBy(transport: Transport, { urls }: ServerPlace): readonly string[] {
  const found = urls.filter((url) => url.startsWith(`${transport}://`));
  if (found.length > 0) return found;
  const variable =
    transport === 'thingsdb' ? 'THINGSDB_URL=thingsdb://host:9200' : 'THINGSDB_WS_URL=ws://host:9270';
  throw new Unavailable(`no such address of the server is known: ${variable}`);
}

/** A client of the project for this address; it is not connected yet. */
export function makeClient(url: string): ThingsDBClient {
  return clientFor(url, { requestTimeoutMs: REQUEST_TIMEOUT_MS });
}

export async function connected(client: ThingsDBClient, auth: ServerPlace['auth']): Promise<ThingsDBClient> {
  await client.connect();
  await client.auth(auth?.username ?? 'admin', auth?.password ?? 'pass');
  return client;
}

/** A collection beside that of the locks, with one procedure that makes the smallest change. */
export function bareSpace(space: string): string {
  return `${space}_bare`;
}

export const BARE_CHANGE = 'bench_change';
