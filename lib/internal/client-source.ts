import type { ThingsDBClient } from '../client/thingsdb-client.js';
import { WebSocketClient } from '../client/web-socket-client.js';
import { LockConnectionError, LockError } from '../errors.js';
import { isClient, type ResolvedManagerOptions } from './manager-options.js';

/** A way to a client. One of our own is not connected yet; an instance of the caller's may be. */
export interface ClientSource {
  /** Rejects with a `LockError`. */
  readonly open: () => Promise<ThingsDBClient>;
  /** Whether we made it: we may disconnect it, and make another. */
  readonly isOwn: boolean;
}

/** One for each node, in order of preference; just one for a client that was given. */
export function clientSources(
  options: Pick<ResolvedManagerOptions, 'client' | 'url' | 'requestTimeout'>,
): readonly ClientSource[] {
  const { client, url, requestTimeout } = options;
  if (typeof client === 'function') return [{ isOwn: true, open: () => made(client) }];
  if (client !== undefined) return [{ isOwn: false, open: () => Promise.resolve(client) }];
  const limits = { requestTimeoutMs: requestTimeout, connectTimeoutMs: requestTimeout };
  return [url ?? []].flat().map((address) => ({
    isOwn: true,
    open: () => Promise.resolve(new WebSocketClient(address, limits)),
  }));
}

async function made(make: () => ThingsDBClient | Promise<ThingsDBClient>): Promise<ThingsDBClient> {
  try {
    const client = await make();
    if (isClient(client)) return client;
  } catch (error) {
    if (error instanceof LockError) throw error;
    throw new LockConnectionError('the client function failed', { cause: error });
  }
  throw new LockConnectionError('the client function did not make a client with the methods of thingsdb.js');
}
