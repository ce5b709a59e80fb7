import { WebSocketClient } from '../../lib/client/web-socket-client.js';
import type { ThingsDBClient } from '../../lib/client/thingsdb-client.js';
import { Unavailable } from '../unavailable.js';
import type { ServerPlace, Traffic } from './lock-system.js';

/** ThingsDB's number of an event in a room. */
export const ROOM_EVENT = 8;

const REQUEST_TIMEOUT_MS = 60_000;

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

/** The module that makes clients for any address; versions up to 0.1.0 have WebSockets alone, and no such module. */
const OPEN_CLIENT = '../../lib/client/open-client.js';

interface OpenClient {
  clientFor(url: string, limits: { readonly requestTimeoutMs: number }): ThingsDBClient;
}

/** A client of the project for this address; it is not connected yet. @throws Unavailable if there is none */
export async function makeClient(url: string): Promise<ThingsDBClient> {
  const limits = { requestTimeoutMs: REQUEST_TIMEOUT_MS };
  if (url.startsWith('ws')) return new WebSocketClient(url, limits);
  const module = await (import(OPEN_CLIENT) as Promise<OpenClient>).catch((cause: unknown) => {
    throw new Unavailable(`this version has no client for ${url.replace(/:.*/, '://')}`, { cause });
  });
  return module.clientFor(url, limits);
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
